//! `claims.md`: what stands in which token, and under which scope.

use doorward::protocol::claims::{OF_ID_TOKENS, SETTABLE, of_users};
use doorward::protocol::scope::ISSUER_SCOPES;

use super::{code, comment, head, row};
use crate::sources::sources;

/// The documents: title, what it is, and the struct that is written out as it, with its file.
const DOCUMENTS: &[[&str; 4]] = &[
    [
        "Access tokens",
        "JWTs of type `at+jwt`, or `JWT` for an API that is registered with `--token-type jwt` (RFC 9068).",
        "authorization.rs",
        "AccessTokenClaims",
    ],
    [
        "ID tokens",
        "JWTs of type `JWT` (OpenID Connect Core §2), with what they say of the person as above.",
        "authorization.rs",
        "IdTokenClaims",
    ],
    [
        "Logout tokens",
        "JWTs of type `logout+jwt` (OpenID Connect Back-Channel Logout §2.4).",
        "logout_token.rs",
        "LogoutTokenClaims",
    ],
    [
        "What introspection answers",
        "JSON (RFC 7662 §2.2); signed when asked for ([introspection.md](../introspection.md#signed-answers)). Of a token that does not hold, or that is not the caller's business: `{\"active\":false}`.",
        "introspection.rs",
        "ActiveToken",
    ],
];

pub fn page() -> String {
    let mut page = "# Claims and scopes\n".to_owned();
    page.push_str(&format!(
        "\n## The issuer's own scopes\n\n{}{}",
        head(&["scope", "what the consent page says"]),
        ISSUER_SCOPES.iter().map(|(scope, words)| row(&[code(scope), (*words).to_owned()])).collect::<String>()
    ));
    page.push_str(&format!(
        "\n## Claims about a person\n\nUserinfo gives what the granted scopes release, and `sub`. ID tokens carry those of {}, unless \
         `[tokens] id_token_claims` or the client (`--id-token-claims`) says otherwise. The parameter `claims` asks for single ones. A claim \
         that a person has not is left out; `preferred_username` falls back to the address when `email` is granted as well.\n\n{}",
        OF_ID_TOKENS.iter().map(|scope| code(scope)).collect::<Vec<_>>().join(", "),
        head(&["claim", "scope", "in ID tokens", "set by"])
    ));
    for (claim, scope) in of_users() {
        let is_in_tokens = if OF_ID_TOKENS.contains(&scope) { "yes" } else { "only when asked for by `claims`" };
        let by = match claim {
            "name" | "email" => "the person, `user create`, `user update`".to_owned(),
            "email_verified" => "`user create --email-verified`".to_owned(),
            "updated_at" => "each change of the account".to_owned(),
            "roles" => "`user update --role R`".to_owned(),
            _ => format!("`user update --claim {claim}=VALUE`"),
        };
        assert!(SETTABLE.iter().any(|(known, _)| *known == claim) == by.contains("--claim"), "{claim}");
        page.push_str(&row(&[code(claim), code(scope), is_in_tokens.to_owned(), by]));
    }
    let files = sources("src/protocol");
    for [title, kind, file, name] in DOCUMENTS {
        let (_, text) = files.iter().find(|(path, _)| path == file).unwrap();
        let fields = fields(text, name);
        assert!(fields.len() > 5, "{name} was not found");
        page.push_str(&format!("\n## {title}\n\n{kind}\n\n{}", head(&["claim", "what", "always there"])));
        for (field, what, is_always) in fields {
            page.push_str(&row(&[code(&field), what, if is_always { "yes" } else { "no" }.to_owned()]));
        }
    }
    page
}

/// The fields of a struct with their comments, and whether each is always written.
fn fields(text: &str, name: &str) -> Vec<(String, String, bool)> {
    let body = text.split(&format!("pub struct {name}")).nth(1).unwrap().split("\n}").next().unwrap();
    let mut above: Vec<&str> = Vec::new();
    let mut fields = Vec::new();
    for line in body.lines().skip(1).map(str::trim) {
        let field = line.trim_start_matches("pub ").split_once(": ").filter(|_| !line.starts_with(['/', '#']));
        if let Some((field, _)) = field {
            let what = comment(above.iter().copied(), "///");
            assert!(!what.is_empty(), "{name}::{field} has no comment");
            // Those about the person have a table of their own.
            if !above.iter().any(|line| line.contains("flatten")) {
                fields.push((field.to_owned(), what, !above.iter().any(|line| line.contains("skip_serializing_if"))));
            }
            above.clear();
        } else {
            above.push(line);
        }
    }
    fields
}

//! The commands that make, show and replace secrets.

use doorward::secret::{base64url, from_base64url, sha256};
use serde_json::{Value, json};

use super::{API, Shared};
use crate::support::{Database, Live, canaries, eventually};

const CREATE: [&str; 7] = ["resource", "create", "--identifier", API, "--name", "Legacy", "--scope"];

async fn server() -> (Database, Live) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    (database, server)
}

/// The secret that a command has printed.
fn shared(printed: &Value) -> Shared {
    let text = printed["secret"].as_str().unwrap();
    canaries::secret(text);
    Shared { kid: printed["kid"].as_str().unwrap().to_owned(), bytes: from_base64url(text).unwrap() }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_signs_within_a_second() {
    let (database, mut server) = server().await;
    let api = server.client("service", &[]);
    let create = [&CREATE[..], &["notes:read", "--signing-alg", "HS256", "--introspector", &api.id]].concat();
    let made = server.command(&create);
    let secret = shared(&made);
    assert_eq!(made["signing_alg"], "HS256");
    let service = server.client("service", &["--scope", "notes:read"]);
    let fields = [("grant_type", "client_credentials"), ("resource", API)];
    let token = super::access_token(&service.token_when_known(&fields).await.ok());
    let is_known = async |secret: &Shared| {
        eventually("the secret signs", async || {
            let answer = service.token(&fields).await;
            let token = (answer.status == 200).then(|| super::access_token(&answer.json()))?;
            secret.verifies(&token).then_some(token)
        })
        .await
    };
    assert!(secret.verifies(&token));
    assert_eq!(api.post("/introspect", &[("token", &token)]).await.ok()["active"], true);

    let shown = server.command(&["resource", "show", API]);
    assert_eq!((&shown["secrets"][0]["kid"], &shown["secrets"][0]["state"]), (&json!(secret.kid), &json!("active")));
    assert!(shown.get("secret").is_none());
    assert!(server.say(&["resource", "show", API], "").contains(&secret.kid));
    assert!(server.command(&["resource", "list"])[0].get("secrets").is_none());

    let renewed = server.command(&["resource", "new-secret", API, "--overlap", "2h"]);
    let next = shared(&renewed);
    assert!(renewed["signs_from"].is_string());
    let shown = server.command(&["resource", "show", API]);
    let states: Vec<&Value> = shown["secrets"].as_array().unwrap().iter().map(|secret| &secret["state"]).collect();
    assert_eq!((states, &shown["secrets"][1]["kid"]), (vec![&json!("active"), &json!("next")], &json!(next.kid)));
    assert!(shown["secrets"][0]["accepted_until"].is_string());

    let said = server.say(&["resource", "new-secret", API, "--overlap", "0s"], "");
    let word = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let at_once = shared(&json!({ "kid": word("kid"), "secret": word("secret") }));
    is_known(&at_once).await;
    assert_eq!(api.post("/introspect", &[("token", &token)]).await.ok()["active"], false);

    // Who leaves HS256 has no secret any more.
    let left = server.command(&["resource", "update", API, "--signing-alg", "default"]);
    assert_eq!((&left["signing_alg"], left.get("secret")), (&json!("default"), None));
    let refused = server.refused(&["resource", "new-secret", API]);
    assert!(refused.contains("it has no secret") && refused.contains("--signing-alg HS256"), "{refused}");
    let shown = server.command(&["resource", "show", API]);
    assert_eq!(shown["secrets"], json!([]));
    for name in ["resource.secret_created", "resource.secret_renewed"] {
        assert!(database.db_holds(name).await, "{name}");
    }
    for secret in [&secret, &next, &at_once] {
        assert!(!database.db_holds(&base64url(&secret.bytes)).await);
        assert!(!database.db_everything().await.windows(32).any(|window| window == secret.bytes));
    }
    server.terminate();
    assert_eq!(server.wait(), Some(0));
}

#[tokio::test]
async fn a_secret_is_taken_from_a_file_that_has_one() {
    let (database, server) = server().await;
    let file = database.folder.path().join("api.secret");
    let path = file.to_str().unwrap().to_owned();
    let bytes = sha256(b"an api's own");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let create = [&CREATE[..], &["notes:read", "--signing-alg", "HS256", "--secret-file", &path]].concat();
    let renew = ["resource", "new-secret", API, "--secret-file", &path];
    for (wrong, why) in [
        (&b""[..], "these 0 bytes are none of them"),
        (b"hunter2", "these 7 bytes are none of them"),
        (&bytes[..31], "these 31 bytes"),
        (b"abcdefghijklmnopqrstuvwxyz012345", "a text of 32 characters"),
        (&[0; 32], "are the same"),
        (&[b'x'; 4000], "these 81 bytes"),
        (&base64url(&bytes).as_bytes()[..42], "these 42 bytes"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        let refused = server.refused(&create);
        assert!(refused.contains(why) && refused.contains(&path) && refused.contains("64 hexadecimal"), "{refused}");
    }
    assert!(server.refused(&["resource", "show", API]).contains("there is no"), "nothing was made");
    std::fs::remove_file(&file).unwrap();
    assert!(server.refused(&create).contains("cannot be read"));
    std::fs::write(&file, format!("{hex}\n")).unwrap();
    let plain = [&CREATE[..], &["notes:read", "--secret-file", &path]].concat();
    assert!(server.refused(&plain).contains("--signing-alg HS256"));
    assert_eq!(shared(&server.command(&create)).bytes, bytes);
    let again = ["resource", "update", API, "--signing-alg", "HS256", "--secret-file", &path];
    assert!(server.refused(&again).contains("new-secret"));
    for writing in [base64url(&bytes).as_bytes(), &bytes] {
        std::fs::write(&file, writing).unwrap();
        assert_eq!(shared(&server.command(&renew)).bytes, bytes);
    }
    for overlap in ["91d", "1w", "-1s", "soon"] {
        let arguments = ["resource", "new-secret", API, &format!("--overlap={overlap}")];
        let mut child = server.begin(&arguments);
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "{overlap}");
    }
    assert!(server.refused(&["resource", "new-secret", "https://nobody.test"]).contains("there is no resource"));
}

#[tokio::test]
async fn no_client_gets_id_tokens_under_a_secret() {
    let (_database, server) = server().await;
    let mut child = server.begin(&["client", "create", "--type", "web", "--name", "A", "--id-token-alg", "HS256"]);
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("must be RS256, ES256 or EdDSA"), "{said}");
    let rotated = server.begin(&["key", "rotate", "--algorithm", "HS256"]).wait_with_output().unwrap();
    assert!(!rotated.status.success());
}

//! What a client must be to be registered (RFC 7591 §2, RFC 9700 §2, RFC 8252 §8), and how a name is written: the one place that says so, whoever
//! registers.

use super::api_key;
use super::assurance;
use super::client::{AuthMethod, Client, ClientType};
use super::origin;
use super::pkce::PkceMode;
use super::printable::is_printable;
use super::problem::Problems;
use super::redirect_uri;
use super::rejection::Rejection;
use super::resource::{self, Resource};
use super::scope::{ISSUER_SCOPES, ScopeSet};

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The most redirect URIs of one client.
const MAX_URIS: usize = 50;

/// Checks a client that is about to be registered or changed. `resources` are those that its own may be among.
///
/// # Errors
/// Everything that is wrong, each with what to do.
pub fn check_client(client: &Client, resources: &[Resource]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    problems.note("client_id", client_id(&client.client_id));
    problems.note("name", name(&client.name));
    problems.note("auth_method", auth_method(client));
    problems.note("grant_types", grant_types(client));
    redirect_uris(client, &mut problems);
    links(client, &mut problems);
    origins(client, &mut problems);
    demand(client, &mut problems);
    let is_public = client.auth_method == AuthMethod::None;
    if is_public && client.pkce != PkceMode::Required {
        problems.add("pkce", "only a client that authenticates can do without PKCE");
    }
    if !client.has_users() && client.scopes.contains("openid") {
        problems.add("scope", "a client without users acts for itself: the scope openid is for clients with users");
    }
    for (at, resource) in client.resources.iter().enumerate() {
        if !resources.iter().any(|known| known.identifier == *resource) {
            let sentence = format!("there is no resource '{}': create it first", resource.escape_debug());
            problems.add(format!("resources[{at}]"), sentence);
        }
    }
    problems.unless_any(())
}

/// Checks a resource that is about to be registered or changed.
///
/// # Errors
/// Everything that is wrong, each with what to do.
pub fn check_resource(candidate: &Resource, issuer: &str) -> Result<(), Problems> {
    let mut problems = Problems::default();
    problems.note("name", name(&candidate.name));
    problems.note("identifier", identifier(&candidate.identifier, issuer));
    for (token, words) in &candidate.scopes {
        problems.note(format!("scopes.{}", token.escape_debug()), own_scope(token));
        if !is_printable(words) {
            let sentence = "its words may have no characters that control the text around them";
            problems.add(format!("scopes.{}", token.escape_debug()), sentence);
        }
    }
    // A scope that went and came back would come back unguarded.
    for token in candidate.scope_needs.keys().filter(|token| !candidate.owns(token)) {
        let sentence =
            "it is no scope of the API; one that is taken away must need no role any more: --scope-needs SCOPE=";
        problems.add(format!("scope_needs.{}", token.escape_debug()), sentence);
    }
    problems.unless_any(())
}

/// Checks a name as a person writes their own, without the spaces around it.
///
/// # Errors
/// [`Rejection::MissingName`], [`Rejection::NameTooLong`], [`Rejection::UnprintableName`].
pub fn check_name(name: &str) -> Result<(), Rejection> {
    match name.chars().count() {
        0 => Err(Rejection::MissingName),
        n if n > MAX_NAME => Err(Rejection::NameTooLong),
        _ if !is_printable(name) => Err(Rejection::UnprintableName),
        _ => Ok(()),
    }
}

/// Checks the name of a client, a resource or a person.
///
/// # Errors
/// A sentence that says what it must be.
pub fn name(name: &str) -> Result<(), String> {
    if (1..=MAX_NAME).contains(&name.trim().chars().count()) && is_printable(name) {
        Ok(())
    } else {
        Err(format!("the name must have 1 to {MAX_NAME} characters, none of which controls the text around it"))
    }
}

/// RFC 6749 Appendix A.1, without spaces; and not longer than what fits everywhere.
fn client_id(client_id: &str) -> Result<(), String> {
    if api_key::is_meant(client_id) {
        // What a key is traded for names the key as its client.
        Err(format!(
            "'{}' cannot be a client id: ids of API keys begin with {}",
            client_id.escape_debug(),
            api_key::PREFIX
        ))
    } else if (1..=255).contains(&client_id.len()) && client_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(format!("'{}' cannot be a client id: 1 to 255 ASCII characters without spaces", client_id.escape_debug()))
    }
}

fn auth_method(client: &Client) -> Result<(), String> {
    match client.client_type {
        kind if kind.allows(client.auth_method) => Ok(()),
        ClientType::Service => {
            Err("a service client must authenticate: client_secret, client_secret_basic or client_secret_post"
                .to_owned())
        }
        kind => Err(format!("a {kind} client cannot keep a secret: its authentication method must be none")),
    }
}

fn grant_types(client: &Client) -> Result<(), String> {
    if client.grant_types.is_empty() {
        return Err("a client needs a grant type, or it gets no tokens".to_owned());
    }
    for grant_type in &client.grant_types {
        let before = grant_type.goes_on_with();
        if grant_type.needs_person() && !client.client_type.has_users() {
            return Err(format!("a service client may not use {grant_type}: nobody signs in to it"));
        }
        if grant_type.needs_authentication() && client.auth_method == AuthMethod::None {
            return Err(format!("only a client that authenticates may use {grant_type}"));
        }
        if !before.is_empty() && !before.iter().any(|other| client.may_use(*other)) {
            let before: Vec<&str> = before.iter().map(|other| other.as_str()).collect();
            return Err(format!("{grant_type} goes on with what {} gives: allow that too", before.join(" or ")));
        }
    }
    Ok(())
}

fn redirect_uris(client: &Client, problems: &mut Problems) {
    let kind = client.client_type;
    let needed = client.grant_types.iter().any(|grant_type| grant_type.needs_redirect_uri());
    if needed && kind.has_users() && client.redirect_uris.is_empty() {
        problems.add("redirect_uris", format!("a {kind} client needs at least one redirect URI"));
    }
    if !needed && !client.redirect_uris.is_empty() {
        let sentence = format!("a {kind} client without authorization_code has no redirect URI: nobody signs in to it");
        problems.add("redirect_uris", sentence);
    }
    let lists = [
        ("redirect_uris", &client.redirect_uris),
        ("post_logout_redirect_uris", &client.metadata.post_logout_redirect_uris),
    ];
    for (field, uris) in lists {
        if uris.len() > MAX_URIS {
            problems.add(field, format!("a client has at most {MAX_URIS} redirect URIs of a kind"));
        }
        for (at, uri) in uris.iter().enumerate() {
            problems.note(format!("{field}[{at}]"), redirect_uri::registrable(uri, kind));
        }
    }
}

/// How people must sign in: only where somebody does.
fn demand(client: &Client, problems: &mut Problems) {
    let Some(acr) = &client.metadata.acr else { return };
    problems.note("acr", context_class(acr));
    if !client.has_users() {
        let kind = client.client_type;
        problems.add("acr", format!("a {kind} client without users demands nothing of them: nobody signs in to it"));
    }
}

/// Checks a context class that is to be demanded: it must be one that a sign-in can be in.
///
/// # Errors
/// A sentence that names them.
pub fn context_class(name: &str) -> Result<(), String> {
    match assurance::strength(name) {
        Some(_) => Ok(()),
        None => {
            let known: Vec<&str> = assurance::every_class().collect();
            Err(format!("'{}' is none of the classes that can be demanded: {}", name.escape_debug(), known.join(", ")))
        }
    }
}

/// What people and the server are sent to: web addresses, and only for a client that people sign in to.
fn links(client: &Client, problems: &mut Problems) {
    let links = [
        ("policy_uri", "privacy policy", &client.metadata.policy_uri),
        ("tos_uri", "terms of service", &client.metadata.tos_uri),
        ("backchannel_logout_uri", "back-channel logout URI", &client.backchannel_logout_uri),
    ];
    for (field, what, uri) in links {
        let Some(uri) = uri else { continue };
        if !client.has_users() {
            let kind = client.client_type;
            problems.add(field, format!("a {kind} client without users has no {what}: nobody signs in to it"));
        }
        // What a website may register as its redirect URI is fine as any other address of it.
        let checked = redirect_uri::registrable(uri, ClientType::Web);
        let named = |why: String| why.replacen("redirect URI", &format!("address of the {what}"), 1);
        problems.note(field, checked.map_err(named));
    }
}

/// Where scripts run that may call: only an application on a device or in a browser has such.
fn origins(client: &Client, problems: &mut Problems) {
    let origins = &client.metadata.allowed_origins;
    let kind = client.client_type;
    if !origins.is_empty() && !matches!(kind, ClientType::Spa | ClientType::Native) {
        problems.add("allowed_origins", format!("a {kind} client has no scripts that call from another origin"));
    }
    if origins.len() > MAX_URIS {
        problems.add("allowed_origins", format!("a client has at most {MAX_URIS} allowed origins"));
    }
    for (at, one) in origins.iter().enumerate() {
        problems.note(format!("allowed_origins[{at}]"), origin::registrable(one));
    }
}

fn identifier(identifier: &str, issuer: &str) -> Result<(), String> {
    if !resource::is_identifier(identifier) {
        return Err(format!(
            "'{}' is not an absolute URI without a fragment, such as https://api.example.org",
            identifier.escape_debug()
        ));
    }
    if identifier == issuer {
        return Err("the issuer is a resource by itself (userinfo) and cannot be registered".to_owned());
    }
    Ok(())
}

fn own_scope(token: &str) -> Result<(), String> {
    match ScopeSet::parse(token) {
        Ok(set) if set.iter().count() == 1 && ISSUER_SCOPES.iter().all(|(own, _)| *own != token) => Ok(()),
        Ok(_) => Err(format!("'{}' cannot be the name of an API's scope", token.escape_debug())),
        Err(_) => Err(format!("'{}' has characters that a scope cannot have", token.escape_debug())),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::grant_type::GrantType;

    fn client(client_type: ClientType) -> Client {
        let mut client = Client::new("c".into(), client_type, Timestamp::from_seconds(0));
        client.name = "C".into();
        client.redirect_uris = if client_type.has_users() { vec!["https://rp.test/cb".into()] } else { vec![] };
        client
    }

    #[test]
    fn a_client_is_what_its_type_allows() {
        let refused = |change: fn(&mut Client), kind| {
            let mut client = client(kind);
            change(&mut client);
            check_client(&client, &[]).unwrap_err().to_string()
        };
        for kind in ClientType::ALL {
            assert_eq!(check_client(&client(*kind), &[]), Ok(()), "{kind}");
        }
        assert!(refused(|c| c.auth_method = AuthMethod::ClientSecretPost, ClientType::Spa).contains("secret"));
        assert!(refused(|c| c.auth_method = AuthMethod::None, ClientType::Service).contains("authenticate"));
        assert!(refused(|c| c.redirect_uris.clear(), ClientType::Web).contains("redirect"));
        assert!(
            refused(|c| c.redirect_uris.push("https://a.test/*".into()), ClientType::Web).contains("https://a.test/*")
        );
        assert!(refused(|c| c.redirect_uris.push("https://a.test".into()), ClientType::Service).contains("nobody"));
        assert!(refused(|c| c.pkce = PkceMode::Nonce, ClientType::Native).contains("PKCE"));
        assert!(refused(|c| c.resources.push("https://api.test".into()), ClientType::Web).contains("https://api.test"));
        assert!(refused(|c| c.name = "\u{7}".into(), ClientType::Web).contains("name"));
        assert!(refused(|c| c.name = "Note\u{202e}koob".into(), ClientType::Web).contains("name"));
        assert!(refused(|c| c.scopes = ScopeSet::parse("openid").unwrap(), ClientType::Service).contains("openid"));
        assert!(
            refused(|c| c.metadata.policy_uri = Some("javascript:alert(1)".into()), ClientType::Web)
                .contains("privacy policy")
        );
        assert!(refused(|c| c.metadata.tos_uri = Some("https://a.test/#x".into()), ClientType::Spa).contains("terms"));
        let logout: fn(&mut Client) = |c| c.backchannel_logout_uri = Some("https://a.test/out".into());
        assert!(refused(logout, ClientType::Service).contains("nobody"));
        assert!(refused(|c| c.backchannel_logout_uri = Some("http://a.test".into()), ClientType::Web).contains("http"));
        let only = |of: &[GrantType]| -> BTreeSet<GrantType> { of.iter().copied().collect() };
        for (kind, grant_types, sentence) in [
            (ClientType::Web, only(&[]), "needs a grant type"),
            (ClientType::Web, only(&[GrantType::RefreshToken]), "authorization_code gives"),
            (ClientType::Web, only(&[GrantType::ClientCredentials]), "no redirect URI"),
            (ClientType::Spa, only(GrantType::ALL), "only a client that authenticates may use client_credentials"),
            (ClientType::Service, only(&[GrantType::AuthorizationCode]), "a service client may not use"),
        ] {
            let mut client = client(kind);
            client.grant_types = grant_types;
            let problems = check_client(&client, &[]).unwrap_err().to_string();
            assert!(problems.contains(sentence), "{sentence}: {problems}");
        }
        let both = Client { grant_types: only(GrantType::ALL), ..client(ClientType::Web) };
        assert_eq!(check_client(&both, &[]), Ok(()));
        let calling: fn(&mut Client) = |c| c.metadata.allowed_origins = vec!["capacitor://localhost".into()];
        assert!(refused(calling, ClientType::Web).contains("no scripts"));
        let wrong: fn(&mut Client) = |c| c.metadata.allowed_origins = vec!["https://a.test/".into()];
        assert!(refused(wrong, ClientType::Native).contains("https://a.test/"));
        let many: fn(&mut Client) = |c| c.redirect_uris = (0..51).map(|n| format!("https://a.test/{n}")).collect();
        assert!(refused(many, ClientType::Web).contains("at most"));
    }

    #[test]
    fn every_problem_is_told_with_its_field() {
        let mut client = client(ClientType::Spa);
        client.name = String::new();
        client.redirect_uris = vec!["https://a.test/".into(), "http://a.test/".into(), "https://*".into()];
        client.metadata.post_logout_redirect_uris = vec!["x".into()];
        client.metadata.tos_uri = Some("x".into());
        client.resources = vec!["https://api.test".into()];
        client.client_id = "two words".into();
        let problems = check_client(&client, &[]).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        let wrong = ["client_id", "name", "redirect_uris[1]", "redirect_uris[2]", "post_logout_redirect_uris[0]"];
        assert_eq!(fields, [wrong.as_slice(), &["tos_uri", "resources[0]"]].concat());
        let json = serde_json::to_value(&problems).unwrap();
        assert_eq!(json[2]["field"], "redirect_uris[1]");
        assert!(json[2]["sentence"].as_str().unwrap().contains("http://a.test/"));
    }

    #[test]
    fn a_resource_has_an_absolute_name_and_scopes_of_its_own() {
        let check = |identifier: &str, scope: &str| {
            let scopes = [(scope.to_owned(), String::new())].into();
            let resource = Resource::new(identifier.into(), Timestamp::from_seconds(0));
            let resource = Resource { name: "API".into(), scopes, ..resource };
            check_resource(&resource, "https://as.test")
        };
        assert_eq!(check("https://api.test", "read"), Ok(()));
        assert!(check("api", "read").is_err());
        assert!(check("https://as.test", "read").is_err());
        assert!(check("https://api.test", "two words").is_err());
        assert!(check("https://api.test", "openid").is_err());
        assert!(check("https://api.test", "é").is_err());
    }
}

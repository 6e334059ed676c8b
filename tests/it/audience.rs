//! For whom access tokens are: the resource that a request names, or what its scopes say (RFC 8707, RFC 9068 §3).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::resource::AccessTokenType;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Value, json};

use crate::support::{Client, Server, unverified_claims};

const ANN: &str = "ann@example.org";
const ISSUER: &str = "http://localhost:8000";
const NOTES: &str = "https://notes.test";
const MAIL: &str = "https://mail.test";

/// A server with two APIs that own a scope each and share one, and a client that may ask for all of it.
async fn two_apis(kind: ClientType) -> (Server, Client) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource(NOTES, &["notes:read", "shared"]).await;
    server.db_resource(MAIL, &["mail:read", "shared"]).await;
    let own = if kind.has_users() { "openid email offline_access" } else { "" };
    let scopes = ScopeSet::parse(&format!("{own} notes:read mail:read shared job")).unwrap();
    let client = server.db_client(kind, |c| c.scopes = scopes).await;
    (server, client)
}

/// The `aud` and the `scope` of an access token.
fn said(tokens: &Value) -> (Value, Value) {
    let claims = unverified_claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["scope"].as_str().unwrap_or_default(), tokens["scope"], "the answer says what the token has");
    (claims["aud"].clone(), claims["scope"].clone())
}

async fn granted(server: &Server, client: &Client, extra: &str) -> Value {
    let code = server.browser().code(client, ANN, extra).await;
    client.redeem(&code).await.ok()
}

async fn refreshed(client: &Client, tokens: &Value, extra: &[(&str, &str)]) -> crate::support::Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[&[("grant_type", "refresh_token"), ("refresh_token", token)], extra].concat()).await
}

#[tokio::test]
async fn a_service_gets_a_token_for_the_api_that_owns_its_scopes() {
    let (server, service) = two_apis(ClientType::Service).await;
    for (fields, audience, scope) in [
        (&[("scope", "notes:read")][..], NOTES, "notes:read"),
        (&[("scope", "notes:read job")], NOTES, "job notes:read"),
        (&[("scope", "mail:read")], MAIL, "mail:read"),
        (&[("scope", "job")], ISSUER, "job"),
        (&[("scope", "shared"), ("resource", MAIL)], MAIL, "shared"),
        (&[("scope", "notes:read mail:read"), ("resource", MAIL)], MAIL, "mail:read"),
    ] {
        let tokens = service.credentials(fields).await.ok();
        assert_eq!(said(&tokens), (json!(audience), json!(scope)), "{fields:?}");
    }
    for (scope, rejection) in
        [("notes:read mail:read", Rejection::SeveralResources), ("notes:read shared", Rejection::AmbiguousScope)]
    {
        service.credentials(&[("scope", scope)]).await.refused_json(400, rejection);
    }
    // Which API is meant is clear where only one may be asked for.
    let shared = ScopeSet::parse("shared").unwrap();
    let bound =
        server.db_client(ClientType::Service, |c| (c.scopes, c.resources) = (shared, vec![MAIL.to_owned()])).await;
    assert_eq!(said(&bound.credentials(&[]).await.ok()).0, MAIL);
}

#[tokio::test]
async fn with_openid_a_token_is_for_the_api_and_for_userinfo() {
    let (server, client) = two_apis(ClientType::Web).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    server.db_change_resource(NOTES, |resource| resource.introspectors = vec![api.id.clone()]).await;
    let tokens = granted(&server, &client, "scope=openid+notes:read").await;
    assert_eq!(said(&tokens), (json!([NOTES, ISSUER]), json!("notes:read openid")));
    assert!(tokens["id_token"].is_string());
    let token = tokens["access_token"].as_str().unwrap();
    client.userinfo(token).await.ok();
    let known = api.post("/introspect", &[("token", token)]).await.ok();
    assert_eq!((&known["active"], &known["aud"]), (&json!(true), &json!([NOTES, ISSUER])));

    // Without openid, the API alone; with a resource, exactly that one.
    for (extra, audience, scope) in [
        ("scope=notes:read", NOTES, "notes:read"),
        ("scope=openid+notes:read+mail:read&resource=https://notes.test", NOTES, "notes:read openid"),
        ("scope=openid+notes:read&resource=http://localhost:8000", ISSUER, "openid"),
        ("scope=openid+job", ISSUER, "job openid"),
    ] {
        let tokens = granted(&server, &client, extra).await;
        assert_eq!(said(&tokens), (json!(audience), json!(scope)), "{extra}");
        let answer = client.userinfo(tokens["access_token"].as_str().unwrap()).await;
        if audience == ISSUER {
            answer.ok();
        } else {
            answer.refused(401, Rejection::WrongAudience);
        }
    }
}

#[tokio::test]
async fn a_resource_at_the_token_endpoint_alone_is_right_when_granted_scopes_belong_to_it() {
    let (server, client) = two_apis(ClientType::Web).await;
    let mut browser = server.browser();
    let both = "scope=openid+notes:read+mail:read";
    for (resource, scope) in [(NOTES, "notes:read openid"), (MAIL, "mail:read openid"), (ISSUER, "openid")] {
        let code = browser.code(&client, ANN, both).await;
        let tokens = client.redeem_with(&code, &[("resource", resource)]).await.ok();
        assert_eq!(said(&tokens), (json!(resource), json!(scope)));
    }
    let code = browser.code(&client, ANN, both).await;
    client.redeem(&code).await.refused_json(400, Rejection::SeveralResources);
    let code = browser.code(&client, ANN, "scope=openid+notes:read").await;
    client.redeem_with(&code, &[("resource", MAIL)]).await.refused_json(400, Rejection::ResourceNotGranted);
}

#[tokio::test]
async fn a_scope_of_two_apis_needs_a_resource_before_anybody_is_asked() {
    let (server, client) = two_apis(ClientType::Spa).await;
    let mut browser = server.browser();
    let answer = browser.get(&client.authorization_url("scope=openid+shared")).await;
    answer.refused_redirect(Rejection::AmbiguousScope);
    assert_eq!(answer.location_param("error").as_deref(), Some("invalid_target"));
    assert!(answer.location_param("error_description").unwrap().ends_with(": shared."));
    let tokens = granted(&server, &client, "scope=openid+shared&resource=https://mail.test").await;
    assert_eq!(said(&tokens), (json!(MAIL), json!("openid shared")));
    // Its scopes tell the page whose they are.
    let login = browser.visit(&client.authorization_url("scope=openid+notes:read")).await;
    server.db_user("bob@example.org").await;
    let page = browser.sign_in_on(&login, "bob@example.org", crate::support::PASSWORD).await;
    assert!(page.text_of("main").unwrap().contains("Notes"), "{}", page.text());
}

#[tokio::test]
async fn a_refresh_is_for_what_its_scopes_say_within_what_was_granted() {
    let (server, client) = two_apis(ClientType::Web).await;
    let mut tokens = granted(&server, &client, "scope=openid+offline_access+notes:read").await;
    assert_eq!(said(&tokens).0, json!([NOTES, ISSUER]));
    for (extra, audience) in [
        (&[][..], json!([NOTES, ISSUER])),
        (&[("scope", "notes:read")], json!(NOTES)),
        (&[("scope", "openid")], json!(ISSUER)),
        (&[("resource", ISSUER)], json!(ISSUER)),
        (&[("resource", NOTES)], json!(NOTES)),
        (&[("scope", "openid notes:read")], json!([NOTES, ISSUER])),
    ] {
        let answer = refreshed(&client, &tokens, extra).await.ok();
        assert_eq!(said(&answer).0, audience, "{extra:?}");
        // Lost on the way, it comes again.
        assert_eq!(refreshed(&client, &tokens, extra).await.ok(), answer, "{extra:?}");
        tokens = answer;
    }
    refreshed(&client, &tokens, &[("resource", MAIL)]).await.refused_json(400, Rejection::ResourceNotGranted);
    let wider = refreshed(&client, &tokens, &[("scope", "openid mail:read")]).await;
    wider.refused_json(400, Rejection::WiderScope);
    assert_eq!(wider.json()["error_description"], "scope names a scope that was not granted: mail:read.");
}

#[tokio::test]
async fn a_scope_that_another_api_owns_later_takes_no_grant_along() {
    let (server, client) = two_apis(ClientType::Web).await;
    let tokens = granted(&server, &client, "scope=openid+offline_access+notes:read").await;
    server.db_resource("https://late.test", &["notes:read"]).await;
    let tokens = refreshed(&client, &tokens, &[]).await.ok();
    assert_eq!(said(&tokens).0, json!([NOTES, ISSUER]));
    let late = refreshed(&client, &tokens, &[("resource", "https://late.test")]).await;
    late.refused_json(400, Rejection::ResourceNotGranted);
    let answer = server.browser().get(&client.authorization_url("scope=openid+notes:read")).await;
    answer.refused_redirect(Rejection::AmbiguousScope);
}

/// The `typ` of a JWT's header.
fn typ(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice::<Value>(&doorward::secret::from_base64url(part).unwrap()).unwrap()["typ"].clone()
}

#[tokio::test]
async fn an_api_that_insists_on_jwt_gets_it_and_its_tokens_work_everywhere() {
    let (server, client) = two_apis(ClientType::Web).await;
    server.db_change_resource(NOTES, |resource| resource.token_type = AccessTokenType::Jwt).await;
    let scope = "scope=openid+offline_access+notes:read+mail:read";
    let code = server.browser().code(&client, ANN, scope).await;
    let notes = client.redeem_with(&code, &[("resource", NOTES)]).await.ok();
    assert_eq!((typ(&notes["access_token"]), typ(&notes["id_token"])), (json!("JWT"), json!("JWT")));
    let mail = refreshed(&client, &notes, &[("resource", MAIL)]).await.ok();
    assert_eq!(typ(&mail["access_token"]), "at+jwt");
    let both = refreshed(&client, &mail, &[("scope", "openid notes:read")]).await.ok();
    assert_eq!((typ(&both["access_token"]), said(&both).0), (json!("JWT"), json!([NOTES, ISSUER])));
    let token = both["access_token"].as_str().unwrap();
    client.userinfo(token).await.ok();
    assert_eq!(client.post("/introspect", &[("token", token)]).await.ok()["active"], true);
    // An ID token has the same type, and is none all the same.
    let id_token = both["id_token"].as_str().unwrap();
    client.userinfo(id_token).await.refused(401, Rejection::WrongTokenType);
    assert_eq!(client.post("/introspect", &[("token", id_token)]).await.ok()["active"], false);
    // Nor is the token a hint.
    let hinted = client.authorization_url(&format!("id_token_hint={token}"));
    server.browser().get(&hinted).await.refused_redirect(Rejection::ForeignHint);
    // Taken back, those given out still hold until they are revoked.
    server.db_change_resource(NOTES, |resource| resource.token_type = AccessTokenType::AtJwt).await;
    client.userinfo(token).await.ok();
    assert_eq!(client.post("/revoke", &[("token", token)]).await.status, 200);
    client.userinfo(token).await.refused(401, Rejection::RevokedToken);
}

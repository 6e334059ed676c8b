//! What the operator narrows counts with the next token, and wherever a token is asked about; what is given back is there again.

use doorward::protocol::client::{Client as Registered, ClientType};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const ANN: &str = "ann@example.org";
const NOTES: &str = "https://notes.test";
const SCOPE: &str = "scope=openid+email+offline_access";

struct Place {
    server: Server,
    client: Client,
    /// Who may introspect for the API.
    api: Client,
}

/// An API with two scopes, a client that may ask for both, and a person.
async fn place(kind: ClientType) -> Place {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource(NOTES, &["notes:read", "notes:write"]).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    server.db_change_resource(NOTES, |resource| resource.introspectors = vec![api.id.clone()]).await;
    let own = if kind.has_users() { "openid email offline_access" } else { "job" };
    let scopes = ScopeSet::parse(&format!("{own} notes:read notes:write")).unwrap();
    let client = server.db_client(kind, |c| c.scopes = scopes).await;
    Place { server, client, api }
}

impl Place {
    async fn granted(&self, extra: &str) -> Value {
        let code = self.server.browser().code(&self.client, ANN, extra).await;
        self.client.redeem(&code).await.ok()
    }

    async fn change(&self, change: impl FnOnce(&mut Registered)) {
        self.server.db_change_client(&self.client.id, change).await;
    }

    async fn allow(&self, scopes: &str) {
        let scopes = ScopeSet::parse(scopes).unwrap();
        self.change(|client| client.scopes = scopes).await;
    }

    /// The API has these scopes from now on.
    async fn own(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| ((*scope).to_owned(), String::new())).collect();
        self.server.db_change_resource(NOTES, |resource| resource.set_scopes(scopes)).await;
    }

    async fn refresh(&self, tokens: &Value) -> Answer {
        self.client.token(&[("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))]).await
    }

    async fn switch_off_and_on(&self) {
        let now = self.server.clock.now();
        self.change(|client| client.disabled_at = Some(now)).await;
        self.change(|client| client.disabled_at = None).await;
    }
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn introspect(client: &Client, token: &str) -> Value {
    client.post("/introspect", &[("token", token)]).await.ok()
}

#[tokio::test]
async fn a_scope_that_is_taken_from_the_client_is_gone_from_its_tokens() {
    let place = place(ClientType::Web).await;
    let tokens = place.granted(SCOPE).await;
    let code = place.server.browser().code(&place.client, ANN, SCOPE).await;
    place.allow("openid offline_access").await;
    let known = introspect(&place.client, text(&tokens, "access_token")).await;
    assert_eq!((&known["active"], &known["scope"]), (&json!(true), &json!("offline_access openid")));
    let known = introspect(&place.client, text(&tokens, "refresh_token")).await;
    assert_eq!((&known["active"], &known["scope"]), (&json!(true), &json!("offline_access openid")));
    let about = place.client.userinfo(text(&tokens, "access_token")).await.ok();
    assert!(about["sub"].is_string() && about.get("email").is_none());
    assert_eq!(place.client.redeem(&code).await.ok()["scope"], "offline_access openid");
    let refreshed = place.refresh(&tokens).await.ok();
    assert_eq!(refreshed["scope"], "offline_access openid");
    place.allow("offline_access").await;
    let access = text(&refreshed, "access_token");
    place.client.userinfo(access).await.refused(403, Rejection::TokenWithoutOpenid);
    // The retry of a lost answer says no more either.
    let again = place.refresh(&tokens).await.ok();
    assert_eq!(again["scope"], "offline_access");
    assert!(again.get("id_token").is_none());
    assert_eq!(again["refresh_token"], refreshed["refresh_token"]);
    place.allow("openid email offline_access").await;
    assert_eq!(place.refresh(&refreshed).await.ok()["scope"], "email offline_access openid");
    let about = place.client.userinfo(text(&tokens, "access_token")).await.ok();
    assert_eq!(about["email"], ANN);
}

#[tokio::test]
async fn a_scope_that_its_api_gives_up_is_gone_until_somebody_owns_it_again() {
    let place = place(ClientType::Web).await;
    let scope = "scope=openid+offline_access+notes:read+notes:write";
    let tokens = place.granted(scope).await;
    let seen = async |tokens: &Value| introspect(&place.api, text(tokens, "access_token")).await["scope"].clone();
    assert_eq!(seen(&tokens).await, "notes:read notes:write offline_access openid");
    place.own(&["notes:read"]).await;
    assert_eq!(seen(&tokens).await, "notes:read offline_access openid");
    let tokens = place.refresh(&tokens).await.ok();
    assert_eq!(tokens["scope"], "notes:read offline_access openid");
    assert_eq!(place.granted(scope).await["scope"], "notes:read offline_access openid");
    place.own(&["notes:read", "notes:write"]).await;
    assert_eq!(place.refresh(&tokens).await.ok()["scope"], "notes:read notes:write offline_access openid");
}

#[tokio::test]
async fn a_service_is_narrowed_as_well() {
    let place = place(ClientType::Service).await;
    let tokens = place.client.credentials(&[("scope", "notes:read notes:write job")]).await.ok();
    let seen = async || introspect(&place.api, text(&tokens, "access_token")).await["scope"].clone();
    place.own(&["notes:read"]).await;
    assert_eq!(seen().await, "job notes:read");
    place.allow("job").await;
    assert_eq!(seen().await, "job");
    let refused = place.client.credentials(&[("scope", "notes:read")]).await;
    refused.refused_json(400, Rejection::ScopeNotAllowed);
    place.allow("job notes:read notes:write").await;
    let refused = place.client.credentials(&[("scope", "notes:write")]).await;
    refused.refused_json(400, Rejection::UnknownScope);
    assert_eq!(seen().await, "job notes:read");
}

#[tokio::test]
async fn an_api_that_the_client_may_no_longer_name_takes_none_of_its_tokens() {
    let place = place(ClientType::Web).await;
    place.server.db_resource("https://mail.test", &[]).await;
    let both = place.granted("scope=openid+offline_access+notes:read").await;
    let only = place.granted("scope=offline_access+notes:read&resource=https://notes.test").await;
    place.change(|client| client.resources = vec!["https://mail.test".to_owned()]).await;
    for tokens in [&both, &only] {
        assert_eq!(introspect(&place.api, text(tokens, "access_token")).await, json!({ "active": false }));
    }
    // What is left of the one is for userinfo.
    place.client.userinfo(text(&both, "access_token")).await.ok();
    assert_eq!(introspect(&place.client, text(&both, "access_token")).await["aud"], "http://localhost:8000");
    assert_eq!(place.refresh(&both).await.ok()["scope"], "offline_access openid");
    place.refresh(&only).await.refused_json(400, Rejection::ResourceNotAllowed);
    place.change(|client| client.resources.clear()).await;
    place.refresh(&only).await.ok();
    assert_eq!(introspect(&place.api, text(&only, "access_token")).await["active"], true);
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_no_longer_told_of_a_token() {
    let server = Server::start().await;
    let user = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    let tokens = client.redeem(&code).await.ok();
    let roles = async || introspect(&client, text(&tokens, "access_token")).await["roles"].clone();
    assert_eq!(roles().await, json!(["editor"]));
    server.db_change_user(&user, |account| account.user.roles = vec!["admin".to_owned()]).await;
    assert_eq!(roles().await, Value::Null, "neither the one that is gone nor the one that came later");
}

#[tokio::test]
async fn a_client_that_is_switched_on_again_does_not_bring_its_old_access_tokens_back() {
    let place = place(ClientType::Web).await;
    let first = place.granted(SCOPE).await;
    let second = place.refresh(&first).await.ok();
    place.switch_off_and_on().await;
    for tokens in [&first, &second] {
        let access = text(tokens, "access_token");
        place.client.userinfo(access).await.refused(401, Rejection::TokenOfEndedGrant);
        assert_eq!(introspect(&place.client, access).await, json!({ "active": false }));
    }
    // In the same second: a lost answer comes with an access token that works, and so does every other.
    let again = place.refresh(&first).await.ok();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    place.client.userinfo(text(&again, "access_token")).await.ok();
    let third = place.refresh(&second).await.ok();
    place.client.userinfo(text(&third, "access_token")).await.ok();
    place.switch_off_and_on().await;
    place.client.userinfo(text(&third, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
    // To switch on what is on ends nothing.
    let fourth = place.refresh(&third).await.ok();
    place.change(|client| client.disabled_at = None).await;
    place.client.userinfo(text(&fourth, "access_token")).await.ok();
}

#[tokio::test]
async fn a_service_that_is_switched_on_again_starts_with_new_tokens() {
    let place = place(ClientType::Service).await;
    let old = place.client.credentials(&[("scope", "notes:read")]).await.ok();
    place.switch_off_and_on().await;
    assert_eq!(introspect(&place.api, text(&old, "access_token")).await, json!({ "active": false }));
    let new = place.client.credentials(&[("scope", "notes:read")]).await.ok();
    assert_eq!(introspect(&place.api, text(&new, "access_token")).await["active"], true);
}

//! Grants of other kinds than a browser's: without a sign-in, and bound to a key.

use doorward::grants::{Granted, TokenRequest};
use doorward::protocol::audit::Origin;
use doorward::protocol::client::ClientType;
use doorward::protocol::confirmation::Confirmation;
use doorward::protocol::device::Device;
use doorward::protocol::params::Params;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::trace::TraceId;
use serde_json::{Value, json};

use crate::support::{Client, Server, VERIFIER, unverified_claims};

const ANN: &str = "ann@example.org";
const SCOPE: &str = "scope=openid+email+offline_access";

async fn with_code(server: &Server, kind: ClientType) -> (Client, String) {
    server.db_user(ANN).await;
    let client = server.db_client(kind, |_| {}).await;
    let code = server.browser().code(&client, ANN, SCOPE).await;
    (client, code)
}

async fn refresh(client: &Client, tokens: &Value) -> Value {
    let token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await.ok()
}

#[tokio::test]
async fn a_grant_without_a_sign_in_gives_every_token_and_no_sid() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Web).await;
    // As a grant for which a person agreed elsewhere: on another device, say.
    assert_eq!(server.database.db_execute("UPDATE grants SET sign_in_id = NULL, bound = 0").await, 1);
    let given = client.redeem(&code).await.ok();
    let tokens = refresh(&client, &given).await;
    for tokens in [&given, &tokens] {
        assert!(unverified_claims(tokens["id_token"].as_str().unwrap()).get("sid").is_none());
        let access_token = tokens["access_token"].as_str().unwrap();
        assert_eq!(client.userinfo(access_token).await.ok()["email"], ANN);
        assert_eq!(client.post("/introspect", &[("token", access_token)]).await.ok()["active"], true);
    }
    // Its ID token is a hint of no sign-in: the person is asked before anything ends.
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit(&format!("/logout?id_token_hint={}", tokens["id_token"].as_str().unwrap())).await;
    assert!(page.has("#confirm"), "{}", page.text());
    let ended = client.post("/revoke", &[("token", tokens["refresh_token"].as_str().unwrap())]).await;
    assert_eq!(ended.status, 200);
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused(401, Rejection::TokenOfEndedGrant);
}

#[tokio::test]
async fn a_grant_that_is_bound_to_a_key_gives_nothing_without_it() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Spa).await;
    server.database.db_execute(r#"UPDATE grants SET cnf = '{"jkt":"one"}'"#).await;
    client.redeem(&code).await.refused_json(400, Rejection::WrongKeyOfGrant);
    let code = server.browser().code(&client, ANN, SCOPE).await;
    let tokens = client.redeem(&code).await.ok();
    server.database.db_execute(r#"UPDATE grants SET cnf = '{"jkt":"one"}'"#).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    client.token(&fields).await.refused_json(400, Rejection::WrongKeyOfGrant);
    server.database.db_execute("UPDATE grants SET cnf = NULL").await;
    client.token(&fields).await.ok();
}

#[tokio::test]
async fn an_access_token_names_the_key_that_its_request_proved_and_is_no_bearer_token() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Web).await;
    let body = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={VERIFIER}",
        client.redirect_uri
    );
    let params = Params::parse(body.as_bytes()).unwrap();
    let (owner, now) = (server.app.directory.client(&client.id).await.unwrap().unwrap(), server.clock.now());
    let key = Confirmation { jkt: "one".to_owned() };
    let keys = server.app.fresh_keys(now).await.unwrap();
    let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
    let request = TokenRequest { client: &owner, params: &params, keys, confirmation: Some(&key), origin, now };
    let Granted { authorization, signers } = server.app.grants.redeem(request).await.unwrap();
    let access_token = server.app.mint.tokens(&authorization, &signers).unwrap().access_token;
    assert_eq!(unverified_claims(&access_token)["cnf"], json!({ "jkt": "one" }));
    let known = client.post("/introspect", &[("token", &access_token)]).await.ok();
    assert_eq!((&known["cnf"]["jkt"], &known["token_type"]), (&json!("one"), &json!("DPoP")));
    client.userinfo(&access_token).await.refused(401, Rejection::BoundTokenAsBearer);
}

#[tokio::test]
async fn what_no_key_can_sign_costs_neither_the_code_nor_the_refresh_token() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Spa).await;
    let ring = &server.app.ring;
    let held = ring.held();
    let without_keys = || ring.replace(Vec::new(), Vec::new(), server.clock.now());
    let with_keys = || ring.replace(held.clone(), Vec::new(), server.clock.now());
    without_keys();
    assert_eq!(client.redeem(&code).await.status, 500);
    with_keys();
    let tokens = client.redeem(&code).await.ok();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    without_keys();
    assert_eq!(client.token(&fields).await.status, 500);
    let replaced = "SELECT COUNT(*) FROM refresh_tokens WHERE consumed_at IS NOT NULL";
    assert_eq!(server.database.db_number(replaced).await, 0);
    with_keys();
    client.token(&fields).await.ok();
}

#[tokio::test]
async fn a_node_that_slept_revokes_a_token_under_a_key_that_it_did_not_know() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Web).await;
    let access_token = client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned();
    let node = server.another_node().await;
    node.app.ring.replace(Vec::new(), Vec::new(), server.clock.now().minus(3600));
    assert_eq!(client.on(&node).post("/revoke", &[("token", &access_token)]).await.status, 200);
    client.userinfo(&access_token).await.refused(401, Rejection::RevokedToken);
}

#[tokio::test]
async fn what_does_not_exist_or_is_foreign_is_refused_while_another_writes() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Web).await;
    let thief = server.db_client(ClientType::Web, |_| {}).await;
    let tokens = client.redeem(&code).await.ok();
    let foreign = tokens["refresh_token"].as_str().unwrap();
    let code = server.browser().code(&client, ANN, SCOPE).await;
    let refresh = |token: &str| {
        let (thief, token) = (thief.clone(), token.to_owned());
        async move { thief.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await }
    };
    // SQLite has one writer, and here it is.
    let writer = server.app.storage.begin().await.unwrap();
    thief.redeem("nothing").await.refused_json(400, Rejection::UnknownCode);
    thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
    refresh("nothing").await.refused_json(400, Rejection::UnknownRefreshToken);
    refresh(foreign).await.refused_json(400, Rejection::ForeignRefreshToken);
    drop(writer);
    client.redeem(&code).await.ok();
}

#[tokio::test]
async fn a_grant_type_of_a_newer_version_keeps_no_client_from_being_read() {
    let server = Server::start().await;
    let (client, code) = with_code(&server, ClientType::Web).await;
    let newer = r#"UPDATE clients SET grant_types = '["authorization_code","refresh_token","of_tomorrow"]'"#;
    server.database.db_execute(newer).await;
    let node = client.on(&server.another_node().await);
    node.redeem(&code).await.ok();
    let answer = node.token(&[("grant_type", "of_tomorrow")]).await;
    answer.refused_json(400, Rejection::UnknownGrantType);
}

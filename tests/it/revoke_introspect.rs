//! Revocation and introspection.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn tokens(server: &Server, client: &Client) -> Value {
    let extra = "scope=openid+email+offline_access";
    let code = server.browser().code(client, "ann@example.org", extra).await;
    client.redeem(&code).await.ok()
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

async fn introspect(client: &Client, token: &str) -> Value {
    client.post("/introspect", &[("token", token)]).await.ok()
}

/// Names a client that may introspect for the one resource that there is.
async fn db_name_introspector(server: &Server, api: &Client) {
    server.db_change_resource("https://notes.test", |resource| resource.introspectors = vec![api.id.clone()]).await;
}

async fn revoke(client: &Client, token: &str) {
    assert_eq!(client.post("/revoke", &[("token", token), ("token_type_hint", "access_token")]).await.status, 200);
}

#[tokio::test]
async fn a_client_learns_all_about_its_own_tokens() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let tokens = tokens(&server, &client).await;
    let access = introspect(&client, text(&tokens, "access_token")).await;
    assert_eq!(access["active"], true);
    assert_eq!(access["sub"], user);
    assert_eq!(access["client_id"], client.id);
    assert_eq!(access["scope"], "email offline_access openid");
    assert_eq!(access["token_type"], "Bearer");
    assert_eq!(access["aud"], "http://localhost:8000");
    assert_eq!(access["exp"], server.clock.now().plus(900).seconds());
    let refresh = introspect(&client, text(&tokens, "refresh_token")).await;
    assert_eq!((&refresh["active"], &refresh["sub"]), (&json!(true), &json!(user)));
    assert!(refresh.get("token_type").is_none());
}

#[tokio::test]
async fn nobody_else_learns_anything() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&server, &client).await;
    let inactive = json!({ "active": false });
    for token in
        [text(&given, "access_token"), text(&given, "refresh_token"), text(&given, "id_token"), "garbage", "a.b.c"]
    {
        assert_eq!(introspect(&other, token).await, inactive);
    }
    assert_eq!(introspect(&client, text(&given, "id_token")).await, inactive);
    let public = server.db_client(ClientType::Spa, |_| {}).await;
    let own = tokens(&server, &public).await;
    let answer = public.post("/introspect", &[("token", text(&own, "access_token"))]).await;
    answer.refused_json(401, Rejection::PublicClientIntrospects);
    server.post("/introspect", "token=x").await.refused_json(401, Rejection::MissingClientAuthentication);
    client.post("/introspect", &[]).await.refused_json(400, Rejection::MissingTokenParameter);
    client.post("/introspect", &[("token", "a"), ("token", "b")]).await.refused_json(400, Rejection::RepeatedParameter);
}

#[tokio::test]
async fn a_resource_names_the_clients_that_may_introspect_for_it() {
    let server = Server::start().await;
    server.db_resource("https://notes.test", &["notes:read"]).await;
    let notes = ScopeSet::parse("notes:read").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = notes).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    let token = service.credentials(&[("resource", "https://notes.test")]).await.ok();
    assert_eq!(introspect(&api, text(&token, "access_token")).await["active"], false);
    db_name_introspector(&server, &api).await;
    let known = introspect(&api, text(&token, "access_token")).await;
    assert_eq!((&known["active"], &known["sub"]), (&json!(true), &json!(service.id)));
    // A token for somebody else is none of its business.
    let elsewhere = service.credentials(&[("resource", "http://localhost:8000")]).await.ok();
    assert_eq!(introspect(&api, text(&elsewhere, "access_token")).await["active"], false);
}

#[tokio::test]
async fn whatever_ends_counts_at_once() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let live = |tokens: Value| {
        let client = client.clone();
        async move {
            let access = introspect(&client, text(&tokens, "access_token")).await["active"].clone();
            (access, introspect(&client, text(&tokens, "refresh_token")).await["active"].clone())
        }
    };
    let (yes, no) = ((json!(true), json!(true)), (json!(false), json!(false)));
    let given = tokens(&server, &client).await;
    assert_eq!(live(given.clone()).await, yes);
    server.db_change_user(&user, |account| account.user.disabled_at = Some(server.clock.now())).await;
    assert_eq!(live(given.clone()).await, no);
    server.db_change_user(&user, |account| account.user.disabled_at = None).await;
    assert_eq!(live(given.clone()).await, yes);
    revoke(&client, text(&given, "refresh_token")).await;
    assert_eq!(live(given.clone()).await, no);
    client.userinfo(text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
    let given = tokens(&server, &client).await;
    server.turn(900);
    assert_eq!(live(given).await, (json!(false), json!(true)));
}

#[tokio::test]
async fn a_service_that_is_switched_off_has_no_active_token() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |c| c.scopes = ScopeSet::parse("a").unwrap()).await;
    server.db_resource("https://notes.test", &[]).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    db_name_introspector(&server, &api).await;
    let token = service.credentials(&[("resource", "https://notes.test")]).await.ok();
    assert_eq!(introspect(&api, text(&token, "access_token")).await["active"], true);
    let now = server.clock.now();
    server.db_change_client(&service.id, |c| c.disabled_at = Some(now)).await;
    assert_eq!(introspect(&api, text(&token, "access_token")).await, json!({ "active": false }));
}

#[tokio::test]
async fn a_revoked_access_token_ends_alone() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let given = tokens(&server, &client).await;
    revoke(&client, text(&given, "access_token")).await;
    client.userinfo(text(&given, "access_token")).await.refused(401, Rejection::RevokedToken);
    let refreshed =
        client.token(&[("grant_type", "refresh_token"), ("refresh_token", text(&given, "refresh_token"))]).await.ok();
    client.userinfo(text(&refreshed, "access_token")).await.ok();
}

#[tokio::test]
async fn revoking_what_is_not_ones_own_is_answered_and_does_nothing() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&server, &client).await;
    for token in [text(&given, "access_token"), text(&given, "refresh_token"), "garbage", "a.b.c"] {
        revoke(&other, token).await;
    }
    client.userinfo(text(&given, "access_token")).await.ok();
    client.post("/revoke", &[]).await.refused_json(400, Rejection::MissingTokenParameter);
    server.post("/revoke", "token=x").await.refused_json(401, Rejection::MissingClientAuthentication);
}

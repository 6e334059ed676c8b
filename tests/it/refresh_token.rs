//! The refresh token grant: rotation, limits, and what ends it. What becomes of lost answers and copies is in `lost_answers.rs`.

use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use crate::support::{Answer, Browser, Client, Server, unverified_claims};

const SCOPE: &str = "scope=openid+email+offline_access";

/// A signed-in person, their app, and the first refresh token.
async fn begin(server: &Server, kind: ClientType) -> (Browser, Client, String, String) {
    let user = server.db_user("ann@example.org").await;
    let client = server.db_client(kind, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", SCOPE).await;
    let tokens = client.redeem(&code).await.ok();
    (browser, client, refresh_token(&tokens), user)
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

async fn refresh(client: &Client, token: &str) -> Answer {
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

#[tokio::test]
async fn a_refresh_token_is_replaced_by_each_use_and_the_person_stays_the_same() {
    let server = Server::start().await;
    let (_, client, first, user) = begin(&server, ClientType::Web).await;
    server.turn(600);
    let tokens = refresh(&client, &first).await.ok();
    let second = refresh_token(&tokens);
    assert_ne!(first, second);
    assert_eq!(second.len(), 43);
    let id_token = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["sub"], user);
    assert_eq!(id_token["auth_time"], server.clock.now().minus(600).seconds());
    assert!(id_token.get("nonce").is_none());
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    refresh(&client, &second).await.ok();
}

#[tokio::test]
async fn none_is_given_without_offline_access() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "scope=openid").await;
    assert!(client.redeem(&code).await.ok().get("refresh_token").is_none());
}

#[tokio::test]
async fn a_lost_answer_is_given_again_to_the_letter() {
    let server = Server::start().await;
    let (_, client, first, _) = begin(&server, ClientType::Spa).await;
    let answer = refresh(&client, &first).await.ok();
    assert_eq!(refresh(&client, &first).await.ok(), answer);
    server.turn(59);
    let late = refresh(&client, &first).await.ok();
    assert_eq!(late["refresh_token"], answer["refresh_token"]);
    assert_eq!(late["access_token"], answer["access_token"]);
    assert_eq!(late["expires_in"], 900 - 59);
    let again = [("grant_type", "refresh_token"), ("refresh_token", first.as_str()), ("scope", "openid")];
    client.token(&again).await.refused_json(400, Rejection::ChangedRetry);
    refresh(&client, &refresh_token(&answer)).await.ok();
}

#[tokio::test]
async fn a_refresh_token_ends_after_its_idle_and_its_absolute_limit() {
    let server = Server::with(|config| {
        config.sign_in.idle = 31_536_000;
        config.tokens.refresh_idle = 3000;
        config.tokens.refresh_absolute = 7000;
    })
    .await;
    let (_, client, first, _) = begin(&server, ClientType::Web).await;
    server.turn(2999);
    let second = refresh_token(&refresh(&client, &first).await.ok());
    server.turn(2999);
    let third = refresh_token(&refresh(&client, &second).await.ok());
    // The absolute limit comes before the idle one now.
    server.turn(1001);
    let fourth = refresh_token(&refresh(&client, &third).await.ok());
    server.turn(1);
    refresh(&client, &fourth).await.refused_json(400, Rejection::ExpiredRefreshToken);
    let code = server.browser().code(&client, "ann@example.org", SCOPE).await;
    let idle = refresh_token(&client.redeem(&code).await.ok());
    server.turn(3000);
    refresh(&client, &idle).await.refused_json(400, Rejection::ExpiredRefreshToken);
}

#[tokio::test]
async fn scopes_can_only_be_narrowed_and_the_token_keeps_all() {
    let server = Server::start().await;
    let (_, client, first, _) = begin(&server, ClientType::Spa).await;
    let asking = |token: String, scope: &'static str| {
        let client = client.clone();
        async move { client.token(&[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)]).await }
    };
    asking(first.clone(), "openid profile").await.refused_json(400, Rejection::WiderScope);
    asking(first.clone(), "open\"id").await.refused_json(400, Rejection::MalformedScope);
    let narrow = asking(first, "openid").await.ok();
    assert_eq!(narrow["scope"], "openid");
    let whole = refresh(&client, &refresh_token(&narrow)).await.ok();
    assert_eq!(whole["scope"], "email offline_access openid");
}

#[tokio::test]
async fn a_refresh_moves_between_the_resources_that_were_granted() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_resource("https://notes.test", &["notes:read"]).await;
    server.db_resource("https://other.test", &["other:read"]).await;
    let client = server
        .db_client(ClientType::Spa, |c| {
            c.scopes =
                doorward::protocol::scope::ScopeSet::parse("openid offline_access notes:read other:read").unwrap();
        })
        .await;
    let mut browser = server.browser();
    let extra = "scope=openid+offline_access+notes:read&resource=https://notes.test&resource=http://localhost:8000";
    let code = browser.code(&client, "ann@example.org", extra).await;
    let tokens = client.redeem_with(&code, &[("resource", "https://notes.test")]).await.ok();
    assert_eq!(unverified_claims(tokens["access_token"].as_str().unwrap())["aud"], "https://notes.test");
    let asking = |token: String, resource: &'static str| {
        let client = client.clone();
        async move {
            client.token(&[("grant_type", "refresh_token"), ("refresh_token", &token), ("resource", resource)]).await
        }
    };
    asking(refresh_token(&tokens), "https://other.test").await.refused_json(400, Rejection::ResourceNotGranted);
    let moved = asking(refresh_token(&tokens), "http://localhost:8000").await.ok();
    client.userinfo(moved["access_token"].as_str().unwrap()).await.ok();
}

#[tokio::test]
async fn a_refresh_token_is_bound_to_its_client_which_must_authenticate() {
    let server = Server::start().await;
    let (_, client, first, _) = begin(&server, ClientType::Web).await;
    let other = server.db_client(ClientType::Web, |_| {}).await;
    refresh(&other, &first).await.refused_json(400, Rejection::ForeignRefreshToken);
    let public = server.db_client(ClientType::Spa, |_| {}).await;
    refresh(&public, &first).await.refused_json(400, Rejection::ForeignRefreshToken);
    let mut impostor = client.clone();
    impostor.secret = Some("wrong".to_owned());
    refresh(&impostor, &first).await.refused_json(401, Rejection::WrongClientSecret);
    refresh(&client, &first).await.ok();
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = Server::start().await;
    let (_, client, first, _) = begin(&server, ClientType::Spa).await;
    refresh(&client, "").await.refused_json(400, Rejection::MissingRefreshToken);
    for wrong in [&first[..42], &format!("{first}A"), "garbage", &first.to_lowercase()] {
        refresh(&client, wrong).await.refused_json(400, Rejection::UnknownRefreshToken);
    }
    let service = server.db_client(ClientType::Service, |_| {}).await;
    refresh(&service, &first).await.refused_json(400, Rejection::GrantTypeNotAllowed);
    // Neither can stand in for a code, nor a code for it.
    client.redeem(&first).await.refused_json(400, Rejection::UnknownCode);
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", SCOPE).await;
    refresh(&client, &code).await.refused_json(400, Rejection::UnknownRefreshToken);
}

#[tokio::test]
async fn an_spas_grant_ends_with_its_sign_in_and_others_outlive_it() {
    for (kind, outlives) in [(ClientType::Spa, false), (ClientType::Web, true), (ClientType::Native, true)] {
        let server = Server::start().await;
        let (mut browser, client, first, _) = begin(&server, kind).await;
        let account = browser.visit("/account").await;
        browser.press(&account.form("#sign-out")).await;
        match outlives {
            true => drop(refresh(&client, &first).await.ok()),
            false => drop(refresh(&client, &first).await.refused_json(400, Rejection::EndedGrant)),
        }
    }
}

#[tokio::test]
async fn refreshing_keeps_an_spas_sign_in_alive_until_its_absolute_limit() {
    let server = Server::with(|config| config.sign_in.absolute = 200_000).await;
    let (_, client, mut token, _) = begin(&server, ClientType::Spa).await;
    for _ in 0..2 {
        server.turn(86_399);
        token = refresh_token(&refresh(&client, &token).await.ok());
    }
    server.turn(200_000 - 2 * 86_399);
    refresh(&client, &token).await.refused_json(400, Rejection::EndedGrant);
    let (_, client, token, _) = {
        let server = Server::start().await;
        let begun = begin(&server, ClientType::Spa).await;
        server.turn(86_400);
        begun
    };
    refresh(&client, &token).await.refused_json(400, Rejection::EndedGrant);
}

#[tokio::test]
async fn whoever_is_switched_off_refreshes_nothing() {
    let server = Server::start().await;
    let (_, client, first, user) = begin(&server, ClientType::Web).await;
    server.db_change_user(&user, |account| account.user.disabled_at = Some(server.clock.now())).await;
    refresh(&client, &first).await.refused_json(400, Rejection::EndedGrant);
    server.db_change_user(&user, |account| account.user.disabled_at = None).await;
    let now = server.clock.now();
    server.db_change_client(&client.id, |c| c.disabled_at = Some(now)).await;
    refresh(&client, &first).await.refused_json(401, Rejection::ClientSwitchedOff);
    server.db_change_client(&client.id, |c| c.disabled_at = None).await;
    refresh(&client, &first).await.ok();
}

#[tokio::test]
async fn a_role_that_was_taken_away_is_gone_at_the_next_refresh() {
    let server = Server::start().await;
    let (_, client, first, user) = begin(&server, ClientType::Web).await;
    server.db_change_user(&user, |account| account.user.roles.clear()).await;
    let tokens = refresh(&client, &first).await.ok();
    assert!(unverified_claims(tokens["access_token"].as_str().unwrap()).get("roles").is_none());
}

#[tokio::test]
async fn a_confidential_client_may_send_its_secret_in_the_body() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let code = server.browser().code(&client, "ann@example.org", SCOPE).await;
    let tokens = client.redeem(&code).await.ok();
    refresh(&client, &refresh_token(&tokens)).await.ok();
}

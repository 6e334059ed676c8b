//! The authorization code at the token endpoint: in time, before the end of what it hangs on, and once. That it is its own client's, redirect URI's and
//! verifier's is shown in `tests/it/attacks/b`.

use doorward::protocol::client::{AuthMethod, ClientType};
use doorward::protocol::rejection::Rejection;

use crate::support::{Client, Server, VERIFIER, challenge};

const ANN: &str = "ann@example.org";

/// A server with a person, a client, and a code of theirs.
async fn with_code(kind: ClientType) -> (Server, Client, String) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(kind, |_| {}).await;
    let code = server.browser().code(&client, ANN, "").await;
    (server, client, code)
}

#[tokio::test]
async fn a_code_must_be_named() {
    let (_server, client, code) = with_code(ClientType::Spa).await;
    client.redeem("").await.refused_json(400, Rejection::MissingCode);
    client.token(&[("grant_type", "authorization_code")]).await.refused_json(400, Rejection::MissingCode);
    client.redeem(&code).await.ok();
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    server.turn(59);
    client.redeem(&code).await.ok();
    let late = server.browser().code(&client, ANN, "").await;
    server.turn(60);
    client.redeem(&late).await.refused_json(400, Rejection::ExpiredCode);
    // The clock going back does not open it again.
    server.turn(-30);
    client.redeem(&late).await.refused_json(400, Rejection::BurntCode);
}

#[tokio::test]
async fn a_code_is_worth_nothing_once_its_user_client_or_sign_in_has_ended() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    let user = server.db_user("bob@example.org").await;
    let of_bob = server.browser().code(&client, "bob@example.org", "").await;
    server.db_change_user(&user, |account| account.user.disabled_at = Some(account.user.created_at)).await;
    client.redeem(&of_bob).await.refused_json(400, Rejection::EndedGrant);

    let mut browser = server.browser();
    let signed_out = browser.code(&client, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    client.redeem(&signed_out).await.refused_json(400, Rejection::EndedGrant);

    server.db_change_client(&client.id, |c| c.disabled_at = Some(c.created_at)).await;
    client.redeem(&code).await.refused_json(401, Rejection::ClientSwitchedOff);
}

#[tokio::test]
async fn a_web_clients_code_outlives_the_sign_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "").await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    client.redeem(&code).await.ok();
}

#[tokio::test]
async fn a_replay_after_a_failed_redemption_ends_nothing() {
    let (_server, client, code) = with_code(ClientType::Spa).await;
    client
        .redeem_with(&code, &[("resource", "https://api.test")])
        .await
        .refused_json(400, Rejection::ResourceNotGranted);
    client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
}

#[tokio::test]
async fn a_replay_that_would_not_have_been_a_right_redemption_ends_nothing() {
    let (server, client, code) = with_code(ClientType::Spa).await;
    let tokens = client.redeem(&code).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", client.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let another = challenge();
    let wrong_uri = [&right[..2], &[("redirect_uri", "https://rp.test/other")], &right[3..]].concat();
    let wrong_verifier = [&right[..3], &[("code_verifier", another.as_str())]].concat();
    let no_uri = [&right[..2], &right[3..]].concat();
    for fields in [&right[..3], &no_uri, &wrong_uri, &wrong_verifier] {
        client.token(fields).await.refused_json(400, Rejection::BurntCode);
        client.userinfo(access_token).await.ok();
    }
    // Nor does a right one, once the code would have expired anyway; until then it ends what came of the code.
    server.turn(60);
    client.token(&right).await.refused_json(400, Rejection::BurntCode);
    client.userinfo(access_token).await.ok();
    server.turn(-1);
    client.token(&right).await.refused_json(400, Rejection::ReplayedCode);
    client.userinfo(access_token).await.refused(401, Rejection::TokenOfEndedGrant);
}

#[tokio::test]
async fn a_client_that_authenticates_by_form_gets_tokens_too() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.auth_method = AuthMethod::ClientSecretPost).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit(&client.authorization_url("")).await;
    let answer = browser.press(&page.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(tokens["scope"], "email openid profile");
}

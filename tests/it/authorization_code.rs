//! The authorization code flow from the browser to the tokens.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Server, unverified_claims};

#[tokio::test]
async fn a_person_signs_in_consents_and_the_app_gets_tokens() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let answer = browser.authorize(&client, "ann@example.org", "nonce=n-1").await;
    assert!(answer.location().starts_with("https://rp.test/cb?"));
    assert_eq!(answer.location_param("state").as_deref(), Some("st-1"));
    assert_eq!(answer.location_param("iss").as_deref(), Some("http://localhost:8000"));

    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let id_token = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["sub"], user);
    assert_eq!(id_token["nonce"], "n-1");
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(client.userinfo(access_token).await.ok()["email"], "ann@example.org");
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_its_replay_ends_the_grant() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    let tokens = client.redeem(&code).await.ok();
    let access_token = tokens["access_token"].as_str().unwrap();
    client.userinfo(access_token).await.ok();
    client.redeem(&code).await.refused_json(400, Rejection::ReplayedCode);
    client.userinfo(access_token).await.refused(401, Rejection::TokenOfEndedGrant);
}

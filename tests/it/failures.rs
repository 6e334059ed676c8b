//! Failures of ours: 500 or 503 with `server_error`, in the form that fits, and not a word of what happened.

use doorward::http::Reason;
use doorward::protocol::client::ClientType;

use crate::support::{Answer, Server};

/// Asserts that an answer is a failure and tells nothing but that.
#[track_caller]
fn tells_nothing(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    let Some(Reason::Failed(failure)) = &answer.reason else { panic!("{:?}", answer.reason) };
    assert!(!failure.detail.is_empty());
    let text = answer.text();
    for inside in [failure.detail.as_str(), "sqlx", "SELECT", "column", "src/", "panicked", "0.1.0"] {
        assert!(!text.contains(inside), "{inside}: {text}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_state_that_should_not_be_is_a_500_that_tells_nothing() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "").await;
    let tokens = client.redeem(&code).await.ok();
    server.database.db_execute("UPDATE users SET roles = 'not json'").await;
    tells_nothing(&client.userinfo(tokens["access_token"].as_str().unwrap()).await, 500);
    let page = browser.get("/account").await;
    tells_nothing(&page, 500);
    assert_eq!(page.error_code().as_deref(), Some("server_error"));
    let other = server.db_client(ClientType::Web, |_| {}).await;
    server.database.db_execute("UPDATE clients SET redirect_uris = 'not json'").await;
    let answer = other.redeem("x").await;
    tells_nothing(&answer, 500);
    assert_eq!(answer.json()["error"], "server_error");
}

#[tokio::test]
async fn a_failure_after_the_target_is_known_goes_to_the_client() {
    for (damage, error) in [
        ("ALTER TABLE codes RENAME TO codes_away", "temporarily_unavailable"),
        ("UPDATE consents SET allowed = 'not json'", "server_error"),
    ] {
        let server = Server::start().await;
        server.db_user("ann@example.org").await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        browser.code(&client, "ann@example.org", "").await;
        server.database.db_execute(damage).await;
        let answer = browser.get(&client.authorization_url("")).await;
        assert!(matches!(answer.reason, Some(Reason::Failed(_))), "{:?}", answer.reason);
        assert_eq!(answer.location_param("error").as_deref(), Some(error));
        assert_eq!(answer.location_param("error_description"), None);
        assert_eq!(answer.location_param("state").as_deref(), Some("st-1"));
        assert_eq!(answer.location_param("iss").as_deref(), Some("http://localhost:8000"));
        assert!(answer.location_param("code").is_none());
    }
}

#[tokio::test]
async fn a_store_that_cannot_count_lets_nobody_guess_and_one_that_cannot_consume_gives_no_token() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "").await;
    let hashes = server.app.hasher.hashes_computed();
    server.database.db_execute("ALTER TABLE attempt_counters RENAME TO attempt_counters_away").await;
    let mut stranger = server.browser();
    let page = stranger.visit("/login").await;
    let answer = stranger.sign_in_on(&page, "ann@example.org", crate::support::PASSWORD).await;
    tells_nothing(&answer, 503);
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.error_code().as_deref(), Some("temporarily_unavailable"));
    assert_eq!(server.app.hasher.hashes_computed(), hashes);

    server.database.db_execute("ALTER TABLE codes RENAME TO codes_away").await;
    let answer = client.redeem(&code).await;
    tells_nothing(&answer, 503);
    assert_eq!((answer.json()["error"].as_str(), answer.header("retry-after")), (Some("server_error"), "2"));
    server.database.db_execute("ALTER TABLE codes_away RENAME TO codes").await;
    client.redeem(&code).await.ok();
}

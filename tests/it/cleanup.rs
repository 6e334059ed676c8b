//! Clean-up: what has had its day goes, what could still be asked for stays.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::Server;

const TABLES: [&str; 6] = ["codes", "refresh_tokens", "grants", "sign_ins", "revoked_tokens", "sign_in_failures"];

async fn rows(server: &Server) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(server.database.db_number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

async fn clean(server: &Server) -> u64 {
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap()
}

#[tokio::test]
async fn nothing_is_left_of_a_person_who_never_came_back() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    client.post("/revoke", &[("token", tokens["access_token"].as_str().unwrap())]).await;
    assert_eq!(rows(&server).await, [1, 1, 1, 1, 1, 1]);
    assert_eq!(clean(&server).await, 0);
    // The code goes first, and what protects against its replay with it; the grant is still asked for.
    server.turn(2 * 86_400);
    clean(&server).await;
    assert_eq!(rows(&server).await, [0, 1, 1, 1, 0, 0]);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await.ok();
    server.turn(100 * 86_400);
    clean(&server).await;
    assert_eq!(rows(&server).await, [0; 6]);
}

#[tokio::test]
async fn a_replay_is_known_for_a_day() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    client.redeem(&code).await.ok();
    server.turn(86_400);
    clean(&server).await;
    client.redeem(&code).await.refused_json(400, Rejection::ReplayedCode);
}

#[tokio::test]
async fn more_than_one_batch_goes() {
    let server = Server::start().await;
    let mut transaction = server.app.storage.begin().await.unwrap();
    for number in 0..1201 {
        transaction.revoke_access_token(&format!("jti-{number}"), server.clock.now()).await.unwrap();
    }
    transaction.commit().await.unwrap();
    server.turn(1);
    assert_eq!(clean(&server).await, 1201);
    assert_eq!(rows(&server).await, [0; 6]);
}

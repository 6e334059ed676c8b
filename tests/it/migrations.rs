//! What migrations make of the rows that they find.

use doorward::protocol::client::ClientType;
use serde_json::json;

use crate::support::{Server, unverified_claims};

#[tokio::test]
async fn what_a_person_proved_before_there_were_proofs_is_a_password_at_its_time() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "").await;
    let began = server.clock.now().seconds();
    server.turn(30);
    // As it was before the migration.
    for sql in [
        "ALTER TABLE sign_ins DROP COLUMN proofs",
        "ALTER TABLE grants DROP COLUMN proofs",
        "ALTER TABLE sign_ins ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd'",
        "ALTER TABLE grants ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd'",
        "ALTER TABLE grants ADD COLUMN auth_time BIGINT NOT NULL DEFAULT 0",
        "UPDATE grants SET auth_time = created_at",
        "DELETE FROM _sqlx_migrations WHERE version = 9",
    ] {
        server.database.db_execute(sql).await;
    }
    server.app.storage.migrate().await.unwrap();
    let after = browser.code(&client, "ann@example.org", "").await;
    for code in [code, after] {
        let tokens = client.redeem(&code).await.ok();
        let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
        assert_eq!((&claims["auth_time"], &claims["amr"]), (&json!(began), &json!(["pwd"])));
    }
}

#[tokio::test]
async fn a_grant_from_before_it_could_come_without_a_sign_in_keeps_its_own() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    server.database.db_execute("ALTER TABLE grants DROP COLUMN cnf").await;
    server.database.db_execute("DELETE FROM _sqlx_migrations WHERE version = 8").await;
    server.app.storage.migrate().await.unwrap();
    let tokens = client.redeem(&code).await.ok();
    let orphans = "SELECT COUNT(*) FROM grants WHERE sign_in_id IS NULL OR sign_in_id NOT IN (SELECT id FROM sign_ins)";
    assert_eq!(server.database.db_number(orphans).await, 0);
    assert!(unverified_claims(tokens["id_token"].as_str().unwrap()).get("sid").is_some());
}

//! Clean-up: what has had its day goes, what could still be asked for stays.

use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Server, is_postgres};

const TABLES: [&str; 6] = ["codes", "refresh_tokens", "grants", "sign_ins", "revoked_tokens", "attempt_counters"];

async fn rows(server: &Server) -> Vec<i64> {
    server.database.db_counts(&TABLES).await
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
    assert_eq!(rows(&server).await, [1, 1, 1, 1, 1, 3]);
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
async fn what_became_of_a_code_is_known_for_a_day_and_a_late_replay_ends_nothing() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    let tokens = client.redeem(&code).await.ok();
    server.turn(60);
    client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    server.turn(86_400);
    clean(&server).await;
    client.redeem(&code).await.refused_json(400, Rejection::BurntCode);
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

#[tokio::test]
async fn one_node_at_a_time_cleans_up() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let turn = async |server: &Server| server.app.clean_up.run(server.clock.now()).await.unwrap().is_some();
    assert_eq!((turn(&server).await, turn(&other).await), (true, false));
    server.turn(300);
    assert_eq!((turn(&other).await, turn(&server).await), (true, false));
}

#[tokio::test]
async fn no_statement_of_clean_up_reads_a_whole_table() {
    if is_postgres() {
        return;
    }
    let server = Server::start().await;
    let plans = server.app.storage.plans_of_clean_up().await.unwrap();
    assert!(plans.len() > 10 && plans.iter().all(|(_, plan)| plan.contains("SEARCH")), "{plans:#?}");
    let whole: Vec<_> = plans.iter().filter(|(_, plan)| plan.contains("SCAN")).collect();
    assert!(whole.is_empty(), "{whole:#?}");
}

#[tokio::test]
async fn what_is_in_use_is_looked_at_once_a_day_and_stays() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "scope=openid+offline_access").await;
    client.redeem(&code).await.ok();
    let to_look_at = async || {
        let now = server.clock.now().seconds();
        let of = |table: &str| format!("(SELECT COUNT(*) FROM {table} WHERE look_at <= {now})");
        server.database.db_number(&format!("SELECT {} + {}", of("grants"), of("sign_ins"))).await
    };
    assert_eq!(to_look_at().await, 2);
    assert_eq!(clean(&server).await, 0);
    assert_eq!(to_look_at().await, 0, "a second look has nothing to read");
    server.turn(86_400);
    assert_eq!(to_look_at().await, 1, "the grant, while the sign-in can do nothing but end");
    assert_eq!(clean(&server).await, 3, "the counters of the sign-in");
    assert_eq!(rows(&server).await, [1, 1, 1, 1, 0, 0]);
}

#[tokio::test]
async fn a_long_chain_of_an_ended_grant_goes_in_batches() {
    let server = Server::start().await;
    let user = server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "scope=openid+offline_access").await;
    client.redeem(&code).await.ok();
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.end_everything_of_user(&user, "test", &Act::of_operator(server.clock.now())).await.unwrap();
    transaction.commit().await.unwrap();
    let expires_at = server.clock.now().seconds() + 30 * 86_400;
    for number in 0..450 {
        let hash = if is_postgres() { format!("decode('{number:064x}', 'hex')") } else { format!("x'{number:064x}'") };
        let sql = format!(
            "INSERT INTO refresh_tokens (token_hash, grant_id, client_id, created_at, expires_at) \
             SELECT {hash}, id, client_id, 0, {expires_at} FROM grants"
        );
        server.database.db_execute(&sql).await;
    }
    server.turn(3 * 86_400);
    clean(&server).await;
    assert_eq!(rows(&server).await[..3], [0, 0, 0]);
}

//! Connections that were left in the middle of something, or whose other end has gone: none of them meets another request.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use doorward::protocol::attempts::{Counter, Subject};
use doorward::protocol::client::ClientType;
use doorward::protocol::network::ClientNetwork;
use doorward::random;
use doorward::storage::{NewRefreshToken, Place};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{Database, Server, is_postgres, parallel};

/// Lets a future begin, and drops it as a cancelled request is dropped.
fn begin_and_drop(future: impl Future) {
    let mut future = pin!(future);
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test]
async fn what_a_cancelled_request_began_is_undone_and_troubles_nobody() {
    let server = Server::start().await;
    let (storage, now) = (&server.app.storage, server.clock.now());
    let limits = server.app.config.limits.attempts();
    let subjects = Subject::of_stranger("nobody", ClientNetwork::of("203.0.113.1".parse().ok()), false);
    let asked = |subject| Place::asked(subject, &limits, &Counter::default(), now);
    let mut places: Vec<Place> = subjects.into_iter().map(asked).collect();
    for _ in 0..8 {
        let mut transaction = storage.begin().await.unwrap();
        transaction.take_places(&mut places, now).await.unwrap();
        begin_and_drop(transaction.take_places(&mut places, now));
        drop(transaction);
        // Between two statements.
        let mut transaction = storage.begin().await.unwrap();
        transaction.take_places(&mut places, now).await.unwrap();
        drop(transaction);
        // While it begins and while it reads.
        begin_and_drop(storage.begin());
        begin_and_drop(async { storage.read().await.unwrap().user("nobody").await });
    }
    let mut transaction = storage.begin().await.unwrap();
    transaction.take_places(&mut places, now).await.unwrap();
    transaction.commit().await.unwrap();
    let places = server.database.db_number("SELECT taken FROM attempt_counters WHERE id LIKE 'n %'").await;
    assert_eq!(places, 1, "nothing of all that was kept");
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_never_told_as_done() {
    let server = Server::start().await;
    let (storage, now) = (&server.app.storage, server.clock.now());
    let mut transaction = storage.begin().await.unwrap();
    transaction.revoke_access_token("before", now).await.unwrap();
    let orphan =
        NewRefreshToken { hash: random::secret().hash(), grant_id: "none", client_id: "none", now, expires_at: now };
    transaction.insert_refresh_token(&orphan).await.expect_err("there is no such grant");
    transaction.commit().await.expect_err("PostgreSQL has undone everything by now, and SQLite would keep half of it");
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM revoked_tokens").await, 0);
}

#[tokio::test]
async fn a_queue_that_is_too_long_says_nothing_of_the_disk() {
    let server = Server::with(|config| {
        config.database.max_connections = 2;
        config.database.acquire_timeout = 1;
    })
    .await;
    let mut held = Vec::new();
    while let Ok(transaction) = server.app.storage.begin().await {
        held.push(transaction);
    }
    // The only writer of SQLite is still held: readiness must not wait for it.
    held.truncate(1);
    let ready = server.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.text().as_str()), (200, "ready\n"));
}

#[tokio::test]
async fn backends_that_are_terminated_cost_no_request() {
    if !is_postgres() {
        return;
    }
    const TERMINATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE application_name = 'doorward' AND datname = current_database()";
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "").await;
    let token = client.redeem(&code).await.ok()["access_token"].as_str().unwrap().to_owned();
    let ask = |_| {
        let (client, token) = (client.clone(), token.clone());
        async move { client.userinfo(&token).await.status.as_u16() }
    };
    assert_eq!(parallel(8, ask).await, [200; 8]);
    assert!(server.database.db_number(TERMINATE).await > 1, "several connections are warm");
    // The next look at the news finds out, at the latest.
    server.poll().await;
    assert_eq!(parallel(8, ask).await, [200; 8]);
    server.database.db_number(TERMINATE).await;
    // What writes finds out by itself: nothing is lost when it begins on another connection.
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.deny_request("any", server.clock.now()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(parallel(8, ask).await, [200; 8]);
}

/// Takes connections for PostgreSQL; those that are there when `silent` is told pass nothing on from then, as when the other end has
/// gone without a word.
async fn proxy(real: String, silent: watch::Sender<u32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let (real, mut told) = (real.clone(), silent.subscribe());
            tokio::spawn(async move {
                let mut there = TcpStream::connect(real).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut here, &mut there) => {}
                    // Both stay open.
                    _ = told.changed() => std::future::pending::<()>().await,
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn connections_that_say_nothing_any_more_cost_a_moment_and_no_request() {
    if !is_postgres() {
        return;
    }
    let database = Database::copy().await;
    let (_, place) = database.config.url.split_once('@').unwrap();
    let (real, name) = place.split_once('/').unwrap();
    let (silent, _) = watch::channel(0);
    let address = proxy(real.to_owned(), silent.clone()).await;
    let url = format!("postgres://doorward@{address}/{name}");
    let server = Server::on(database).await.another_node_with(|config| config.database.url = url).await;
    let ask = |_| {
        let storage = server.app.storage.clone();
        async move { storage.read().await.unwrap().user("nobody").await.unwrap().is_none() }
    };
    assert_eq!(parallel(4, ask).await, [true; 4]);
    silent.send(1).unwrap();
    // From then on they are asked whether they live before they are lent out.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(parallel(4, ask).await, [true; 4]);
}

//! News of what others changed: a changed client is read again and no other, and what hangs on it follows.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;

use crate::support::{Client, Server};

/// How many statements it takes that each of the clients gets a token from memory or not.
async fn statements(server: &Server, clients: &[Client]) -> u64 {
    let before = server.app.storage.statements_run();
    for client in clients {
        client.credentials(&[]).await.ok();
    }
    server.app.storage.statements_run() - before
}

async fn services(server: &Server, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(server.db_client(ClientType::Service, |_| {}).await);
    }
    server.poll().await;
    clients
}

#[tokio::test]
async fn a_changed_client_is_read_again_and_the_others_stay_in_memory() {
    let server = Server::start().await;
    let clients = services(&server, 5).await;
    assert_eq!(statements(&server, &clients).await, 5);
    server.poll().await;
    assert_eq!(statements(&server, &clients).await, 0);
    server.db_change_client(&clients[0].id, |client| client.name = "Other".to_owned()).await;
    assert_eq!(statements(&server, &clients).await, 1, "the changed one alone");
    server.poll().await;
    assert_eq!(statements(&server, &clients).await, 0);
}

#[tokio::test]
async fn clients_that_are_registered_meanwhile_and_keys_that_change_cost_the_others_nothing() {
    let server = Server::start().await;
    let clients = services(&server, 3).await;
    assert_eq!(statements(&server, &clients).await, 3);
    for _ in 0..20 {
        server.db_client(ClientType::Web, |_| {}).await;
        server.db_client(ClientType::Spa, |_| {}).await;
        server.poll().await;
    }
    server.app.signing_keys.ask(None, false, server.clock.now()).await.unwrap();
    server.db_resource("https://api.test", &["notes"]).await;
    server.poll().await;
    assert_eq!(statements(&server, &clients).await, 0);
}

#[tokio::test]
async fn news_is_heard_while_requests_hold_every_connection() {
    let server = Server::with(|config| {
        config.database.max_connections = 2;
        config.database.acquire_timeout = 1;
    })
    .await;
    let storage = &server.app.storage;
    let held = (storage.read().await.unwrap(), storage.read().await.unwrap());
    assert!(storage.read().await.is_err(), "no request gets another");
    server.app.directory.poll().await.unwrap();
    drop(held);
}

#[tokio::test]
async fn more_news_than_are_read_at_once_are_all_heard() {
    let server = Server::start().await;
    let clients = services(&server, 2).await;
    assert_eq!(statements(&server, &clients).await, 2);
    let mut transaction = server.app.storage.begin().await.unwrap();
    for _ in 0..1_002 {
        transaction.client_changed(&clients[0].id).await.unwrap();
    }
    for number in 0..1_002 {
        let mut copy = transaction.client(&clients[0].id).await.unwrap().unwrap();
        copy.client_id = format!("copy-{number}");
        transaction.insert_client(&copy).await.unwrap();
    }
    transaction.client_changed(&clients[1].id).await.unwrap();
    transaction.commit().await.unwrap();
    server.poll().await;
    assert_eq!(statements(&server, &clients).await, 2, "the first and the last that changed");
}

#[tokio::test]
async fn the_keys_are_loaded_again_for_a_client_only_when_it_wants_an_algorithm_of_its_own() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let before = other.app.directory.poll().await.unwrap();
    let client = server.db_client(ClientType::Web, |_| {}).await;
    assert_eq!(other.app.directory.poll().await.unwrap(), before);
    server
        .db_change_client(&client.id, |c| {
            c.id_token_algorithm = c.id_token_algorithm.changed_to(Some(Algorithm::Es256))
        })
        .await;
    let chosen = other.app.directory.poll().await.unwrap();
    assert_ne!(chosen, before);
    server.db_change_client(&client.id, |c| c.id_token_algorithm = c.id_token_algorithm.changed_to(None)).await;
    let taken_back = other.app.directory.poll().await.unwrap();
    assert_ne!(taken_back, chosen);
    server.db_resource("https://api.test", &["notes"]).await;
    assert_ne!(other.app.directory.poll().await.unwrap(), taken_back);
}

async fn may_call(server: &Server, origin: &str) -> bool {
    let request =
        Request::options("/token").header(header::ORIGIN, origin).header("access-control-request-method", "POST");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    answer.header("access-control-allow-origin") == origin
}

#[tokio::test]
async fn the_origins_that_may_call_follow_the_redirect_uris_of_single_page_apps() {
    let server = Server::start().await;
    let here = |uri: &str| vec![uri.to_owned()];
    let spa = server.db_client(ClientType::Spa, |c| c.redirect_uris = here("https://one.test/cb")).await;
    let twin = server.db_client(ClientType::Spa, |c| c.redirect_uris = here("https://one.test/other")).await;
    server.poll().await;
    let node_that_starts_now = server.another_node().await;
    assert!(may_call(&server, "https://one.test").await && may_call(&node_that_starts_now, "https://one.test").await);
    server.db_change_client(&spa.id, |c| c.redirect_uris = here("https://two.test/cb")).await;
    assert!(may_call(&server, "https://two.test").await);
    assert!(may_call(&server, "https://one.test").await, "another client has it still");
    server.db_change_client(&twin.id, |c| c.disabled_at = Some(c.created_at)).await;
    assert!(!may_call(&server, "https://one.test").await);
    node_that_starts_now.poll().await;
    assert!(!may_call(&node_that_starts_now, "https://one.test").await);
    assert!(may_call(&node_that_starts_now, "https://two.test").await);
}

#[tokio::test]
async fn an_app_in_a_shell_may_call_from_the_origin_that_it_is_allowed() {
    let server = Server::start().await;
    let origins = |all: &[&str]| all.iter().map(|origin| (*origin).to_owned()).collect::<Vec<_>>();
    let app = server
        .db_client(ClientType::Native, |c| {
            c.metadata.allowed_origins = origins(&["capacitor://localhost", "http://localhost"])
        })
        .await;
    server.poll().await;
    let node_that_starts_now = server.another_node().await;
    for node in [&server, &node_that_starts_now] {
        assert!(may_call(node, "capacitor://localhost").await && may_call(node, "http://localhost").await);
        assert!(!may_call(node, "http://localhost:3000").await && !may_call(node, "ionic://localhost").await);
    }
    server.db_change_client(&app.id, |c| c.metadata.allowed_origins = origins(&["ionic://localhost"])).await;
    assert!(may_call(&server, "ionic://localhost").await && !may_call(&server, "capacitor://localhost").await);
    server.db_change_client(&app.id, |c| c.disabled_at = Some(c.created_at)).await;
    assert!(!may_call(&server, "ionic://localhost").await);
    assert!(!may_call(&server.another_node().await, "ionic://localhost").await);
}

//! Whose the database is, who reads the keys when, and what a fresh installation signs with.

use doorward::jobs::signing_keys::SigningKeys;
use doorward::protocol::client::ClientType;
use doorward::sealing::MasterKey;

use crate::support::{Database, Live, MASTER_KEY, Server, binary, parallel};

/// Gives the database to the first of two master keys, as `key rewrap` does.
async fn give(server: &Server, new: &MasterKey, former: &MasterKey) {
    let both = new.clone().accepting(former);
    let keys = SigningKeys::open(server.app.storage.clone(), &both, &server.app.config).await.unwrap();
    keys.rewrap(server.clock.now()).await.unwrap();
    server.poll().await;
}

#[tokio::test]
async fn a_node_without_the_master_key_of_its_database_signs_and_seals_nothing() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    service.credentials(&[]).await.ok();
    let (own, other) = (MasterKey::parse(MASTER_KEY).unwrap(), MasterKey::generate());
    give(&server, &other, &own).await;
    assert_eq!(server.get("/readyz").await.status, 503);
    assert_eq!(service.credentials(&[]).await.status, 503);
    let answer = server.browser().get(&web.authorization_url("")).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(server.get("/.well-known/jwks.json").await.json()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/healthz").await.status, 200, "it lives, and says why in its log");
    // Given back, it is as before.
    give(&server, &own, &other).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    service.credentials(&[]).await.ok();
    assert_eq!(server.browser().get(&web.authorization_url("")).await.status, 303);
}

#[tokio::test]
async fn of_many_who_find_the_keys_old_one_reads_them() {
    let server = Server::start().await;
    server.turn(3600);
    let before = server.app.signing_keys.times_loaded();
    let (app, now) = (server.app.clone(), server.clock.now());
    parallel(16, |_| {
        let app = app.clone();
        async move { app.fresh_keys(now).await.map(drop).unwrap() }
    })
    .await;
    assert_eq!(server.app.signing_keys.times_loaded(), before + 1);
}

#[tokio::test]
async fn until_a_server_has_published_keys_every_algorithm_in_use_signs_at_once() {
    let database = Database::empty().await;
    let environment = Live::environment(&database);
    let create = |name: &str, algorithm: &str| {
        let identifier = format!("https://{name}.test");
        let arguments = ["resource", "create", "--identifier", &identifier, "--name", name, "--signing-alg", algorithm];
        let mut command = binary();
        command.args(arguments).current_dir(database.folder.path()).envs(environment.iter().cloned());
        assert!(command.output().unwrap().status.success());
    };
    create("one", "ES256");
    create("two", "EdDSA");
    const SIGN: &str = "SELECT COUNT(*) FROM signing_keys WHERE activated_at IS NOT NULL";
    assert_eq!(database.db_number(SIGN).await, 3, "RS256, which is the default, and the two");
}

#[tokio::test]
async fn once_a_server_has_published_keys_a_new_algorithm_waits_until_verifiers_know_it() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.command(&[
        "resource",
        "create",
        "--identifier",
        "https://one.test",
        "--name",
        "One",
        "--signing-alg",
        "ES256",
    ]);
    const SIGN: &str = "SELECT COUNT(*) FROM signing_keys WHERE activated_at IS NOT NULL";
    assert_eq!(database.db_number(SIGN).await, 1);
}

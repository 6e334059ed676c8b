//! kill -9 in the midst of a rotation (R2 of the reliability table): one key signs afterwards, and everything that was signed verifies.

use std::process::Stdio;
use std::time::Duration;

use doorward::clock::{Clock, Stopwatch};
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::key_life::{KeyLife, Stage};
use doorward::random;
use doorward::storage::Storage;
use serde_json::Value;

use super::judges::jsonwebtoken_verifies;
use super::{DAY, api, part};
use crate::support::{Database, Live, LiveClient, binary, rounds};

/// A number below the bound.
fn below(bound: u64) -> u64 {
    u64::from_be_bytes(random::bytes()) % bound.max(1)
}

/// A database whose keys are young, with an API that wants EdDSA.
async fn database() -> Database {
    let database = Database::copy().await;
    let now = Clock::system().now().seconds();
    let young = format!("UPDATE signing_keys SET created_at = {now}, signs_from = {now}, activated_at = {now}");
    database.db_execute(&young).await;
    database
}

/// Lets the active keys be due for their successors, and the next ones for their time; frees the lease of the dead.
async fn make_due(database: &Database) {
    let now = Clock::system().now().seconds();
    let all = [
        // As every change to keys does: on PostgreSQL they are one transaction, and without the lock in front a server that changes two
        // rows and we, who change them in another order, would wait for each other.
        "UPDATE news SET value = value WHERE name = 'keys'".to_owned(),
        format!("UPDATE signing_keys SET signs_from = signs_from - {} WHERE activated_at IS NOT NULL", 90 * DAY),
        format!(
            "UPDATE signing_keys SET created_at = {}, signs_from = {} WHERE activated_at IS NULL",
            now - 1_000,
            now - 1
        ),
        "UPDATE leases SET expires_at = 0".to_owned(),
    ];
    database.db_execute(&all.join("; ")).await;
}

/// Exactly one key of each algorithm signs, at most one comes next, and only those have a private half.
async fn check_rows(database: &Database, round: usize) {
    let storage = Storage::open(&database.config, false).await.unwrap();
    let stored = storage.read().await.unwrap().signing_keys().await.unwrap();
    storage.close().await;
    let lives: Vec<KeyLife> = stored.iter().map(|key| key.life.clone()).collect();
    let now = Clock::system().now();
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let of = |stage: Stage| {
            let same = lives.iter().filter(|key| key.algorithm == algorithm.as_str());
            same.filter(|key| key.standing(&lives, now).stage == stage).count()
        };
        assert_eq!(of(Stage::Active), 1, "round {round}: {algorithm} {lives:?}");
        assert!(of(Stage::Next) <= 1, "round {round}: {algorithm} {lives:?}");
    }
    for key in &stored {
        let ended = key.life.retired_at.is_some() || key.life.revoked_at.is_some();
        assert_eq!(key.private_key.is_empty(), ended, "round {round}: {}", key.life.kid);
    }
}

async fn token(client: &LiveClient, algorithm: Algorithm) -> String {
    let fields = [("grant_type", "client_credentials"), ("resource", &*api(algorithm))];
    client.token(&fields).await.ok()["access_token"].as_str().unwrap().to_owned()
}

async fn check_tokens(server: &Live, tokens: &[String], round: usize) {
    let jwks = server.browser().get("/.well-known/jwks.json").await.ok();
    let jwks: &Vec<Value> = jwks["keys"].as_array().unwrap();
    // A key goes when the last of its tokens has expired.
    let now = Clock::system().now().seconds();
    for token in tokens.iter().filter(|token| part(token, 1)["exp"].as_i64().unwrap() > now) {
        assert!(jsonwebtoken_verifies(token, jwks), "round {round}: a token does not verify");
    }
}

/// Registers what the rounds need until the server knows it, and lets EdDSA be signed with.
async fn set_up(database: &Database, server: &Live) -> LiveClient {
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let identifier = api(algorithm);
        let create =
            ["resource", "create", "--identifier", &identifier, "--name", "A", "--signing-alg", algorithm.as_str()];
        server.command(&create);
    }
    make_due(database).await;
    let client = server.client("service", &["--scope", "jobs:run"]);
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let fields = [("grant_type", "client_credentials"), ("resource", &*api(algorithm))];
        client.token_when_known(&fields).await.ok();
    }
    client
}

#[tokio::test]
async fn a_node_that_is_killed_while_it_rotates_leaves_one_key_that_signs() {
    let database = database().await;
    let mut client = set_up(&database, &Live::serve(&database)).await;
    let mut tokens = Vec::new();
    for round in 0..rounds(10, 200) {
        make_due(&database).await;
        let mut server = Live::serve(&database);
        client = client.at(&server.issuer);
        check_tokens(&server, &tokens, round).await;
        for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
            tokens.push(token(&client, algorithm).await);
        }
        // Where in the rotation the kill falls is left to chance; what comes of it is not.
        tokio::time::sleep(Duration::from_millis(below(300))).await;
        server.kill();
        check_rows(&database, round).await;
    }
    check_tokens(&Live::serve(&database), &tokens, rounds(10, 200)).await;
}

#[tokio::test]
async fn a_rotate_command_that_is_killed_leaves_one_key_that_signs() {
    let database = database().await;
    let server = Live::serve(&database);
    let client = set_up(&database, &server).await;
    let rotate = || {
        let mut command = binary();
        command.args(["key", "rotate", "--now"]).current_dir(database.folder.path()).envs(Live::environment(&database));
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let watch = Stopwatch::start();
    assert!(rotate().wait().unwrap().success());
    let whole = u64::try_from(watch.elapsed().as_micros()).unwrap();
    let mut tokens = Vec::new();
    for round in 0..rounds(10, 200) {
        make_due(&database).await;
        let mut child = rotate();
        tokio::time::sleep(Duration::from_micros(below(whole))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        check_rows(&database, round).await;
        for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
            tokens.push(token(&client, algorithm).await);
        }
        check_tokens(&server, &tokens, round).await;
    }
}

//! The life of secrets: another one with an overlap or without, several nodes, another master key, damage, and their end.

use std::sync::Arc;

use doorward::app::App;
use doorward::clock::Clock;
use doorward::jobs::signing_keys::SigningKeys;
use doorward::protocol::resource_secret::SecretBytes;
use doorward::sealing::MasterKey;
use doorward::storage::Storage;

use super::{API, Legacy, Shared, act, header, legacy};
use crate::support::{MASTER_KEY, Server, is_postgres, parallel};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// The names of the secrets with their states, as they are shown.
async fn states(legacy: &Legacy) -> Vec<(String, &'static str)> {
    let secrets = legacy.server.registry().resource_secrets(API, legacy.server.clock.now()).await.unwrap();
    secrets.into_iter().map(|secret| (secret.kid, secret.state)).collect()
}

#[tokio::test]
async fn a_new_secret_signs_after_the_overlap_and_the_former_one_is_taken_until_its_last_token_is_over() {
    let legacy = legacy().await;
    let first = &legacy.secret;
    let second = legacy.renew(HOUR).await;
    let (one, two) = (first.kid.clone(), second.kid.clone());
    assert_eq!(states(&legacy).await, [(one.clone(), "active"), (two.clone(), "next")]);
    legacy.server.turn(HOUR - 1);
    let last = legacy.token().await;
    assert!(first.verifies(&last) && legacy.is_active(&last).await);
    legacy.server.turn(1);
    assert_eq!(states(&legacy).await, [(one, "retired"), (two.clone(), "active")]);
    let next = legacy.token().await;
    assert!(second.verifies(&next) && !first.verifies(&next));
    legacy.server.turn(898);
    assert!(legacy.is_active(&last).await && legacy.is_active(&next).await);
    legacy.server.turn(1);
    assert!(!legacy.is_active(&last).await, "it has expired");
    // The API that has forgotten nothing writes one under the former secret: it is worth nothing by now.
    legacy.server.turn(122);
    assert_eq!(states(&legacy).await, [(two, "active")]);
    let claims = crate::support::unverified_claims(&legacy.token().await).to_string();
    let written = |secret: &Shared| {
        let header = serde_json::json!({ "alg": "HS256", "typ": "at+jwt", "kid": secret.kid }).to_string();
        crate::support::forge::signed_with_hmac(&header, &claims, &secret.bytes)
    };
    assert!(!legacy.is_active(&written(first)).await && legacy.is_active(&written(&second)).await);
}

#[tokio::test]
async fn without_an_overlap_every_former_token_is_worthless_on_every_node() {
    let legacy = legacy().await;
    let other = legacy.server.another_node().await;
    let waiting = legacy.renew(DAY).await;
    let token = legacy.token_at(&other).await;
    assert!(legacy.secret.verifies(&token) && legacy.introspect_at(&other, &token).await["active"] == true);
    let third = legacy.renew(0).await;
    other.poll().await;
    for node in [&legacy.server, &other] {
        assert_eq!(legacy.introspect_at(node, &token).await["active"], false);
        let token = legacy.token_at(node).await;
        assert!(third.verifies(&token) && !waiting.verifies(&token));
        assert_eq!(legacy.introspect_at(&other, &token).await["active"], true);
    }
    assert_eq!(states(&legacy).await, [(third.kid, "active")]);
}

#[tokio::test]
async fn a_secret_that_was_passed_over_never_signs() {
    let legacy = legacy().await;
    let passed_over = legacy.renew(7 * DAY).await;
    let second = legacy.renew(HOUR).await;
    legacy.server.turn(HOUR);
    assert!(second.verifies(&legacy.token().await));
    legacy.server.turn(8 * DAY);
    let token = legacy.token().await;
    assert!(second.verifies(&token) && !passed_over.verifies(&token));
}

#[tokio::test]
async fn a_secret_of_the_operator_is_taken_as_it_is() {
    let legacy = legacy().await;
    let bytes = doorward::secret::sha256(b"brought along");
    let registry = legacy.server.registry();
    let given = registry.renew_resource_secret(API, Some(SecretBytes::of(bytes)), 0, &act(&legacy.server)).await;
    assert_eq!(Shared::of(&given.unwrap().view).bytes, bytes);
    legacy.server.poll().await;
    assert!(Shared { kid: String::new(), bytes: bytes.to_vec() }.verifies(&legacy.token().await));
}

#[tokio::test]
async fn secrets_made_at_once_follow_one_another_and_one_signs() {
    let legacy = Arc::new(legacy().await);
    let other = legacy.server.another_node().await;
    let made = parallel(8, |at| {
        let node = if at % 2 == 0 { legacy.server.clone() } else { other.clone() };
        async move { node.registry().renew_resource_secret(API, None, HOUR, &act(&node)).await.unwrap().view }
    })
    .await;
    let made: Vec<Shared> = made.iter().map(Shared::of).collect();
    legacy.server.poll().await;
    legacy.server.turn(HOUR);
    let token = legacy.token().await;
    assert_eq!(made.iter().filter(|secret| secret.verifies(&token)).count(), 1);
    assert_eq!(
        legacy.server.database.db_number("SELECT COUNT(*) FROM resource_secrets WHERE ends_at IS NULL").await,
        1
    );
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_signs_with_a_first_secret() {
    let legacy = legacy().await;
    let behind = legacy.server.another_node_at(Clock::manual(legacy.server.clock.now().minus(30))).await;
    legacy.renew(0).await;
    behind.poll().await;
    let token = legacy.token_at(&behind).await;
    assert!(legacy.is_active(&token).await);
}

/// Another node, with these master keys.
async fn node(legacy: &Legacy, master: &MasterKey) -> App {
    let config = legacy.server.app.config.clone();
    let storage = Storage::open(&config.database, false).await.unwrap();
    App::build(config, storage, master, legacy.server.clock.clone()).await.unwrap()
}

fn test_key() -> MasterKey {
    MasterKey::parse(MASTER_KEY).unwrap()
}

async fn keys(server: &Server, master: &MasterKey) -> SigningKeys {
    SigningKeys::open(server.app.storage.clone(), master, &server.app.config).await.unwrap()
}

#[tokio::test]
async fn the_master_key_changes_and_secrets_go_on() {
    let legacy = legacy().await;
    let token = legacy.token().await;
    let next = legacy.renew(HOUR).await;
    let new = MasterKey::generate();
    let now = legacy.server.clock.now();
    let both = new.clone().accepting(&test_key());
    let rewrapped = keys(&legacy.server, &both).await.rewrap(now).await.unwrap();
    assert_eq!(rewrapped.secrets, [legacy.secret.kid.clone(), next.kid.clone()]);
    let of_old = format!("SELECT COUNT(*) FROM resource_secrets WHERE sealed_by <> '{}'", new.id());
    assert_eq!(legacy.server.database.db_number(&of_old).await, 0);
    assert_eq!(keys(&legacy.server, &both).await.rewrap(now).await.unwrap().secrets, Vec::<String>::new());
    // A node of the new key alone has them as they were; one of the old key alone makes and takes nothing.
    let held = node(&legacy, &new).await.ring.held_secrets();
    assert!(held.len() == 2 && held.iter().all(|secret| secret.secret.is_ok()));
    legacy.server.poll().await;
    assert_eq!(legacy.service.credentials(&[]).await.status, 503);
    assert!(!legacy.is_active(&token).await);
    keys(&legacy.server, &test_key().accepting(&new)).await.rewrap(now).await.unwrap();
    legacy.server.poll().await;
    assert!(legacy.is_active(&token).await && legacy.secret.verifies(&legacy.token().await));
}

#[tokio::test]
async fn a_secret_that_cannot_be_opened_takes_nothing_else_along() {
    let legacy = legacy().await;
    let token = legacy.token().await;
    let bytes = |text: &str| if is_postgres() { format!("{text}::bytea") } else { text.to_owned() };
    for damage in
        [format!("secret = {}", bytes("kid")), "sealed_by = 'elsewhere'".to_owned(), "resource = 'x:other'".to_owned()]
    {
        let server = &legacy.server;
        server.db_resource("x:other", &["other"]).await;
        let second = legacy.renew(0).await;
        assert!(second.verifies(&legacy.token().await));
        server.database.db_execute(&format!("UPDATE resource_secrets SET {damage}")).await;
        let other = server.another_node().await;
        assert_eq!(legacy.service.on(&other).credentials(&[]).await.status.as_u16() / 100, 5, "{damage}");
        assert_eq!(legacy.introspect_at(&other, &token).await["active"], false);
        let jobs = server.db_client(doorward::protocol::client::ClientType::Service, |_| {}).await;
        jobs.on(&other).credentials(&[]).await.ok();
        if !damage.starts_with("resource") {
            let both = MasterKey::generate().accepting(&test_key());
            let why = keys(server, &both).await.rewrap(server.clock.now()).await.unwrap_err();
            assert!(why.detail.contains(&second.kid), "{why}");
        }
        // The remedy helps.
        server.database.db_execute(&format!("UPDATE resource_secrets SET resource = '{API}'")).await;
        legacy.renew(0).await;
        other.poll().await;
        assert_eq!(header(&legacy.token_at(&other).await)["alg"], "HS256");
        server.registry().delete_resource("x:other", &act(server)).await.unwrap();
    }
}

#[tokio::test]
async fn secrets_go_with_their_api_and_a_day_after_their_end() {
    let legacy = legacy().await;
    let server = &legacy.server;
    let count = async || server.database.db_number("SELECT COUNT(*) FROM resource_secrets").await;
    let clean = async || server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
    legacy.renew(HOUR).await;
    server.turn(HOUR + 900 + 120 + DAY);
    clean().await;
    assert_eq!(count().await, 2);
    server.turn(1);
    clean().await;
    assert_eq!(count().await, 1);
    server.turn(1000 * DAY);
    clean().await;
    assert_eq!(count().await, 1, "the one that signs stays");
    let token = legacy.token().await;
    server.registry().delete_resource(API, &act(server)).await.unwrap();
    assert_eq!(count().await, 0);
    server.poll().await;
    assert_eq!(legacy.service.post("/introspect", &[("token", &token)]).await.ok()["active"], false);
}

/// Deleting an API while it gets another secret: one of the two comes first, and nothing is left over.
#[tokio::test]
async fn an_api_is_deleted_while_it_gets_a_secret() {
    for _ in 0..4 {
        let legacy = legacy().await;
        let (here, there) = (legacy.server.registry(), legacy.server.another_node().await.registry());
        let act = act(&legacy.server);
        let (deleted, renewed) =
            tokio::join!(here.delete_resource(API, &act), there.renew_resource_secret(API, None, HOUR, &act));
        assert!(deleted.is_ok(), "{deleted:?}");
        drop(renewed);
        assert_eq!(legacy.server.database.db_number("SELECT COUNT(*) FROM resource_secrets").await, 0);
    }
}

//! Bad input: damaged records, algorithms of newer versions, wrong master keys, settings that do not agree.

use doorward::app::App;
use doorward::config::Config;
use doorward::failure::Failure;
use doorward::jobs::signing_keys::SigningKeys;
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use doorward::sealing::MasterKey;
use doorward::storage::Storage;

use super::judges::jsonwebtoken_verifies;
use super::{DAY, WARM_UP};
use crate::support::{MASTER_KEY, Server, is_postgres};

/// Starts another node, with these master keys.
async fn start(server: &Server, master: &MasterKey) -> Result<App, Failure> {
    let mut config = Config::load(None, []).unwrap();
    config.database = server.database.config.clone();
    let storage = Storage::open(&config.database, false).await.unwrap();
    App::build(config, storage, master, server.clock.clone()).await
}

fn test_key() -> MasterKey {
    MasterKey::parse(MASTER_KEY).unwrap()
}

#[tokio::test]
async fn a_damaged_record_that_is_needed_refuses_to_start_with_its_name_and_the_remedy() {
    let server = Server::with_young_key().await;
    let first = server.jwks().await[0]["kid"].as_str().unwrap().to_owned();
    for (damage, words) in [
        ("private_key = public_jwk", "is damaged"),
        ("private_key = ''", "is damaged"),
        ("sealed_by = 'elsewhere'", "was sealed with the master key elsewhere, but the settings have"),
        ("algorithm = 'ES256'", "is damaged"),
    ] {
        let database = Server::with_young_key().await;
        let damage = if is_postgres() { damage.replace("public_jwk", "public_jwk::bytea") } else { damage.to_owned() };
        assert_eq!(database.database.db_execute(&format!("UPDATE signing_keys SET {damage}")).await, 1);
        let why = start(&database, &test_key()).await.map(drop).unwrap_err();
        assert!(why.detail.contains(words) && why.detail.contains(&first), "{damage}: {why}");
        assert!(why.detail.contains(&format!("doorward key revoke {first}")), "{damage}: {why}");
        // The remedy helps.
        let keys = SigningKeys::open(database.app.storage.clone(), &test_key(), &database.app.config).await.unwrap();
        keys.revoke(&first, database.clock.now()).await.unwrap();
        start(&database, &test_key()).await.unwrap();
    }
}

#[tokio::test]
async fn a_record_that_stands_in_for_another_is_known_for_it() {
    let server = Server::with_young_key().await;
    server.app.signing_keys.ask(None, false, server.clock.now()).await.unwrap();
    let swap =
        "UPDATE signing_keys SET private_key = (SELECT private_key FROM signing_keys WHERE activated_at IS NOT NULL)";
    server.database.db_execute(swap).await;
    assert!(start(&server, &test_key()).await.map(drop).unwrap_err().detail.contains("is damaged"));
}

#[tokio::test]
async fn a_running_node_publishes_what_it_cannot_open_and_goes_on_with_what_it_has() {
    let server = Server::with_young_key().await;
    let service = server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("a").unwrap()).await;
    server.app.signing_keys.ask(None, true, server.clock.now()).await.unwrap();
    server.database.db_execute("UPDATE signing_keys SET sealed_by = 'elsewhere' WHERE activated_at IS NULL").await;
    server.poll().await;
    assert_eq!(server.jwks().await.len(), 2, "other nodes may be able to sign with it");
    let token = async || service.credentials(&[]).await;
    token().await.ok();
    server.turn(WARM_UP);
    let refused = token().await;
    assert_eq!(refused.status, 500, "{}", refused.text());
    assert_eq!(refused.json()["error"], "server_error");
    assert!(
        format!("{:?}", refused.reason).contains("was sealed with the master key elsewhere"),
        "{:?}",
        refused.reason
    );
}

#[tokio::test]
async fn a_key_of_a_newer_versions_algorithm_is_published_and_left_alone() {
    let server = Server::with_young_key().await;
    let now = server.clock.now().seconds();
    let insert = format!(
        "INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key, sealed_by, created_at, signs_from, activated_at, sequence) \
         SELECT 'new', 'ML-DSA-44', '{{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"kid\":\"new\",\"pub\":\"AA\"}}', private_key, sealed_by, \
         {now}, {now}, {now}, 7 FROM signing_keys"
    );
    server.database.db_execute(&insert).await;
    server.database.db_execute("UPDATE news SET value = value + 1 WHERE name = 'keys'").await;
    let node = start(&server, &test_key()).await.unwrap();
    server.poll().await;
    let jwks = server.jwks().await;
    assert!(jwks.iter().any(|key| key["kid"] == "new") && jwks.len() == 2);
    let held = node.ring.held();
    let unknown = held.iter().find(|key| key.life.kid == "new").unwrap();
    let why = unknown.private.as_ref().map(drop).unwrap_err();
    assert!(why.detail.contains("is for ML-DSA-44, which this version does not know"), "{why}");
    let service = server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("a").unwrap()).await;
    let answer = service.credentials(&[]).await.ok();
    assert!(jsonwebtoken_verifies(answer["access_token"].as_str().unwrap(), &jwks[..1]));
    server.turn(200 * DAY);
    server.attend().await;
    assert_eq!(
        server.database.db_number("SELECT COUNT(*) FROM signing_keys WHERE kid = 'new' AND retired_at IS NULL").await,
        1
    );
}

#[tokio::test]
async fn a_wrong_master_key_refuses_to_start_and_says_which_is_wanted() {
    let server = Server::with_young_key().await;
    let wrong = MasterKey::generate();
    let why = start(&server, &wrong).await.map(drop).unwrap_err();
    assert!(why.detail.contains(&wrong.id()) && why.detail.contains(&test_key().id()), "{why}");
    let both = wrong.clone().accepting(&MasterKey::generate());
    let why = start(&server, &both).await.map(drop).unwrap_err();
    assert!(both.ids().chain([test_key().id()]).all(|id| why.detail.contains(&id)), "{why}");
}

#[tokio::test]
async fn the_master_key_changes_while_nodes_run_and_nothing_is_lost() {
    let old_node = Server::with_young_key().await;
    let (old, new) = (test_key(), MasterKey::generate());
    let both = || new.clone().accepting(&old);
    let service = old_node.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("a").unwrap()).await;
    let sign = async |app: &App| {
        let now = old_node.clock.now();
        let ring = app.fresh_keys(now).await.unwrap();
        ring.signing_key(std::iter::once(Algorithm::Rs256), now).map(|key| key.kid().to_owned())
    };
    let first = sign(&old_node.app).await.unwrap();

    // In the overlap a node of both keys makes records that a node of the old one can open.
    let new_node = start(&old_node, &both()).await.unwrap();
    new_node.signing_keys.ask(None, true, old_node.clock.now()).await.unwrap();
    old_node.poll().await;
    old_node.turn(WARM_UP);
    let second = sign(&old_node.app).await.unwrap();
    assert_ne!(second, first);

    let rewrapped = new_node.signing_keys.rewrap(old_node.clock.now()).await.unwrap();
    assert_eq!((rewrapped.kids.len(), rewrapped.master_key_id.as_str()), (2, new.id().as_str()));
    assert_eq!(new_node.signing_keys.rewrap(old_node.clock.now()).await.unwrap().kids, Vec::<String>::new());
    for node in [start(&old_node, &new).await.unwrap(), start(&old_node, &both()).await.unwrap()] {
        assert_eq!(sign(&node).await.unwrap(), second);
    }
    assert!(start(&old_node, &old).await.is_err());
    // A node that was not told goes on until it hears of it; it makes no key, and then gives nothing out any more.
    service.credentials(&[]).await.ok();
    let why = old_node.app.signing_keys.ask(None, true, old_node.clock.now()).await.unwrap_err();
    assert!(why.detail.contains(&new.id()), "{why}");
    new_node.signing_keys.ask(None, true, old_node.clock.now()).await.unwrap();
    old_node.turn(WARM_UP);
    old_node.poll().await;
    assert_eq!(service.credentials(&[]).await.status, 503);
    new_node.refresh().await.unwrap();
    assert_ne!(sign(&new_node).await.unwrap(), second);
}

#[tokio::test]
async fn a_record_that_cannot_be_opened_stops_rewrap_and_nothing_is_changed() {
    let server = Server::with_young_key().await;
    server.app.signing_keys.ask(None, false, server.clock.now()).await.unwrap();
    server
        .database
        .db_execute(
            "UPDATE signing_keys SET private_key = sealed_by WHERE activated_at IS NULL"
                .replace("= sealed_by", if is_postgres() { "= sealed_by::bytea" } else { "= sealed_by" })
                .as_str(),
        )
        .await;
    let both = MasterKey::generate().accepting(&test_key());
    let keys = SigningKeys::open(server.app.storage.clone(), &both, &server.app.config).await.unwrap();
    assert!(keys.rewrap(server.clock.now()).await.unwrap_err().detail.contains("is damaged"));
    let old = format!("SELECT COUNT(*) FROM signing_keys WHERE sealed_by = '{}'", test_key().id());
    assert_eq!(server.database.db_number(&old).await, 2);
}

#[test]
fn settings_that_do_not_agree_are_said_before_anything_starts() {
    let wrong = |name: &str, value: &str| {
        let variable = format!("DOORWARD__KEYS__{name}");
        Config::load(None, [(variable, value.to_owned())]).unwrap_err().to_string()
    };
    assert!(
        wrong("ROTATION_INTERVAL", "86400")
            .contains("keys.rotation_interval is 86400, shorter than keys.publication_lead")
    );
    assert!(wrong("PUBLICATION_LEAD", "300").contains("keys.publication_lead is 300, but verifiers keep"));
    assert!(wrong("JWKS_MAX_AGE", "3601").contains("keys.jwks_max_age"));
    assert!(wrong("RSA_BITS", "1024").contains("keys.rsa_bits is 1024"));
    assert!(wrong("ALGORITHM", "none").contains("keys.algorithm"));
    assert!(wrong("FORMER_MASTER_KEY", "short").contains("keys.former_master_key"));
}

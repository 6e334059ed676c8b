//! `key ...` beside a running server, for people and with `--json`.

use doorward::protocol::algorithm::Algorithm;
use serde_json::{Value, json};

use super::judges::{bare_crate_verifies, jsonwebtoken_verifies};
use super::kid;
use crate::support::{Database, Live, MASTER_KEY, eventually};

async fn server() -> (Database, Live) {
    let database = Database::copy().await;
    young(&database).await;
    let server = Live::serve(&database);
    (database, server)
}

/// Makes the template's key young: it is of 1970.
async fn young(database: &Database) {
    let now = doorward::clock::Clock::system().now().seconds();
    let sql = format!("UPDATE signing_keys SET created_at = {now}, signs_from = {now}, activated_at = {now}");
    database.db_execute(&sql).await;
}

async fn published(server: &Live) -> Vec<Value> {
    server.browser().get("/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().clone()
}

/// Waits until the server has taken the news: it does within a second.
async fn published_when(server: &Live, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    eventually("the published keys are the new ones", async || Some(published(server).await).filter(|keys| holds(keys)))
        .await
}

fn state_of(list: &Value, kid: &str) -> Value {
    list.as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap()["state"].clone()
}

#[tokio::test]
async fn keys_are_listed_shown_rotated_and_revoked_beside_the_server() {
    let (_database, server) = server().await;
    let first = published(&server).await[0]["kid"].as_str().unwrap().to_owned();
    assert_eq!(state_of(&server.command(&["key", "list"]), &first), "active");
    let shown = server.command(&["key", "show", &first]);
    assert_eq!((&shown["public_jwk"]["kid"], &shown["published"]), (&json!(first), &json!(true)));
    assert!(server.say(&["key", "show", &first], "").contains("active"));
    assert!(!format!("{shown}").contains("private"));

    let rotated = server.command(&["key", "rotate"]);
    let second = rotated["changes"][0]["made"].as_str().unwrap().to_owned();
    assert_eq!(state_of(&rotated["keys"], &second), "next");
    published_when(&server, |keys| keys.len() == 2).await;
    assert!(server.say(&["key", "rotate"], "").contains("The next RS256 key is published already."));
    let hurried = server.command(&["key", "rotate", "--now", "--algorithm", "RS256"]);
    assert_eq!(hurried["changes"][0]["hastened"], second.as_str());

    let refused = server.refused_at_length(&["key", "revoke", &first, "--json"]);
    assert!(refused.contains("nothing was done"), "{refused}");
    assert_eq!(state_of(&server.command(&["key", "list"]), &first), "active");
    let token = service_token(&server, &[]).await;
    assert_eq!(kid(&token), first);
    let revoked = server.command_with(&["key", "revoke", &first], "yes\n");
    assert_eq!((&revoked["revoked"], &revoked["changes"][0]["activated"]), (&json!(first), &json!(second)));
    let keys = published_when(&server, |keys| keys.iter().all(|key| key["kid"] != first.as_str())).await;
    assert!(!jsonwebtoken_verifies(&token, &keys));
    assert!(server.say(&["key", "revoke", &first, "--yes"], "").contains("revoked before"));
    assert!(server.say(&["key", "revoke", &second, "--yes"], "").contains("The key is revoked."));
    assert!(
        server.refused(&["key", "revoke", "no-such-key", "--yes"]).contains("there is no signing key 'no-such-key'")
    );
    assert!(server.refused(&["key", "show", "-x"]).contains("there is no signing key '-x'"));
    assert!(server.refused(&["key", "rotate", "--algorithm", "ES256"]).contains("no client and no API wants it"));
}

async fn service_token(server: &Live, options: &[&str]) -> String {
    let client = server.client("service", &["--scope", "jobs:run"]);
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend(options.iter().map(|resource| ("resource", *resource)));
    client.token(&fields).await.ok()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn revoke_says_what_will_break_before_it_asks() {
    let (_database, server) = server().await;
    let first = published(&server).await[0]["kid"].as_str().unwrap().to_owned();
    let app = server.client("spa", &[]);
    server.command(&["resource", "create", "--identifier", "https://api.test", "--name", "Notes"]);
    let said = server.refused_at_length(&["key", "revoke", &first]);
    for words in ["worthless", "300 seconds", "Nobody is signed out", &app.id, "https://api.test", "Type yes", "--yes"]
    {
        assert!(said.contains(words), "'{words}' is not in: {said}");
    }
}

#[tokio::test]
async fn public_keys_are_exported_for_every_tool() {
    let (_database, server) = server().await;
    for algorithm in Algorithm::ALL {
        let name = algorithm.as_str();
        let identifier = super::api(*algorithm);
        let made =
            server.command(&["resource", "create", "--identifier", &identifier, "--name", "A", "--signing-alg", name]);
        assert_eq!(made["signing_alg"], name);
        assert!(made["signing_alg_from"].is_string(), "{made}");
    }
    let keys = published_when(&server, |keys| keys.len() == 3).await;
    let exported = server.command(&["key", "export-public"]);
    let kids = |keys: &[Value]| {
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(kids(exported["keys"].as_array().unwrap()), kids(&keys));
    for key in &keys {
        let pem = server.say(&["key", "export-public", key["kid"].as_str().unwrap()], "");
        assert!(pem.starts_with(&format!("# {} ", key["alg"].as_str().unwrap())), "{pem}");
        assert!(pem.contains("-----BEGIN PUBLIC KEY-----") && !pem.contains("PRIVATE"), "{pem}");
    }
    let token = service_token(&server, &[]).await;
    assert!(bare_crate_verifies(&token, exported["keys"].as_array().unwrap()));
}

#[tokio::test]
async fn a_client_is_told_from_when_its_algorithm_is_used() {
    let (_database, server) = server().await;
    let created = [
        "client",
        "create",
        "--type",
        "spa",
        "--name",
        "A",
        "--redirect-uri",
        "https://rp.test/cb",
        "--id-token-alg",
        "ES256",
    ];
    let made = server.command(&created);
    let next = server.command(&["key", "list"]);
    let next = next.as_array().unwrap().iter().find(|key| key["algorithm"] == "ES256").unwrap().clone();
    assert_eq!((&next["state"], &next["signs_from"]), (&json!("next"), &made["id_token_alg_from"]));
    let id = made["client_id"].as_str().unwrap();
    let updated = server.command(&["client", "update", id, "--id-token-alg", "RS256"]);
    assert!(updated["id_token_alg_from"].is_string());
    let updated = server.command(&["client", "update", id, "--id-token-alg", "default"]);
    assert_eq!((&updated["id_token_alg"], &updated["id_token_alg_from"]), (&json!("default"), &Value::Null));
}

#[tokio::test]
async fn the_master_key_is_changed_beside_the_server() {
    let (database, mut server) = server().await;
    let new = doorward::sealing::MasterKey::generate();
    server.set("DOORWARD__KEYS__MASTER_KEY", &new.to_text());
    let wrong = server.refused(&["key", "rewrap"]);
    assert!(wrong.contains(&new.id()), "{wrong}");
    server.set("DOORWARD__KEYS__FORMER_MASTER_KEY", MASTER_KEY);
    let done = server.command(&["key", "rewrap"]);
    assert_eq!((done["rewrapped"].as_array().unwrap().len(), &done["master_key_id"]), (1, &json!(new.id())));
    assert!(server.say(&["key", "rewrap"], "").contains("already"));
    let settings = [("DOORWARD__KEYS__MASTER_KEY", new.to_text())];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let node = Live::serve_with(&database, &settings);
    assert_eq!(published(&node).await, published(&server).await);
}

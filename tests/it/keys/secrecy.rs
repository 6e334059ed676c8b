//! No private key lies open in the database or in a log, and none is parsed twice.

use std::collections::HashSet;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use doorward::protocol::algorithm::Algorithm;
use doorward::sealing::MasterKey;
use doorward::storage::Storage;
use doorward::tokens::SigningKey;

use super::{DAY, api};
use crate::support::{Database, Live, MASTER_KEY, Server};

/// The private halves of all keys, PKCS #8.
async fn private_keys(database: &Database) -> Vec<(String, Vec<u8>)> {
    let storage = Storage::open(&database.config, false).await.unwrap();
    let sealing = MasterKey::parse(MASTER_KEY).unwrap().sealing_key("signing keys");
    let stored = storage.read().await.unwrap().signing_keys().await.unwrap();
    storage.close().await;
    let open = |key: &doorward::storage::StoredKey| {
        let identity = format!("{}\n{}", key.life.algorithm, key.life.kid);
        let der = sealing.open(identity.as_bytes(), &key.private_key).unwrap().to_vec();
        (key.life.algorithm.clone(), der)
    };
    stored.iter().filter(|key| !key.private_key.is_empty()).map(open).collect()
}

/// Pieces of what must stay secret: the scalar of an elliptic curve; of an RSA key the primes and what hangs on them.
fn secrets(algorithm: &str, der: &[u8]) -> Vec<Vec<u8>> {
    let secret = match algorithm {
        "RS256" => &der[der.len() - 5 * 128..],
        "ES256" => &der[36..68],
        _ => &der[16..48],
    };
    secret.chunks_exact(16).map(<[u8]>::to_vec).collect()
}

/// Every way in which the piece could be written: as it is, in hex, and in base64 wherever it began in the text around it.
fn writings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![secret.to_vec()];
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    all.extend([hex.to_uppercase().into_bytes(), hex.into_bytes(), format!("{secret:?}").as_bytes()[1..50].to_vec()]);
    for skipped in 0..3 {
        let whole = &secret[skipped..][..12];
        all.extend([STANDARD.encode(whole).into_bytes(), URL_SAFE.encode(whole).into_bytes()]);
    }
    all
}

/// Whether one of the writings stands in the text. Their first 16 bytes say enough.
fn holds_any(text: &[u8], writings: &[Vec<u8>]) -> bool {
    let heads: HashSet<&[u8]> = writings.iter().map(|writing| &writing[..16]).collect();
    text.windows(16).any(|window| heads.contains(window))
}

#[tokio::test]
async fn neither_the_database_nor_the_log_holds_a_private_key() {
    let database = Database::copy().await;
    let mut server = Live::serve_with(&database, &[("DOORWARD__LOG__LEVEL", "trace")]);
    for algorithm in Algorithm::ALL {
        let (identifier, name) = (api(*algorithm), algorithm.as_str());
        server.command(&["resource", "create", "--identifier", &identifier, "--name", "A", "--signing-alg", name]);
    }
    server.command(&["key", "rotate", "--now"]);
    let client = server.client("service", &["--scope", "jobs:run"]);
    client.token(&[("grant_type", "client_credentials")]).await.ok();
    let mut texts = Vec::new();
    let keys = private_keys(&database).await;
    if let Some(file) = database.file() {
        for suffix in ["", "-wal", "-shm"] {
            let path = format!("{}{suffix}", file.display());
            texts.extend(std::fs::read(path).ok().map(|bytes| ("the database file", bytes)));
        }
    }
    let storage = Storage::open(&database.config, false).await.unwrap();
    for key in storage.read().await.unwrap().signing_keys().await.unwrap() {
        texts.push(("its row", [key.private_key.as_slice(), key.public_jwk.as_bytes()].concat()));
    }
    storage.close().await;
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    texts.push(("the log", server.log().into_bytes()));
    assert!(keys.len() >= 4, "{} keys", keys.len());
    for (algorithm, der) in &keys {
        let writings: Vec<Vec<u8>> = secrets(algorithm, der).iter().flat_map(|piece| writings(piece)).collect();
        assert!(holds_any(der, &writings));
        for (place, text) in &texts {
            assert!(!holds_any(text, &writings), "{place} holds a private {algorithm} key");
        }
    }
}

#[test]
fn what_is_searched_for_would_be_found() {
    let secret: Vec<u8> = (100..116).collect();
    let texts = [
        [b"x".as_slice(), &secret].concat(),
        STANDARD.encode([b"x".as_slice(), &secret].concat()).into_bytes(),
        URL_SAFE.encode([b"xy".as_slice(), &secret].concat()).into_bytes(),
        format!("{:?}", [b"x".as_slice(), &secret].concat()).into_bytes(),
    ];
    for text in texts {
        assert!(holds_any(&text, &writings(&secret)));
    }
}

/// Runs in a process of its own, where nobody else parses keys.
#[tokio::test]
#[ignore = "run by `a_private_key_is_parsed_once_per_load`"]
async fn counted_alone() {
    let before = SigningKey::parsed();
    let server = Server::with_young_key().await;
    assert_eq!(SigningKey::parsed() - before, 1, "a node loads its one key");
    server.db_user("ann@example.org").await;
    let app = server.db_app(Algorithm::EdDsa).await;
    server.attend().await;
    assert_eq!(SigningKey::parsed() - before, 2, "and then the new one");
    server.turn(super::WARM_UP);
    for _ in 0..3 {
        let code = server.browser().code(&app, "ann@example.org", "").await;
        app.redeem(&code).await.ok();
        server.poll().await;
        server.jwks().await;
        server.turn(61);
    }
    server.turn(90 * DAY);
    server.attend().await;
    let loaded = server.app.ring.held().len() as u64;
    assert_eq!(
        SigningKey::parsed() - before,
        loaded,
        "every key once, however often it signs and the ring is refreshed"
    );
}

#[test]
fn a_private_key_is_parsed_once_per_load() {
    let alone = ["--exact", "keys::secrecy::counted_alone", "--ignored", "--nocapture"];
    let output = Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

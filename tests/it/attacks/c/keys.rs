//! What the keys themselves give away, and what hangs on them.

use doorward::protocol::algorithm::{Algorithm, AlgorithmChoice};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::secret::{base64url, from_base64url};
use serde_json::Value;

use crate::attacks::{ANN, text};
use crate::sources::sources;
use crate::support::{Server, unverified_claims};

/// There is no authentication by assertion: whatever comes as one is refused before it is read, and nothing of it is kept.
#[tokio::test]
async fn c10_a_client_assertion_is_refused_unread() {
    let server = Server::start().await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    let methods = metadata["token_endpoint_auth_methods_supported"].to_string();
    assert!(!methods.contains("jwt") && metadata.get("token_endpoint_auth_signing_alg_values_supported").is_none());
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    for assertion in ["x", "e30.e30.", "a.b.c", &"a".repeat(60_000)] {
        for path in ["/token", "/revoke", "/introspect"] {
            let body = format!("client_id={}&client_assertion={assertion}&client_assertion_type={kind}", web.id);
            server.post(path, &body).await.refused_json(401, Rejection::ClientAssertion);
            let both = web.post(path, &[("client_assertion", assertion)]).await;
            assert!(both.status == 400 || both.status == 401, "{path}: {}", both.text());
        }
    }
}

/// `at_hash` and `nonce` of every algorithm, worked out here anew, with the hash that the algorithm names (EdDSA: SHA-512).
#[tokio::test]
async fn c13_the_hashes_of_an_id_token_are_those_of_what_came_with_it() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut apps = Vec::new();
    for algorithm in Algorithm::ALL.iter().copied() {
        let choice = AlgorithmChoice { wanted: Some(algorithm), former: None };
        apps.push((algorithm, server.db_client(ClientType::Web, |c| c.id_token_algorithm = choice).await));
    }
    server.app.signing_keys.rotate(server.clock.now()).await.unwrap();
    server.turn(420);
    server.poll().await;
    for (algorithm, app) in &apps {
        let nonce = format!("n-{algorithm}");
        let code = server.browser().code(app, ANN, &format!("nonce={nonce}&{}", crate::attacks::OFFLINE)).await;
        let tokens = app.redeem(&code).await.ok();
        let again = crate::attacks::refresh(app, &text(&tokens, "refresh_token")).await.ok();
        for (tokens, nonce) in [(&tokens, Some(nonce.as_str())), (&again, None)] {
            let (id_token, access) = (text(tokens, "id_token"), text(tokens, "access_token"));
            let header: Value =
                serde_json::from_slice(&from_base64url(id_token.split('.').next().unwrap()).unwrap()).unwrap();
            assert_eq!(header["alg"], algorithm.as_str());
            let digest = match algorithm {
                Algorithm::EdDsa => aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, access.as_bytes()),
                Algorithm::Rs256 | Algorithm::Es256 => {
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access.as_bytes())
                }
            };
            let half = &digest.as_ref()[..digest.as_ref().len() / 2];
            let claims = unverified_claims(&id_token);
            assert_eq!(claims["at_hash"], base64url(half), "{algorithm}");
            assert_eq!(claims["nonce"].as_str(), nonce, "{algorithm}");
            assert_eq!(claims["aud"], app.id);
        }
    }
}

/// No private key reaches the `rsa` crate: in `src` it is named for public keys alone, and nothing of it that signs or decrypts.
#[test]
fn c14_no_private_key_reaches_a_library_without_blinding() {
    let private = [
        "RsaPrivateKey",
        "DecodePrivateKey",
        "DecodeRsaPrivateKey",
        "Pkcs1v15Sign",
        "Decryptor",
        "pss::",
        "pkcs1v15::",
    ];
    let mut named = 0;
    for (path, text) in sources("src") {
        // Our own path to aws-lc-rs has `rsa` in it, too.
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines.filter(|line| line.contains("rsa::") && !line.contains("aws_lc_rs::rsa")) {
            named += usize::from(line.contains("use rsa::") || line.contains(" rsa::"));
            assert!(private.iter().all(|word| !line.contains(word)), "{path}: {line}");
        }
        for word in ["RsaPrivateKey", "SigningKey<Sha", "BlindedSigningKey"] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
    assert!(named >= 2, "the crate is not found where it was");
}

/// Class: what is published of the keys: public members alone, under the name of their content, of at least 2048 bits, and the same for every
/// Host and at every node.
#[tokio::test]
async fn c15_the_published_keys_hold_nothing_private() {
    let server = Server::start().await;
    let notes = ScopeSet::parse("notes:read").unwrap();
    for algorithm in Algorithm::ALL.iter().copied() {
        let choice = AlgorithmChoice { wanted: Some(algorithm), former: None };
        server.db_client(ClientType::Spa, |c| (c.id_token_algorithm, c.scopes) = (choice, notes.clone())).await;
    }
    server.app.signing_keys.rotate(server.clock.now()).await.unwrap();
    server.turn(420);
    server.poll().await;
    let set = server.get("/.well-known/jwks.json").await;
    let keys = set.ok()["keys"].as_array().unwrap().clone();
    assert!(keys.len() >= Algorithm::ALL.len());
    for key in &keys {
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
        assert!(members.iter().all(|name| public.contains(name)), "{members:?}");
        assert_eq!(key["use"], "sig");
        assert_ne!(key["kty"], "oct");
        if key["kty"] == "RSA" {
            assert!(from_base64url(key["n"].as_str().unwrap()).unwrap().len() >= 256);
            assert_eq!(key["e"], "AQAB");
        }
    }
    let names: std::collections::BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), keys.len(), "a name stands for one key");
    assert_eq!(server.another_node().await.get("/.well-known/jwks.json").await.body, set.body);
    for path in ["/.well-known/jwks.json?kid=x", "/.well-known/jwks.json?callback=alert"] {
        assert_eq!(server.get(path).await.body, set.body);
    }
}

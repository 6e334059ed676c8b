//! How the client says who it is; jsonwebtoken judges what it signs.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward_client::TokenSource;
use doorward_client::source::{PrivateKey, SourceError};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::site::{Asked, Site};
use super::{builder, clock, seconds, text};

/// A name and a secret that both need their encoding (RFC 6749 §2.3.1).
const NAME: &str = "a:b c";
const SECRET: &str = "p%s+w=\u{f6}&~";

async fn asked(site: &Site, source: &TokenSource) -> Asked {
    text(source).await;
    site.last()
}

#[tokio::test]
async fn name_and_secret_are_encoded_before_basic() {
    let (site, clock) = (Site::start().await, clock());
    let source = builder(&site, &clock).client(NAME).secret(SECRET).build().unwrap();
    let asked = asked(&site, &source).await;
    let pair = asked.authorization().unwrap().strip_prefix("Basic ").unwrap();
    assert_eq!(STANDARD.decode(pair).unwrap(), b"a%3Ab+c:p%25s%2Bw%3D%C3%B6%26%7E");
    assert_eq!(asked.body, "grant_type=client_credentials");
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(asked.headers["accept"], "application/json");
}

#[tokio::test]
async fn a_secret_goes_in_the_body_when_the_server_takes_it_there_alone_or_when_told_to() {
    let (site, clock) = (Site::start().await, clock());
    site.says("token_endpoint_auth_methods_supported", json!(["none", "client_secret_post"]));
    let alone = builder(&site, &clock).client(NAME).secret(SECRET).build().unwrap();
    let told = TokenSource::at(format!("{}/token", site.origin)).client(NAME).secret(SECRET).secret_in_body();
    for source in [alone, told.build().unwrap()] {
        let asked = asked(&site, &source).await;
        assert_eq!(asked.authorization(), None);
        assert_eq!(
            (asked.field("client_id").as_deref(), asked.field("client_secret").as_deref()),
            (Some(NAME), Some(SECRET))
        );
    }
    site.says("token_endpoint_auth_methods_supported", json!(["client_secret_post", "client_secret_basic"]));
    let both = builder(&site, &clock).build().unwrap();
    assert!(asked(&site, &both).await.authorization().is_some());
}

#[tokio::test]
async fn a_secret_in_a_file_may_change() {
    let (site, clock) = (Site::start().await, clock());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let source = builder(&site, &clock).secret_file(&file).secret_in_body().build().unwrap();
    let error = source.get().await.unwrap_err();
    assert!(matches!(error, SourceError::Secret(_)), "{error:?}");
    assert_eq!(site.count(), 0);
    for secret in ["first", "second"] {
        clock.turn(seconds(900));
        std::fs::write(&file, format!("{secret}\n")).unwrap();
        assert_eq!(asked(&site, &source).await.field("client_secret").as_deref(), Some(secret));
    }
}

#[tokio::test]
async fn a_server_that_takes_none_of_our_ways_is_not_asked() {
    let (site, clock) = (Site::start().await, clock());
    let (pem, _) = p256();
    let by_secret = builder(&site, &clock).build().unwrap();
    let key = PrivateKey::from_pem(&pem).unwrap();
    let by_key = TokenSource::discover(&site.origin).client("service").private_key(key).clock(clock.clone());
    let by_key = by_key.build().unwrap();
    let lists = [
        (&by_secret, json!(["client_secret_jwt"]), json!(["ES256"])),
        // Nothing is said of methods: Basic alone (RFC 8414 §2).
        (&by_key, Value::Null, json!(["ES256"])),
        (&by_key, json!(["client_secret_basic"]), json!(["ES256"])),
        (&by_key, json!(["private_key_jwt"]), json!(["PS256", "RS256"])),
    ];
    for (source, methods, algorithms) in lists {
        site.says("token_endpoint_auth_methods_supported", methods);
        site.says("token_endpoint_auth_signing_alg_values_supported", algorithms);
        let error = source.get().await.unwrap_err();
        assert!(matches!(error, SourceError::Unauthenticable), "{error:?}");
        clock.turn(seconds(60));
    }
    assert_eq!(site.count(), 0);
}

/// What an assertion says, once its signature was found right.
fn judged(asked: &Asked, key: &DecodingKey, algorithm: Algorithm, audience: &str) -> (jsonwebtoken::Header, Value) {
    assert_eq!(asked.authorization(), None);
    assert_eq!(asked.field("client_id").as_deref(), Some("service"));
    assert_eq!(asked.field("client_secret"), None);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(asked.field("client_assertion_type").as_deref(), Some(kind));
    let mut wanted = Validation::new(algorithm);
    wanted.set_audience(&[audience]);
    wanted.set_issuer(&["service"]);
    wanted.validate_exp = false;
    let token = jsonwebtoken::decode::<Value>(asked.field("client_assertion").unwrap(), key, &wanted).unwrap();
    (token.header, token.claims)
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn rsa() -> (RsaKeyPair, DecodingKey) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
    (pair, public)
}

fn rsa_pkcs8(pair: &RsaKeyPair) -> Vec<u8> {
    AsDer::<Pkcs8V1Der<'_>>::as_der(pair).unwrap().as_ref().to_vec()
}

fn p256() -> (String, DecodingKey) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
    (pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()), public)
}

fn p256_alone() -> (String, DecodingKey) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
    let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    // As `openssl ecparam -genkey` writes it.
    (pem("EC PARAMETERS", b"\x06\x08") + &pem("EC PRIVATE KEY", der.as_ref()), public)
}

fn ed25519() -> (String, DecodingKey) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = DecodingKey::from_ed_der(pair.public_key().as_ref());
    (pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()), public)
}

#[tokio::test]
async fn a_client_signs_who_it_is_with_what_its_key_and_the_server_know() {
    let (site, clock) = (Site::start().await, clock());
    let (pair, rsa_public) = rsa();
    let pkcs8 = rsa_pkcs8(&pair);
    let (rsa_pem, pkcs1_pem) = (pem("PRIVATE KEY", &pkcs8), pem("RSA PRIVATE KEY", &pkcs8[26..]));
    let ((p256_pem, p256_public), (alone_pem, alone_public)) = (p256(), p256_alone());
    let (ed_pem, ed_public) = ed25519();
    site.says("token_endpoint_auth_methods_supported", json!(["client_secret_basic", "private_key_jwt"]));
    let cases = [
        (&rsa_pem, &rsa_public, Value::Null, Algorithm::RS256),
        (&rsa_pem, &rsa_public, json!(["PS256", "RS256"]), Algorithm::RS256),
        (&pkcs1_pem, &rsa_public, json!(["ES256", "PS256"]), Algorithm::PS256),
        (&p256_pem, &p256_public, json!(["ES256"]), Algorithm::ES256),
        (&alone_pem, &alone_public, Value::Null, Algorithm::ES256),
        (&ed_pem, &ed_public, json!(["EdDSA"]), Algorithm::EdDSA),
    ];
    let mut ids = std::collections::HashSet::new();
    for (pem, public, algorithms, algorithm) in cases {
        site.says("token_endpoint_auth_signing_alg_values_supported", algorithms);
        let key = PrivateKey::from_pem(pem).unwrap();
        let source = builder(&site, &clock).private_key(key).build().unwrap();
        let (header, claims) = judged(&asked(&site, &source).await, public, algorithm, &site.origin);
        assert_eq!((header.typ.as_deref(), header.kid), (Some("JWT"), None));
        let now = clock.now();
        assert_eq!((&claims["sub"], &claims["aud"]), (&json!("service"), &json!(site.origin)));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 60)));
        ids.insert(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 6);
    assert!(ids.iter().all(|id| id.len() == 22));
}

#[tokio::test]
async fn an_assertion_names_its_key_and_is_for_whom_it_was_told_or_for_the_endpoint_that_was_given() {
    let (site, clock) = (Site::start().await, clock());
    let (pem, public) = p256();
    let endpoint = format!("{}/token", site.origin);
    let given = || {
        let key = PrivateKey::from_pem(&pem).unwrap().kid("2026-11");
        TokenSource::at(&endpoint).client("service").private_key(key).clock(clock.clone())
    };
    let source = given().build().unwrap();
    let (header, _) = judged(&asked(&site, &source).await, &public, Algorithm::ES256, &endpoint);
    assert_eq!(header.kid.as_deref(), Some("2026-11"));
    let told = given().assertion_audience("https://login.example.org/").build().unwrap();
    judged(&asked(&site, &told).await, &public, Algorithm::ES256, "https://login.example.org/");
}

#[tokio::test]
async fn a_key_goes_before_a_secret_where_the_server_takes_it() {
    let (site, clock) = (Site::start().await, clock());
    let source = |scope: &str| {
        let key = PrivateKey::from_pem(&p256().0).unwrap();
        builder(&site, &clock).private_key(key).scope(scope).build().unwrap()
    };
    site.says("token_endpoint_auth_methods_supported", json!(["client_secret_basic", "private_key_jwt"]));
    let by_key = asked(&site, &source("a")).await;
    assert!(by_key.authorization().is_none() && by_key.field("client_assertion").is_some());
    site.says("token_endpoint_auth_methods_supported", json!(["client_secret_basic"]));
    let by_secret = asked(&site, &source("b")).await;
    assert!(by_secret.authorization().is_some() && by_secret.field("client_assertion").is_none());
}

#[test]
fn what_is_no_key_of_ours_is_refused() {
    let (pair, _) = rsa();
    let whole = pem("PRIVATE KEY", &rsa_pkcs8(&pair));
    assert!(PrivateKey::from_pem(&format!("Bag Attributes\n{}\nmore", whole.replace('\n', "\r\n"))).is_ok());
    let p384 = EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    let cases = [
        (String::new(), "no private key"),
        ("-----BEGIN PRIVATE KEY-----".to_owned(), "no private key"),
        (pem("PUBLIC KEY", b"abc"), "no private key"),
        (whole.replace("-----END", "----END"), "no private key"),
        ("-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----".to_owned(), "no private key"),
        (pem("PRIVATE KEY", b"abc"), "cannot be read"),
        (pem("RSA PRIVATE KEY", b"abc"), "cannot be read"),
        (pem("EC PRIVATE KEY", b"abc"), "cannot be read"),
        (pem("EC PRIVATE KEY", &rsa_pkcs8(&pair)), "cannot be read"),
        (pem("PRIVATE KEY", p384.to_pkcs8v1().unwrap().as_ref()), "cannot be read"),
        (pem("ENCRYPTED PRIVATE KEY", &rsa_pkcs8(&pair)), "encrypted"),
        (encrypted.to_owned(), "encrypted"),
        (pem("OPENSSH PRIVATE KEY", b"abc"), "cannot be read"),
    ];
    for (pem, why) in cases {
        let error = PrivateKey::from_pem(&pem).unwrap_err().to_string();
        assert!(error.contains(why), "{error}: {pem}");
    }
}

//! HS256: by a verifier of its own.

use doorward_client::{Refusal, SharedSecret, SharedSecretVerifier, WeakSecret};
use jsonwebtoken::{Algorithm as Theirs, EncodingKey};
use serde_json::json;

use crate::support::{NOW, Signer, good, rules, unsigned, with};

fn token(secret: &[u8], header: &str, payload: &str) -> String {
    let signed = unsigned(header, payload);
    let tag = jsonwebtoken::crypto::sign(signed.as_bytes(), &EncodingKey::from_secret(secret), Theirs::HS256).unwrap();
    format!("{signed}.{tag}")
}

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"new"}"#;

#[test]
fn a_token_under_a_secret_of_this_api_is_taken_and_no_other() {
    let secret = |byte: u8| SharedSecret::new(&[byte; 32]).unwrap();
    let verifier = SharedSecretVerifier::new(rules(), [secret(1).named("former"), secret(2).named("new")]);
    let asked = |token: &str| verifier.verify_at(token, NOW).map(|claims| claims.subject);
    assert_eq!(asked(&token(&[2; 32], HEADER, &good().to_string())).unwrap(), "ann");
    assert_eq!(asked(&token(&[1; 32], HEADER, &good().to_string())).unwrap_err(), Refusal::Signature);
    let former = HEADER.replace("new", "former");
    assert!(asked(&token(&[1; 32], &former, &good().to_string())).is_ok());
    let unknown = HEADER.replace("new", "other");
    assert_eq!(asked(&token(&[1; 32], &unknown, &good().to_string())).unwrap_err(), Refusal::UnknownKey);
    let none = HEADER.replace("HS256", "none");
    assert_eq!(asked(&token(&[2; 32], &none, &good().to_string())).unwrap_err(), Refusal::Algorithm);
    let id_token = HEADER.replace("at+jwt", "JWT");
    assert_eq!(asked(&token(&[2; 32], &id_token, &good().to_string())).unwrap_err(), Refusal::Type);
    for (name, value, expected) in [
        ("aud", json!("https://other.example.org"), Refusal::Audience),
        ("iss", json!("https://other.example.org"), Refusal::Issuer),
        ("exp", json!(NOW - 20), Refusal::Malformed),
    ] {
        assert_eq!(asked(&token(&[2; 32], HEADER, &with(name, value).to_string())).unwrap_err(), expected);
    }
    assert!(asked(&format!("{}.", unsigned(HEADER, &good().to_string()))).is_err());
}

#[test]
fn secrets_without_names_are_tried_one_after_the_other() {
    let secret = |byte: u8| SharedSecret::new(&[byte; 32]).unwrap();
    let verifier = SharedSecretVerifier::new(rules(), [secret(1), secret(2)]);
    for byte in [1, 2] {
        assert!(verifier.verify_at(&token(&[byte; 32], HEADER, &good().to_string()), NOW).is_ok());
    }
    assert_eq!(verifier.verify_at(&token(&[3; 32], HEADER, &good().to_string()), NOW).unwrap_err(), Refusal::Signature);
}

#[test]
fn a_token_of_a_key_is_none_of_a_secret() {
    let signer = Signer::ed25519();
    let verifier = SharedSecretVerifier::new(rules(), [SharedSecret::new(&[1; 32]).unwrap()]);
    assert_eq!(verifier.verify_at(&signer.token(&good()), NOW).unwrap_err(), Refusal::Algorithm);
}

#[test]
fn a_short_secret_is_none_nor_is_a_public_key() {
    assert_eq!(SharedSecret::new(&[1; 31]).unwrap_err(), WeakSecret);
    assert_eq!(SharedSecret::new(b"").unwrap_err(), WeakSecret);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", "A".repeat(200));
    assert_eq!(SharedSecret::new(pem.as_bytes()).unwrap_err(), WeakSecret);
}

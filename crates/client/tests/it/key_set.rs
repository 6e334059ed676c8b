//! A key set, read key by key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_client::jws::Jws;
use doorward_client::{KeySet, PublicKey, Refusal};
use jsonwebtoken::Algorithm as Theirs;
use serde_json::{Value, json};

use crate::support::{Signer, good, rules, set, verified};

#[test]
fn a_broken_key_does_not_spoil_the_others() {
    let signer = Signer::ed25519();
    let broken = [
        json!(null),
        json!(7),
        json!("key"),
        json!([]),
        json!({}),
        json!({ "kty": 7 }),
        json!({ "kty": "RSA", "kid": "a" }),
        json!({ "kty": "RSA", "kid": "a", "n": "", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "a", "n": "!!", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "a", "n": "A".repeat(342), "e": "AQAB" }),
        json!({ "kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "kid": "a", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) }),
        json!({ "kty": "EC", "kid": "a", "crv": "P-521", "x": "A".repeat(88), "y": "A".repeat(88) }),
        json!({ "kty": "OKP", "kid": "a", "crv": "X25519", "x": "A".repeat(43) }),
        json!({ "kty": "oct", "kid": "a", "k": "A".repeat(43) }),
        json!({ "kty": "EC", "kid": ["a"] }),
        // The members in their order.
        json!(["OKP", "ed", "EdDSA", "sig", null, "Ed25519", null, null, signer.jwk()["x"], null]),
    ];
    for key in &broken {
        let keys = set(&[key.clone(), signer.jwk(), key.clone()]);
        assert_eq!(keys.skipped(), 2, "{key}");
        assert!(verified(&rules(), &signer.token(&good()), &keys).is_ok(), "{key}");
        assert!(PublicKey::from_jwk(key.to_string().as_bytes()).is_none());
    }
    // Numbers that no number can hold, within a key.
    let text = format!(r#"{{"keys":[{{"kty":1e999,"n":[[[1]]]}},{}]}}"#, signer.jwk());
    let keys = KeySet::parse(text.as_bytes()).unwrap();
    assert!(verified(&rules(), &signer.token(&good()), &keys).is_ok());
}

#[test]
fn what_is_no_set_at_all_is_refused_whole() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        "<html>",
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":["#,
    ] {
        assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(KeySet::parse(br#"{"keys":[]}"#).unwrap().is_empty());
    let mut jwk = Signer::ed25519().jwk();
    assert!(!set(std::slice::from_ref(&jwk)).is_empty());
    jwk.as_object_mut().unwrap().remove("kid");
    assert!(!set(&[jwk]).is_empty(), "nor is one of a key without a name");
}

#[test]
fn a_key_that_is_meant_for_something_else_verifies_nothing() {
    let signer = Signer::rsa(Theirs::RS256);
    let changed = |name: &str, value: Value| {
        let mut jwk = signer.jwk();
        jwk[name] = value;
        set(&[jwk])
    };
    for (name, value, expected) in [
        ("use", json!("enc"), Refusal::UnknownKey),
        ("use", json!("SIG"), Refusal::UnknownKey),
        ("key_ops", json!(["encrypt"]), Refusal::UnknownKey),
        ("key_ops", json!([]), Refusal::UnknownKey),
        ("alg", json!("RSA-OAEP"), Refusal::UnknownKey),
        ("alg", json!("ES256"), Refusal::UnknownKey),
        ("alg", json!("HS256"), Refusal::UnknownKey),
        ("alg", json!("none"), Refusal::UnknownKey),
        ("alg", json!("PS256"), Refusal::Algorithm),
        ("alg", json!("RS512"), Refusal::Algorithm),
        ("kty", json!("EC"), Refusal::UnknownKey),
    ] {
        let refused = verified(&rules(), &signer.token(&good()), &changed(name, value.clone())).unwrap_err();
        assert_eq!(refused, expected, "{name} {value}");
    }
    assert!(verified(&rules(), &signer.token(&good()), &changed("use", json!("sig"))).is_ok());
    assert!(verified(&rules(), &signer.token(&good()), &changed("key_ops", json!(["verify"]))).is_ok());
}

#[test]
fn a_key_alone_says_which_algorithm_it_verifies() {
    let mut jwk = Signer::rsa(Theirs::RS256).jwk();
    assert!(PublicKey::from_jwk(jwk.to_string().as_bytes()).is_some());
    jwk.as_object_mut().unwrap().remove("alg");
    assert!(PublicKey::from_jwk(jwk.to_string().as_bytes()).is_none());
    assert!(!set(&[jwk]).is_empty(), "in a set the token says which of them");
}

#[test]
fn a_key_without_a_name_verifies_what_names_none() {
    let signer = Signer::ed25519();
    let mut jwk = signer.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    let nameless = signer.sign(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, &good().to_string());
    assert!(verified(&rules(), &nameless, &set(std::slice::from_ref(&jwk))).is_ok());
    assert_eq!(verified(&rules(), &signer.token(&good()), &set(&[jwk])).unwrap_err(), Refusal::UnknownKey);
}

#[test]
fn all_claims_are_read_as_one_object_with_one_meaning() {
    let signer = Signer::ed25519();
    let key = PublicKey::from_jwk(signer.jwk().to_string().as_bytes()).unwrap();
    let claims = |text: &str| {
        let token = signer.sign(&signer.header().to_string(), text);
        Jws::parse(&token).unwrap().verify(&key).unwrap().claims()
    };
    assert_eq!(claims(r#"{"a":{"b":[1]}}"#).unwrap()["a"], json!({ "b": [1] }));
    for wrong in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"["a"]"#, "\"a\"", "{", ""] {
        assert_eq!(claims(wrong).unwrap_err(), Refusal::Malformed, "{wrong}");
    }
}

#[test]
fn a_number_has_one_form() {
    for name in ["n", "e"] {
        let mut jwk = Signer::rsa(Theirs::RS256).jwk();
        let padded = [&[0][..], &URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()].concat();
        jwk[name] = URL_SAFE_NO_PAD.encode(padded).into();
        assert!(set(&[jwk]).is_empty(), "{name}");
    }
}

#[test]
fn a_short_rsa_key_verifies_nothing() {
    // 1024 bits, which is the most that this set says of it.
    let jwk = json!({ "kty": "RSA", "alg": "RS256", "kid": "a", "n": format!("{}A", "_".repeat(170)), "e": "AQAB" });
    assert!(set(&[jwk]).is_empty());
}

#[test]
fn a_token_that_names_no_key_means_the_only_one_of_its_algorithm() {
    let (signer, other, rsa) = (Signer::ed25519(), Signer::ed25519(), Signer::rsa(Theirs::RS256));
    let token = signer.sign(r#"{"alg":"EdDSA","typ":"at+jwt"}"#, &good().to_string());
    assert!(verified(&rules(), &token, &set(&[signer.jwk(), rsa.jwk()])).is_ok());
    let two = set(&[signer.jwk(), other.jwk()]);
    assert_eq!(verified(&rules(), &token, &two).unwrap_err(), Refusal::UnknownKey);
    assert_eq!(verified(&rules(), &token, &rsa.set()).unwrap_err(), Refusal::UnknownKey);
}

#[test]
fn two_keys_of_one_name_are_told_apart_by_their_algorithms() {
    let (ed, mut rsa) = (Signer::ed25519(), Signer::rsa(Theirs::PS256));
    rsa.kid = "ed";
    let keys = set(&[rsa.jwk(), ed.jwk()]);
    assert!(verified(&rules(), &ed.token(&good()), &keys).is_ok());
    assert!(verified(&rules(), &rsa.token(&good()), &keys).is_ok());
}

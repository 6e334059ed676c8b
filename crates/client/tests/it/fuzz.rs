//! The whole parse under random input: it never panics, and what it takes is what another parser reads.
//!
//! bolero makes the randomness, here and now on a stable toolchain; what is tried are seeds, cut, joined and spiced with what parsers stumble over. A
//! second a target, or as many as `DOORWARD_FUZZ_SECONDS` says.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_client::jws::Jws;
use doorward_client::{
    KeySet, PublicKey, SharedSecret, SharedSecretVerifier, insecure_claims_without_any_verification,
};
use serde_json::{Value, json};

use crate::support::{API, ISSUER, NOW, Signer, good, rules, unsigned};

const SPICES: &[&str] = &[
    ".",
    "..",
    "=",
    "-",
    "_",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\u0000",
    "\\",
    "null",
    "true",
    "-1",
    "1e400",
    "0.5",
    "18446744073709551616",
    "\u{202e}",
    "\u{e9}",
    " ",
    "\n",
    "\0",
    "\"exp\":1,",
    "\"aud\":[],",
    "\"sub\":\"a\",",
    "eyJ",
    "AAAA",
    "\"x\":{",
];

fn try_texts(seeds: &[String], test: impl Fn(&str)) {
    let seconds = std::env::var("DOORWARD_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let target = bolero::check!().with_type::<Vec<u8>>().with_max_len(48);
    // A panic ends the target, so nobody sees what it has left half done.
    let test = AssertUnwindSafe(test);
    let seeds = AssertUnwindSafe(seeds);
    let target = target.with_test_time(Duration::from_secs(seconds.unwrap_or(1))).with_iterations(usize::MAX);
    target.for_each(|choices| {
        let (test, seeds) = (&test, &seeds);
        test(&String::from_utf8_lossy(&made(seeds, choices)));
    });
}

/// What comes of a seed by these choices, three for each change.
fn made(seeds: &[String], choices: &[u8]) -> Vec<u8> {
    let (first, rest) = choices.split_first().unwrap_or((&0, &[]));
    let mut bytes = seeds[usize::from(*first) % seeds.len()].clone().into_bytes();
    for change in rest.chunks_exact(3) {
        let [what, at, more] = [0, 1, 2].map(|n| usize::from(change[n]));
        let at = at * (bytes.len() + 1) / 256;
        let end = (at + 1 + more % 9).min(bytes.len());
        match what % 5 {
            0 => drop(bytes.drain(at.min(end)..end)),
            1 | 2 => drop(bytes.splice(at..at, SPICES[more % SPICES.len()].bytes())),
            3 => {
                let other = seeds[more % seeds.len()].as_bytes();
                bytes.splice(at.., other[at.min(other.len())..].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (more % 8);
                }
            }
        }
    }
    bytes
}

#[test]
fn a_token_of_a_stranger_is_read_without_harm_and_never_taken() {
    let (ours, theirs) = (Signer::ed25519(), Signer::ed25519());
    let keys = ours.set();
    let seeds = [theirs.token(&good()), unsigned(r#"{"alg":"none"}"#, "{}"), "a.b.c".to_owned()];
    try_texts(&seeds, |text| {
        if let Ok(token) = Jws::parse(text) {
            assert!(rules().verify(&token, &keys, NOW).is_err());
        }
        let _ = insecure_claims_without_any_verification(text);
    });
}

#[test]
fn claims_that_are_taken_are_what_another_parser_reads() {
    let verifier = SharedSecretVerifier::new(rules(), [SharedSecret::new(&[7; 32]).unwrap()]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let mut rich = good();
    rich["act"] = json!({ "sub": "robot" });
    rich["roles"] = json!(["a"]);
    rich["org"] = json!({ "x": [1, { "y": null }] });
    let seeds = [good().to_string(), rich.to_string(), json!({ "aud": [API, ISSUER] }).to_string()];
    try_texts(&seeds, |payload| {
        let signed = unsigned(r#"{"alg":"HS256","typ":"at+jwt"}"#, payload);
        let tag = hmac::sign(&key, signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        if let Ok(claims) = verifier.verify_at(&token, NOW) {
            let read: Value = serde_json::from_str(payload).unwrap();
            assert_eq!((claims.issuer.as_str(), read["iss"].as_str()), (ISSUER, Some(ISSUER)));
            assert_eq!(read["sub"].as_str(), Some(claims.subject.as_str()));
            assert!(claims.audience.iter().any(|audience| audience == API));
            assert!(claims.expires_at > NOW - 30 && read["exp"].as_f64().unwrap() >= claims.expires_at as f64);
            assert_eq!(read.get("client_id").is_some(), claims.client.is_some());
            for (name, value) in &claims.rest {
                assert_eq!(&read[name.as_str()], value);
            }
        }
    });
}

#[test]
fn a_header_is_read_without_harm() {
    let signer = Signer::ed25519();
    let keys = signer.set();
    let seeds = [signer.header().to_string(), r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":["x"]}"#.to_owned()];
    try_texts(&seeds, |header| {
        let token = signer.sign(header, &good().to_string());
        let taken = Jws::parse(&token).and_then(|token| rules().verify(&token, &keys, NOW)).is_ok();
        if taken {
            let read: Value = serde_json::from_str(header).unwrap();
            assert!(read["alg"] == "EdDSA" || read["alg"] == "Ed25519");
            assert!(read["typ"].as_str().unwrap().to_ascii_lowercase().ends_with("at+jwt"));
            assert!(read["crit"].is_null());
        }
    });
}

#[test]
fn a_key_set_is_read_without_harm() {
    let (ed, rsa) = (Signer::ed25519(), Signer::rsa(jsonwebtoken::Algorithm::RS256));
    let seeds = [
        json!({ "keys": [ed.jwk(), rsa.jwk()] }).to_string(),
        ed.jwk().to_string(),
        r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#.to_owned(),
    ];
    let token = Signer::ed25519().token(&good());
    try_texts(&seeds, |text| {
        let _ = PublicKey::from_jwk(text.as_bytes());
        if let Ok(keys) = KeySet::parse(text.as_bytes()) {
            assert!(rules().verify(&Jws::parse(&token).unwrap(), &keys, NOW).is_err());
        }
    });
}

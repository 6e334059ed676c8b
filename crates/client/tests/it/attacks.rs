//! Group C of the attacks: what real servers and libraries fell to.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward_client::testing::Issuer;
use doorward_client::{Refusal, TokenType, VerifyError, insecure_claims_without_any_verification};
use jsonwebtoken::{Algorithm as Theirs, EncodingKey};
use serde_json::{Value, json};

use crate::support::{API, ISSUER, NOW, Signer, good, rules, unsigned, verified, with};

fn refusal(signer: &Signer, token: &str) -> Refusal {
    verified(&rules(), token, &signer.set()).unwrap_err()
}

#[test]
fn a_token_that_is_not_signed_is_refused_however_it_says_so() {
    let signer = Signer::ed25519();
    for name in ["none", "None", "nOnE", "NONE", "", " none", "EdDSA ", "eddsa", "HS256", "RS512", "ES384", "ES256K"] {
        let mut header = signer.header();
        header["alg"] = name.into();
        let signed = unsigned(&header.to_string(), &good().to_string());
        for token in [format!("{signed}."), signer.sign(&header.to_string(), &good().to_string())] {
            assert_eq!(refusal(&signer, &token), Refusal::Algorithm, "{name}");
        }
    }
    let signed = unsigned(&signer.header().to_string(), &good().to_string());
    assert_eq!(refusal(&signer, &format!("{signed}.")), Refusal::Signature);
    assert_eq!(refusal(&signer, &signed), Refusal::Malformed);
}

#[test]
fn a_token_under_the_public_key_as_a_secret_is_refused_in_every_form_of_the_key() {
    let signer = Signer::rsa(Theirs::RS256);
    let jwk = signer.jwk();
    let (n, e) = (jwk["n"].as_str().unwrap(), jwk["e"].as_str().unwrap());
    let number = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(number(n)));
    let forms = [
        number(n),
        [number(n), number(e)].concat(),
        jwk.to_string().into_bytes(),
        n.as_bytes().to_vec(),
        pem.into_bytes(),
    ];
    for secret in forms {
        for name in ["HS256", "RS256"] {
            let header = json!({ "alg": name, "typ": "at+jwt", "kid": "rsa" }).to_string();
            let signed = unsigned(&header, &good().to_string());
            let key = EncodingKey::from_secret(&secret);
            let tag = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Theirs::HS256).unwrap();
            let expected = if name == "HS256" { Refusal::Algorithm } else { Refusal::Signature };
            assert_eq!(refusal(&signer, &format!("{signed}.{tag}")), expected);
        }
    }
}

#[test]
fn names_of_keys_that_are_none_are_refused() {
    let signer = Signer::ed25519();
    let cases = [
        (json!("../../../../dev/null"), Refusal::UnknownKey),
        (json!("' OR 1=1--"), Refusal::UnknownKey),
        (json!("ed\0"), Refusal::UnknownKey),
        (json!("ED"), Refusal::UnknownKey),
        (json!(""), Refusal::UnknownKey),
        (json!(["ed"]), Refusal::Malformed),
        (json!({ "ed": "ed" }), Refusal::Malformed),
        (json!(7), Refusal::Malformed),
        (json!("e".repeat(1 << 20)), Refusal::TooLong),
    ];
    for (kid, expected) in cases {
        let mut header = signer.header();
        header["kid"] = kid;
        assert_eq!(refusal(&signer, &signer.sign(&header.to_string(), &good().to_string())), expected);
    }
}

#[test]
fn a_header_that_demands_something_or_says_something_twice_is_refused() {
    let signer = Signer::ed25519();
    let cases = [
        (r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":["exp"]}"#, Refusal::CriticalHeader),
        (r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":[]}"#, Refusal::CriticalHeader),
        (r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":null}"#, Refusal::CriticalHeader),
        (r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed","crit":["b64"],"b64":false}"#, Refusal::CriticalHeader),
        (r#"{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"ed"}"#, Refusal::Malformed),
        (r#"{"alg":"EdDSA","typ":"at+jwt","kid":"x","kid":"ed"}"#, Refusal::Malformed),
        (r#"{"alg":"EdDSA","typ":"JWT","typ":"at+jwt","kid":"ed"}"#, Refusal::Malformed),
        (r#"{"alg":["EdDSA"],"typ":"at+jwt","kid":"ed"}"#, Refusal::Malformed),
        (r#"{"typ":"at+jwt","kid":"ed"}"#, Refusal::Malformed),
        (r#"["EdDSA","at+jwt","ed"]"#, Refusal::Malformed),
        (r#""EdDSA""#, Refusal::Malformed),
        ("", Refusal::Malformed),
    ];
    for (header, expected) in cases {
        assert_eq!(refusal(&signer, &signer.sign(header, &good().to_string())), expected, "{header}");
    }
}

#[test]
fn a_token_of_another_shape_is_refused() {
    let signer = Signer::ed25519();
    let token = signer.token(&good());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!("three parts") };
    let spaced = URL_SAFE.encode(format!("{} ", good()));
    let padded = format!("{header}.{spaced}=.{signature}");
    let shapes = [
        (String::new(), Refusal::Malformed),
        (".".to_owned(), Refusal::Malformed),
        ("..".to_owned(), Refusal::Malformed),
        (header.to_owned(), Refusal::Malformed),
        (format!("{header}.{payload}"), Refusal::Malformed),
        (format!("{token}."), Refusal::Malformed),
        (format!(".{token}"), Refusal::Malformed),
        // Five parts: encrypted.
        (format!("{header}.{payload}.{payload}.{payload}.{signature}"), Refusal::Malformed),
        (format!("{header}.{payload}.{signature}="), Refusal::Signature),
        (format!(" {token}"), Refusal::Malformed),
        (format!("{token}\n"), Refusal::Signature),
        (format!("{header}\u{e9}.{payload}.{signature}"), Refusal::Malformed),
        (padded, Refusal::Signature),
        ("a".repeat(9000), Refusal::TooLong),
        (format!("{}.{}.{}", "a".repeat(4000), "b".repeat(4000), "c".repeat(4000)), Refusal::TooLong),
    ];
    for (shape, expected) in shapes {
        assert_eq!(refusal(&signer, &shape), expected, "{shape}");
    }
    // The last character of base64url has bits that say nothing: there is one form alone.
    let last = token.chars().last().unwrap();
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|c| *c != last) {
        let changed = format!("{}{other}", &token[..token.len() - 1]);
        assert_eq!(refusal(&signer, &changed), Refusal::Signature);
    }
}

#[test]
fn a_token_within_a_token_is_refused() {
    let signer = Signer::ed25519();
    let inner = signer.token(&good());
    let mut header = signer.header();
    header["cty"] = "JWT".into();
    for payload in [inner.clone(), json!(inner).to_string(), json!([good()]).to_string()] {
        assert_eq!(refusal(&signer, &signer.sign(&header.to_string(), &payload)), Refusal::Malformed);
    }
}

#[test]
fn tokens_of_other_kinds_are_refused_by_what_they_are() {
    let signer = Signer::ed25519();
    for typ in [
        json!("JWT"),
        json!("logout+jwt"),
        json!("token-introspection+jwt"),
        json!("dpop+jwt"),
        json!("applicationXat+jwt"),
        Value::Null,
    ] {
        let mut header = signer.header();
        header["typ"] = typ.clone();
        let token = signer.sign(&header.to_string(), &good().to_string());
        assert_eq!(refusal(&signer, &token), Refusal::Type, "{typ}");
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+JWT"] {
        let mut header = signer.header();
        header["typ"] = typ.into();
        assert!(verified(&rules(), &signer.sign(&header.to_string(), &good().to_string()), &signer.set()).is_ok());
    }
    // Where access tokens are of the type that ID tokens have, what they say tells them apart.
    let jwt = rules().token_type(TokenType::Jwt);
    let token = |claims: Value| {
        let mut header = signer.header();
        header["typ"] = "JWT".into();
        signer.sign(&header.to_string(), &claims.to_string())
    };
    assert!(verified(&jwt, &token(good()), &signer.set()).is_ok());
    assert!(verified(&jwt, &token(with("typ", json!("Bearer"))), &signer.set()).is_ok());
    assert_eq!(verified(&jwt, &signer.token(&good()), &signer.set()).unwrap_err(), Refusal::Type);
    let others = [
        ("nonce", json!("n")),
        ("at_hash", json!("h")),
        ("c_hash", json!("h")),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("typ", json!("Logout")),
        ("typ", json!(7)),
    ];
    for (name, value) in others {
        let refused = verified(&jwt, &token(with(name, value)), &signer.set()).unwrap_err();
        assert_eq!(refused, Refusal::Type, "{name}");
    }
    // An ID token is for an application.
    assert_eq!(verified(&jwt, &token(with("aud", json!("app"))), &signer.set()).unwrap_err(), Refusal::Audience);
}

#[test]
fn a_token_of_another_issuer_under_the_same_name_of_a_key_is_refused() {
    let (ours, theirs) = (Signer::ed25519(), Signer::ed25519());
    assert_eq!(refusal(&ours, &theirs.token(&good())), Refusal::Signature);
    for issuer in ["https://evil.example.org", "https://login.example.org/", "https://LOGIN.example.org", ""] {
        assert_eq!(refusal(&ours, &ours.token(&with("iss", json!(issuer)))), Refusal::Issuer, "{issuer}");
    }
}

#[test]
fn a_token_for_another_api_is_refused() {
    let signer = Signer::ed25519();
    let cases = [
        (json!("https://other.example.org"), false),
        (json!(format!("{API}/")), false),
        (json!("https://api.example.org.evil.test"), false),
        (json!([]), false),
        (json!(["https://other.example.org", ISSUER]), false),
        (json!([ISSUER, API]), true),
        (json!([API]), true),
        (Value::Null, false),
    ];
    for (audience, taken) in cases {
        let result = verified(&rules(), &signer.token(&with("aud", audience.clone())), &signer.set());
        assert_eq!(result.err(), (!taken).then_some(Refusal::Audience), "{audience}");
    }
    let both = rules().or_audience("https://other.example.org");
    let token = signer.token(&with("aud", json!("https://other.example.org")));
    assert!(verified(&both, &token, &signer.set()).is_ok());
}

#[test]
fn a_token_that_is_bound_to_a_key_opens_nothing_for_a_bearer() {
    let signer = Signer::ed25519();
    for cnf in [json!({ "jkt": "k" }), json!({ "x5t#S256": "k" }), json!({ "jwk": {} }), json!({})] {
        let token = signer.token(&with("cnf", cnf));
        assert_eq!(refusal(&signer, &token), Refusal::KeyBound);
        assert!(verified(&rules().take_key_bound(), &token, &signer.set()).unwrap().confirmation.is_some());
    }
}

#[tokio::test]
async fn a_key_that_a_header_brings_along_is_not_looked_at_and_its_address_not_asked() {
    let (issuer, stranger) = (Issuer::start().await, Issuer::start().await);
    let verifier = issuer.verifier(API).build().await.unwrap();
    let known = issuer.requests();
    let theirs = stranger.key_set()["keys"][0].clone();
    let places = [
        ("jwk", theirs.clone()),
        ("jku", json!(format!("{}/jwks", stranger.url()))),
        ("x5u", json!(format!("{}/chain", stranger.url()))),
        ("x5c", json!(["MIIB"])),
    ];
    for (name, value) in places {
        let ours = issuer.key_set()["keys"][0]["kid"].clone();
        let draft = stranger.token(API).claim("iss", issuer.url()).header(name, value).header("kid", ours);
        let refused = verifier.verify(&draft.sign()).await.unwrap_err();
        assert_eq!(refused, VerifyError::Refused(Refusal::Signature), "{name}");
    }
    assert_eq!((issuer.requests(), stranger.requests()), (known, 0));
}

#[test]
fn times_are_numbers_within_bounds() {
    let signer = Signer::ed25519();
    let refused = |name: &str, value: &str, expected: Refusal| {
        let claims = with(name, json!("@")).to_string().replace("\"@\"", value);
        let token = signer.sign(&signer.header().to_string(), &claims);
        assert_eq!(verified(&rules(), &token, &signer.set()).err(), Some(expected), "{name} {value}");
    };
    for name in ["exp", "iat", "nbf", "auth_time"] {
        let wrong = [
            "\"1800000300\"",
            "1e400",
            "-1",
            "-1e9",
            "18446744073709551616",
            "9223372036854775808",
            "null",
            "true",
            "[1800000300]",
            "{}",
            "1e30",
            "NaN",
        ];
        for value in wrong {
            refused(name, value, Refusal::Malformed);
        }
    }
    for (name, value, expected) in [
        ("exp", NOW - 30, Refusal::Expired),
        ("exp", NOW - 10, Refusal::Malformed), // no later than it began
        ("exp", 0, Refusal::Malformed),
        ("iat", NOW + 31, Refusal::NotYetValid),
        ("nbf", NOW + 31, Refusal::NotYetValid),
    ] {
        let mut claims = with(name, json!(value));
        if expected == Refusal::Expired {
            claims["iat"] = json!(NOW - 100);
        }
        assert_eq!(refusal(&signer, &signer.token(&claims)), expected, "{name} {value}");
    }
    for missing in ["exp", "iat", "iss", "sub"] {
        assert_eq!(refusal(&signer, &signer.token(&with(missing, Value::Null))), Refusal::Malformed, "{missing}");
    }
    // One that begins by its `nbf` is still not made yet.
    let mut early = with("nbf", json!(NOW - 100));
    early["iat"] = json!(NOW + 31);
    assert_eq!(refusal(&signer, &signer.token(&early)), Refusal::NotYetValid);
    let mut late = good();
    late["iat"] = json!(NOW - 100);
    late["exp"] = json!(NOW - 29);
    assert!(verified(&rules(), &signer.token(&late), &signer.set()).is_ok(), "within the leeway");
    assert!(verified(&rules(), &signer.token(&with("nbf", json!(NOW + 30))), &signer.set()).is_ok());
    assert!(verified(&rules(), &signer.token(&with("exp", json!(NOW as f64 + 0.5))), &signer.set()).is_ok());
}

#[test]
fn what_nobody_has_verified_is_given_under_a_name_that_says_so() {
    let token = unsigned(r#"{"alg":"none"}"#, r#"{"sub":"anybody"}"#);
    assert_eq!(insecure_claims_without_any_verification(&format!("{token}.")).unwrap()["sub"], "anybody");
}

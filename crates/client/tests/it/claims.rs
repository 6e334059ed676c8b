//! What a token says, as typed values.

use doorward_client::Refusal;
use serde_json::{Value, json};

use crate::support::{Signer, good, rules, verified, with};

#[test]
fn every_claim_that_is_known_has_its_place_and_the_others_are_kept() {
    let signer = Signer::ed25519();
    let mut claims = good();
    for (name, value) in [
        ("roles", json!(["editor"])),
        ("act", json!({ "sub": "robot", "iss": "https://other.example.org", "act": { "sub": "first" } })),
        ("auth_time", json!(5)),
        ("acr", json!("2")),
        ("gid", json!("grant")),
        ("org", json!({ "id": [1, 2.5, null, true, -3] })),
    ] {
        claims[name] = value;
    }
    let read = verified(&rules(), &signer.token(&claims), &signer.set()).unwrap();
    assert_eq!(read.client.as_deref(), Some("app"));
    assert_eq!(read.id.as_deref(), Some("1"));
    assert_eq!(read.scopes, ["notes:read", "notes:write"]);
    assert_eq!(read.roles, ["editor"]);
    assert_eq!((read.authenticated_at, read.acr.as_deref()), (Some(5), Some("2")));
    let actor = read.actor.unwrap();
    assert_eq!((actor.subject.as_str(), actor.issuer.as_deref()), ("robot", Some("https://other.example.org")));
    assert_eq!(actor.before.unwrap().subject, "first");
    assert_eq!(Value::Object(read.rest), json!({ "gid": "grant", "org": { "id": [1, 2.5, null, true, -3] } }));
}

#[test]
fn issuers_that_write_other_names_are_understood() {
    let signer = Signer::ed25519();
    let mut claims = with("client_id", Value::Null);
    claims["azp"] = json!("app");
    claims.as_object_mut().unwrap().remove("scope");
    for scp in [json!("a b"), json!(["a", "b"])] {
        claims["scp"] = scp;
        let read = verified(&rules(), &signer.token(&claims), &signer.set()).unwrap();
        assert_eq!((read.client.as_deref(), read.scopes), (Some("app"), vec!["a".to_owned(), "b".to_owned()]));
    }
}

#[test]
fn a_claim_of_another_kind_makes_a_token_malformed() {
    let signer = Signer::ed25519();
    let cases = [
        ("iss", json!(["https://login.example.org"])),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("sub", json!(["ann"])),
        ("aud", json!(7)),
        ("aud", json!([["https://api.example.org"]])),
        ("aud", json!({ "https://api.example.org": true })),
        ("client_id", json!(["app"])),
        ("scope", json!(["notes:read"])),
        ("scope", json!({ "notes:read": true })),
        ("roles", json!("admin")),
        ("roles", json!([["admin"]])),
        ("roles", json!({ "admin": true })),
        ("act", json!("robot")),
        ("act", json!({})),
        ("act", json!(["robot"])),
        ("act", json!({ "sub": "robot", "act": ["first"] })),
        ("cnf", json!([])),
        ("cnf", json!(["key", null])),
        ("cnf", json!("key")),
        ("cnf", json!({ "jkt": 7 })),
        ("jti", json!(7)),
        ("acr", json!(2)),
    ];
    for (name, value) in cases {
        let token = signer.token(&with(name, value.clone()));
        assert_eq!(verified(&rules(), &token, &signer.set()).err(), Some(Refusal::Malformed), "{name} {value}");
    }
}

#[test]
fn a_member_that_stands_twice_makes_a_token_malformed_however_deep() {
    let signer = Signer::ed25519();
    let body = good().to_string();
    let twice = [
        r#""iss":"https://login.example.org""#,
        r#""aud":"https://api.example.org""#,
        r#""sub":"ann""#,
        r#""exp":1900000000"#,
        r#""iat":1799999990"#,
        r#""scope":"admin""#,
        r#""client_id":"app""#,
        r#""jti":"1""#,
        r#""x":1,"x":1"#,
        r#""x":{"y":1,"y":1}"#,
        r#""x":[{"y":{"z":1,"z":1}}]"#,
        r#""roles":["a"],"roles":["b"]"#,
        r#""cnf":{"jkt":"a","jkt":"a"}"#,
        r#""act":{"sub":"a","sub":"a"}"#,
        r#""act":{"sub":"a","act":{"sub":"b","sub":"b"}}"#,
    ];
    for more in twice {
        let payload = format!("{},{more}}}", body.strip_suffix('}').unwrap());
        let token = signer.sign(&signer.header().to_string(), &payload);
        assert_eq!(verified(&rules(), &token, &signer.set()).err(), Some(Refusal::Malformed), "{more}");
    }
    for payload in
        ["", "{", "null", "[]", "7", "\"text\"", &format!("{body}x"), &format!("{body}{body}"), &"[".repeat(3000)]
    {
        let token = signer.sign(&signer.header().to_string(), payload);
        assert_eq!(verified(&rules(), &token, &signer.set()).err(), Some(Refusal::Malformed), "{payload}");
    }
    let deep = format!("{},\"x\":{}{}}}", body.strip_suffix('}').unwrap(), "[".repeat(1000), "]".repeat(1000));
    let token = signer.sign(&signer.header().to_string(), &deep);
    assert_eq!(verified(&rules(), &token, &signer.set()).err(), Some(Refusal::Malformed));
}

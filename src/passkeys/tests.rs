//! What browsers are asked for.

use std::path::PathBuf;

use super::*;

fn ceremonies(issuer: &str) -> Option<Ceremonies> {
    let settings = PasskeysConfig {
        authenticators: Vec::new(),
        attestation: Attestation::None,
        attestation_roots: PathBuf::new(),
    };
    Ceremonies::new(&Issuer::parse(issuer).unwrap(), "The Door", &settings).unwrap()
}

#[test]
fn an_issuer_whose_host_is_a_bare_address_has_none() {
    assert!(ceremonies("https://login.example.org/auth").is_some() && ceremonies("http://localhost:8080").is_some());
    assert!(ceremonies("http://127.0.0.1:8080").is_none() && ceremonies("http://[::1]:8080").is_none());
}

#[test]
fn every_device_is_asked_to_verify_its_person_and_to_find_the_passkey_itself() {
    let ceremonies = ceremonies("https://login.example.org/auth").unwrap();
    let owner = Owner { user_id: "01890a5d-ac96-774b-bcce-b302099a8057", called: "ann@example.org", name: "" };
    let asked: Value =
        serde_json::from_str(&ceremonies.ask_for_new(owner, &[], Kept::Anywhere).unwrap().options).unwrap();
    assert_eq!(asked["rp"], json!({ "id": "login.example.org", "name": "The Door" }));
    assert_eq!(asked["user"]["id"], "AYkKXayWd0u8zrMCCZqAVw");
    assert_eq!((&asked["user"]["name"], &asked["user"]["displayName"]), (&json!("ann@example.org"), &json!("-")));
    let chosen = &asked["authenticatorSelection"];
    assert_eq!((&chosen["residentKey"], &chosen["userVerification"]), (&json!("required"), &json!("required")));
    assert_eq!((&asked["attestation"], &asked["excludeCredentials"]), (&json!("none"), &json!([])));
    assert_eq!(asked["hints"], Value::Null);
    let asked: Value = serde_json::from_str(&ceremonies.ask(&[]).unwrap().options).unwrap();
    assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!("login.example.org"), &json!("required")));
    assert_eq!(asked["allowCredentials"], json!([]));
}

#[test]
fn of_a_security_key_no_more_is_asked_than_a_touch() {
    let ceremonies = ceremonies("https://login.example.org/auth").unwrap();
    let owner = Owner { user_id: "01890a5d-ac96-774b-bcce-b302099a8057", called: "ann@example.org", name: "Ann" };
    let Asked { options, state } = ceremonies.ask_for_new_security_key(owner, &[]).unwrap();
    let asked: Value = serde_json::from_str(&options).unwrap();
    let chosen = json!({
        "residentKey": "discouraged",
        "requireResidentKey": false,
        "userVerification": "discouraged",
        "authenticatorAttachment": "cross-platform",
    });
    assert_eq!(asked["authenticatorSelection"], chosen);
    assert_eq!((&asked["hints"], &asked["attestation"]), (&json!(["security-key"]), &json!("none")));
    assert!(!state.contains(ASKS_FOR_ATTESTATION) && !options.contains("credentialProtectionPolicy"), "{options}");
    let Asked { options, .. } = ceremonies.ask_for_security_key(&[]).unwrap();
    let asked: Value = serde_json::from_str(&options).unwrap();
    assert_eq!((&asked["userVerification"], &asked["hints"]), (&json!("discouraged"), &json!(["security-key"])));
}

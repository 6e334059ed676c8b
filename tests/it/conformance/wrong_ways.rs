//! The wrong ways that the modules imply: codes in other hands, hints that were changed, contradictions, and values of great length.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use doorward::secret::{base64url, from_base64url};

use super::person::{Mode, Person};
use super::provider::Provider;

/// An ID token with its claims, said to be unsigned.
pub fn unsigned(id_token: &str) -> String {
    let claims = id_token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", base64url(br#"{"alg":"none","typ":"JWT"}"#))
}

/// An ID token with its header and claims, signed by a key of the same kind that is not the provider's.
pub fn signed_by_a_stranger(id_token: &str) -> String {
    let message = &id_token[..id_token.rfind('.').unwrap()];
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", base64url(&signature))
}

#[tokio::test]
async fn a_code_is_of_no_use_to_another_application_and_stays_good_for_its_own() {
    let provider = Provider::start().await;
    let callback = Person::default().ask(&provider, &provider.client, Mode::Query, &[]).await.callback();
    let (status, answer) = provider.client2.redeem(&provider, &callback, &[]).await;
    assert_eq!((status, &answer["error"]), (400, &"invalid_grant".into()));
    provider.client.tokens(&provider, &callback, &[]).await;
}

#[tokio::test]
async fn a_code_is_of_no_use_with_a_wrong_secret() {
    let provider = Provider::start().await;
    let callback = Person::default().ask(&provider, &provider.client, Mode::Query, &[]).await.callback();
    let mut stranger = provider.client.clone();
    stranger.client_secret = provider.client2.client_secret.clone();
    let (status, answer) = stranger.redeem(&provider, &callback, &[]).await;
    assert_eq!((status, &answer["error"]), (401, &"invalid_client".into()));
    let words = answer["error_description"].as_str().unwrap();
    assert!(words.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{words}");
}

#[tokio::test]
async fn hints_that_are_not_the_providers_are_refused_at_the_application() {
    let provider = Provider::start().await;
    let mut person = Person::default();
    let callback = person.ask(&provider, &provider.client, Mode::Query, &[]).await.callback();
    let tokens = provider.client.tokens(&provider, &callback, &[]).await;
    let mut parts: Vec<String> = tokens.id_token.split('.').map(str::to_owned).collect();
    let claims = String::from_utf8(from_base64url(&parts[1]).unwrap()).unwrap();
    let changed = claims.replace(provider.issuer.as_str(), "https://other.test");
    assert_ne!(changed, claims);
    parts[1] = base64url(changed.as_bytes());
    let hints =
        [unsigned(&tokens.id_token), signed_by_a_stranger(&tokens.id_token), parts.join("."), tokens.access_token];
    for hint in hints {
        let changes = [("prompt", "none"), ("id_token_hint", hint.as_str())];
        let callback = person.ask(&provider, &provider.client, Mode::Query, &changes).await.callback();
        assert_eq!(callback["error"], "invalid_request", "{hint}");
    }
}

#[tokio::test]
async fn contradictions_and_nonsense_are_refused_at_the_application() {
    let provider = Provider::start().await;
    for (name, value) in [
        ("prompt", "none login"),
        ("prompt", "none nonsense"),
        ("max_age", "-1"),
        ("max_age", "soon"),
        ("claims", "not JSON"),
        ("claims", "{\"userinfo\":[]}"),
        ("response_mode", "nonsense"),
    ] {
        let mut person = Person::default();
        let end = person.ask(&provider, &provider.client, Mode::Query, &[(name, value)]).await;
        let callback = end.callback();
        assert_eq!(callback["error"], "invalid_request", "{name}={value}");
        assert_eq!(callback["state"], "a state of no meaning");
    }
}

#[tokio::test]
async fn without_an_application_that_is_known_the_answer_is_a_page() {
    let provider = Provider::start().await;
    for (changes, names) in [
        ([("client_id", "nobody"), ("claims", "not JSON")], "client_id"),
        ([("client_id", ""), ("prompt", "none login")], "client_id"),
        ([("redirect_uri", "https://evil.test/"), ("max_age", "-1")], "redirect_uri"),
        ([("redirect_uri", ""), ("response_mode", "nonsense")], "redirect_uri"),
    ] {
        let end = Person::default().ask(&provider, &provider.client, Mode::Query, &changes).await;
        let (status, text) = end.page();
        assert_eq!(status, 400, "{changes:?}");
        assert!(text.contains(names), "{text}");
    }
}

#[tokio::test]
async fn long_states_and_nonces_come_back_unchanged_in_both_modes() {
    let provider = Provider::start().await;
    let (state, nonce) = ("s".repeat(384), "n".repeat(128));
    for mode in [Mode::Query, Mode::FormPost] {
        let changes = [("state", state.as_str()), ("nonce", nonce.as_str())];
        let callback = Person::default().ask(&provider, &provider.client, mode, &changes).await.callback();
        assert_eq!(callback["state"], state);
        let tokens = provider.client.tokens(&provider, &callback, &[]).await;
        assert_eq!(tokens.claims["nonce"], nonce);
    }
}

#[tokio::test]
async fn a_huge_max_age_is_for_ever() {
    let provider = Provider::start().await;
    let mut person = Person::default();
    for _ in 0..2 {
        let changes = [("max_age", "99999999999999999999")];
        let callback = person.ask(&provider, &provider.client, Mode::Query, &changes).await.callback();
        assert!(callback.contains_key("code"), "{callback:?}");
    }
    assert_eq!(person.logins, 1);
}

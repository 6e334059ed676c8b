//! Config OP: the metadata and the keys.

use std::collections::BTreeSet;

use serde_json::Value;

use super::party::json;
use super::provider::Provider;

fn list<'a>(metadata: &'a Value, name: &str) -> Vec<&'a str> {
    metadata[name].as_array().unwrap_or_else(|| panic!("no {name}")).iter().map(|item| item.as_str().unwrap()).collect()
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let provider = Provider::start().await;
    let address = format!("{}/.well-known/openid-configuration", provider.issuer);
    let answer = provider.http().get(address).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
    let metadata: Value = json(answer).await;
    assert_eq!(metadata["issuer"], provider.issuer);
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            assert!(value.as_str().unwrap().starts_with("https://"), "{name}");
        }
        assert!(value.as_array().is_none_or(|items| !items.is_empty()), "{name} is empty: it must be left out then");
    }
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        provider.address(name);
    }
    assert!(list(&metadata, "response_types_supported").contains(&"code"));
    assert!(list(&metadata, "subject_types_supported").iter().all(|kind| ["public", "pairwise"].contains(kind)));
    assert!(list(&metadata, "id_token_signing_alg_values_supported").contains(&"RS256"));
    assert!(list(&metadata, "scopes_supported").contains(&"openid"));
    assert!(list(&metadata, "grant_types_supported").contains(&"authorization_code"));
    assert!(list(&metadata, "code_challenge_methods_supported").contains(&"S256"));
    assert!(list(&metadata, "request_object_signing_alg_values_supported").contains(&"RS256"));
    assert!(list(&metadata, "claims_supported").contains(&"sub"));
    for flag in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert!(metadata[flag].is_boolean(), "{flag}");
    }
    keys_are_fit(&provider).await;
}

/// Every key has a name of its own, a use, and nothing private; the RSA ones have 2048 bits or more.
async fn keys_are_fit(provider: &Provider) {
    let answer = provider.http().get(provider.address("jwks_uri")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let keys: Value = json(answer).await;
    let keys = keys["keys"].as_array().unwrap();
    let names: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(names.len(), keys.len());
    assert!(keys.iter().any(|key| key["kty"] == "RSA"));
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none());
        }
        if key["kty"] == "RSA" {
            assert!(doorward::secret::from_base64url(key["n"].as_str().unwrap()).unwrap().len() >= 256);
        }
    }
}

//! What the server says of itself (OpenID Connect Discovery §3, RFC 8414 §2). One document serves both addresses, so that they
//! agree to the byte. Every field is true.

use serde_json::{Value, json};

use super::claims;
use super::client::AuthMethod;
use super::issuer::Issuer;
use super::scope::ISSUER_SCOPES;

/// The metadata document.
pub fn document(issuer: &Issuer) -> Value {
    let scopes: Vec<&str> = ISSUER_SCOPES.iter().map(|(name, _)| *name).collect();
    let methods: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
    let secret_methods: Vec<&str> =
        methods.iter().copied().filter(|method| *method != AuthMethod::None.as_str()).collect();
    json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.address("/authorize"),
        "token_endpoint": issuer.address("/token"),
        "revocation_endpoint": issuer.address("/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": issuer.address("/introspect"),
        "introspection_endpoint_auth_methods_supported": secret_methods,
        "userinfo_endpoint": issuer.address("/userinfo"),
        "jwks_uri": issuer.address("/.well-known/jwks.json"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": claims::supported(),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    })
}

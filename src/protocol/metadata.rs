//! What the server says of itself (OpenID Connect Discovery §3, RFC 8414 §2). One document serves both addresses, so that they
//! agree to the byte. Every field is true.

use serde_json::{Value, json};

use super::algorithm::Algorithm;
use super::claims;
use super::client::AuthMethod;
use super::grant_type::GrantType;
use super::issuer::Issuer;
use super::response_mode::ResponseMode;
use super::scope::ISSUER_SCOPES;
use super::token_exchange;
use crate::language::Language;

/// The metadata document. A list with nothing in it is left out (RFC 8414 §3.2).
pub fn document(issuer: &Issuer, classes: impl Iterator<Item = &'static str>) -> Value {
    let scopes: Vec<&str> = ISSUER_SCOPES.iter().map(|(name, _)| *name).collect();
    let methods: Vec<&str> = AuthMethod::OF_REQUESTS.iter().map(|method| method.as_str()).collect();
    let secret_methods: Vec<&str> =
        methods.iter().copied().filter(|method| *method != AuthMethod::None.as_str()).collect();
    let algorithms: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    let grant_types: Vec<&str> =
        GrantType::ALL.iter().map(|one| one.as_str()).chain([token_exchange::GRANT_TYPE]).collect();
    let mut document = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.address("/authorize"),
        "token_endpoint": issuer.address("/token"),
        "revocation_endpoint": issuer.address("/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": issuer.address("/introspect"),
        "introspection_endpoint_auth_methods_supported": secret_methods,
        "introspection_signing_alg_values_supported": algorithms,
        "end_session_endpoint": issuer.address("/logout"),
        "userinfo_endpoint": issuer.address("/userinfo"),
        "jwks_uri": issuer.address("/.well-known/jwks.json"),
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::NAMES,
        "grant_types_supported": grant_types,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": classes.collect::<Vec<_>>(),
        // The pages suit any size, so a pop-up and a touch screen get what they ask for.
        "display_values_supported": ["page", "popup", "touch"],
        "ui_locales_supported": Language::all().map(Language::tag).collect::<Vec<_>>(),
        "claim_types_supported": ["normal"],
        "claims_supported": claims::supported(),
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        // None is taken; but OpenID Connect Discovery §3 has the list speak of unsigned ones too, and these are not in it.
        "request_object_signing_alg_values_supported": ["RS256"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "authorization_response_iss_parameter_supported": true,
    });
    if let Some(fields) = document.as_object_mut() {
        fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    }
    document
}

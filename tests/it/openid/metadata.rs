//! What the server says of itself, field by field (OpenID Connect Discovery §3, RFC 8414 §2).

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use serde_json::json;

use crate::support::Server;

#[tokio::test]
async fn the_openid_fields_are_exact() {
    let server = Server::start().await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    for (field, value) in [
        ("response_types_supported", json!(["code"])),
        (
            "grant_types_supported",
            json!([
                "authorization_code",
                "client_credentials",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:token-exchange"
            ]),
        ),
        ("response_modes_supported", json!(["query", "fragment", "form_post"])),
        ("subject_types_supported", json!(["public"])),
        ("scopes_supported", json!(["openid", "profile", "email", "address", "phone", "roles", "offline_access"])),
        ("acr_values_supported", json!([PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS])),
        ("display_values_supported", json!(["page", "popup", "touch"])),
        ("ui_locales_supported", json!(["de", "en"])),
        ("introspection_signing_alg_values_supported", json!(["RS256", "ES256", "EdDSA"])),
        ("claim_types_supported", json!(["normal"])),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("request_object_signing_alg_values_supported", json!(["RS256"])),
        ("prompt_values_supported", json!(["none", "login", "consent", "select_account"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
    ] {
        assert_eq!(metadata[field], value, "{field}");
    }
    let claims: Vec<&str> =
        metadata["claims_supported"].as_array().unwrap().iter().filter_map(|c| c.as_str()).collect();
    for claim in
        ["sub", "acr", "amr", "auth_time", "name", "updated_at", "email_verified", "phone_number", "address", "roles"]
    {
        assert!(claims.contains(&claim), "{claim}");
    }
}

#[tokio::test]
async fn no_field_is_unknown_to_the_registry() {
    // The names of IANA's registry "OAuth Authorization Server Metadata" that may stand here; what is not among them is a mistake.
    const KNOWN: &[&str] = &[
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "registration_endpoint",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "acr_values_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "display_values_supported",
        "claim_types_supported",
        "claims_supported",
        "service_documentation",
        "claims_locales_supported",
        "ui_locales_supported",
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "require_request_uri_registration",
        "op_policy_uri",
        "op_tos_uri",
        "revocation_endpoint",
        "revocation_endpoint_auth_methods_supported",
        "introspection_endpoint",
        "introspection_endpoint_auth_methods_supported",
        "introspection_signing_alg_values_supported",
        "code_challenge_methods_supported",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "authorization_response_iss_parameter_supported",
        "dpop_signing_alg_values_supported",
        "end_session_endpoint",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "prompt_values_supported",
    ];
    let server = Server::start().await;
    let metadata = server.get("/.well-known/oauth-authorization-server").await;
    let unknown: Vec<String> =
        metadata.ok().as_object().unwrap().keys().filter(|name| !KNOWN.contains(&name.as_str())).cloned().collect();
    assert_eq!(unknown, [""; 0]);
    assert_eq!(metadata.body, server.get("/.well-known/openid-configuration").await.body);
}

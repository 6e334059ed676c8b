//! What is registered of a client and seldom read (RFC 7591 §2): kept as one JSON text, so that a further member needs no column.
//!
//! What SQL asks for, or what every request reads, stands in a column of its own. Members that this version does not know come from a
//! newer one, beside it in the same database: they are kept as they are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::on_reuse::OnReuse;

/// What is seldom read of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Where a browser may go after signing out (OpenID Connect RP-Initiated Logout §3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// Its privacy policy, for people to read before they sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// What the reuse of one of its refresh tokens ends; `None`: as [`OnReuse::of`] presets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_reuse: Option<OnReuse>,
    /// Whether its ID tokens carry the claims of granted scopes; `None`: what the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_claims: Option<bool>,
    /// The origins whose scripts may call the token endpoint and userinfo, beside those of a single-page app's redirect URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_origins: Vec<String>,
    /// The roles of a client that acts for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The context class in which people must sign in to go there, or in a stronger one ([`super::demand`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_version_wrote_is_kept() {
        let text = r#"{"policy_uri":"https://a.test/p","logo_uri":"https://a.test/l"}"#;
        let mut metadata: ClientMetadata = serde_json::from_str(text).unwrap();
        metadata.policy_uri = None;
        metadata.tos_uri = Some("https://a.test/t".to_owned());
        let text = serde_json::to_string(&metadata).unwrap();
        assert_eq!(text, r#"{"tos_uri":"https://a.test/t","logo_uri":"https://a.test/l"}"#);
        assert_eq!(serde_json::to_string(&ClientMetadata::default()).unwrap(), "{}");
    }
}

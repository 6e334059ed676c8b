//! What a provider says of itself (OpenID Connect Discovery §4), and which of it is believed: that it is the issuer that the settings name, and
//! endpoints that are where that issuer is. Nothing else is called, and nobody is sent elsewhere.

use doorward_client::{Algorithm, KeySet};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Parts, address, microsoft};
use crate::config::UpstreamConfig;
use crate::protocol::upstream::ProviderKind;

/// What is known of a provider.
#[derive(Debug)]
pub(super) struct Known {
    pub authorization: Url,
    pub token: Url,
    pub userinfo: Option<Url>,
    pub end_session: Option<Url>,
    pub jwks: Url,
    pub keys: KeySet,
    /// What it may sign by: what it announced, as far as that has a public key.
    pub algorithms: Vec<Algorithm>,
    /// Whether the client secret goes in the header rather than in the body.
    pub takes_basic: bool,
    /// Whether every answer to a browser names the issuer (RFC 9207 §3).
    pub names_itself: bool,
    /// Values of `prompt` that it takes; empty when it does not say.
    pub prompts: Vec<String>,
}

/// What discovery documents have beside what the crate reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Further {
    end_session_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: Vec<String>,
}

impl AdditionalProviderMetadata for Further {}

type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

impl Known {
    /// The same with other keys.
    pub(super) fn with_keys(&self, keys: KeySet) -> Self {
        Self {
            authorization: self.authorization.clone(),
            token: self.token.clone(),
            userinfo: self.userinfo.clone(),
            end_session: self.end_session.clone(),
            jwks: self.jwks.clone(),
            keys,
            algorithms: self.algorithms.clone(),
            takes_basic: self.takes_basic,
            names_itself: self.names_itself,
            prompts: self.prompts.clone(),
        }
    }
}

impl Parts {
    /// Reads the discovery document and the keys, and keeps both.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) async fn discover(&self) -> Result<(), String> {
        if self.config.kind() == ProviderKind::Github {
            return Ok(());
        }
        let issuer = address::issuer(&self.config);
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.outgoing.get(&url).await.map_err(|failure| failure.detail)?;
        let known = known(&self.config, &document)?;
        let keys = self.fetch_keys(&known.jwks).await?;
        self.known.store(Some(Known { keys, ..known }.into()));
        Ok(())
    }

    /// The provider's keys. Those that are of no known kind are passed over.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(super) async fn fetch_keys(&self, url: &Url) -> Result<KeySet, String> {
        let document = self.outgoing.get(url.as_str()).await.map_err(|failure| failure.detail)?;
        match KeySet::parse(&document) {
            Ok(keys) if keys.is_empty() => Err(format!("its key set at {url} has no key that can be used")),
            Ok(keys) => Ok(keys),
            Err(_) => Err(format!("its key set at {url} is no JSON Web Key Set")),
        }
    }
}

/// What a discovery document says, as far as it may.
fn known(config: &UpstreamConfig, document: &[u8]) -> Result<Known, String> {
    let metadata: Metadata = serde_json::from_slice(document)
        .map_err(|error| format!("its discovery document cannot be read: {}", reason(&error)))?;
    let (expected, said) = (address::issuer(config), metadata.issuer().as_str());
    let is_expected = match config.kind() {
        ProviderKind::Microsoft => microsoft::may_discover(config, said),
        _ => said == expected,
    };
    if !is_expected {
        return Err(format!("its discovery document is of the issuer '{}', not '{expected}'", said.escape_debug()));
    }
    let at = |name: &str, url: &Url| {
        if address::is_of(config, url) {
            return Ok(url.clone());
        }
        let place = url.host_str().unwrap_or(url.scheme()).escape_debug();
        Err(format!(
            "its {name} is at {place}, which is not the issuer's host: if that is right, name it in endpoint_hosts"
        ))
    };
    let optional = |url: Option<&Url>| url.filter(|url| address::is_of(config, url)).cloned();
    let token = metadata.token_endpoint().ok_or("its discovery document names no token_endpoint")?;
    let further = metadata.additional_metadata();
    let end_session = further.end_session_endpoint.as_deref().and_then(|url| Url::parse(url).ok());
    let offered = metadata.id_token_signing_alg_values_supported();
    let algorithms: Vec<Algorithm> = offered.iter().filter_map(named).collect();
    if algorithms.is_empty() {
        return Err("it signs ID tokens with no algorithm that has a public key".to_owned());
    }
    let methods = metadata.token_endpoint_auth_methods_supported();
    Ok(Known {
        authorization: at("authorization_endpoint", metadata.authorization_endpoint().url())?,
        token: at("token_endpoint", token.url())?,
        jwks: at("jwks_uri", metadata.jwks_uri().url())?,
        userinfo: optional(metadata.userinfo_endpoint().map(|url| url.url())),
        end_session: optional(end_session.as_ref()),
        keys: KeySet::default(),
        algorithms,
        // Apple takes it in the body alone.
        takes_basic: config.kind() != ProviderKind::Apple
            && methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic)),
        names_itself: further.authorization_response_iss_parameter_supported,
        prompts: further.prompt_values_supported.clone(),
    })
}

/// The algorithm by the name that it has in JSON, when it is one with a public key.
fn named(algorithm: &CoreJwsSigningAlgorithm) -> Option<Algorithm> {
    Algorithm::named(serde_json::to_value(algorithm).ok()?.as_str()?)
}

/// The parser's words, without what it read.
fn reason(error: &serde_json::Error) -> String {
    if error.is_data() {
        let words = error.to_string();
        // `missing field` names the field; other words of the parser quote the document.
        return if words.starts_with("missing field") { words } else { "a member has the wrong type".to_owned() };
    }
    format!("it is no JSON (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(change: Value) -> Vec<u8> {
        let mut document = json!({
            "issuer": "https://id.test",
            "authorization_endpoint": "https://id.test/authorize",
            "token_endpoint": "https://id.test/token",
            "jwks_uri": "https://id.test/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256", "XX1"],
        });
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        document.to_string().into_bytes()
    }

    #[test]
    fn a_document_is_believed_when_it_is_of_the_issuer_and_stays_with_it() {
        let config = UpstreamConfig {
            kind: Some(ProviderKind::Oidc),
            issuer: "https://id.test".into(),
            ..UpstreamConfig::default()
        };
        let fine = known(&config, &document(json!({ "end_session_endpoint": "https://evil.test/out" }))).unwrap();
        assert_eq!(fine.algorithms, [Algorithm::Rs256]);
        assert!(fine.takes_basic && fine.end_session.is_none() && !fine.names_itself);
        let post = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
        assert!(!known(&config, &document(post)).unwrap().takes_basic);
        for (change, why) in [
            (json!({ "issuer": "https://id.test/" }), "is of the issuer 'https://id.test/'"),
            (json!({ "issuer": "https://evil.test" }), "is of the issuer 'https://evil.test'"),
            (json!({ "token_endpoint": "https://evil.test/token" }), "its token_endpoint is at evil.test"),
            (json!({ "token_endpoint": "http://id.test/token" }), "its token_endpoint is at id.test"),
            (json!({ "jwks_uri": "https://evil.test/keys" }), "its jwks_uri is at evil.test"),
            (json!({ "authorization_endpoint": "javascript:alert(1)" }), "its authorization_endpoint is at javascript"),
            (
                json!({ "authorization_endpoint": "https://id.test@evil.test/" }),
                "its authorization_endpoint is at evil",
            ),
            (json!({ "authorization_endpoint": "$(touch /tmp/x)" }), "cannot be read: a member has the wrong type"),
            (json!({ "token_endpoint": null }), "names no token_endpoint"),
            (json!({ "jwks_uri": null }), "cannot be read: missing field `jwks_uri`"),
            (
                json!({ "id_token_signing_alg_values_supported": ["none", "HS256"] }),
                "no algorithm that has a public key",
            ),
        ] {
            let said = known(&config, &document(change)).unwrap_err();
            assert!(said.contains(why), "{why} is not in: {said}");
        }
        assert!(known(&config, b"<html>").unwrap_err().contains("it is no JSON"));
        assert!(known(&config, b"\xff\xfe").unwrap_err().contains("it is no JSON"));
    }
}

//! What a server says of its token endpoint (OpenID Connect Discovery §3, RFC 8414 §2).

use http::Uri;
use serde::Deserialize;

use super::error::SourceError;
use crate::http::is_allowed;

/// The longest document that is read, in bytes.
const MOST: usize = 64 * 1024;

/// Where tokens are given, and to whom. Nothing that is `None` was said.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) token_endpoint: Uri,
    methods: Option<Vec<String>>,
    algorithms: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Of a server of which only the endpoint is known.
    pub(super) fn given(token_endpoint: Uri) -> Self {
        Self { token_endpoint, methods: None, algorithms: None }
    }

    /// Reads the document that an issuer publishes. It must be of this issuer, byte for byte (Discovery §4.3).
    pub(super) fn read(issuer: &str, body: &[u8]) -> Result<Self, SourceError> {
        if body.len() > MOST {
            return Err(SourceError::Metadata("the document is longer than 64 KiB"));
        }
        let document: Document = serde_json::from_slice(body)
            .map_err(|_| SourceError::Metadata("it is no JSON object with an issuer and a token_endpoint"))?;
        if document.issuer != issuer {
            return Err(SourceError::Metadata("it is of another issuer"));
        }
        let token_endpoint = document.token_endpoint.parse().ok().filter(is_allowed);
        let elsewhere = SourceError::Metadata("its token_endpoint is neither https nor on this machine");
        Ok(Self {
            token_endpoint: token_endpoint.ok_or(elsewhere)?,
            // Whoever lists none takes Basic (RFC 8414 §2).
            methods: document
                .token_endpoint_auth_methods_supported
                .or_else(|| Some(vec!["client_secret_basic".to_owned()])),
            algorithms: document.token_endpoint_auth_signing_alg_values_supported,
        })
    }

    /// Whether the server takes this method of authentication (RFC 7591 §2).
    pub(super) fn takes(&self, method: &str) -> bool {
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(|name| name == method))
    }

    /// Whether the server takes assertions that are signed so.
    pub(super) fn verifies(&self, algorithm: &str) -> bool {
        self.algorithms.as_ref().is_none_or(|algorithms| algorithms.iter().any(|name| name == algorithm))
    }
}

/// Where an issuer publishes the document (Discovery §4).
pub(super) fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.org";

    #[test]
    fn a_document_is_read_for_what_it_says_and_no_more() {
        let read = |more: &str| {
            let endpoint = r#""token_endpoint":"https://login.example.org/token""#;
            Metadata::read(ISSUER, format!(r#"{{"issuer":"{ISSUER}",{endpoint}{more}}}"#).as_bytes()).unwrap()
        };
        let silent = read("");
        assert_eq!(silent.token_endpoint, "https://login.example.org/token");
        assert!(silent.takes("client_secret_basic") && !silent.takes("client_secret_post"));
        assert!(!silent.takes("private_key_jwt") && silent.verifies("ES256"));
        let said = read(
            r#","token_endpoint_auth_methods_supported":["private_key_jwt"],
               "token_endpoint_auth_signing_alg_values_supported":["PS256"]"#,
        );
        assert!(said.takes("private_key_jwt") && !said.takes("client_secret_basic"));
        assert!(said.verifies("PS256") && !said.verifies("RS256"));
        let given = Metadata::given("https://login.example.org/token".parse().unwrap());
        assert!(given.takes("private_key_jwt") && given.takes("client_secret_basic") && given.verifies("RS256"));
    }

    #[test]
    fn a_document_that_cannot_be_used_is_refused() {
        let with = |issuer: &str, endpoint: &str| format!(r#"{{"issuer":"{issuer}","token_endpoint":{endpoint}}}"#);
        let long = with(ISSUER, &format!(r#""https://login.example.org/token","x":"{}""#, "x".repeat(MOST)));
        for body in [
            &with("https://evil.example.org", r#""https://login.example.org/token""#),
            &with("https://login.example.org/", r#""https://login.example.org/token""#),
            &with(ISSUER, r#""https://login example.org/""#),
            &with(ISSUER, r#""http://login.example.org/token""#),
            &with(ISSUER, r#""/token""#),
            &with(ISSUER, "null"),
            &long,
            "{}",
            "",
        ] {
            assert!(matches!(Metadata::read(ISSUER, body.as_bytes()), Err(SourceError::Metadata(_))), "{body}");
        }
    }

    #[test]
    fn an_issuer_publishes_below_its_own_path() {
        let known = "https://login.example.org/a/.well-known/openid-configuration";
        assert_eq!(address("https://login.example.org/a"), known);
        assert_eq!(address("https://login.example.org/a/"), known);
    }
}

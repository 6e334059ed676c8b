//! What a server says of its token endpoint (OpenID Connect Discovery §3, RFC 8414 §2).

use std::sync::Arc;

use http::Uri;
use serde::Deserialize;

use crate::Http;
use crate::discovery::{self, FetchError};

/// Where tokens are given, and to whom. Nothing that is `None` was said.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) token_endpoint: Uri,
    methods: Option<Vec<String>>,
    algorithms: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Document {
    token_endpoint: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Of a server of which only the endpoint is known.
    pub(super) fn given(token_endpoint: Uri) -> Self {
        Self { token_endpoint, methods: None, algorithms: None }
    }

    /// What an issuer publishes.
    pub(super) async fn fetch(http: &Arc<dyn Http>, issuer: &str) -> Result<Self, FetchError> {
        Self::of(issuer, discovery::metadata(http, issuer).await?)
    }

    fn of(issuer: &str, document: Document) -> Result<Self, FetchError> {
        Ok(Self {
            token_endpoint: discovery::pointed_to(issuer, &document.token_endpoint)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.org";

    fn read(body: &str) -> Result<Metadata, FetchError> {
        Metadata::of(ISSUER, discovery::read(ISSUER, body.as_bytes())?)
    }

    #[test]
    fn a_document_is_read_for_what_it_says_and_no_more() {
        let with = |more: &str| {
            let endpoint = r#""token_endpoint":"https://login.example.org/token""#;
            read(&format!(r#"{{"issuer":"{ISSUER}",{endpoint}{more}}}"#)).unwrap()
        };
        let silent = with("");
        assert_eq!(silent.token_endpoint, "https://login.example.org/token");
        assert!(silent.takes("client_secret_basic") && !silent.takes("client_secret_post"));
        assert!(!silent.takes("private_key_jwt") && silent.verifies("ES256"));
        let said = with(
            r#","token_endpoint_auth_methods_supported":["private_key_jwt"],
               "token_endpoint_auth_signing_alg_values_supported":["PS256"]"#,
        );
        assert!(said.takes("private_key_jwt") && !said.takes("client_secret_basic"));
        assert!(said.verifies("PS256") && !said.verifies("RS256"));
        let given = Metadata::given("https://login.example.org/token".parse().unwrap());
        assert!(given.takes("private_key_jwt") && given.takes("client_secret_basic") && given.verifies("RS256"));
    }

    #[test]
    fn a_document_that_names_no_endpoint_that_may_be_asked_is_refused() {
        for endpoint in [
            r#""https://login example.org/""#,
            r#""http://login.example.org/token""#,
            r#""http://127.0.0.1/token""#,
            r#""/token""#,
            "null",
        ] {
            assert!(read(&format!(r#"{{"issuer":"{ISSUER}","token_endpoint":{endpoint}}}"#)).is_err(), "{endpoint}");
        }
    }
}

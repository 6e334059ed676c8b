//! What an API says of itself (RFC 9728): whose tokens it takes, and which scopes there are.

use bytes::Bytes;
use http::{HeaderValue, Response, Uri, header};
use serde::Serialize;

/// The metadata of an API (RFC 9728 §2). In axum it is a handler by itself:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use doorward_client::ResourceMetadata;
///
/// let metadata = ResourceMetadata::new("https://api.example.org", "https://login.example.org").unwrap().scope("notes:read");
/// let router: axum::Router = axum::Router::new().route(&metadata.path(), axum::routing::get(metadata));
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
}

/// The identifier of an API that is no address, so that nothing can be found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAddress;

impl std::fmt::Display for NotAnAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the identifier of the API is no address that begins with https:// or http://")
    }
}

impl std::error::Error for NotAnAddress {}

impl ResourceMetadata {
    /// Of the API with this identifier, which takes the tokens of this issuer.
    ///
    /// # Errors
    /// When the identifier is no address without query and fragment.
    pub fn new(resource: impl Into<String>, issuer: impl Into<String>) -> Result<Self, NotAnAddress> {
        let resource = resource.into();
        let uri: Uri = resource.parse().map_err(|_| NotAnAddress)?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) || resource.contains(['?', '#']) {
            return Err(NotAnAddress);
        }
        Ok(Self {
            resource,
            authorization_servers: vec![issuer.into()],
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            resource_name: None,
            resource_documentation: None,
        })
    }

    /// It has this scope.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes_supported.push(scope.into());
        self
    }

    /// People know it by this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// Developers read about it there.
    pub fn documentation(mut self, address: impl Into<String>) -> Self {
        self.resource_documentation = Some(address.into());
        self
    }

    /// The path at which it is served (RFC 9728 §3.1).
    pub fn path(&self) -> String {
        format!("/.well-known/oauth-protected-resource{}", self.parts().1)
    }

    /// The address at which it is served, for [`Auth::resource_metadata`](crate::Auth::resource_metadata).
    pub fn address(&self) -> String {
        format!("{}{}", self.parts().0, self.path())
    }

    /// The document.
    pub fn response(&self) -> Response<Bytes> {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
        response
    }

    /// Its origin, and its path, which is empty when that is all.
    fn parts(&self) -> (&str, &str) {
        let from = self.resource.find("://").map_or(0, |at| at + 3);
        let (origin, path) = match self.resource[from..].find('/') {
            Some(at) => self.resource.split_at(from + at),
            None => (self.resource.as_str(), ""),
        };
        (origin, path.strip_suffix('/').unwrap_or(path))
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for ResourceMetadata {
    fn into_response(self) -> axum_core::response::Response {
        self.response().map(axum_core::body::Body::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lies_between_the_host_and_the_path_of_the_api() {
        for (resource, address) in [
            ("https://api.example.org", "https://api.example.org/.well-known/oauth-protected-resource"),
            ("https://api.example.org/", "https://api.example.org/.well-known/oauth-protected-resource"),
            ("http://127.0.0.1:8001/api", "http://127.0.0.1:8001/.well-known/oauth-protected-resource/api"),
            ("https://example.org/a/b", "https://example.org/.well-known/oauth-protected-resource/a/b"),
        ] {
            assert_eq!(ResourceMetadata::new(resource, "https://login.example.org").unwrap().address(), address);
        }
        for wrong in ["notes", "urn:notes", "https://example.org/?a", "https://example.org/#a", ""] {
            assert_eq!(ResourceMetadata::new(wrong, "i").unwrap_err(), NotAnAddress, "{wrong}");
        }
    }

    #[test]
    fn the_document_says_what_was_said() {
        let metadata = ResourceMetadata::new("https://a.example", "https://i.example").unwrap().scope("read").name("A");
        let text = String::from_utf8(metadata.response().into_body().to_vec()).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            serde_json::json!({
                "resource": "https://a.example", "authorization_servers": ["https://i.example"], "scopes_supported": ["read"],
                "bearer_methods_supported": ["header"], "resource_name": "A",
            })
        );
    }
}

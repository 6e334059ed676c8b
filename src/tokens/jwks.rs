//! The JSON Web Key Set as bytes, rendered when keys change (RFC 7517 §5).

use serde_json::json;

use super::key::SigningKey;
use crate::secret::{base64url, sha256};

/// A rendered key set.
#[derive(Debug, Clone)]
pub struct Jwks {
    /// The JSON text.
    pub body: String,
    /// A strong entity tag over it, with its quotes.
    pub etag: String,
}

impl Jwks {
    pub(super) fn render<'a>(keys: impl Iterator<Item = &'a SigningKey>) -> Self {
        let keys: Vec<_> = keys.map(SigningKey::jwk).collect();
        let body = json!({ "keys": keys }).to_string();
        let etag = format!("\"{}\"", base64url(&sha256(body.as_bytes())[..16]));
        Self { body, etag }
    }
}

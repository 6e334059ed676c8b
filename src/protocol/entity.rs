//! A public document as it is sent: its bytes and their strong entity tag, made once and not for each request (RFC 9110 §8.8.3).

use bytes::Bytes;

use crate::secret::{base64url, sha256};

/// A rendered document. Clones share the bytes.
#[derive(Clone, Debug)]
pub struct Entity {
    /// The text.
    pub body: Bytes,
    /// The tag, with its quotes.
    pub etag: String,
}

impl Entity {
    /// The document with this text.
    pub fn of(text: String) -> Self {
        let etag = format!("\"{}\"", base64url(&sha256(text.as_bytes())[..16]));
        Self { body: Bytes::from(text), etag }
    }
}

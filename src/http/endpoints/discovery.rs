//! The metadata, one document at two addresses (OpenID Connect Discovery §4, RFC 8414 §3). From memory alone, with an entity tag.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::http::entity::tagged;
use crate::protocol::metadata;
use crate::secret::{base64url, sha256};

/// The document, or 304 when the caller has it.
pub(in crate::http) async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let document = metadata::document(&app.issuer).to_string();
    let etag = format!("\"{}\"", base64url(&sha256(document.as_bytes())[..16]));
    tagged(&headers, &etag, "application/json", document)
}

//! The published keys (RFC 7517 §5): bytes that were rendered when the keys changed, with an entity tag. No database.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::http::entity::tagged;

/// The key set, or 304 when the caller has it.
pub(in crate::http) async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let jwks = app.ring.jwks(app.now());
    tagged(&headers, &jwks.etag, "application/jwk-set+json", jwks.body.clone())
}

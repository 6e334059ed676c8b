//! The published keys (RFC 7517 §5): bytes that were rendered when the keys changed, with an entity tag. No database.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// The key set, or 304 when the caller has it.
pub(in crate::http) async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let jwks = app.ring.jwks();
    let etag = [(header::ETAG, jwks.etag.clone())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let has_it = known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == jwks.etag));
    match has_it {
        true => (StatusCode::NOT_MODIFIED, etag).into_response(),
        false => (etag, [(header::CONTENT_TYPE, "application/jwk-set+json")], jwks.body.clone()).into_response(),
    }
}

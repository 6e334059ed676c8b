//! Answers with an entity tag: whoever has them already is told so (RFC 9110 §13.1.2).

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The body, or 304 without one when the caller has it. `etag` is quoted.
pub(in crate::http) fn tagged(request: &HeaderMap, etag: &str, content_type: &'static str, body: String) -> Response {
    let tag = [(header::ETAG, etag.to_owned())];
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    match tags.any(|tag| tag == etag || tag == "*") {
        true => (StatusCode::NOT_MODIFIED, tag).into_response(),
        false => (tag, [(header::CONTENT_TYPE, content_type)], body).into_response(),
    }
}

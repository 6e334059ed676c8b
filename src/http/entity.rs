//! Answers with an entity tag: whoever has them already is told so (RFC 9110 §13.1.2).

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::protocol::entity::Entity;

/// The document, or 304 without it when the caller has it.
pub(in crate::http) fn tagged(request: &HeaderMap, entity: &Entity, content_type: &'static str) -> Response {
    let tag = [(header::ETAG, entity.etag.as_str())];
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    if tags.any(|known| known == entity.etag || known == "*") {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, [(header::CONTENT_TYPE, content_type)], entity.body.clone()).into_response()
    }
}

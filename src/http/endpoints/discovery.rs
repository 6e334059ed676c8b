//! The metadata, one document at two addresses (OpenID Connect Discovery §4, RFC 8414 §3). From memory alone, with an entity tag.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::app::App;
use crate::http::entity::tagged;

/// The document, or 304 when the caller has it.
pub(in crate::http) async fn get(State(app): State<App>, request: Request) -> Response {
    tagged(request.headers(), &app.metadata, "application/json")
}

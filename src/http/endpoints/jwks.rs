//! The published keys (RFC 7517 §5): bytes that were rendered when the keys changed, with an entity tag. No database.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::app::App;
use crate::http::entity::tagged;

/// The key set, or 304 when the caller has it.
pub(in crate::http) async fn get(State(app): State<App>, request: Request) -> Response {
    tagged(request.headers(), &app.ring.jwks(app.now()).entity, "application/jwk-set+json")
}

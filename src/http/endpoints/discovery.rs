//! The metadata, one document at two addresses (OpenID Connect Discovery §4, RFC 8414 §3). From memory alone.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::app::App;
use crate::protocol::metadata;

/// The document.
pub(in crate::http) async fn get(State(app): State<App>) -> Json<Value> {
    Json(metadata::document(&app.issuer))
}

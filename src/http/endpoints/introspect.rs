//! The introspection endpoint (RFC 7662 §2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::app::App;
use crate::grants::TokenRequest;
use crate::http::error::JsonError;
use crate::http::extract::ClientForm;
use crate::http::middleware::request_log::LoggedClient;

/// An introspection request.
pub(in crate::http) async fn post(State(app): State<App>, form: ClientForm) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    let request = TokenRequest { client: &form.client, params: &form.params, now: app.now() };
    let answer = app.grants.introspect(request).await.map(Json).map_err(JsonError::from);
    (logged, answer).into_response()
}

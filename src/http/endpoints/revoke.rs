//! The revocation endpoint (RFC 7009 §2).

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::grants::TokenRequest;
use crate::http::error::JsonError;
use crate::http::extract::ClientForm;
use crate::http::middleware::request_log::LoggedClient;

/// A revocation request. 200 whether or not there was such a token.
pub(in crate::http) async fn post(State(app): State<App>, form: ClientForm) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    let request = TokenRequest { client: &form.client, params: &form.params, confirmation: None, now: app.now() };
    let answer = app.grants.revoke(request).await.map(|()| StatusCode::OK).map_err(JsonError::from);
    (logged, answer).into_response()
}

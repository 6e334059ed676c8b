//! The revocation endpoint (RFC 7009 §2).

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::grants::TokenRequest;
use crate::http::error::JsonError;
use crate::http::extract::{ClientForm, Tokens, Within};
use crate::http::middleware::request_log::LoggedClient;

/// A revocation request. 200 whether or not there was such a token.
pub(in crate::http) async fn post(State(app): State<App>, _: Within<Tokens>, form: ClientForm) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    let answer = revoke(&app, &form).await.map(|()| StatusCode::OK);
    (logged, answer).into_response()
}

async fn revoke(app: &App, form: &ClientForm) -> Result<(), JsonError> {
    let now = form.now;
    // A key that another node has just made must be known here, or a token under it would be taken for none and live on.
    let keys = app.fresh_keys(now).await?;
    let request =
        TokenRequest { client: &form.client, params: &form.params, keys, confirmation: None, origin: form.origin, now };
    Ok(app.grants.revoke(request).await?)
}

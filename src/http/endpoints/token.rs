//! The token endpoint (RFC 6749 §3.2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::app::App;
use crate::grants::{Granted, TokenRequest};
use crate::http::error::JsonError;
use crate::http::extract::{ClientForm, Tokens, Within};
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::confirmation::token_type;

/// A successful answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// A token request.
pub(in crate::http) async fn post(State(app): State<App>, _: Within<Tokens>, form: ClientForm) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    (logged, answer(&app, &form).await).into_response()
}

async fn answer(app: &App, form: &ClientForm) -> Result<Response, JsonError> {
    let now = app.now();
    let request = TokenRequest {
        client: &form.client,
        params: &form.params,
        keys: app.fresh_keys(now).await?,
        confirmation: None,
        origin: form.origin,
        now,
    };
    let Granted { authorization, signers } = app.grants.redeem(request).await?;
    let minted = app.mint.tokens(&authorization, &signers)?;
    let body = TokenResponse {
        access_token: minted.access_token,
        token_type: token_type(authorization.confirmation.as_ref()),
        expires_in: authorization.expires_in(now),
        scope: authorization.scopes.to_string(),
        id_token: minted.id_token,
        refresh_token: authorization.refresh_token.as_ref().map(|token| token.expose().to_owned()),
    };
    Ok(Json(body).into_response())
}

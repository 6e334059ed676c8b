//! The token endpoint (RFC 6749 §3.2, RFC 8693 §2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::app::App;
use crate::grants::{Granted, KeyTrade, TokenRequest};
use crate::http::error::JsonError;
use crate::http::extract::{ClientForm, KeyForm, TokenForm, Tokens, Within};
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::confirmation::token_type;
use crate::protocol::token_exchange;

/// A successful answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3, RFC 8693 §2.2.1).
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    /// What was given, where a request may want something else (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// A token request.
pub(in crate::http) async fn post(State(app): State<App>, _: Within<Tokens>, form: TokenForm) -> Response {
    let client_id = match &form {
        TokenForm::OfClient(form) => form.client.client_id.clone(),
        TokenForm::OfKey(form) => form.presented.id.clone(),
    };
    (Extension(LoggedClient(client_id)), answer(&app, &form).await).into_response()
}

async fn answer(app: &App, form: &TokenForm) -> Result<Response, JsonError> {
    let now = match form {
        TokenForm::OfClient(form) => form.now,
        TokenForm::OfKey(_) => app.now(),
    };
    let keys = app.fresh_keys(now).await?;
    let (granted, issued_token_type) = match form {
        TokenForm::OfClient(ClientForm { client, params, origin, .. }) => {
            let request = TokenRequest { client, params, keys, confirmation: None, origin: *origin, now };
            (app.grants.redeem(request).await?, None)
        }
        TokenForm::OfKey(KeyForm { presented, params, origin }) => {
            let trade = KeyTrade { params, presented, keys, origin: *origin, now };
            (app.grants.trade_api_key(trade).await?, Some(token_exchange::ISSUED))
        }
    };
    let Granted { authorization, signers } = granted;
    let minted = app.mint.tokens(&authorization, &signers)?;
    let body = TokenResponse {
        access_token: minted.access_token,
        token_type: token_type(authorization.confirmation.as_ref()),
        expires_in: authorization.expires_in(now),
        scope: authorization.scopes.to_string(),
        issued_token_type,
        id_token: minted.id_token,
        refresh_token: authorization.refresh_token.as_ref().map(|token| token.expose().to_owned()),
    };
    Ok(Json(body).into_response())
}

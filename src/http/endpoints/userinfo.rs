//! The userinfo endpoint (OpenID Connect Core §5.3): a resource whose audience is the issuer. It reads grant and user from the
//! database, so an ended grant counts at once.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::error::BearerError;
use crate::http::extract::{form, is_form, query};
use crate::protocol::grant::Grant;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::{bearer, claims};
use crate::tokens::VerifiedToken;

/// With the token in the header.
pub(in crate::http) async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, BearerError> {
    answer(&app, &headers, &query(raw.as_deref())?, &Params::default()).await
}

/// With the token in the header or in the form body (RFC 6750 §2.2).
pub(in crate::http) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
    body: Body,
) -> Result<Response, BearerError> {
    let fields = if is_form(&headers) { form(&headers, body).await? } else { Params::default() };
    answer(&app, &headers, &query(raw.as_deref())?, &fields).await
}

async fn answer(app: &App, headers: &HeaderMap, query: &Params, body: &Params) -> Result<Response, BearerError> {
    let authorization: Vec<&[u8]> =
        headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let token = bearer::token(&authorization, query, body)?;
    let now = app.now();
    let token = VerifiedToken::verify(&token, app.fresh_keys(now).await?, &app.issuer, now)?;
    if token.aud != app.issuer.as_str() {
        return Err(Rejection::WrongAudience.into());
    }
    if token.cnf.is_some() {
        return Err(Rejection::BoundTokenAsBearer.into());
    }
    let grant_id = token
        .gid
        .as_deref()
        .filter(|_| token.scope.contains("openid"))
        .ok_or_else(|| Rejection::TokenWithoutOpenid.needing(["openid"]))?;
    let mut reader = app.storage.read().await?;
    if reader.is_revoked(&token.jti).await? {
        return Err(Rejection::RevokedToken.into());
    }
    let holds = |grant: &Grant| grant.holds(app.config.sign_in.idle, now);
    let grant = reader.grant(grant_id).await?.filter(holds).ok_or(Rejection::TokenOfEndedGrant)?;
    let account = reader.user(&grant.user_id).await?.ok_or(Rejection::TokenOfEndedGrant)?;
    drop(reader);
    Ok(Json(claims::userinfo(&account.user, &token.scope, &grant.claims)).into_response())
}

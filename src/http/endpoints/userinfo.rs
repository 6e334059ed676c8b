//! The userinfo endpoint (OpenID Connect Core §5.3): a resource whose audience is the issuer. Grant and user come from the
//! database, so an ended grant counts at once.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::grants::Demand;
use crate::http::error::BearerError;
use crate::http::extract::{Userinfo, Within, form, is_form, query};
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::{bearer, claims};

/// With the token in the header.
pub(in crate::http) async fn get(
    State(app): State<App>,
    _: Within<Userinfo>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, BearerError> {
    answer(&app, &headers, &query(raw.as_deref())?, &Params::default()).await
}

/// With the token in the header or in the form body (RFC 6750 §2.2).
pub(in crate::http) async fn post(
    State(app): State<App>,
    _: Within<Userinfo>,
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
    let demand = Demand { audience: app.issuer.as_str(), scope: "openid", confirmation: None };
    let access = app.grants.access(&token, demand, app.fresh_keys(now).await?, now).await?;
    // What a client was given for itself speaks of nobody.
    let grant = access.grant.ok_or_else(|| Rejection::TokenWithoutOpenid.needing(["openid"]))?;
    Ok(Json(claims::userinfo(&grant.user, &access.token.scope, &grant.claims)).into_response())
}

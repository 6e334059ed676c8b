//! The userinfo endpoint (OpenID Connect Core §5.3): a resource whose audience is the issuer. Grant and user come from the
//! database, so an ended grant counts at once.

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::app::App;
use crate::grants::Demand;
use crate::http::error::BearerError;
use crate::http::extract::{Carried, Userinfo, Within, access, form, is_form};
use crate::http::middleware::request_log::Caller;
use crate::protocol::claims;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;

/// With the token in the header.
pub(in crate::http) async fn get(
    State(app): State<App>,
    _: Within<Userinfo>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, BearerError> {
    answer(&app, Carried { headers: &headers, query: raw.as_deref(), body: &Params::default() }).await
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
    answer(&app, Carried { headers: &headers, query: raw.as_deref(), body: &fields }).await
}

async fn answer(app: &App, carried: Carried<'_>) -> Result<Response, BearerError> {
    let demand = Demand { audience: app.issuer.as_str(), confirmation: None };
    let access = access(app, carried, demand).await?;
    let caller = Caller::of(&access.token);
    // What a client was given for itself speaks of nobody.
    let Some(grant) = access.grant else {
        return Err(BearerError::from(Rejection::TokenWithoutOpenid.needing(["openid"])).to(caller));
    };
    let claims = claims::userinfo(&grant.user, &access.token.scope, &grant.claims);
    Ok((Extension(caller), Json(claims)).into_response())
}

//! The access that a request brings: its token, looked for where it may stand, verified, and asked about. Whoever is refused is named to the
//! log once the token is known as one of ours.

use axum::http::{HeaderMap, header};

use super::query;
use crate::app::App;
use crate::grants::{Access, Demand};
use crate::http::error::BearerError;
use crate::http::middleware::request_log::Caller;
use crate::protocol::bearer;
use crate::protocol::params::Params;

/// Where a request may carry its token.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Carried<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its query, where none may stand.
    pub query: Option<&'a str>,
    /// The fields of its form; none when it has no form.
    pub body: &'a Params,
}

/// The access that the request has at one of our own resources.
///
/// # Errors
/// Those of [`bearer::token`], of [`crate::grants::Grants::verified`] and of [`crate::grants::Grants::access`];
/// [`crate::protocol::rejection::Rejection::MalformedParameters`].
pub(in crate::http) async fn access(
    app: &App,
    carried: Carried<'_>,
    demand: Demand<'_>,
) -> Result<Access, BearerError> {
    let authorization: Vec<&[u8]> =
        carried.headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let token = bearer::token(&authorization, &query(carried.query)?, carried.body)?;
    let now = app.now();
    let token = app.grants.verified(&token, app.fresh_keys(now).await?, now)?;
    let caller = Caller::of(&token);
    app.grants.access(token, demand, now).await.map_err(|error| BearerError::from(error).to(caller))
}

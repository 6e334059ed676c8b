//! The sample API: takes access tokens that are for it and carry its scope (RFC 6750 §2.1, RFC 9068 §4). The token alone decides, as at
//! any resource server that verifies with the published keys; one that must know of an ended grant at once asks the server.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use super::{Demo, SCOPE};
use crate::http::error::BearerError;
use crate::http::extract::query;
use crate::protocol::bearer;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::tokens::VerifiedToken;

pub(super) async fn notes(
    State(demo): State<Demo>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, BearerError> {
    let authorization: Vec<&[u8]> =
        headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let now = demo.app.now();
    let token = bearer::token(&authorization, &query(raw.as_deref())?, &Params::default())?;
    let token = VerifiedToken::verify(&token, demo.app.fresh_keys(now).await?, &demo.app.issuer, now)?;
    if token.aud != demo.samples.resource() {
        return Err(Rejection::WrongAudience.into());
    }
    if token.cnf.is_some() {
        return Err(Rejection::BoundTokenAsBearer.into());
    }
    if !token.scope.contains(SCOPE) {
        return Err(Rejection::TokenWithoutScope.needing([SCOPE]).into());
    }
    Ok(Json(json!({
        "notes": ["Water the plants", "Answer Ann", "Read RFC 9700 to the end"],
        "caller": { "sub": token.sub, "client_id": token.client_id, "scope": token.scope.to_string() },
    })))
}

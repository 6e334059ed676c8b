//! The sample API: takes access tokens that are for it and carry its scope (RFC 6750 §2.1, RFC 9068 §4). It stands in
//! the server's own process and asks what the server asks itself, so an ended grant counts at once; an API elsewhere introspects for that,
//! or verifies with the published keys and learns of it when the token ends.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use super::{Demo, SCOPE};
use crate::grants::Demand;
use crate::http::error::BearerError;
use crate::http::extract::query;
use crate::protocol::bearer;
use crate::protocol::params::Params;

pub(super) async fn notes(
    State(demo): State<Demo>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, BearerError> {
    let authorization: Vec<&[u8]> =
        headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let now = demo.app.now();
    let token = bearer::token(&authorization, &query(raw.as_deref())?, &Params::default())?;
    let resource = demo.samples.resource();
    let demand = Demand { audience: &resource, scope: SCOPE, confirmation: None };
    let access = demo.app.grants.access(&token, demand, demo.app.fresh_keys(now).await?, now).await?;
    let token = access.token;
    Ok(Json(json!({
        "notes": ["Water the plants", "Answer Ann", "Read RFC 9700 to the end"],
        "caller": { "sub": token.sub, "client_id": token.client_id, "scope": token.scope.to_string() },
    })))
}

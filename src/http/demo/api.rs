//! The sample API: takes access tokens that are for it and carry its scope (RFC 6750 §2.1, RFC 9068 §4). It stands in
//! the server's own process and asks what the server asks itself, so an ended grant counts at once; an API elsewhere introspects for that,
//! or verifies with the published keys and learns of it when the token ends.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::{Demo, SCOPE};
use crate::grants::Demand;
use crate::http::error::BearerError;
use crate::http::extract::{Carried, access};
use crate::http::middleware::request_log::Caller;
use crate::protocol::params::Params;

pub(super) async fn notes(
    State(demo): State<Demo>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, BearerError> {
    let carried = Carried { headers: &headers, query: raw.as_deref(), body: &Params::default() };
    let resource = demo.samples.resource();
    let demand = Demand { audience: &resource, scope: SCOPE, confirmation: None };
    let token = access(&demo.app, carried, demand).await?.token;
    let caller = Extension(Caller::of(&token));
    let notes = Json(json!({
        "notes": ["Water the plants", "Answer Ann", "Read RFC 9700 to the end"],
        "caller": { "sub": token.sub, "client_id": token.client_id, "scope": token.scope.to_string() },
    }));
    Ok((caller, notes).into_response())
}

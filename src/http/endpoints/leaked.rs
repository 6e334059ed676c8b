//! Reports of API keys that were found where they should not be: the shape that secret scanners send to their partners, an array of findings
//! (`token`, and where it was found, which is not read).
//!
//! Whoever holds a key may end it, so nobody is asked who they are. The answer is the same whatever the keys are.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode};
use serde::Deserialize;

use crate::app::App;
use crate::http::error::JsonError;
use crate::http::extract::{LeakReports, Within, bytes, origin};
use crate::protocol::api_key::PresentedKey;
use crate::protocol::audit::{Act, Actor};
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;

/// The most findings of one report.
const MOST: usize = 100;

/// What was found.
#[derive(Deserialize)]
struct Finding {
    token: String,
}

/// A report.
pub(in crate::http) async fn post(
    State(app): State<App>,
    _: Within<LeakReports>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, JsonError> {
    let report = bytes(&headers, body).await?;
    let findings: Vec<Finding> = serde_json::from_slice(&report).map_err(|_| Rejection::MalformedLeakReport)?;
    if findings.is_empty() || findings.len() > MOST {
        return Err(Rejection::MalformedLeakReport.into());
    }
    let keys = findings.into_iter().filter_map(|finding| PresentedKey::read(&Secret::presented(finding.token)));
    let keys: Vec<PresentedKey> = keys.collect();
    let act = Act::by(Actor::Nobody, origin(&extensions), app.now());
    app.registry.end_leaked_api_keys(&keys, &act).await?;
    Ok(StatusCode::ACCEPTED)
}

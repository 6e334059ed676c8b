//! The answer to a call that is not let in (RFC 6750 §3, RFC 9470 §3): a challenge, and the same as JSON.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::caller::{Asked, Caller};
use crate::need::{Lacking, Need, StepUp};
use crate::refusal::{Refusal, Unavailable, VerifyError};

/// Why a call is not let in, and the answer to it. Making one writes the reason and the path as an event of `tracing`; no token is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    reason: Reason,
    resource_metadata: Option<Arc<str>>,
}

/// Why a call is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Its credential is not taken: 401.
    Refused(Refusal),
    /// It lacks this: 403.
    Forbidden(Need),
    /// Its person must authenticate so first: 401.
    StepUp(StepUp),
    /// It cannot be said: 503.
    Unavailable(Unavailable),
    /// Nothing has verified who calls: a layer is missing. 500.
    NotAsked,
}

impl Denied {
    pub(crate) fn of(error: VerifyError, asked: Asked) -> Self {
        let path = asked.uri.path();
        let reason = match error {
            VerifyError::Refused(refusal) => {
                tracing::info!(status = 401, reason = refusal.as_str(), path, "request refused");
                Reason::Refused(refusal)
            }
            VerifyError::Unavailable(unavailable) => {
                tracing::warn!(status = 503, reason = "issuer_unavailable", path, "request refused");
                Reason::Unavailable(unavailable)
            }
        };
        Self { reason, resource_metadata: asked.resource_metadata }
    }

    pub(crate) fn lacking(lacking: Lacking, caller: &Caller) -> Self {
        let reason = match lacking {
            Lacking::Rights(need) => Reason::Forbidden(need),
            Lacking::Authentication(step_up) => Reason::StepUp(step_up),
        };
        let denied = Self { reason, resource_metadata: caller.asked.resource_metadata.clone() };
        let (subject, client, path) = (caller.subject(), caller.client(), caller.asked.uri.path());
        let (status, reason) = (denied.status().as_u16(), denied.code());
        match &denied.reason {
            Reason::Forbidden(need) => {
                let (scopes, roles) = need.names();
                tracing::warn!(status, reason, subject, client, path, ?scopes, ?roles, "request refused");
            }
            _ => tracing::info!(status, reason, subject, client, path, "request refused"),
        }
        denied
    }

    pub(crate) fn not_asked() -> Self {
        tracing::error!(status = 500, reason = "no_caller", "nothing has verified who calls: `RequireAuth` is missing");
        Self { reason: Reason::NotAsked, resource_metadata: None }
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Refused(_) | Reason::StepUp(_) => StatusCode::UNAUTHORIZED,
            Reason::Forbidden(_) => StatusCode::FORBIDDEN,
            Reason::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Reason::NotAsked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer.
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body().to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Reason::Unavailable(Unavailable { retry_after }) = self.reason {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        }
        response
    }

    fn body(&self) -> Value {
        let mut body = json!({ "error": self.code(), "error_description": self.to_string() });
        match &self.reason {
            Reason::Refused(refusal) => body["reason"] = refusal.as_str().into(),
            Reason::Forbidden(need) => {
                let (scopes, roles) = need.names();
                if !scopes.is_empty() {
                    body["scope"] = scopes.join(" ").into();
                }
                if !roles.is_empty() {
                    body["roles"] = roles.into();
                }
            }
            Reason::StepUp(step_up) => {
                for (name, value) in step_up.parameters() {
                    body[name] = value;
                }
            }
            Reason::Unavailable(_) | Reason::NotAsked => {}
        }
        body
    }

    /// The code of the error (RFC 6750 §3.1, RFC 9470 §3; the last two are RFC 6749's).
    fn code(&self) -> &'static str {
        match self.reason {
            Reason::Refused(Refusal::Missing | Refusal::Several | Refusal::InAddress) => "invalid_request",
            Reason::Refused(_) => "invalid_token",
            Reason::Forbidden(_) => "insufficient_scope",
            Reason::StepUp(_) => "insufficient_user_authentication",
            Reason::Unavailable(_) => "temporarily_unavailable",
            Reason::NotAsked => "server_error",
        }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        let mut fields = Vec::new();
        match &self.reason {
            // Who showed nothing is only told what to show (RFC 6750 §3.1).
            Reason::Refused(Refusal::Missing) => {}
            Reason::Refused(_) | Reason::Forbidden(_) | Reason::StepUp(_) => {
                fields.push(format!("error=\"{}\"", self.code()));
                fields.push(format!("error_description=\"{}\"", quotable(&self.to_string())));
            }
            Reason::Unavailable(_) | Reason::NotAsked => return None,
        }
        if let Reason::Forbidden(need) = &self.reason {
            let (scopes, _) = need.names();
            if !scopes.is_empty() {
                fields.push(format!("scope=\"{}\"", quotable(&scopes.join(" "))));
            }
        }
        if let Reason::StepUp(step_up) = &self.reason {
            for (name, value) in step_up.parameters() {
                let value = value.as_str().map_or_else(|| value.to_string(), quotable);
                fields.push(format!("{name}=\"{value}\""));
            }
        }
        if let Some(address) = &self.resource_metadata {
            fields.push(format!("resource_metadata=\"{}\"", quotable(address)));
        }
        let challenge = if fields.is_empty() { "Bearer".to_owned() } else { format!("Bearer {}", fields.join(", ")) };
        Some(HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer")))
    }
}

/// What may stand between quotes in a challenge (RFC 6750 §3).
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Refused(refusal) => refusal.fmt(f),
            Reason::Forbidden(need) => write!(f, "The request needs: {need}"),
            Reason::StepUp(step_up) => step_up.fmt(f),
            Reason::Unavailable(unavailable) => unavailable.fmt(f),
            Reason::NotAsked => f.write_str("The server has not verified who calls"),
        }
    }
}

impl std::error::Error for Denied {}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for Denied {
    fn into_response(self) -> axum_core::response::Response {
        self.response().map(axum_core::body::Body::from)
    }
}

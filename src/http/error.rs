//! The renderings of a refusal: JSON, page, bearer challenge. (The fourth, the redirect, is `protocol/authorization_response.rs`; the
//! HTTP status stands with the error code, in `protocol/rejection/code.rs`.)
//!
//! The private reason travels in response extensions as [`Reason`]: for the log line and the tests, never on the wire.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::middleware::request_log::Caller;
use super::pages::Asker;
use crate::failure::{Error, Failure};
use crate::protocol::issuer::Place;
use crate::protocol::rejection::{Detail, ErrorCode, Refusal, Rejection};

/// Why a request was not done; in the extensions of its response.
#[derive(Clone, Debug)]
pub enum Reason {
    /// A rule said no.
    Rejected(Refusal),
    /// We could not.
    Failed(Failure),
}

/// The status of a refusal that is not redirected.
pub(super) fn status(rejection: Rejection) -> StatusCode {
    StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::BAD_REQUEST)
}

fn failure_status(failure: &Failure) -> StatusCode {
    if failure.passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR }
}

/// Puts the reason into the extensions, and `Retry-After` where waiting helps.
pub(super) fn explained(mut response: Response, error: Error) -> Response {
    let wait = match &error {
        Error::Rejected(Refusal { detail: Detail::Wait(seconds), .. }) => Some(*seconds),
        Error::Failed(failure) if failure.passing => Some(2),
        _ => None,
    };
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(match error {
        Error::Rejected(refusal) => Reason::Rejected(refusal),
        Error::Failed(failure) => Reason::Failed(failure),
    });
    response
}

/// A page as the answer to what was refused, if something was: with the status, and the reason for the log.
pub(super) fn page_of(page: impl IntoResponse, refusal: Option<Refusal>) -> Response {
    match refusal {
        None => page.into_response(),
        Some(refusal) => explained((status(refusal.rejection), page).into_response(), refusal.into()),
    }
}

/// An error of an endpoint for machines: JSON as in RFC 6749 §5.2.
#[derive(Debug)]
pub(super) struct JsonError(pub Error);

impl<E: Into<Error>> From<E> for JsonError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for JsonError {
    fn into_response(self) -> Response {
        let response = match &self.0 {
            Error::Rejected(refusal) => {
                let mut response = json(refusal);
                if refusal.rejection.code() == ErrorCode::InvalidClient {
                    let challenge = HeaderValue::from_static("Basic realm=\"doorward\", charset=\"UTF-8\"");
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                response
            }
            Error::Failed(failure) => (failure_status(failure), Json(failure_body(failure))).into_response(),
        };
        explained(response, self.0)
    }
}

fn json(refusal: &Refusal) -> Response {
    let mut body = json!({ "error": refusal.rejection.code().as_str(), "error_description": refusal.description() });
    if let Some(needed) = refusal.needed() {
        body["scope"] = needed.to_string().into();
    }
    (status(refusal.rejection), Json(body)).into_response()
}

/// An error of an endpoint that takes access tokens: a challenge as in RFC 6750 §3, and the same as JSON.
#[derive(Debug)]
pub(super) struct BearerError {
    error: Error,
    caller: Option<Caller>,
}

impl<E: Into<Error>> From<E> for BearerError {
    fn from(error: E) -> Self {
        Self { error: error.into(), caller: None }
    }
}

impl BearerError {
    /// The error, said to whom the token was given.
    pub fn to(self, caller: Caller) -> Self {
        Self { caller: Some(caller), ..self }
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let mut response = match &self.error {
            Error::Rejected(refusal) => {
                let mut response = json(refusal);
                if let Ok(challenge) = HeaderValue::from_str(&challenge(refusal)) {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                explained(response, self.error)
            }
            Error::Failed(_) => JsonError(self.error).into_response(),
        };
        if let Some(caller) = self.caller {
            response.extensions_mut().insert(caller);
        }
        response
    }
}

fn challenge(refusal: &Refusal) -> String {
    let mut challenge = "Bearer realm=\"doorward\"".to_owned();
    // A request that does not authenticate at all is told no error code (RFC 6750 §3.1).
    if refusal.rejection != Rejection::MissingToken {
        let (code, words) = (refusal.rejection.code().as_str(), refusal.description());
        challenge.push_str(&format!(", error=\"{code}\", error_description=\"{words}\""));
    }
    if let Some(needed) = refusal.needed() {
        challenge.push_str(&format!(", scope=\"{needed}\""));
    }
    challenge
}

fn failure_body(failure: &Failure) -> serde_json::Value {
    let words = if failure.passing { "The server cannot answer now. Try again soon." } else { "The server failed." };
    json!({ "error": "server_error", "error_description": words })
}

/// An error that is shown as a page. What it looks like is made by the middleware of the pages, which knows the brand.
#[derive(Debug)]
pub(super) struct PageError {
    error: Error,
    onward: Option<Box<Onward>>,
}

/// How a person can go on from the page of an error; in the extensions of its response.
#[derive(Clone, Debug, Default)]
pub(super) struct Onward {
    /// The application that sent them.
    pub application: Option<Asker>,
    /// A page of ours where the same way goes on.
    pub again: Option<Place>,
}

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self { error: error.into(), onward: None }
    }
}

impl PageError {
    /// The error, with a way on from it.
    pub fn with(self, onward: Onward) -> Self {
        Self { onward: Some(Box::new(onward)), ..self }
    }

    /// The error, on behalf of an application.
    pub fn sent_by(self, application: Option<Asker>) -> Self {
        self.with(Onward { application, again: None })
    }
}

/// Marks a response whose body is still to be made from its [`Reason`].
#[derive(Clone, Copy)]
pub(super) struct WithoutPage;

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = match &self.error {
            Error::Rejected(refusal) => status(refusal.rejection),
            Error::Failed(failure) => failure_status(failure),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(WithoutPage);
        if let Some(onward) = self.onward {
            response.extensions_mut().insert(*onward);
        }
        explained(response, self.error)
    }
}

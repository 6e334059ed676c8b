//! The only table from error code to HTTP status, and the renderings of a refusal: JSON, page, bearer challenge. (The fourth, the
//! redirect, is `protocol/authorization_response.rs`.)
//!
//! The private reason travels in response extensions as [`Reason`]: for the log line and the tests, never on the wire.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failure::{Error, Failure};
use crate::protocol::rejection::{ErrorCode, Rejection};

/// Why a request was not done; in the extensions of its response.
#[derive(Clone, Debug)]
pub enum Reason {
    /// A rule said no.
    Rejected(Rejection),
    /// We could not.
    Failed(Failure),
}

/// The status of an error code.
pub(super) fn status(rejection: Rejection) -> StatusCode {
    match (rejection, rejection.code()) {
        (Rejection::BodyTooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (Rejection::WrongContentType, _) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (Rejection::ForgedForm | Rejection::CrossOriginForm | Rejection::ConsentOfAnother, _) => StatusCode::FORBIDDEN,
        (_, ErrorCode::InvalidClient | ErrorCode::InvalidToken) => StatusCode::UNAUTHORIZED,
        (_, ErrorCode::InsufficientScope) => StatusCode::FORBIDDEN,
        (_, ErrorCode::TooManyAttempts) => StatusCode::TOO_MANY_REQUESTS,
        (_, ErrorCode::NotFound) => StatusCode::NOT_FOUND,
        (_, ErrorCode::MethodNotAllowed) => StatusCode::METHOD_NOT_ALLOWED,
        (_, ErrorCode::MisdirectedRequest) => StatusCode::MISDIRECTED_REQUEST,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn failure_status(failure: &Failure) -> StatusCode {
    if failure.passing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::INTERNAL_SERVER_ERROR }
}

/// Puts the reason into the extensions, and `Retry-After` where waiting helps.
pub(super) fn explained(mut response: Response, error: Error) -> Response {
    let wait = match &error {
        Error::Rejected(rejection) if rejection.code() == ErrorCode::TooManyAttempts => Some("60"),
        Error::Failed(failure) if failure.passing => Some("2"),
        _ => None,
    };
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response.extensions_mut().insert(match error {
        Error::Rejected(rejection) => Reason::Rejected(rejection),
        Error::Failed(failure) => Reason::Failed(failure),
    });
    response
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
            Error::Rejected(rejection) => {
                let body = json!({ "error": rejection.code().as_str(), "error_description": rejection.description() });
                let mut response = (status(*rejection), Json(body)).into_response();
                if rejection.code() == ErrorCode::InvalidClient {
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

/// An error of an endpoint that takes access tokens: a challenge as in RFC 6750 §3.
#[derive(Debug)]
pub(super) struct BearerError(pub Error);

impl<E: Into<Error>> From<E> for BearerError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let Error::Rejected(rejection) = &self.0 else { return JsonError(self.0).into_response() };
        let (code, words) = (rejection.code().as_str(), rejection.description());
        let challenge = match rejection {
            // A request that does not authenticate at all is told no error code (RFC 6750 §3.1).
            Rejection::MissingToken => "Bearer realm=\"doorward\"".to_owned(),
            Rejection::TokenWithoutOpenid => {
                format!("Bearer realm=\"doorward\", error=\"{code}\", error_description=\"{words}\", scope=\"openid\"")
            }
            _ => format!("Bearer realm=\"doorward\", error=\"{code}\", error_description=\"{words}\""),
        };
        let body = json!({ "error": code, "error_description": words });
        let mut response = (status(*rejection), Json(body)).into_response();
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        explained(response, self.0)
    }
}

fn failure_body(failure: &Failure) -> serde_json::Value {
    let words = if failure.passing { "The server cannot answer now. Try again soon." } else { "The server failed." };
    json!({ "error": "server_error", "error_description": words })
}

/// An error that is shown as a page. What it looks like is made by the middleware of the pages, which knows the brand.
#[derive(Debug)]
pub(super) struct PageError(pub Error);

impl<E: Into<Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Marks a response whose body is still to be made from its [`Reason`].
#[derive(Clone, Copy)]
pub(super) struct WithoutPage;

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::Rejected(rejection) => status(*rejection),
            Error::Failed(failure) => failure_status(failure),
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(WithoutPage);
        explained(response, self.0)
    }
}

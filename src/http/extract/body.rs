//! Bodies and queries as parameters: at most 64 KiB, form-encoded (RFC 6749 §3.2); and the one body that is no form.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};

use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;

/// The longest body, in bytes.
const MAX_BODY: usize = 65_536;

/// Reads a form body.
///
/// # Errors
/// [`Rejection::WrongContentType`], [`Rejection::BodyTooLarge`], [`Rejection::BodyUnreadable`], [`Rejection::MalformedParameters`].
pub(in crate::http) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, Rejection> {
    if !is_form(headers) {
        return Err(Rejection::WrongContentType);
    }
    Params::parse(&bytes(headers, body).await?)
}

/// Reads a body of any type.
///
/// # Errors
/// [`Rejection::BodyTooLarge`], [`Rejection::BodyUnreadable`].
pub(in crate::http) async fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, Rejection> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(Rejection::BodyTooLarge);
    }
    to_bytes(body, MAX_BODY).await.map_err(|error| {
        let too_large =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if too_large { Rejection::BodyTooLarge } else { Rejection::BodyUnreadable }
    })
}

/// Whether the body says that it is form-encoded. The media type has no parameters, and those that clients send all the same, such as a
/// charset, say nothing: the encoding is UTF-8 (RFC 6749 Appendix B).
pub(in crate::http) fn is_form(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return false };
    let media_type = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Reads a query.
///
/// # Errors
/// [`Rejection::MalformedParameters`].
pub(in crate::http) fn query(query: Option<&str>) -> Result<Params, Rejection> {
    Params::parse(query.unwrap_or_default().as_bytes())
}

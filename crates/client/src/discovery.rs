//! What an issuer says of itself (OpenID Connect Discovery §4.3): each part by whoever needs it, and that it is this issuer's for all.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::address;
use crate::http::{Http, HttpError};
use crate::strict::Object;

/// The longest metadata, in bytes.
const LONGEST: usize = 64 * 1024;

/// What makes it impossible to have what an issuer publishes.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum FetchError {
    Http(HttpError),
    Status(StatusCode),
    TooLong,
    /// It is not what it should be; which of the two.
    Unreadable(&'static str),
    /// The metadata are those of another issuer, which they name.
    OtherIssuer(String),
    /// An address that may not be asked.
    Address(String),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::TooLong => f.write_str("the answer is too long"),
            Self::Unreadable(what) => write!(f, "the answer is no {what}"),
            Self::OtherIssuer(other) => write!(f, "the metadata are those of {other}"),
            Self::Address(address) => write!(f, "{address} is neither https nor on this machine"),
        }
    }
}

/// Reads a part of the metadata of an issuer, which must say that they are its own.
pub(crate) async fn metadata<T: DeserializeOwned>(http: &Arc<dyn Http>, issuer: &str) -> Result<T, FetchError> {
    let uri = address::of_metadata(issuer).ok_or_else(|| FetchError::Address(issuer.to_owned()))?;
    read(issuer, get(http, uri).await?.body())
}

/// The part of this text, when it is of this issuer, byte for byte.
pub(crate) fn read<T: DeserializeOwned>(issuer: &str, text: &[u8]) -> Result<T, FetchError> {
    #[derive(Deserialize)]
    struct Owner {
        issuer: String,
    }
    if text.len() > LONGEST {
        return Err(FetchError::TooLong);
    }
    let unreadable = |_| FetchError::Unreadable("metadata of an issuer");
    let Object(owner) = serde_json::from_slice::<Object<Owner>>(text).map_err(unreadable)?;
    if owner.issuer != issuer {
        // Only what looks like an address is worth a line in a log.
        return Err(FetchError::OtherIssuer(owner.issuer.chars().filter(|c| !c.is_control()).take(200).collect()));
    }
    let Object(part) = serde_json::from_slice::<Object<T>>(text).map_err(unreadable)?;
    Ok(part)
}

/// The address that the metadata of an issuer point to.
pub(crate) fn pointed_to(issuer: &str, text: &str) -> Result<Uri, FetchError> {
    address::pointed_to(issuer, text).ok_or_else(|| FetchError::Address(text.to_owned()))
}

/// What is published at this address.
pub(crate) async fn get(http: &Arc<dyn Http>, uri: Uri) -> Result<Response<Bytes>, FetchError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
    let answer = http.send(request).await.map_err(FetchError::Http)?;
    match answer.status() {
        StatusCode::OK => Ok(answer),
        status => Err(FetchError::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.org";

    #[derive(Debug, Deserialize)]
    struct Part {
        place: String,
    }

    fn refused(text: &str) -> FetchError {
        read::<Part>(ISSUER, text.as_bytes()).unwrap_err()
    }

    #[test]
    fn metadata_are_those_of_the_issuer_byte_for_byte() {
        let of = |issuer: &str| format!(r#"{{"issuer":"{issuer}","place":"here","more":[1]}}"#);
        assert_eq!(read::<Part>(ISSUER, of(ISSUER).as_bytes()).unwrap().place, "here");
        for other in ["https://evil.example.org", "https://login.example.org/", "https://LOGIN.example.org", ""] {
            assert!(matches!(refused(&of(other)), FetchError::OtherIssuer(named) if named == other), "{other}");
        }
    }

    #[test]
    fn what_is_no_object_with_all_that_is_needed_is_refused() {
        for text in [
            "",
            "{}",
            "null",
            r#"["https://login.example.org","here"]"#,
            r#"{"issuer":"https://login.example.org"}"#,
            r#"{"issuer":"https://login.example.org","place":7}"#,
            r#"{"issuer":"https://evil.example.org","issuer":"https://login.example.org","place":"here"}"#,
            r#"{"issuer":"https://login.example.org","place":"there","place":"here"}"#,
        ] {
            assert!(matches!(refused(text), FetchError::Unreadable(_)), "{text}");
        }
        let long = format!(r#"{{"issuer":"{ISSUER}","place":"{}"}}"#, "x".repeat(LONGEST));
        assert!(matches!(refused(&long), FetchError::TooLong));
    }
}

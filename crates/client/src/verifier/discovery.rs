//! What an issuer says of itself (OpenID Connect Discovery §4.3), and its keys.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use serde::Deserialize;

use super::address;
use crate::http::{Http, HttpError};
use crate::key_set::KeySet;
use crate::strict::Object;

/// The longest metadata, in bytes.
const LONGEST_METADATA: usize = 64 * 1024;
/// The longest key set, in bytes.
const LONGEST_KEYS: usize = 1 << 20;
/// How long keys are fresh when the answer does not say.
const USUAL: Duration = Duration::from_secs(600);
/// What an answer can say at least and at most.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What makes it impossible to have keys.
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

/// The part of the metadata that counts here.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) jwks_uri: String,
    #[cfg(feature = "introspect")]
    pub(crate) introspection_endpoint: Option<String>,
}

/// Reads the metadata of an issuer, which must say that they are its own.
pub(crate) async fn metadata(http: &Arc<dyn Http>, issuer: &str) -> Result<Metadata, FetchError> {
    let uri = address::of_metadata(issuer).ok_or_else(|| FetchError::Address(issuer.to_owned()))?;
    let answer = get(http, uri, LONGEST_METADATA).await?;
    let Object(metadata): Object<Metadata> =
        serde_json::from_slice(answer.body()).map_err(|_| FetchError::Unreadable("metadata of an issuer"))?;
    if metadata.issuer != issuer {
        // Only what looks like an address is worth a line in a log.
        return Err(FetchError::OtherIssuer(metadata.issuer.chars().filter(|c| !c.is_control()).take(200).collect()));
    }
    Ok(metadata)
}

/// Where an issuer says that its keys are.
pub(crate) async fn key_set_address(http: &Arc<dyn Http>, issuer: &str) -> Result<Uri, FetchError> {
    let metadata = metadata(http, issuer).await?;
    let from = issuer.parse::<Uri>().map_err(|_| FetchError::Address(issuer.to_owned()))?;
    address::pointed_to(&from, &metadata.jwks_uri).ok_or(FetchError::Address(metadata.jwks_uri))
}

/// Reads a key set, and for how long it is fresh.
pub(crate) async fn key_set(http: &Arc<dyn Http>, uri: Uri) -> Result<(KeySet, Duration), FetchError> {
    let answer = get(http, uri, LONGEST_KEYS).await?;
    let set = KeySet::parse(answer.body()).map_err(|_| FetchError::Unreadable("key set"))?;
    Ok((set, fresh_for(answer.headers())))
}

async fn get(http: &Arc<dyn Http>, uri: Uri, longest: usize) -> Result<Response<Bytes>, FetchError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
    let answer = http.send(request).await.map_err(FetchError::Http)?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(answer.status()));
    }
    if answer.body().len() > longest {
        return Err(FetchError::TooLong);
    }
    Ok(answer)
}

/// `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1), within bounds.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let seconds = directives.flat_map(|text| text.split(',')).find_map(|directive| {
        let (name, value) = directive.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse::<u64>().ok())?
    });
    seconds.map_or(USUAL, Duration::from_secs).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fresh_for_as_long_as_the_answer_says_within_bounds() {
        let cases = [
            ("max-age=300", 300),
            ("public, Max-Age=\"900\", must-revalidate", 900),
            ("max-age=0", 60),
            ("max-age=99999999", 86400),
            ("max-age=-1", 600),
            ("no-store", 600),
            ("s-maxage=5", 600),
        ];
        for (value, seconds) in cases {
            let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, value.parse().unwrap())]);
            assert_eq!(fresh_for(&headers).as_secs(), seconds, "{value}");
        }
        assert_eq!(fresh_for(&HeaderMap::new()), USUAL);
    }
}

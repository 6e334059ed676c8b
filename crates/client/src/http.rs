//! How requests leave: a small trait, which `reqwest` implements and anything else may.

#[cfg(feature = "reqwest")]
mod reqwest;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
#[cfg(any(feature = "verify", feature = "token-source"))]
use std::sync::Arc;

use bytes::Bytes;

#[cfg(feature = "reqwest")]
pub use self::reqwest::Reqwest;
#[cfg(any(feature = "verify", feature = "token-source"))]
use crate::build_error::BuildError;

/// What is under way to an answer.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<::http::Response<Bytes>, HttpError>> + Send + 'a>>;

/// What sends a request. [`Reqwest`] is one (feature `reqwest`); anything else implements this.
///
/// An implementation gives up after some seconds, reads no more than a megabyte of an answer, and follows no redirect: who answers is who was
/// asked.
pub trait Http: Send + Sync + 'static {
    /// Sends the request, whose URI is absolute, and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer, or one that is too long.
    fn send(&self, request: ::http::Request<Bytes>) -> Sending<'_>;
}

/// The request got no answer: the words of what sent it.
#[derive(Debug)]
pub struct HttpError(Box<dyn Error + Send + Sync>);

impl HttpError {
    /// Of any error, or of words.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        // What it is about stands in the causes: "error sending request", and only then that nobody listens.
        let mut cause = self.0.source();
        while let Some(next) = cause {
            write!(f, ": {next}")?;
            cause = next.source();
        }
        Ok(())
    }
}

impl Error for HttpError {}

/// What sends: that which was given, or reqwest.
#[cfg(any(feature = "verify", feature = "token-source"))]
pub(crate) fn sender(given: Option<Arc<dyn Http>>) -> Result<Arc<dyn Http>, BuildError> {
    if let Some(given) = given {
        return Ok(given);
    }
    #[cfg(feature = "reqwest")]
    return match Reqwest::new() {
        Ok(reqwest) => Ok(Arc::new(reqwest)),
        Err(error) => Err(BuildError::new(format!("reqwest cannot be set up: {error}"))),
    };
    #[cfg(not(feature = "reqwest"))]
    Err(BuildError::new("there is nothing to send by: name an `Http`, or switch the feature `reqwest` on"))
}

/// Whether this may be asked: `https`, or `http` on this machine.
#[cfg(any(feature = "reqwest", feature = "verify", feature = "token-source"))]
pub(crate) fn is_allowed(uri: &::http::Uri) -> bool {
    let loopback = |host: &str| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let Some(authority) = uri.authority() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => loopback(authority.host()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_or_this_machine_is_asked() {
        let cases = [
            ("https://login.example.org/keys", true),
            ("http://127.0.0.1:8000", true),
            ("http://[::1]:8000/x", true),
            ("http://localhost/", true),
            ("http://login.example.org/", false),
            ("http://127.0.0.1.evil.test/", false),
            ("http://127.0.0.1@evil.test/", false),
            ("https://name:word@login.example.org/", false),
            ("ftp://127.0.0.1/", false),
            ("/keys", false),
        ];
        for (uri, allowed) in cases {
            assert_eq!(is_allowed(&uri.parse().unwrap()), allowed, "{uri}");
        }
    }

    #[test]
    fn an_error_says_its_causes() {
        let inner = std::io::Error::other("nobody listens");
        assert_eq!(HttpError::new(std::io::Error::other(inner)).to_string(), "nobody listens");
        assert_eq!(HttpError::new("too long").to_string(), "too long");
    }
}

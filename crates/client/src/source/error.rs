//! Why there is no token.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::HttpError;
use crate::discovery::FetchError;

/// Why there is no token. A copy is cheap: everybody who waited gets one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SourceError {
    /// The server said why it gives none.
    Refused(Arc<Refusal>),
    /// The server answered with this status, and not in the words of OAuth.
    Answered(u16),
    /// The server's answer cannot be used: what is wrong with it.
    Unusable(&'static str),
    /// The document in which the server describes itself cannot be used: what is wrong with it.
    Metadata(&'static str),
    /// The server takes none of the ways in which this client can say who it is: neither `private_key_jwt` with an algorithm of its key, nor
    /// its secret.
    Unauthenticable,
    /// The file of the secret cannot be read.
    Secret(Arc<io::Error>),
    /// There was no answer.
    Unreachable(Arc<HttpError>),
    /// There was no answer in time.
    Late,
    /// Whoever asked for all was stopped before there was an answer: its runtime ended.
    Lost,
    /// This was called outside of a tokio runtime.
    NoRuntime,
}

/// What a server says when it gives no token (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `error`, such as `invalid_client`.
    pub error: String,
    /// The `error_description`, a sentence for whoever looks after the service.
    pub description: Option<String>,
}

impl SourceError {
    /// The `error` that the server named (RFC 6749 §5.2), such as `invalid_client`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.error),
            _ => None,
        }
    }
}

impl From<FetchError> for SourceError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Http(error) => Self::Unreachable(Arc::new(error)),
            FetchError::Status(status) => Self::Answered(status.as_u16()),
            FetchError::TooLong => Self::Metadata("they are too long"),
            FetchError::Unreadable(_) => Self::Metadata("they are no JSON object with an issuer and a token_endpoint"),
            FetchError::OtherIssuer(_) => Self::Metadata("they are of another issuer"),
            FetchError::Address(_) => Self::Metadata("the token_endpoint is neither https nor on this machine"),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => {
                write!(f, "the server gives no token: {}", refusal.error)?;
                refusal.description.iter().try_for_each(|description| write!(f, " ({description})"))
            }
            Self::Answered(status) => write!(f, "the server answered {status}"),
            Self::Unusable(why) => write!(f, "the token endpoint's answer cannot be used: {why}"),
            Self::Metadata(why) => write!(f, "the issuer's metadata cannot be used: {why}"),
            Self::Unauthenticable => {
                f.write_str("the server takes none of the ways in which this client can authenticate")
            }
            Self::Secret(error) => write!(f, "the file of the client's secret cannot be read: {error}"),
            Self::Unreachable(error) => write!(f, "the server does not answer: {error}"),
            Self::Late => f.write_str("the server does not answer in time"),
            Self::Lost => f.write_str("the request for a token was given up"),
            Self::NoRuntime => f.write_str("a token can be fetched in a tokio runtime only"),
        }
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error.as_ref()),
            Self::Secret(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// Why a call of an API did not come to an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// There is no token for it.
    Token(SourceError),
    /// The address is neither `https` nor on this machine: whoever listens on the way would have the token (RFC 6750 §5.3).
    InTheClear,
    /// The call itself failed.
    Call(E),
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::InTheClear => f.write_str("a token is sent over https only"),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl<E: Error + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::InTheClear => None,
            Self::Call(error) => error.source(),
        }
    }
}

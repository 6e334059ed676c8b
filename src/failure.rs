//! What can go wrong: a refusal by rule ([`Refusal`]) or a failure of ours ([`Failure`]). Nothing else ends a request.

use std::fmt;

use crate::protocol::params::Repeated;
use crate::protocol::rejection::{Refusal, Rejection};

/// A failure of ours. Its detail is for the log alone; the answer is 503 or 500 with `server_error`.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Whether trying again soon may help.
    pub passing: bool,
    /// What happened, for the operator. Never holds a secret.
    pub detail: String,
}

impl Failure {
    /// Something we lean on does not answer or is full: 503 with `Retry-After`.
    pub fn unavailable(detail: impl fmt::Display) -> Self {
        Self { passing: true, detail: detail.to_string() }
    }

    /// A state that should not be: 500.
    pub fn internal(detail: impl fmt::Display) -> Self {
        Self { passing: false, detail: detail.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Failure {}

/// Why a request was not done.
#[derive(Debug, Clone)]
pub enum Error {
    /// A rule said no.
    Rejected(Refusal),
    /// We could not.
    Failed(Failure),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection.into())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(refusal)
    }
}

impl From<Repeated> for Error {
    fn from(repeated: Repeated) -> Self {
        Self::Rejected(repeated.into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

//! Why a token is not taken, and why it cannot be said.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// Why a request is refused. Asking again with the same credentials does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no token.
    Missing,
    /// There is more than one credential, or the same one twice.
    Several,
    /// There is one in the address, where logs and histories keep it (OAuth 2.1 §5.1).
    InAddress,
    /// It cannot be read as a token, or says what no token may: numbers that are texts, members that stand twice, no expiry.
    Malformed,
    /// It is longer than 8 KiB.
    TooLong,
    /// It is signed by another algorithm than those that were configured, or not at all.
    Algorithm,
    /// It is a token of another type: an ID token, a logout token, or of no type.
    Type,
    /// Its header demands what is not understood here (`crit`, RFC 7515 §4.1.11).
    CriticalHeader,
    /// The issuer has no key of that name.
    UnknownKey,
    /// The signature is not that of the key.
    Signature,
    /// Another issuer made it.
    Issuer,
    /// It is for another API.
    Audience,
    /// It has expired.
    Expired,
    /// It begins later.
    NotYetValid,
    /// It is bound to a key (`cnf`), of which a bearer shows nothing.
    KeyBound,
    /// The issuer says that it does not hold: it was revoked, or is none of its own.
    Inactive,
}

impl Refusal {
    /// Its name in logs and in the JSON of an answer, such as `expired`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several => "several_credentials",
            Self::InAddress => "in_address",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::Algorithm => "algorithm_not_allowed",
            Self::Type => "wrong_type",
            Self::CriticalHeader => "critical_header",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "bad_signature",
            Self::Issuer => "wrong_issuer",
            Self::Audience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::KeyBound => "bound_to_a_key",
            Self::Inactive => "inactive",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "The request has no access token",
            Self::Several => "The request has more than one credential",
            Self::InAddress => "The access token is in the address",
            Self::Malformed => "The access token is malformed",
            Self::TooLong => "The access token is too long",
            Self::Algorithm => "The access token is not signed by an allowed algorithm",
            Self::Type => "The token is not an access token",
            Self::CriticalHeader => "The access token demands an extension that is not understood",
            Self::UnknownKey => "The access token is signed by an unknown key",
            Self::Signature => "The signature is not valid",
            Self::Issuer => "The access token is from another issuer",
            Self::Audience => "The access token is for another audience",
            Self::Expired => "The access token expired",
            Self::NotYetValid => "The access token is not valid yet",
            Self::KeyBound => "The access token is bound to a key that was not shown",
            Self::Inactive => "The access token is not active",
        })
    }
}

impl Error for Refusal {}

/// The issuer cannot be asked for what would decide: nothing is known against the token. Asking again later helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// After how long asking again makes sense.
    pub retry_after: Duration,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The issuer cannot be reached")
    }
}

impl Error for Unavailable {}

/// Why there are no claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// The token is not taken: a 401.
    Refused(Refusal),
    /// It cannot be said: a 503, never a 401.
    Unavailable(Unavailable),
}

impl From<Refusal> for VerifyError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unavailable> for VerifyError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
        }
    }
}

impl Error for VerifyError {}

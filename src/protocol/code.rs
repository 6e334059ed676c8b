//! The authorization code at redemption: what was found, and whether it may be redeemed (RFC 6749 §4.1.2 and §4.1.3).

use super::grant::Grant;
use super::params::Params;
use super::pkce::{self, CodeChallenge};
use super::rejection::Rejection;
use crate::clock::Timestamp;

/// A code as it is known.
#[derive(Debug)]
pub struct KnownCode {
    /// What it is bound to.
    pub issued: IssuedCode,
    /// The grant that it stands for.
    pub grant: Grant,
    /// Whether it was used before.
    pub used: Used,
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Nothing yet.
    No,
    /// It was presented with something wrong, and is worth nothing since.
    Burnt,
    /// It was redeemed.
    Redeemed,
}

/// A code with what it is bound to.
#[derive(Debug, Clone)]
pub struct IssuedCode {
    /// The grant it stands for.
    pub grant_id: String,
    /// The `redirect_uri` of its authorization request.
    pub redirect_uri: String,
    /// The PKCE challenge, if there was one.
    pub challenge: Option<CodeChallenge>,
    /// The `nonce`, for the ID token.
    pub nonce: Option<String>,
    /// The moment from which it is worthless.
    pub expires_at: Timestamp,
}

/// Checks a code against the token request. What fails here burns an unused code, and ends nothing.
///
/// # Errors
/// [`Rejection::ExpiredCode`], [`Rejection::WrongRedirectUri`], and those of [`pkce::verify`].
pub fn check(code: &IssuedCode, params: &Params, now: Timestamp) -> Result<(), Rejection> {
    if now >= code.expires_at {
        return Err(Rejection::ExpiredCode);
    }
    if params.single("redirect_uri")? != Some(code.redirect_uri.as_str()) {
        return Err(Rejection::WrongRedirectUri);
    }
    pkce::verify(code.challenge.as_ref(), params.single("code_verifier")?)
}

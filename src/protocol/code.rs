//! The authorization code at redemption: what was found, and whether it may be redeemed (RFC 6749 §4.1.2 and §4.1.3).

use super::params::Params;
use super::pkce::{self, CodeChallenge};
use super::rejection::Rejection;
use crate::clock::Timestamp;

/// What consuming a code found. The one statement that consumes decides between these.
#[derive(Debug)]
pub enum Consumed {
    /// It was consumed now, by us alone.
    Now(IssuedCode),
    /// It had been consumed before; with the grant to end when it had been redeemed.
    Before {
        /// The grant that came of the first redemption; `None` when that one failed.
        redeemed_grant: Option<String>,
    },
    /// It belongs to another client; nothing was touched.
    Foreign,
    /// There is no such code.
    Never,
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

/// Checks a consumed code against the token request. What fails here has burnt the code, and ends nothing.
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

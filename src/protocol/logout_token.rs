//! The logout token: tells one client that one sign-in has ended (OpenID Connect Back-Channel Logout §2.4).

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;

/// The type in the header.
pub const TYPE: &str = "logout+jwt";
/// How long a logout token can be used, in seconds: two minutes at most, says §2.4.
const LIFETIME: i64 = 120;

/// A client that is to be told that a sign-in has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutNotice {
    /// Whom to tell.
    pub client_id: String,
    /// What has ended: the `sid`.
    pub sign_in_id: String,
    /// Whose it was: the `sub`.
    pub user_id: String,
    /// How often it has been tried, the present attempt counted.
    pub attempts: i64,
}

/// The claims of a logout token (§2.4). There is never a `nonce` among them.
#[derive(Debug, Serialize)]
pub struct LogoutTokenClaims<'a> {
    /// The issuer.
    iss: &'a str,
    /// The client that is told.
    aud: &'a str,
    /// When it was made, in seconds since the epoch.
    iat: i64,
    /// When it expires: two minutes later.
    exp: i64,
    /// Its id, new for each attempt.
    jti: &'a str,
    /// The person.
    sub: &'a str,
    /// The sign-in that has ended: the `sid` of its ID tokens.
    sid: &'a str,
    /// What it is: `http://schemas.openid.net/event/backchannel-logout`.
    events: Value,
}

impl LogoutNotice {
    /// The claims of a token for it; `jti` is to be new for each attempt.
    pub fn claims<'a>(&'a self, issuer: &'a str, jti: &'a str, now: Timestamp) -> LogoutTokenClaims<'a> {
        LogoutTokenClaims {
            iss: issuer,
            aud: &self.client_id,
            iat: now.seconds(),
            exp: now.plus(LIFETIME).seconds(),
            jti,
            sub: &self.user_id,
            sid: &self.sign_in_id,
            events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
        }
    }
}

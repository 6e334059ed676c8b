//! Verification of our own access tokens (RFC 9068 §4, RFC 8725), and of our own ID tokens when they come back as hints.
//! aws-lc-rs checks the signature, with a key that was read once; every rule about times and names is ours, with `now` as an argument.
//! A header cannot bring a key along: only `kid` is looked at, in our own ring.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::public_key::PublicKey;
use super::ring::KeyRing;
use crate::clock::Timestamp;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::audience::Audience;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::issuer::Issuer;
use crate::protocol::rejection::Rejection;
use crate::protocol::scope::ScopeSet;
use crate::secret::{Secret, from_base64url};

/// The longest token that is looked at, in bytes.
const MAX_LENGTH: usize = 8192;
/// How far another node's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;

/// The claims of an access token whose signature, type, issuer and times are right. Whether it is meant for the caller, and whether
/// its grant still holds, is not yet known.
#[derive(Debug, Clone, Deserialize)]
pub struct VerifiedToken {
    iss: String,
    /// The user, or the client itself.
    pub sub: String,
    /// Its audience.
    pub aud: Audience,
    /// The client it was given to.
    pub client_id: String,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// When it was given, in seconds since the epoch.
    pub iat: i64,
    nbf: Option<i64>,
    /// Its id.
    pub jti: String,
    /// Its grant; `None` for client credentials.
    pub gid: Option<String>,
    /// Its scopes.
    #[serde(default)]
    pub scope: ScopeSet,
    /// The key that it is bound to, if it is bound to one.
    pub cnf: Option<Confirmation>,
}

impl VerifiedToken {
    /// Verifies an access token.
    ///
    /// # Errors
    /// [`Rejection::MalformedToken`], [`Rejection::WrongTokenType`], [`Rejection::CriticalHeader`], [`Rejection::UnknownKey`],
    /// [`Rejection::WrongSignature`], [`Rejection::WrongIssuer`], [`Rejection::ExpiredToken`].
    pub fn verify(token: &Secret, ring: &KeyRing, issuer: &Issuer, now: Timestamp) -> Result<Self, Rejection> {
        signed_claims::<Self>(token, "at+jwt", |kid| ring.published(kid, now))?.check(issuer, now)
    }

    fn check(self, issuer: &Issuer, now: Timestamp) -> Result<Self, Rejection> {
        if self.iss != issuer.as_str() {
            return Err(Rejection::WrongIssuer);
        }
        // Ours have no `nbf`; one that has must keep to it.
        let begins = self.nbf.unwrap_or(self.iat).max(self.iat);
        if begins > now.plus(LEEWAY).seconds() || self.exp <= self.iat {
            return Err(Rejection::MalformedToken);
        }
        if now.seconds() >= self.exp {
            return Err(Rejection::ExpiredToken);
        }
        Ok(self)
    }
}

/// The claims of an ID token of ours that an application brings back as a hint of whom it means (OpenID Connect Core §3.1.2.1,
/// RP-Initiated Logout §2). It may have expired long ago.
#[derive(Debug, Clone, Deserialize)]
pub struct VerifiedIdToken {
    iss: String,
    /// The user.
    pub sub: String,
    /// The client it was given to.
    pub aud: String,
    /// The sign-in it came from, if it came from one.
    pub sid: Option<String>,
    /// When the person had authenticated, in seconds since 1970.
    pub auth_time: i64,
}

impl VerifiedIdToken {
    /// Verifies a hint: an ID token that this server signed, expired or not, under any key that was not revoked.
    ///
    /// # Errors
    /// [`Rejection::ForeignHint`], whatever is wrong with it.
    pub fn verify(token: &Secret, ring: &KeyRing, issuer: &Issuer) -> Result<Self, Rejection> {
        let claims = signed_claims::<Self>(token, "JWT", |kid| ring.known(kid)).map_err(|_| Rejection::ForeignHint)?;
        if claims.iss == issuer.as_str() { Ok(claims) } else { Err(Rejection::ForeignHint) }
    }
}

/// What of a header counts (RFC 7515 §4.1). A name that stands twice makes it malformed (RFC 8725 §2.4).
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// The claims of a token of this type whose signature is right. Nothing else is known of them.
fn signed_claims<T: DeserializeOwned>(
    token: &Secret,
    typ: &str,
    find: impl Fn(&str) -> Option<Arc<PublicKey>>,
) -> Result<T, Rejection> {
    let text = token.expose();
    if text.len() > MAX_LENGTH {
        return Err(Rejection::MalformedToken);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(Rejection::MalformedToken)?;
    let (header, claims) = signed.split_once('.').ok_or(Rejection::MalformedToken)?;
    if claims.contains('.') {
        return Err(Rejection::MalformedToken);
    }
    let header: Header = part(header)?;
    // `none`, a MAC, or anything else that no key of ours signs with.
    let named: Algorithm = header.alg.parse().map_err(|_| Rejection::MalformedToken)?;
    if header.crit.is_some() {
        return Err(Rejection::CriticalHeader);
    }
    if header.typ.as_deref() != Some(typ) {
        return Err(Rejection::WrongTokenType);
    }
    let key = header.kid.as_deref().and_then(find).ok_or(Rejection::UnknownKey)?;
    let algorithm = key.algorithm().ok_or(Rejection::UnknownKey)?;
    let signature = from_base64url(signature).ok_or(Rejection::MalformedToken)?;
    if named != algorithm || !key.verifies(signed.as_bytes(), &signature) {
        return Err(Rejection::WrongSignature);
    }
    part(claims)
}

/// One part of a token: base64url of a JSON object.
fn part<T: DeserializeOwned>(encoded: &str) -> Result<T, Rejection> {
    let bytes = from_base64url(encoded).ok_or(Rejection::MalformedToken)?;
    serde_json::from_slice(&bytes).map_err(|_| Rejection::MalformedToken)
}

//! Verification of our own access tokens (RFC 9068 §4, RFC 8725), and of our own ID tokens when they come back as hints.
//!
//! An access token is one by its type. For an API that insists on the type `JWT`, which ID tokens have too, it is one by what it says (RFC 8725
//! §3.12): it names an API, a client and its own id, and no other token's hash, which every ID token does.
//!
//! What a token is before any key is looked at, its signature and its times are checked by the rules of `doorward-client`, by which APIs check it, too, with a key
//! that was read once and `now` as an argument.
//! A header cannot bring a key along: only `kid` is looked at, in our own ring. Nor can it choose what is done with one: keys and secrets have
//! different names and are looked for in different places, a key by [`VerifiedToken::verify`], which every door of ours asks and which knows no
//! secret; a secret by [`VerifiedToken::verify_of_any_api`] alone, for those who ask about tokens of others.

use std::sync::Arc;

use doorward_client::jws::{Jws, Payload};
use doorward_client::{Refusal, Times};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::key::TokenType;
use super::public_key::PublicKey;
use super::ring::KeyRing;
use super::verified;
use crate::clock::Timestamp;
use crate::config::LONGEST_LIFETIME;
use crate::protocol::audience::Audience;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::issuer::Issuer;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource_signing::{ResourceAlgorithm, SignedBy};
use crate::protocol::scope::ScopeSet;
use crate::secret::{Secret, SecretHash};

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
    /// The roles of the user.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The key that it is bound to, if it is bound to one.
    pub cnf: Option<Confirmation>,
    at_hash: Option<IgnoredAny>,
    /// The client's era when it was given.
    #[serde(default)]
    pub era: i64,
    /// What signed it, which it cannot say itself.
    #[serde(skip)]
    pub signed_by: SignedBy,
}

impl VerifiedToken {
    /// Verifies an access token that one of our published keys signed; one that a secret signed is none.
    ///
    /// # Errors
    /// [`Rejection::MalformedToken`], [`Rejection::WrongTokenType`], [`Rejection::CriticalHeader`], [`Rejection::UnknownKey`],
    /// [`Rejection::WrongSignature`], [`Rejection::WrongIssuer`], [`Rejection::ExpiredToken`].
    pub fn verify(token: &Secret, ring: &KeyRing, issuer: &Issuer, now: Timestamp) -> Result<Self, Rejection> {
        let hash = token.hash();
        if let Some(found) = ring.verified(&hash, now) {
            return found.check(issuer, now);
        }
        Unverified::read(token)?.under_key(&hash, ring, issuer, now)
    }

    /// Verifies an access token of any API: one that a published key signed, or one that a secret signed for its own API. Whether that API
    /// still wants a secret is not yet known ([`SignedBy::counts_at`]).
    ///
    /// # Errors
    /// As [`VerifiedToken::verify`], and [`Rejection::WrongAudience`] for one that a secret signed and that is not for its API alone.
    pub fn verify_of_any_api(
        token: &Secret,
        ring: &KeyRing,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let hash = token.hash();
        // One that a secret signed is never among them.
        if let Some(found) = ring.verified(&hash, now) {
            return found.check(issuer, now);
        }
        let unverified = Unverified::read(token)?;
        if unverified.algorithm != ResourceAlgorithm::Hs256 {
            return unverified.under_key(&hash, ring, issuer, now);
        }
        unverified.access_token(|| unverified.claims_under_secret(ring, now), issuer)?.check(issuer, now)
    }

    /// Whether it is an access token for an API, and no ID token, whatever its type says.
    fn is_for_an_api(&self, issuer: &Issuer) -> bool {
        self.at_hash.is_none() && self.aud.identifiers().iter().any(|identifier| identifier != issuer.as_str())
    }

    fn check(self, issuer: &Issuer, now: Timestamp) -> Result<Self, Rejection> {
        if self.iss != issuer.as_str() {
            return Err(Rejection::WrongIssuer);
        }
        // Whoever has a secret can write any: none that we would keep in mind for years when it is revoked.
        if self.signed_by == SignedBy::Secret && self.exp.saturating_sub(self.iat) > LONGEST_LIFETIME {
            return Err(Rejection::MalformedToken);
        }
        // Ours have no `nbf`; one that has must keep to it.
        let times = Times { issued_at: self.iat, not_before: self.nbf, expires_at: self.exp };
        times.check(now.seconds(), LEEWAY, 0).map(|()| self).map_err(rejection)
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
    /// The hash of the access token that it was given beside. No access token has one.
    #[serde(rename = "at_hash")]
    _at_hash: IgnoredAny,
}

impl VerifiedIdToken {
    /// Verifies a hint: an ID token that this server signed, expired or not, under any key that was not revoked.
    ///
    /// # Errors
    /// [`Rejection::ForeignHint`], whatever is wrong with it.
    pub fn verify(token: &Secret, ring: &KeyRing, issuer: &Issuer) -> Result<Self, Rejection> {
        let unverified = Unverified::read(token).ok().filter(|unverified| unverified.is_of(TokenType::Jwt));
        let payload =
            unverified.and_then(|unverified| unverified.payload(unverified.key(|kid| ring.known(kid)).as_deref()).ok());
        let claims = payload.and_then(|payload| payload.read::<Self>().ok());
        claims.filter(|claims| claims.iss == issuer.as_str()).ok_or(Rejection::ForeignHint)
    }
}

/// A token taken apart, of which nothing is verified.
struct Unverified<'a> {
    token: Jws<'a>,
    length: usize,
    algorithm: ResourceAlgorithm,
}

impl<'a> Unverified<'a> {
    fn read(token: &'a Secret) -> Result<Self, Rejection> {
        let length = token.expose().len();
        let token = Jws::parse(token.expose()).map_err(rejection)?;
        // `none`, or anything else that no key and no secret of ours signs with.
        let algorithm = token.algorithm().parse().map_err(|_| Rejection::MalformedToken)?;
        Ok(Self { token, length, algorithm })
    }

    fn is_of(&self, token_type: TokenType) -> bool {
        self.token.is_type(token_type.typ())
    }

    /// The claims, when it is an access token by its type or by what it says.
    fn access_token(
        &self,
        claims: impl FnOnce() -> Result<VerifiedToken, Rejection>,
        issuer: &Issuer,
    ) -> Result<VerifiedToken, Rejection> {
        if self.is_of(TokenType::Access) {
            return claims();
        }
        if !self.is_of(TokenType::Jwt) {
            return Err(Rejection::WrongTokenType);
        }
        match claims() {
            Ok(token) if token.is_for_an_api(issuer) => Ok(token),
            Ok(_) | Err(Rejection::MalformedToken) => Err(Rejection::WrongTokenType),
            Err(other) => Err(other),
        }
    }

    /// An access token that a published key signed: found right, it is kept in mind under its hash.
    fn under_key(
        &self,
        hash: &SecretHash,
        ring: &KeyRing,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<VerifiedToken, Rejection> {
        // No published key has a MAC.
        if self.algorithm == ResourceAlgorithm::Hs256 {
            return Err(Rejection::MalformedToken);
        }
        let key = self.key(|kid| ring.published(kid, now));
        let token = self.access_token(|| read(&self.payload(key.as_deref())?), issuer)?.check(issuer, now)?;
        if let (Some(kid), Some(key)) = (self.token.key_id(), key)
            && self.length <= verified::LONGEST
        {
            ring.keep_verified(hash, (kid, key), &token);
        }
        Ok(token)
    }

    fn key(&self, find: impl FnOnce(&str) -> Option<Arc<PublicKey>>) -> Option<Arc<PublicKey>> {
        self.token.key_id().and_then(find)
    }

    /// What it says, when the signature is that of the key that it names. Nothing else is known of it.
    fn payload(&self, key: Option<&PublicKey>) -> Result<Payload, Rejection> {
        let key = key.and_then(PublicKey::verifying).ok_or(Rejection::UnknownKey)?;
        self.token.verify(key).map_err(rejection)
    }

    /// The claims, when the signature is that of the secret that the header names, and they are for its API alone.
    fn claims_under_secret(&self, ring: &KeyRing, now: Timestamp) -> Result<VerifiedToken, Rejection> {
        let secret = self.token.key_id().and_then(|kid| ring.secret(kid, now)).ok_or(Rejection::UnknownKey)?;
        let payload = self.token.verify_by(|signed, tag| secret.verifies(signed, tag)).map_err(rejection)?;
        let token: VerifiedToken = read(&payload)?;
        if token.aud.only() != Some(secret.resource()) {
            return Err(Rejection::WrongAudience);
        }
        Ok(VerifiedToken { signed_by: SignedBy::Secret, ..token })
    }
}

fn read(payload: &Payload) -> Result<VerifiedToken, Rejection> {
    payload.read().map_err(rejection)
}

/// Our name for what the crate refuses, which also APIs elsewhere check by.
fn rejection(refusal: Refusal) -> Rejection {
    match refusal {
        Refusal::CriticalHeader => Rejection::CriticalHeader,
        Refusal::Algorithm | Refusal::Signature => Rejection::WrongSignature,
        Refusal::Expired => Rejection::ExpiredToken,
        _ => Rejection::MalformedToken,
    }
}

//! What a token must say to be taken (RFC 9068 §4, RFC 8725 §3): pure, with the time as an argument.

use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::claims::{Claims, Read};
use crate::jws::{Jws, Payload};
use crate::key_set::KeySet;
use crate::refusal::Refusal;

/// How far clocks may be apart, in seconds, unless it is said otherwise.
const LEEWAY: Duration = Duration::from_secs(30);

/// The type of tokens that an API takes: the `typ` of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `at+jwt` (RFC 9068 §2.1), which nothing but access tokens has.
    AccessToken,
    /// `JWT`, from issuers that know no other. ID tokens have it, too: the audience, and what only those say, tell them apart.
    Jwt,
}

/// What a token must say to be taken.
#[derive(Clone, Debug)]
pub struct Rules {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    token_type: TokenType,
    leeway: i64,
    takes_bound: bool,
}

impl Rules {
    /// Tokens of this issuer for this API, compared byte for byte: of the type `at+jwt`, by [`Algorithm::USUAL`], with clocks at most 30 seconds apart, bound to
    /// no key.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            algorithms: Algorithm::USUAL.to_vec(),
            token_type: TokenType::AccessToken,
            leeway: seconds(LEEWAY),
            takes_bound: false,
        }
    }

    /// Tokens for this API count, too.
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Only these algorithms count.
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Tokens have this type.
    pub fn token_type(mut self, token_type: TokenType) -> Self {
        self.token_type = token_type;
        self
    }

    /// How far clocks may be apart: an expired token counts for so long, one that begins so much later counts already.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = seconds(leeway);
        self
    }

    /// Tokens that are bound to a key (`cnf`) count. The API itself then proves that whoever shows one has the key
    /// ([`Claims::confirmation`]): without that a stolen one opens everything.
    pub fn take_key_bound(mut self) -> Self {
        self.takes_bound = true;
        self
    }

    /// The issuer whose tokens count.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What a token says, when it is one for this API. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Whatever is wrong with it; [`Refusal::UnknownKey`] when the set may be too old.
    pub fn verify(&self, token: &Jws<'_>, keys: &KeySet, now: i64) -> Result<Claims, Refusal> {
        self.check_type(token)?;
        let key = keys.find(token, &self.algorithms)?;
        self.check(&token.verify(key)?, now)
    }

    pub(crate) fn check_type(&self, token: &Jws<'_>) -> Result<(), Refusal> {
        let name = match self.token_type {
            TokenType::AccessToken => "at+jwt",
            TokenType::Jwt => "JWT",
        };
        if token.is_type(name) { Ok(()) } else { Err(Refusal::Type) }
    }

    /// What a payload says whose signature is right.
    pub(crate) fn check(&self, payload: &Payload, now: i64) -> Result<Claims, Refusal> {
        let Read { claims, is_other_kind } = payload.read()?;
        if is_other_kind {
            return Err(Refusal::Type);
        }
        self.check_claims(&claims, now)?;
        Ok(claims)
    }

    pub(crate) fn check_claims(&self, claims: &Claims, now: i64) -> Result<(), Refusal> {
        if claims.issuer != self.issuer {
            return Err(Refusal::Issuer);
        }
        if !claims.audience.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(Refusal::Audience);
        }
        Times { issued_at: claims.issued_at, not_before: claims.not_before, expires_at: claims.expires_at }.check(
            now,
            self.leeway,
            self.leeway,
        )?;
        if claims.confirmation.is_some() && !self.takes_bound {
            return Err(Refusal::KeyBound);
        }
        Ok(())
    }
}

/// When a token counts, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// `iat`
    pub issued_at: i64,
    /// `nbf`
    pub not_before: Option<i64>,
    /// `exp`
    pub expires_at: i64,
}

impl Times {
    /// Whether it counts at `now`, or `early` seconds before it begins, or `late` seconds after it has ended.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when it ends before it begins, [`Refusal::NotYetValid`], [`Refusal::Expired`].
    pub fn check(&self, now: i64, early: i64, late: i64) -> Result<(), Refusal> {
        if self.expires_at <= self.issued_at {
            return Err(Refusal::Malformed);
        }
        if self.not_before.unwrap_or(self.issued_at).max(self.issued_at) > now.saturating_add(early) {
            return Err(Refusal::NotYetValid);
        }
        if now >= self.expires_at.saturating_add(late) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

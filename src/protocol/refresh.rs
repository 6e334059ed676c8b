//! Refresh tokens: when one is due, how long it lives, and what presenting one means (RFC 6749 §6, RFC 9700 §4.14).
//!
//! Each use replaces the token. An answer may get lost, so until the successor is first used, and for a minute at most, its
//! predecessor gets the same answer again. Any other use of a replaced token is a reuse: somebody has a copy.

use super::audience::Audience;
use super::grant::Grant;
use super::rejection::Rejection;
use super::scope::ScopeSet;
use crate::clock::Timestamp;

/// How long the same answer may be asked for again, in seconds.
pub const RETRY: i64 = 60;

/// A refresh token as it is known.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// When it was given.
    pub created_at: Timestamp,
    /// The moment from which it is worthless.
    pub expires_at: Timestamp,
    /// Its replacement, when it has been used.
    pub replaced: Option<Replaced>,
}

/// What the use of a refresh token answered.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// When.
    pub at: Timestamp,
    /// The sealed successor; `None` once that one was used.
    pub successor: Option<Vec<u8>>,
    /// What the access token was.
    pub answer: Answer,
}

/// What an access token given for a refresh token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its scopes.
    pub scopes: ScopeSet,
    /// Its audience.
    pub audience: Audience,
    /// Its id.
    pub jti: String,
}

impl Answer {
    /// Whether both say the same, whatever their ids.
    pub fn is_like(&self, other: &Self) -> bool {
        self.scopes == other.scopes && self.audience == other.audience
    }
}

/// What presenting a known token means.
#[derive(Debug)]
pub enum Presented<'a> {
    /// It is the newest of its grant.
    Current,
    /// Its answer was lost, it seems: here is what that was.
    Retry(&'a Replaced, &'a [u8]),
    /// It was replaced, and whoever has the successor has used it or had time to.
    Reused,
}

impl RefreshToken {
    /// What presenting it now means.
    ///
    /// # Errors
    /// [`Rejection::ExpiredRefreshToken`].
    pub fn presented(&self, now: Timestamp) -> Result<Presented<'_>, Rejection> {
        match &self.replaced {
            None if now >= self.expires_at => Err(Rejection::ExpiredRefreshToken),
            None => Ok(Presented::Current),
            Some(replaced) => Ok(match &replaced.successor {
                Some(successor) if now < replaced.at.plus(RETRY) => Presented::Retry(replaced, successor),
                _ => Presented::Reused,
            }),
        }
    }
}

/// How long refresh tokens live, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest pause between two uses.
    pub idle: i64,
    /// The longest life of a grant.
    pub absolute: i64,
}

impl Limits {
    /// When a refresh token given now expires; `None` when the grant is too old for one.
    pub fn expiry(self, grant: &Grant, now: Timestamp) -> Option<Timestamp> {
        let latest = grant.created_at.plus(self.absolute);
        (now < latest).then(|| latest.min(now.plus(self.idle)))
    }
}

/// Whether a grant comes with refresh tokens (OpenID Connect Core §11).
pub fn is_due(grant: &Grant) -> bool {
    grant.scopes.contains("offline_access")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn a_replaced_token_gets_its_answer_again_for_a_minute_and_only_while_the_successor_is_unused() {
        let token = |replaced: Option<(i64, bool)>| RefreshToken {
            created_at: NOW.minus(1000),
            expires_at: NOW.plus(10),
            replaced: replaced.map(|(ago, unused)| Replaced {
                at: NOW.minus(ago),
                successor: unused.then(|| vec![1]),
                answer: Answer { scopes: ScopeSet::default(), audience: Audience::of("a"), jti: "j".into() },
            }),
        };
        assert!(matches!(token(None).presented(NOW), Ok(Presented::Current)));
        assert!(matches!(token(None).presented(NOW.plus(10)), Err(Rejection::ExpiredRefreshToken)));
        assert!(matches!(token(Some((59, true))).presented(NOW), Ok(Presented::Retry(..))));
        assert!(matches!(token(Some((60, true))).presented(NOW), Ok(Presented::Reused)));
        assert!(matches!(token(Some((0, false))).presented(NOW), Ok(Presented::Reused)));
    }
}

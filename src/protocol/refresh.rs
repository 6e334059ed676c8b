//! Refresh tokens: when one is due, how long it lives, and what presenting one means (RFC 6749 §6, RFC 9700 §4.14).
//!
//! Each use replaces the token. An answer may get lost, and that must not be the end: until the successor is first used, its predecessor
//! gets the same answer again for a minute, and after that another one, which supersedes the lost one. A token whose successor was used, and
//! one that was superseded, are held by two parties when they are presented: that is a reuse.

use super::audience::Audience;
use super::grant::Grant;
use super::rejection::Rejection;
use super::scope::ScopeSet;
use crate::clock::Timestamp;
use crate::secret::SecretHash;

/// How long the same answer may be asked for again, in seconds.
pub const RETRY: i64 = 60;

/// A refresh token as it is known.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// When it was given.
    pub created_at: Timestamp,
    /// The moment from which it is worthless.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: State,
}

/// What became of a refresh token.
#[derive(Debug, Clone)]
pub enum State {
    /// Nothing yet: it is the newest of its grant.
    Current,
    /// It was used.
    Replaced(Box<Replaced>),
    /// The answer that gave it was taken for lost before it was used.
    Superseded,
}

/// What the use of a refresh token answered.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// When it was used first.
    pub first_at: Timestamp,
    /// When the last answer was decided.
    pub at: Timestamp,
    /// The hash of the successor in that answer.
    pub successor_hash: SecretHash,
    /// That successor, sealed; `None` once it was used.
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
    /// Its answer was lost a moment ago, it seems: here is what that was, with the sealed successor.
    Retry(&'a Replaced, &'a [u8]),
    /// Its answer was lost, it seems: nobody has used what it gave, and another may supersede it.
    Lost(&'a Replaced),
    /// The same, but too long ago: its grant ends.
    TooLate,
    /// Two parties hold copies: its successor was used, or it was superseded itself.
    Reused,
}

impl RefreshToken {
    /// What presenting it now means, when its grant holds.
    ///
    /// # Errors
    /// [`Rejection::ExpiredRefreshToken`].
    pub fn presented(&self, grant: &Grant, limits: Limits, now: Timestamp) -> Result<Presented<'_>, Rejection> {
        let replaced = match &self.state {
            State::Current if now >= self.expires_at => return Err(Rejection::ExpiredRefreshToken),
            State::Current => return Ok(Presented::Current),
            State::Superseded => return Ok(Presented::Reused),
            State::Replaced(replaced) => replaced,
        };
        let Some(successor) = &replaced.successor else { return Ok(Presented::Reused) };
        if now < replaced.at.plus(RETRY) {
            return Ok(Presented::Retry(replaced, successor));
        }
        // Nobody has used the grant for so long that the successor is worthless by now.
        if limits.expiry(grant, replaced.at).is_none_or(|expires_at| now >= expires_at) {
            return Err(Rejection::ExpiredRefreshToken);
        }
        let in_time = now < replaced.first_at.plus(limits.lost_answer);
        Ok(if in_time { Presented::Lost(replaced) } else { Presented::TooLate })
    }
}

/// How long refresh tokens live, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest pause between two uses.
    pub idle: i64,
    /// The longest life of a grant.
    pub absolute: i64,
    /// How long after the first use of a token its answer may be superseded.
    pub lost_answer: i64,
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
    use crate::protocol::grant::tests::grant;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const LIMITS: Limits = Limits { idle: 5000, absolute: 9000, lost_answer: 1000 };

    fn token(state: State) -> RefreshToken {
        RefreshToken { created_at: NOW.minus(1000), expires_at: NOW.plus(10), state }
    }

    /// Of a token that was first used and last answered so long ago.
    fn replaced(first: i64, last: i64, unused: bool) -> RefreshToken {
        token(State::Replaced(Box::new(Replaced {
            first_at: NOW.minus(first),
            at: NOW.minus(last),
            successor_hash: SecretHash::from_bytes(&[0; 32]).unwrap(),
            successor: unused.then(|| vec![1]),
            answer: Answer { scopes: ScopeSet::default(), audience: Audience::of("a"), jti: "j".into() },
        })))
    }

    fn meaning(token: &RefreshToken, now: Timestamp) -> String {
        let grant = Grant { created_at: NOW.minus(2000), ..grant() };
        match token.presented(&grant, LIMITS, now) {
            Ok(Presented::Current) => "current".to_owned(),
            Ok(Presented::Retry(..)) => "retry".to_owned(),
            Ok(Presented::Lost(_)) => "lost".to_owned(),
            Ok(Presented::TooLate) => "too late".to_owned(),
            Ok(Presented::Reused) => "reused".to_owned(),
            Err(rejection) => rejection.reason().to_owned(),
        }
    }

    #[test]
    fn what_presenting_a_token_means_depends_on_what_became_of_it_and_of_its_successor() {
        for (token, expected) in [
            (token(State::Current), "current"),
            (token(State::Superseded), "reused"),
            (replaced(0, 0, true), "retry"),
            (replaced(59, 59, true), "retry"),
            (replaced(60, 60, true), "lost"),
            (replaced(999, 60, true), "lost"),
            (replaced(1000, 59, true), "retry"),
            (replaced(1000, 60, true), "too late"),
            (replaced(0, 0, false), "reused"),
            (replaced(500, 500, false), "reused"),
            (replaced(5000, 5000, false), "reused"),
        ] {
            assert_eq!(meaning(&token, NOW), expected, "{token:?}");
        }
        assert_eq!(meaning(&token(State::Current), NOW.plus(10)), "ExpiredRefreshToken");
    }

    #[test]
    fn a_lost_answer_cannot_be_had_again_when_what_it_gave_has_expired() {
        assert_eq!(meaning(&replaced(4999, 4999, true), NOW), "too late");
        assert_eq!(meaning(&replaced(5000, 5000, true), NOW), "ExpiredRefreshToken");
        // The absolute limit of the grant, which comes first here.
        assert_eq!(meaning(&replaced(0, 0, true), NOW.plus(6999)), "ExpiredRefreshToken");
        assert_eq!(meaning(&replaced(-6900, -6900, true), NOW.plus(6999)), "lost");
        assert_eq!(meaning(&replaced(-6900, -6900, true), NOW.plus(7000)), "ExpiredRefreshToken");
    }
}

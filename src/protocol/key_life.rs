//! The life of a signing key: one pure function of (keys, now) says what signs, what is published and what verifies.
//!
//! ```text
//! next     published, does not sign yet
//! active   signs: one per algorithm
//! retired  signs no more; published until the last token under it has expired
//! revoked  gone at once, for good
//! ```
//!
//! What happened is a time in the key's row and stays true whatever the clock says later: a clock that jumps back takes no retirement
//! back. Only what lies ahead, the beginning of the next key, is decided by the clock, which every node reads for itself: so all
//! nodes change keys at the same moment without a word between them. When keys are made and for how long they sign is decided in
//! `key_schedule.rs`.

use crate::clock::Timestamp;

/// How far the clocks of two nodes may differ, in seconds.
pub const CLOCK_SKEW: i64 = 60;
/// How old a node's knowledge of the keys may be when it signs, in seconds.
pub const TRUSTED_FOR: i64 = 60;
/// How long a retired key stays published after its last token has expired, in seconds: another node may have signed with it
/// a little longer, and verifiers allow for some skew too.
const PUBLISHED_AFTER: i64 = CLOCK_SKEW + TRUSTED_FOR + 180;

/// A signing key, as far as its life goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLife {
    /// Its name.
    pub kid: String,
    /// Its algorithm's name, which may be one of a newer version.
    pub algorithm: String,
    /// Its place in the order in which keys were made: a later key takes over from an earlier one of its algorithm.
    pub sequence: i64,
    /// When it was made, and published.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it was seen to have begun.
    pub activated_at: Option<Timestamp>,
    /// When it was seen to have been taken over from.
    pub retired_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The longest lifetime of a token that it may have signed, in seconds.
    pub token_lifetime: i64,
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Published, does not sign yet.
    Next,
    /// Signs.
    Active,
    /// Signs no more.
    Retired,
    /// Gone.
    Revoked,
}

/// What a key is good for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub stage: Stage,
    /// Whether it is in the key set, and access tokens under it are taken.
    pub published: bool,
    /// Whether ID tokens under it are taken as hints.
    pub hints: bool,
    /// When it leaves the key set, if that is known.
    pub published_until: Option<Timestamp>,
}

impl Stage {
    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

impl KeyLife {
    /// Whether its time to sign has come.
    fn has_begun(&self, now: Timestamp) -> bool {
        self.activated_at.is_some() || (self.revoked_at.is_none() && self.signs_from <= now)
    }

    /// What it is good for now, among all keys.
    pub fn standing(&self, keys: &[Self], now: Timestamp) -> Standing {
        let is_over = leader(keys, &self.algorithm, now).is_some_and(|leader| leader.sequence > self.sequence);
        let stage = match (self.revoked_at, self.retired_at) {
            (Some(_), _) => Stage::Revoked,
            (None, Some(_)) => Stage::Retired,
            (None, None) if is_over => Stage::Retired,
            (None, None) if self.has_begun(now) => Stage::Active,
            (None, None) => Stage::Next,
        };
        let until = self.retired_at.map(|at| at.plus(self.token_lifetime).plus(PUBLISHED_AFTER));
        Standing {
            stage,
            published: stage != Stage::Revoked && until.is_none_or(|until| now < until),
            hints: stage != Stage::Revoked,
            published_until: until.filter(|_| stage != Stage::Revoked),
        }
    }
}

/// The key that signs with this algorithm now: the latest that has begun. When that one was revoked or ended none does, until there is
/// another: an older key never comes back.
pub fn signer<'a>(keys: &'a [KeyLife], algorithm: &str, now: Timestamp) -> Option<&'a KeyLife> {
    leader(keys, algorithm, now).filter(|key| key.revoked_at.is_none() && key.retired_at.is_none())
}

/// The latest key of this algorithm that has begun to sign.
fn leader<'a>(keys: &'a [KeyLife], algorithm: &str, now: Timestamp) -> Option<&'a KeyLife> {
    keys.iter().filter(|key| key.algorithm == algorithm && key.has_begun(now)).max_by_key(|key| key.sequence)
}

/// Whether a node that last knew the keys at `confirmed` may still sign with what it knows. The clock may have jumped either way.
pub fn is_fresh(confirmed: Timestamp, now: Timestamp) -> bool {
    confirmed <= now.plus(TRUSTED_FOR) && now <= confirmed.plus(TRUSTED_FOR)
}

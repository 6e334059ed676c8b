//! A request to have the second factors of an account taken away, by whoever has lost them all: first it waits, then it can be used for a while.
//!
//! Whoever gives the first proof and reads the account's mail could be somebody who has got hold of both, and a code by mail is no second factor
//! beside a new password by mail. What stands in for one is the time in which every address and every device of the account is told, and any of
//! them stops it (NIST SP 800-63B-4 §4.2).

use serde::Serialize;

use crate::clock::Timestamp;

/// How long it can be used after it has waited, in seconds: a week.
pub const OPEN_FOR: i64 = 7 * 86_400;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorReset {
    /// When it was confirmed by mail.
    pub asked_at: Timestamp,
    /// When the wait is over.
    pub opens_at: Timestamp,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Everybody is told, and nothing can be taken away yet.
    Waiting,
    /// It can be used, by whoever gives the first proof.
    Open,
    /// Nobody has used it in time: it is worth nothing, and as good as none.
    Lapsed,
}

impl FactorReset {
    /// One that is confirmed now and waits for so many seconds.
    pub const fn new(now: Timestamp, wait: i64) -> Self {
        Self { asked_at: now, opens_at: now.plus(wait) }
    }

    /// From when on it is worth nothing.
    pub const fn lapses_at(&self) -> Timestamp {
        self.opens_at.plus(OPEN_FOR)
    }

    /// How far it has come.
    pub fn stage(&self, now: Timestamp) -> Stage {
        if now < self.opens_at {
            Stage::Waiting
        } else if now < self.lapses_at() {
            Stage::Open
        } else {
            Stage::Lapsed
        }
    }
}

/// A request as operators and its person see it.
#[derive(Clone, Debug, Serialize)]
pub struct FactorResetView {
    /// When it was confirmed by mail (RFC 3339).
    pub asked_at: String,
    /// From when on it can be used (RFC 3339).
    pub opens_at: String,
    /// From when on it is worth nothing (RFC 3339).
    pub lapses_at: String,
}

impl From<FactorReset> for FactorResetView {
    fn from(reset: FactorReset) -> Self {
        Self {
            asked_at: reset.asked_at.to_string(),
            opens_at: reset.opens_at.to_string(),
            lapses_at: reset.lapses_at().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_waits_then_can_be_used_for_a_week_and_then_no_more() {
        let asked_at = Timestamp::from_seconds(1_000_000);
        let reset = FactorReset::new(asked_at, 86_400);
        for (after, stage) in [
            (-1, Stage::Waiting),
            (0, Stage::Waiting),
            (86_399, Stage::Waiting),
            (86_400, Stage::Open),
            (86_400 + OPEN_FOR - 1, Stage::Open),
            (86_400 + OPEN_FOR, Stage::Lapsed),
            (i64::from(u32::MAX), Stage::Lapsed),
        ] {
            assert_eq!(reset.stage(asked_at.plus(after)), stage, "{after}");
        }
        assert_eq!(reset.lapses_at(), reset.opens_at.plus(604_800));
    }
}

//! A device that a person keeps: one on which they have shown a second factor, and chose not to be asked for it for some weeks.
//!
//! It lends what was shown there, with the time at which it was shown ([`super::next_step::signs_in`]): so it counts for less the older it gets, and
//! where a fresh proof is demanded it counts for nothing. A passkey is never lent: what it proves is that somebody unlocks it now. The device is known
//! by its sealed cookie, which is bound to the account and its password (`signin/devices.rs`), and gets a name of its own when it is kept: an older copy of its
//! cookie is not kept with it. The row here goes with whatever changes the factors.

use super::proof::{Kind, Proof};
use super::second_factor::FactorKind;
use crate::clock::Timestamp;
use crate::secret::{base64url, sha256};

/// The longest that a device may be kept, in days: a year.
pub const MOST_DAYS: i64 = 365;
/// After so many wrong codes on a kept device it is kept no more: right passwords between them open its counter each time.
pub const MOST_WRONG_CODES: i64 = 5;
/// How many devices one person keeps: with the next, the one goes that was kept longest ago.
pub const MOST: i64 = 20;

/// A kept device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDevice {
    /// Whose it is.
    pub user_id: String,
    /// The hash of its name ([`hash_of`]).
    pub hash: String,
    /// The newest sign-in there.
    pub sign_in_id: String,
    /// What was shown there.
    pub shown: FactorKind,
    /// When that was: it is kept since then.
    pub kept_at: Timestamp,
    /// When it last stood in for a code.
    pub last_used_at: Option<Timestamp>,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The browser's name of itself, cut to 300 characters.
    pub user_agent: String,
}

impl KeptDevice {
    /// Whether it still is one, where devices are kept for so long, in seconds.
    pub fn holds(&self, keep: i64, now: Timestamp) -> bool {
        now < self.expires_at && now < self.kept_at.plus(keep)
    }

    /// What was shown there.
    pub fn lends(&self) -> Proof {
        let kind = match self.shown {
            FactorKind::Authenticator => Kind::Totp,
            FactorKind::RecoveryCodes => Kind::RecoveryCode,
        };
        Proof::of(kind, self.kept_at)
    }
}

/// A device's name as it is stored.
pub fn hash_of(name: &str) -> String {
    base64url(&sha256(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_kept_as_long_as_it_was_to_be_and_no_longer_than_people_keep_them_now() {
        let at = Timestamp::from_seconds;
        let kept = KeptDevice {
            user_id: "ann".into(),
            hash: hash_of("a name"),
            sign_in_id: "s".into(),
            shown: FactorKind::RecoveryCodes,
            kept_at: at(1000),
            last_used_at: None,
            expires_at: at(1100),
            user_agent: String::new(),
        };
        for (keep, now, holds) in [
            (100, 1099, true),
            (100, 1100, false),
            (50, 1049, true),
            (50, 1050, false),
            (900, 1100, false),
            (0, 1000, false),
        ] {
            assert_eq!(kept.holds(keep, at(now)), holds, "{keep} {now}");
        }
        assert_eq!(kept.lends(), Proof::of(Kind::RecoveryCode, at(1000)));
        let code = KeptDevice { shown: FactorKind::Authenticator, ..kept };
        assert_eq!(code.lends(), Proof::of(Kind::Totp, at(1000)));
        assert!(code.hash.len() == 43 && code.hash != hash_of("another"));
    }
}

//! `[sign_in]`: in which ways people sign in, how long a sign-in holds, and how many a person has.

use serde::{Deserialize, Serialize};

use super::Mistakes;
use crate::protocol::kept_device;
use crate::protocol::second_factor::SecondFactor;

/// `[sign_in]`; times in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignInConfig {
    /// Whether people can sign in, and make accounts, with a password.
    pub password: bool,
    /// Whether they can sign in by a mail that they read.
    pub email: bool,
    /// Whether people have passkeys.
    pub passkeys: bool,
    /// Whether people have second factors.
    pub second_factor: SecondFactor,
    /// For how many days they may keep a device, on which they are then not asked for one; 0 for none.
    pub keep_device_days: i64,
    /// The longest pause between two uses.
    pub idle: i64,
    /// The longest time in all.
    pub absolute: i64,
    /// How many of one person hold at once.
    pub per_person: i64,
}

impl SignInConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.within("sign_in.keep_device_days", self.keep_device_days, 0, kept_device::MOST_DAYS);
        mistakes.within("sign_in.idle", self.idle, 120, 31_536_000);
        mistakes.within("sign_in.absolute", self.absolute, 120, 31_536_000);
        mistakes.within("sign_in.per_person", self.per_person, 1, 1000);
    }
}

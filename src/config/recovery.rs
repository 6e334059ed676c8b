//! `[recovery]`: how people who have lost what they sign in with come back.

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[recovery]`; times in seconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryConfig {
    /// Whether whoever has lost every second factor can have them taken away without an operator.
    pub second_factor: bool,
    /// How long that waits.
    pub wait: i64,
}

impl RecoveryConfig {
    pub(super) fn check(self, mistakes: &mut Mistakes) {
        mistakes.within("recovery.wait", self.wait, 3600, 2_592_000);
    }
}

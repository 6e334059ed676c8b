//! `[password]`: the cost of hashing one, and what none may be.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[password]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordConfig {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// How many hashes may wait.
    pub queue: usize,
    /// A file of the SHA-1 hashes of leaked passwords, in their order; empty when none.
    pub leaked: PathBuf,
    /// How many may wait or run for one network.
    pub queue_share: usize,
}

impl PasswordConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.within("password.iterations", self.iterations, 1, 100);
        mistakes.within("password.parallelism", self.parallelism, 1, 64);
        mistakes.within("password.memory_kib", self.memory_kib, 8 * i64::from(self.parallelism), 4_194_304);
        mistakes.within("password.queue", u64::try_from(self.queue).unwrap_or(u64::MAX), 1, 100_000);
        mistakes.within("password.queue_share", u64::try_from(self.queue_share).unwrap_or(u64::MAX), 1, 100_000);
    }
}

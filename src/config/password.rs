//! `[password]`: the cost of hashing one.

use serde::{Deserialize, Serialize};

use super::within;

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
}

impl PasswordConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        within("password.iterations", self.iterations.into(), 1, 100)?;
        within("password.parallelism", self.parallelism.into(), 1, 64)?;
        within("password.memory_kib", self.memory_kib.into(), 8 * i64::from(self.parallelism), 4_194_304)?;
        within("password.queue", i64::try_from(self.queue).unwrap_or(i64::MAX), 1, 100_000)
    }
}

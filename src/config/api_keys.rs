//! `[api_keys]`: keys that people and services give to their scripts.

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[api_keys]`; times in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeysConfig {
    /// Whether people make keys for themselves; those of the command line are made all the same.
    pub enabled: bool,
    /// How long a key lives for which nothing else is said.
    pub lifetime: i64,
    /// The longest that a key may live.
    pub longest_lifetime: i64,
    /// How many keys one owner has at most that can be used.
    pub per_owner: u32,
}

impl ApiKeysConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.within("api_keys.longest_lifetime", self.longest_lifetime, 60, 315_360_000);
        mistakes.within("api_keys.lifetime", self.lifetime, 60, self.longest_lifetime);
        mistakes.within("api_keys.per_owner", i64::from(self.per_owner), 1, 10_000);
    }
}

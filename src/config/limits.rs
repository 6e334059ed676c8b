//! `[limits]`: how often one network may ask for something.

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[limits]`: how many at once, and how many in each further hour or minute; 0 for no limit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Accounts that are made, or asked for in vain.
    pub registrations_per_hour: u32,
    /// Clients that fail to authenticate.
    pub failed_clients_per_minute: u32,
    /// Token requests, and revocations.
    pub tokens_per_minute: u32,
    /// Introspections.
    pub introspections_per_minute: u32,
    /// Requests of userinfo.
    pub userinfo_per_minute: u32,
    /// Authorization requests.
    pub authorizations_per_minute: u32,
}

impl LimitsConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        for (key, value) in [
            ("limits.registrations_per_hour", self.registrations_per_hour),
            ("limits.failed_clients_per_minute", self.failed_clients_per_minute),
            ("limits.tokens_per_minute", self.tokens_per_minute),
            ("limits.introspections_per_minute", self.introspections_per_minute),
            ("limits.userinfo_per_minute", self.userinfo_per_minute),
            ("limits.authorizations_per_minute", self.authorizations_per_minute),
        ] {
            mistakes.within(key, value, 0, 10_000_000);
        }
    }
}

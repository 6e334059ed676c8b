//! `[limits]`: how many attempts with a person's secret may fail, and how often one network may ask for something.

use serde::{Deserialize, Serialize};

use super::{Mistakes, Network};
use crate::protocol::attempts::Limits;

/// `[limits]`, times in seconds. What one network may ask for is how many at once, and how many in each further hour or minute; 0 for no
/// limit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Failed sign-ins of one network in a minute.
    pub failures_per_minute: i64,
    /// Of an IPv6 /48.
    pub wide_failures_per_minute: i64,
    /// To one account from one network, or of a known device.
    pub account_failures_per_minute: i64,
    /// Failures in a row until the first pause.
    pub pause_after: i64,
    /// The first pause.
    pub pause: i64,
    /// Failures in a row until the long pause.
    pub long_pause_after: i64,
    /// The long pause.
    pub long_pause: i64,
    /// Failures in a row until a known device is a stranger again; of codes, on all known devices together.
    pub forget_device_after: i64,
    /// Failures in a row over all networks until strangers are slowed down.
    pub slow_after: i64,
    /// The first pause then.
    pub slow_pause: i64,
    /// The longest pause then.
    pub slow_pause_at_most: i64,
    /// Failures in a row over all networks at which an account is closed to strangers.
    pub close_after: i64,
    /// Accounts tried in vain within an hour from which on a network is slowed down.
    pub many_accounts: i64,
    /// Networks within an hour that have tried an account in vain, from which on strangers are slowed down there.
    pub many_networks: i64,
    /// Failures in a minute of a network that is slowed down.
    pub slowed_failures_per_minute: i64,
    /// Networks in which many people share an address.
    pub trusted_networks: Vec<Network>,
    /// Accounts that are made, or asked for in vain.
    pub registrations_per_hour: u32,
    /// Forms with a new password, whatever is wrong with them.
    pub new_passwords_per_minute: u32,
    /// Requests that send a mail.
    pub mail_requests_per_hour: u32,
    /// Mails to one address that somebody asked for from one network.
    pub mails_per_hour: i64,
    /// The same in a day.
    pub mails_per_day: i64,
    /// The same in a day from all networks together.
    pub mails_per_day_in_all: i64,
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
    /// Reports of API keys that have leaked.
    pub leak_reports_per_minute: u32,
}

impl LimitsConfig {
    /// The numbers of attempts with a person's secret.
    pub fn attempts(&self) -> Limits {
        Limits {
            per_minute: self.failures_per_minute,
            wide_per_minute: self.wide_failures_per_minute,
            account_per_minute: self.account_failures_per_minute,
            pause_after: self.pause_after,
            pause: self.pause,
            long_pause_after: self.long_pause_after,
            long_pause: self.long_pause,
            forget_device_after: self.forget_device_after,
            slow_after: self.slow_after,
            slow_pause: self.slow_pause,
            slow_pause_at_most: self.slow_pause_at_most,
            close_after: self.close_after,
            many_accounts: self.many_accounts,
            many_networks: self.many_networks,
            slowed_per_minute: self.slowed_failures_per_minute,
        }
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        for (key, value) in [
            ("failures_per_minute", self.failures_per_minute),
            ("wide_failures_per_minute", self.wide_failures_per_minute),
            ("account_failures_per_minute", self.account_failures_per_minute),
            ("pause_after", self.pause_after),
            ("forget_device_after", self.forget_device_after),
            ("slow_after", self.slow_after),
            ("many_accounts", self.many_accounts),
            ("many_networks", self.many_networks),
            ("slowed_failures_per_minute", self.slowed_failures_per_minute),
            ("mails_per_hour", self.mails_per_hour),
            ("mails_per_day", self.mails_per_day),
            ("mails_per_day_in_all", self.mails_per_day_in_all),
        ] {
            mistakes.within(&format!("limits.{key}"), value, 1, 1_000_000);
        }
        for (key, value) in [
            ("pause", self.pause),
            ("long_pause", self.long_pause),
            ("slow_pause", self.slow_pause),
            ("slow_pause_at_most", self.slow_pause_at_most),
        ] {
            mistakes.within(&format!("limits.{key}"), value, 1, 31_536_000);
        }
        mistakes.within("limits.long_pause_after", self.long_pause_after, self.pause_after + 1, 2_000_000);
        mistakes.within("limits.close_after", self.close_after, self.slow_after + 1, 2_000_000);
        for (key, value) in [
            ("limits.registrations_per_hour", self.registrations_per_hour),
            ("limits.new_passwords_per_minute", self.new_passwords_per_minute),
            ("limits.mail_requests_per_hour", self.mail_requests_per_hour),
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

//! How many attempts with a person's secret may fail, and what the next one may do: for counters and a moment, nothing else (NIST SP 800-63B-4
//! §3.2.2, OWASP ASVS 6.3.1).
//!
//! An attempt of a browser that an account does not know is counted four times: for its network, for the wider network of IPv6, for the account,
//! and for the account from that network. One of a device that the account has signed in from before is counted for that device alone, and, where
//! it is a code beside the first proof, for all devices of the account together in which no second factor was shown: what strangers do stops it
//! not. Each counter knows how many failed in the running minute and how many in a row; what follows from either is said here, and the numbers
//! come from `[limits]` of the settings, and how long they are remembered stands below.
//!
//! An account is counted whether or not there is one: by its id, or by a keyed hash of what was typed.

use super::network::ClientNetwork;
use crate::clock::Timestamp;

#[cfg(test)]
mod tests;

/// How long attempts are counted together, in seconds.
pub const MINUTE: i64 = 60;
/// How long it is remembered how many accounts a network has tried, and how many networks an account was tried from, in seconds.
pub const SPREAD_FOR: i64 = 3600;
/// Failures in a row are forgotten after so long without another, for each of them, in seconds: so nobody gains by waiting.
pub const FORGOTTEN_AFTER: i64 = 86_400;
/// How long an account that waits for somebody to clear it stays closed after the last attempt that was evaluated, in seconds.
pub const CLOSED_FOR: i64 = 400 * 86_400;
/// How long a person is told of attempts of strangers, and of a stolen token, in seconds.
pub const TOLD_FOR: i64 = 30 * 86_400;
/// Until somebody clears it, or [`CLOSED_FOR`] is over.
pub const FOR_EVER: Timestamp = Timestamp::from_seconds(i64::MAX);

/// The numbers. Lengths of time are in seconds.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Failures a minute of one network.
    pub per_minute: i64,
    /// Failures a minute of one IPv6 /48.
    pub wide_per_minute: i64,
    /// Failures a minute of one account from one network, or of a known device.
    pub account_per_minute: i64,
    /// Failures in a row of one account from one network, or of a known device, until the first pause.
    pub pause_after: i64,
    /// How long that is.
    pub pause: i64,
    /// Failures in a row until the long pause; it comes again whenever as many more have failed as lie between the two.
    pub long_pause_after: i64,
    /// How long that is.
    pub long_pause: i64,
    /// Failures in a row of a known device until it is known no longer; and codes of one account that failed in a row, in all known devices together in which
    /// no second factor was ever shown, from which on each of these is a stranger where a code is asked for.
    pub forget_device_after: i64,
    /// Failures in a row of one account, over all networks, from which on strangers have one guess for each pause.
    pub slow_after: i64,
    /// How long the first of those pauses is; each further failure doubles it,
    pub slow_pause: i64,
    /// up to this.
    pub slow_pause_at_most: i64,
    /// Failures in a row of one account, over all networks, at which it is closed to strangers.
    pub close_after: i64,
    /// Accounts within an hour that a network has tried in vain, from which on it is slowed down.
    pub many_accounts: i64,
    /// Networks within an hour that have tried an account in vain, from which on strangers are slowed down there.
    pub many_networks: i64,
    /// Failures a minute of a network that is slowed down.
    pub slowed_per_minute: i64,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An account, over all networks, as strangers try it.
    Account,
    /// Codes that are typed for an account on devices that it knows: in those in which no second factor was shown, on all of them together; in one in which it
    /// was, on that and its copies.
    Codes,
    /// A device that an account knows.
    Device,
    /// A network: an IPv4 address, or the /64 of an IPv6 one.
    Network,
    /// An account from one network.
    Pair,
    /// An IPv6 /48.
    Wide,
    /// An account from one IPv6 /48: whether it was tried from there within the hour, nothing else.
    Site,
}

impl Kind {
    /// The kind of the counter with this name.
    pub fn of(id: &str) -> Option<Self> {
        match id.split_once(' ')?.0 {
            "a" => Some(Self::Account),
            "c" => Some(Self::Codes),
            "d" => Some(Self::Device),
            "n" => Some(Self::Network),
            "p" => Some(Self::Pair),
            "w" => Some(Self::Wide),
            "x" => Some(Self::Site),
            _ => None,
        }
    }
}

/// One thing that an attempt is counted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What is counted together.
    pub kind: Kind,
    /// The name of the counter. Whoever takes several takes them in the order of their names, so that nobody waits for each other.
    pub id: String,
    /// The account.
    pub account: Option<String>,
    /// The network.
    pub network: Option<String>,
}

impl Subject {
    /// What an attempt of a stranger is counted for. A network that is trusted has no counters of its own. Who comes from nobody knows where
    /// shares no counter with all others of that kind: there the account counts.
    pub fn of_stranger(account: &str, network: ClientNetwork, is_trusted: bool) -> Vec<Self> {
        let of = |kind, id: String, account: Option<&str>, network: Option<&str>| Self {
            kind,
            id,
            account: account.map(str::to_owned),
            network: network.map(str::to_owned),
        };
        let near = match network {
            ClientNetwork::Unknown => format!("{network} {account}"),
            _ => network.to_string(),
        };
        let near = near.as_str();
        let mut all = vec![of(Kind::Account, Self::id_of_account(account), Some(account), None)];
        if !is_trusted {
            all.push(of(Kind::Network, format!("n {near}"), None, Some(near)));
        }
        all.push(of(Kind::Pair, format!("p {account} {near}"), Some(account), Some(near)));
        let wide = network.site();
        if wide != network && !is_trusted {
            let wide = wide.to_string();
            all.push(of(Kind::Wide, format!("w {wide}"), None, Some(&wide)));
        }
        all
    }

    /// The mark that an account was tried from the /48 of this network, which is one place of many for it (RFC 6177 §2); `None` when the
    /// network has none wider than itself. Its name comes after those of all counters.
    pub fn of_site(account: &str, network: ClientNetwork) -> Option<Self> {
        let site = network.site();
        (site != network).then(|| Self {
            kind: Kind::Site,
            id: format!("x {account} {site}"),
            account: Some(account.to_owned()),
            network: Some(site.to_string()),
        })
    }

    /// The name of an account's own counter.
    pub fn id_of_account(account: &str) -> String {
        format!("a {account}")
    }

    /// What codes are counted for beside the known device that they are typed on: whoever knows the password can have as many of those as they like. Where a
    /// second factor was shown, what was shown there is known by this name, whatever the device is called since.
    pub fn of_codes(account: &str, shown: Option<&str>) -> Self {
        let shown = shown.map_or_else(String::new, |shown| format!(" {shown}"));
        Self { kind: Kind::Codes, id: format!("c {account}{shown}"), account: Some(account.to_owned()), network: None }
    }

    /// What an attempt of a known device is counted for.
    pub fn of_device(account: &str, device: &str) -> Self {
        Self {
            kind: Kind::Device,
            id: format!("d {account} {device}"),
            account: Some(account.to_owned()),
            network: None,
        }
    }
}

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// When the running minute began, in seconds.
    pub started_at: i64,
    /// Places of that minute that are taken: by attempts that failed, and by those under way.
    pub taken: i64,
    /// Attempts of that minute that failed.
    pub failed: i64,
    /// Attempts that failed since the last one that did not.
    pub in_row: i64,
    /// The number in a row at which it is to be decided what follows.
    pub stop_at: i64,
    /// Accounts that the network has tried in vain, or networks that the account was tried from, of IPv6 each /48 once, since
    pub spread: i64,
    /// this moment, in seconds. Of an account from one network: when that was last counted for the spread of either.
    pub spread_at: i64,
    /// Until when no attempt is evaluated, in seconds.
    pub closed_until: i64,
}

impl Counter {
    /// Whether a failure of an account from one network is counted for the spread of either: once an hour, whatever was right meanwhile.
    pub fn is_to_spread(&self, now: Timestamp) -> bool {
        self.spread_at <= now.minus(SPREAD_FOR).seconds()
    }

    /// The spread, unless it was too long ago.
    fn spread_now(&self, now: Timestamp) -> i64 {
        if self.spread_at > now.minus(SPREAD_FOR).seconds() { self.spread } else { 0 }
    }
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Until when no attempt is evaluated.
    pub closed_until: Option<Timestamp>,
    /// The number in a row at which it is to be decided again.
    pub stop_at: i64,
}

impl Limits {
    /// How many attempts of a minute may have failed or be under way.
    pub fn places(&self, kind: Kind, counter: &Counter, now: Timestamp) -> i64 {
        let is_slowed = self.is_spread(kind, counter.spread_now(now));
        match kind {
            Kind::Network if is_slowed => self.slowed_per_minute.min(self.per_minute),
            Kind::Wide if is_slowed => self.slowed_per_minute.min(self.wide_per_minute),
            Kind::Network => self.per_minute,
            Kind::Wide => self.wide_per_minute,
            Kind::Pair | Kind::Device => self.account_per_minute,
            // So many at once, and no more after them.
            Kind::Codes => self.forget_device_after,
            // Over all networks failures in a row count, not those of a minute.
            Kind::Account | Kind::Site => i64::MAX,
        }
    }

    /// The number in a row at which it is first to be decided what follows.
    pub fn first_stop(&self, kind: Kind) -> i64 {
        match kind {
            Kind::Network | Kind::Wide | Kind::Site | Kind::Codes => i64::MAX,
            Kind::Pair | Kind::Device => self.pause_after,
            Kind::Account => self.slow_after,
        }
    }

    /// Whether failures in a row count: of a network, in which many people are, they say nothing.
    pub const fn counts_in_row(kind: Kind) -> bool {
        matches!(kind, Kind::Pair | Kind::Device | Kind::Account | Kind::Codes)
    }

    /// Until when no further attempt is evaluated, as far as failures say: those under way may still turn out well.
    pub fn refused_until(&self, kind: Kind, counter: &Counter, now: Timestamp) -> Option<Timestamp> {
        if counter.closed_until > now.seconds() {
            return Some(Timestamp::from_seconds(counter.closed_until));
        }
        // The next one is a stranger's.
        if kind == Kind::Codes && self.forgets(counter) {
            return Some(now.plus(MINUTE));
        }
        let minute_ends = Timestamp::from_seconds(counter.started_at).plus(MINUTE);
        (now < minute_ends && counter.failed >= self.places(kind, counter, now)).then_some(minute_ends)
    }

    /// Whether a further attempt would find a place, as the statement has it that takes one.
    pub fn has_room(&self, kind: Kind, counter: &Counter, now: Timestamp) -> bool {
        let (taken, failed) =
            if counter.started_at <= now.minus(MINUTE).seconds() { (0, 0) } else { (counter.taken, counter.failed) };
        let is_open = counter.closed_until <= now.seconds();
        is_open && taken < self.places(kind, counter, now) && counter.in_row + taken - failed < counter.stop_at
    }

    /// Whether a device that an account knew is to be taken for a stranger, by what failed there; or, where a code is typed, any of them is, by what failed on
    /// all of them.
    pub fn forgets(&self, counter: &Counter) -> bool {
        counter.in_row >= self.forget_device_after
    }

    /// What follows now that another attempt has failed; `None` when nothing does.
    pub fn after_failure(&self, kind: Kind, counter: &Counter, now: Timestamp) -> Option<Consequence> {
        let in_row = counter.in_row;
        let is_spread = kind == Kind::Account && self.is_spread(kind, counter.spread_now(now));
        if in_row < counter.stop_at && !is_spread {
            return None;
        }
        match kind {
            Kind::Network | Kind::Wide | Kind::Site | Kind::Codes => None,
            Kind::Pair | Kind::Device => {
                let pause = if in_row >= self.long_pause_after { self.long_pause } else { self.pause };
                let closed_until = (in_row >= self.pause_after).then(|| now.plus(pause));
                Some(Consequence { closed_until, stop_at: self.next_stop(in_row) })
            }
            Kind::Account if in_row >= self.close_after => {
                Some(Consequence { closed_until: Some(FOR_EVER), stop_at: in_row.saturating_add(1) })
            }
            Kind::Account if in_row >= self.slow_after || is_spread => {
                let doublings = u32::try_from(in_row - self.slow_after).unwrap_or(0).min(30);
                let pause = self.slow_pause.saturating_mul(1 << doublings).min(self.slow_pause_at_most);
                Some(Consequence { closed_until: Some(now.plus(pause)), stop_at: in_row.saturating_add(1) })
            }
            // The hour of the many networks is over.
            Kind::Account => Some(Consequence { closed_until: None, stop_at: self.slow_after }),
        }
    }

    /// Whether a network has tried too many accounts, or an account was tried from too many networks.
    pub fn is_spread(&self, kind: Kind, spread: i64) -> bool {
        match kind {
            Kind::Network | Kind::Wide => spread >= self.many_accounts,
            Kind::Account => spread >= self.many_networks,
            Kind::Pair | Kind::Device | Kind::Site | Kind::Codes => false,
        }
    }

    /// Whether it was the last one counted that made it too many: that is told once.
    pub fn spreads_too_far_now(&self, kind: Kind, counter: &Counter) -> bool {
        self.is_spread(kind, counter.spread) && !self.is_spread(kind, counter.spread - 1)
    }

    fn next_stop(&self, in_row: i64) -> i64 {
        if in_row < self.pause_after {
            return self.pause_after;
        }
        let step = (self.long_pause_after - self.pause_after).max(1);
        let beyond = in_row - self.pause_after;
        self.pause_after.saturating_add((beyond / step + 1).saturating_mul(step))
    }
}

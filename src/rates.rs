//! How often a network may ask for something: a token bucket for each network and door, in the memory of this node (RFC 6585 §4).
//!
//! It bounds what one place can cost all others; what protects an account from being guessed is counted in the database instead
//! (`storage/attempts.rs`). Networks that do not ask are forgotten, and however many ask at once, so many are known and no more: those beyond
//! share a few buckets.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::config::LimitsConfig;
use crate::protocol::network::ClientNetwork;
use crate::protocol::rejection::{Refusal, Rejection};

/// How many times as much the /48 around a /64 may ask for.
const SITE: u32 = 10;
/// A bucket's networks are kept in so many parts, each behind a lock of its own,
const PARTS: usize = 16;
/// and so many networks in each: half a megabyte in all.
const MOST: usize = 2048;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// An account.
    Registration,
    /// To have a new password judged, which takes some thought.
    NewPassword,
    /// A mail to somebody.
    Mail,
    /// To be taken for a client, in vain.
    FailedClient,
    /// That such a failure of nobody knows whom is written down.
    FailedClientRecord,
    /// Tokens, or their end.
    Token,
    /// What a token is worth.
    Introspection,
    /// Whom a token is of.
    Userinfo,
    /// An authorization.
    Authorization,
    /// That keys are ended which somebody says have leaked.
    LeakReport,
}

impl Door {
    const ALL: [Self; 10] = [
        Self::Registration,
        Self::NewPassword,
        Self::Mail,
        Self::FailedClient,
        Self::FailedClientRecord,
        Self::Token,
        Self::Introspection,
        Self::Userinfo,
        Self::Authorization,
        Self::LeakReport,
    ];

    /// How many may be asked for, in how long.
    fn limit(self, config: &LimitsConfig) -> (u32, Duration) {
        const HOUR: Duration = Duration::from_secs(3600);
        const MINUTE: Duration = Duration::from_secs(60);
        match self {
            Self::Registration => (config.registrations_per_hour, HOUR),
            Self::NewPassword => (config.new_passwords_per_minute, MINUTE),
            Self::Mail => (config.mail_requests_per_hour, HOUR),
            Self::FailedClient => (config.failed_clients_per_minute, MINUTE),
            Self::FailedClientRecord => (1, Duration::from_secs(1)),
            Self::Token => (config.tokens_per_minute, MINUTE),
            Self::Introspection => (config.introspections_per_minute, MINUTE),
            Self::Userinfo => (config.userinfo_per_minute, MINUTE),
            Self::Authorization => (config.authorizations_per_minute, MINUTE),
            Self::LeakReport => (config.leak_reports_per_minute, MINUTE),
        }
    }

    const fn rejection(self) -> Rejection {
        match self {
            Self::Registration | Self::NewPassword => Rejection::TooManyRegistrations,
            Self::Mail => Rejection::TooOften,
            Self::FailedClient | Self::FailedClientRecord => Rejection::TooManyClientFailures,
            Self::Token | Self::Introspection | Self::Userinfo | Self::Authorization | Self::LeakReport => {
                Rejection::TooOften
            }
        }
    }

    /// Whether those whose network is not known share one bucket. Machines do not: a proxy that does not say where they come from would
    /// stand for all of them.
    const fn counts_unknown(self) -> bool {
        matches!(
            self,
            Self::Registration | Self::NewPassword | Self::Mail | Self::FailedClientRecord | Self::LeakReport
        )
    }
}

/// All buckets. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Rates(Arc<[Option<Bucket>; Door::ALL.len()]>);

impl Rates {
    /// Full buckets, whose time is the clock's.
    pub fn new(config: &LimitsConfig, clock: &Clock) -> Self {
        Self(Arc::new(Door::ALL.map(|door| Bucket::new(door.limit(config), clock))))
    }

    /// Takes one out of the network's bucket.
    ///
    /// # Errors
    /// The door's rejection when it is empty, with the seconds until there is one.
    pub fn take(&self, door: Door, network: ClientNetwork) -> Result<(), Refusal> {
        let Some(bucket) = &self.0[door as usize] else { return Ok(()) };
        if network == ClientNetwork::Unknown && !door.counts_unknown() {
            return Ok(());
        }
        bucket.take(network).map_err(|wait| door.rejection().for_seconds(wait))
    }

    /// Forgets the networks whose buckets are full.
    pub fn forget_idle(&self) {
        self.0.iter().flatten().for_each(Bucket::forget_idle);
    }
}

/// The bucket of each network, and of each /48.
#[derive(Debug)]
struct Bucket {
    own: Limiter,
    site: Limiter,
    networks: Networks,
    sites: Networks,
}

type Limiter = RateLimiter<ClientNetwork, Networks, Steady, NoOpMiddleware<Duration>>;

impl Bucket {
    fn new((most, period): (u32, Duration), clock: &Clock) -> Option<Self> {
        let most = NonZeroU32::new(most)?;
        let (networks, sites) = (Networks::default(), Networks::default());
        let limiter = |most: NonZeroU32, networks: &Networks| {
            let quota = Quota::with_period(period / most.get())?.allow_burst(most);
            Some(RateLimiter::new(quota, networks.clone(), Steady(clock.clone())))
        };
        let many = most.saturating_mul(NonZeroU32::new(SITE)?);
        Some(Self { own: limiter(most, &networks)?, site: limiter(many, &sites)?, networks, sites })
    }

    fn take(&self, network: ClientNetwork) -> Result<(), u64> {
        take(&self.own, &self.networks, network)?;
        let site = network.site();
        if site == network { Ok(()) } else { take(&self.site, &self.sites, site) }
    }

    fn forget_idle(&self) {
        self.own.retain_recent();
        self.site.retain_recent();
    }
}

fn take(limiter: &Limiter, networks: &Networks, network: ClientNetwork) -> Result<(), u64> {
    let answer = limiter.check_key(&network);
    // Before the next one finds no room either; but looking through all of them once a second is enough.
    let now = limiter.clock().now().as_secs();
    if networks.0.is_full.load(Ordering::Relaxed) && networks.0.looked_through.swap(now, Ordering::Relaxed) != now {
        networks.0.is_full.store(false, Ordering::Relaxed);
        limiter.retain_recent();
    }
    answer.map_err(|until| {
        let wait = until.wait_time_from(limiter.clock().now());
        wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
    })
}

/// Time as buckets see it.
#[derive(Clone, Debug)]
struct Steady(Clock);

impl governor::clock::Clock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

/// How empty the bucket of each network is. Clones are the same.
#[derive(Clone, Debug, Default)]
struct Networks(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    parts: [Mutex<HashMap<ClientNetwork, Nanos>>; PARTS],
    hasher: RandomState,
    /// A network found no room.
    is_full: AtomicBool,
    /// The second in which those were last forgotten that do not ask any more.
    looked_through: AtomicU64,
}

impl Networks {
    fn part(&self, network: ClientNetwork) -> MutexGuard<'_, HashMap<ClientNetwork, Nanos>> {
        let hash = self.0.hasher.hash_one(network);
        let at = usize::try_from(hash % PARTS as u64).unwrap_or_default();
        self.0.parts[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Networks {
    type Key = ClientNetwork;

    fn measure_and_replace<T, F, E>(&self, key: &ClientNetwork, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut part = self.part(*key);
        let mut key = *key;
        if part.len() >= MOST && !part.contains_key(&key) {
            self.0.is_full.store(true, Ordering::Relaxed);
            key = ClientNetwork::Unknown;
        }
        let (answer, now) = measure(part.get(&key).copied())?;
        part.insert(key, now);
        Ok(answer)
    }
}

impl ShrinkableKeyedStateStore<ClientNetwork> for Networks {
    fn retain_recent(&self, drop_below: Nanos) {
        for part in &self.0.parts {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.retain(|_, state| *state > drop_below);
        }
    }

    fn shrink_to_fit(&self) {
        for part in &self.0.parts {
            part.lock().unwrap_or_else(PoisonError::into_inner).shrink_to_fit();
        }
    }

    fn len(&self) -> usize {
        self.0.parts.iter().map(|part| part.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::protocol::rejection::Detail;

    fn rates(change: impl FnOnce(&mut LimitsConfig)) -> (Rates, Clock) {
        let (mut config, clock) =
            (Config::load(None, []).unwrap().limits, Clock::manual(Timestamp::from_seconds(1000)));
        change(&mut config);
        (Rates::new(&config, &clock), clock)
    }

    fn network(address: &str) -> ClientNetwork {
        ClientNetwork::of(address.parse().ok())
    }

    fn numbered(number: u32) -> ClientNetwork {
        ClientNetwork::of(Some(IpAddr::V4(Ipv4Addr::from(number))))
    }

    #[test]
    fn a_network_has_so_many_at_once_and_so_many_in_each_further_hour() {
        let (rates, clock) = rates(|limits| limits.registrations_per_hour = 10);
        let take = |address| rates.take(Door::Registration, network(address));
        assert!((0..10).all(|_| take("203.0.113.7").is_ok()));
        let refused = take("203.0.113.7").unwrap_err();
        assert_eq!(refused, Rejection::TooManyRegistrations.for_seconds(360));
        assert!(take("203.0.113.8").is_ok(), "another network");
        clock.turn(359);
        assert_eq!(take("203.0.113.7").unwrap_err().detail, Detail::Wait(1));
        clock.turn(1);
        assert!(take("203.0.113.7").is_ok() && take("203.0.113.7").is_err());
        clock.turn(36_000);
        assert!((0..10).all(|_| take("203.0.113.7").is_ok()) && take("203.0.113.7").is_err());
    }

    #[test]
    fn a_64_is_one_network_and_a_48_has_ten_times_as_much() {
        let (rates, _) = rates(|limits| limits.registrations_per_hour = 2);
        let take = |address: String| rates.take(Door::Registration, network(&address));
        assert!(take("2001:db8::1".to_owned()).is_ok() && take("2001:db8::2".to_owned()).is_ok());
        assert!(take("2001:db8::3".to_owned()).is_err());
        let passed = (1..100).filter(|number| take(format!("2001:db8:0:{number:x}::1")).is_ok()).count();
        assert_eq!(passed, 18);
        assert!(take("2001:db8:1::1".to_owned()).is_ok());
    }

    #[test]
    fn a_limit_of_0_is_none_and_machines_of_unknown_networks_share_none() {
        let (rates, _) = rates(|limits| (limits.tokens_per_minute, limits.userinfo_per_minute) = (0, 1));
        assert!((0..100).all(|_| rates.take(Door::Token, numbered(1)).is_ok()));
        assert!((0..100).all(|_| rates.take(Door::Userinfo, ClientNetwork::Unknown).is_ok()));
        let unknown = || rates.take(Door::Registration, ClientNetwork::Unknown);
        assert_eq!((0..100).filter(|_| unknown().is_ok()).count(), 10);
    }

    #[test]
    fn however_many_networks_ask_so_many_are_known_and_the_known_ones_keep_their_own() {
        let (rates, clock) = rates(|limits| limits.registrations_per_hour = 2);
        let known = network("203.0.113.7");
        rates.take(Door::Registration, known).unwrap();
        for number in 0..40_000 {
            let _ = rates.take(Door::Registration, numbered(number));
        }
        let bucket = rates.0[Door::Registration as usize].as_ref().unwrap();
        assert!(bucket.networks.len() <= PARTS * (MOST + 1), "{}", bucket.networks.len());
        assert!(rates.take(Door::Registration, known).is_ok(), "it has taken one of two");
        clock.turn(7200);
        rates.forget_idle();
        assert_eq!(bucket.networks.len(), 0);
    }
}

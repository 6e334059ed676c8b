//! The connections that are open, and their bounds. Near that of all, the one that has idled longest goes for each new one; at it, the next
//! waits until another has gone, and one that is slow with its request must. So many files are never opened that none is left for the
//! database.
//!
//! A network has a bound of its own: near it the one of its own that has idled longest goes for each new one, and at it the new one is
//! refused. Whoever is asked to go counts until it is gone: it has some time, and need not take the asking. So nobody fills the house
//! alone. A trusted proxy, who brings everybody, has none.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::patience::{Patience, SLOW};
use crate::config::{Network, ServerConfig};
use crate::protocol::network::ClientNetwork;
use crate::telemetry::numbers;

/// How often it is looked, when there is no room, whether one idles now.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Open {
    all: Arc<Mutex<All>>,
    room: Arc<Semaphore>,
    most: u32,
    most_of_network: u32,
    /// Whose connections are everybody's.
    proxies: Vec<Network>,
    leaving: CancellationToken,
}

/// Each with its number.
#[derive(Debug, Default)]
struct All {
    last: u64,
    open: HashMap<u64, One>,
    /// How many each network has.
    of: HashMap<ClientNetwork, u32>,
}

#[derive(Debug)]
struct One {
    patience: Arc<Patience>,
    leave: CancellationToken,
    network: Option<ClientNetwork>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Entered {
    all: Arc<Mutex<All>>,
    number: u64,
    /// How long it is waited for.
    pub patience: Arc<Patience>,
    /// Says when it is to end as soon as nothing is under way.
    pub leave: CancellationToken,
    /// Given back last: whoever gets it finds the connection gone.
    _permit: OwnedSemaphorePermit,
}

impl Open {
    /// None yet.
    pub fn new(config: &ServerConfig) -> Self {
        Self {
            all: Arc::default(),
            room: Arc::new(Semaphore::new(config.max_connections as usize)),
            most: config.max_connections,
            most_of_network: config.max_connections_per_network,
            proxies: config.trusted_proxies.clone(),
            leaving: CancellationToken::new(),
        }
    }

    /// Waits until there is room for one more.
    pub async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(Ok(permit)) = timeout(LOOK_EVERY, self.room.clone().acquire_owned()).await {
                return permit;
            }
            let all = self.all();
            if !all.shed(|one| one.patience.idle_since()) {
                all.shed(|one| one.patience.in_head_since().filter(|since| since.elapsed() >= SLOW));
            }
        }
    }

    /// Takes a new one, unless its network has too many. From nine tenths of either bound on, the one that has idled longest is asked to leave.
    pub fn enter(&self, permit: OwnedSemaphorePermit, peer: IpAddr) -> Option<Entered> {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.contains(peer));
        let network = (!is_proxy).then(|| ClientNetwork::of(Some(peer)).site());
        let mut all = self.all();
        if let Some(own) = network {
            let open = all.of.get(&own).copied().unwrap_or_default();
            // Those that have been asked make room already. They are counted only near the bound.
            if is_near(open, self.most_of_network) && is_near(all.staying_of(own), self.most_of_network) {
                all.shed(|one| one.patience.idle_since().filter(|_| one.network == network));
            }
            if open >= self.most_of_network {
                tracing::debug!(network = %own, "a connection was refused: its network has too many");
                return None;
            }
        }
        if is_near(u32::try_from(all.open.len()).unwrap_or(u32::MAX), self.most) {
            all.shed(|one| one.patience.idle_since());
        }
        let (patience, leave) = (Arc::new(Patience::new()), self.leaving.child_token());
        all.last += 1;
        let number = all.last;
        if let Some(network) = network {
            *all.of.entry(network).or_default() += 1;
        }
        all.open.insert(number, One { patience: patience.clone(), leave: leave.clone(), network });
        drop(all);
        numbers::connections(1);
        Some(Entered { all: self.all.clone(), number, patience, leave, _permit: permit })
    }

    /// Asks all to leave, and waits until they are gone.
    pub async fn leave(&self) {
        self.leaving.cancel();
        let _all_are_gone = self.room.acquire_many(self.most).await;
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// Asks the one to leave for which this gives the earliest moment, of those that have not been asked yet; whether there is any.
    fn shed<T: Ord>(&self, since: impl Fn(&One) -> Option<T>) -> bool {
        let all = self.staying().filter_map(|one| Some((since(one)?, one)));
        let Some((_, first)) = all.min_by(|(a, _), (b, _)| a.cmp(b)) else { return false };
        first.leave.cancel();
        true
    }

    /// Those that have not been asked to leave.
    fn staying(&self) -> impl Iterator<Item = &One> {
        self.open.values().filter(|one| !one.leave.is_cancelled())
    }

    fn staying_of(&self, network: ClientNetwork) -> u32 {
        let own = self.staying().filter(|one| one.network == Some(network));
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }

    fn remove(&mut self, number: u64) {
        let Some(One { network: Some(network), .. }) = self.open.remove(&number) else { return };
        if let Some(count) = self.of.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&network);
            }
        }
    }
}

/// Whether with one more there are more than nine tenths of the bound.
fn is_near(open: u32, most: u32) -> bool {
    u64::from(open) + 1 > u64::from(most) * 9 / 10
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(self.number);
        numbers::connections(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn open(most: u32, of_network: u32) -> Open {
        let mut config = Config::load(None, []).unwrap().server;
        (config.max_connections, config.max_connections_per_network) = (most, of_network);
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Open::new(&config)
    }

    async fn enter(open: &Open, from: &str) -> Option<Entered> {
        open.enter(open.room().await, from.parse().unwrap())
    }

    #[tokio::test]
    async fn near_the_bound_the_one_that_has_idled_longest_goes_first() {
        let open = open(10, 100);
        let mut all = Vec::new();
        for _ in 0..9 {
            all.push(enter(&open, "203.0.113.7").await.unwrap());
        }
        for number in [4, 2, 7] {
            drop(all[number].patience.asked(number == 2));
        }
        let shed = || (0..9).filter(|number| all[*number].leave.is_cancelled()).collect::<Vec<_>>();
        assert_eq!(shed(), Vec::<usize>::new());
        let tenth = enter(&open, "203.0.113.7").await;
        assert_eq!(shed(), [4]);
        drop(tenth);
        let _eleventh = enter(&open, "203.0.113.7").await;
        assert_eq!(shed(), [2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_bound_the_next_waits_until_one_idles_or_goes() {
        let open = open(10, 100);
        let mut all = Vec::new();
        for _ in 0..10 {
            all.push(enter(&open, "203.0.113.7").await.unwrap());
        }
        assert!(timeout(LOOK_EVERY * 3, open.room()).await.is_err());
        drop(all[3].patience.asked(false));
        assert!(timeout(LOOK_EVERY * 3, open.room()).await.is_err());
        assert!(all[3].leave.is_cancelled());
        all.remove(3);
        drop(open.room().await);
        assert_eq!(open.all().open.len(), 9);
        // All are asked to leave at a stop, and it waits for them.
        assert!(timeout(LOOK_EVERY, open.leave()).await.is_err());
        assert!(all.iter().all(|one| one.leave.is_cancelled()));
        all.clear();
        open.leave().await;
        assert!(open.all().of.is_empty());
    }

    #[tokio::test]
    async fn a_network_has_a_bound_of_its_own_and_a_proxy_has_none() {
        let open = open(100, 2);
        let (first, second) = (enter(&open, "2001:db8:1:2::1").await.unwrap(), enter(&open, "2001:db8:1:3::1").await);
        assert!(enter(&open, "2001:db8:1:4::1").await.is_none(), "the /48 has two");
        assert!(enter(&open, "2001:db8:2::1").await.is_some());
        // One that idles goes for the next of the same network, and for nobody else's; and it counts until it is gone.
        drop(first.patience.asked(true));
        assert!(enter(&open, "203.0.113.7").await.is_some() && !first.leave.is_cancelled());
        assert!(enter(&open, "2001:db8:1:4::1").await.is_none() && first.leave.is_cancelled());
        let late = first.patience.asked(true);
        assert!(enter(&open, "2001:db8:1:4::1").await.is_none(), "it goes on, though it was asked to leave");
        drop((late, first));
        let third = enter(&open, "2001:db8:1:4::1").await;
        assert!(third.is_some() && enter(&open, "2001:db8:1:5::1").await.is_none());
        drop((second, third));
        assert!(open.all().of.is_empty());
        let mut proxied = Vec::new();
        for _ in 0..50 {
            proxied.push(enter(&open, "10.0.0.1").await.unwrap());
        }
    }

    #[tokio::test]
    async fn near_the_bound_of_a_network_those_of_its_own_that_idle_go_one_for_each_new_one() {
        let open = open(1000, 20);
        let mut all = Vec::new();
        for _ in 0..18 {
            all.push(enter(&open, "203.0.113.7").await.unwrap());
        }
        for one in &all {
            drop(one.patience.asked(true));
        }
        let shed = |all: &[Entered]| all.iter().filter(|one| one.leave.is_cancelled()).count();
        assert_eq!(shed(&all), 0);
        for number in 1..=2 {
            let new = enter(&open, "203.0.113.7").await.unwrap();
            let _busy = new.patience.asked(true);
            all.push(new);
            assert_eq!(shed(&all), number);
        }
        // Those who are on their way make room for the next ones already: nobody else is asked to leave.
        assert!(enter(&open, "203.0.113.7").await.is_none());
        all.retain(|one| !one.leave.is_cancelled());
        assert!(enter(&open, "203.0.113.7").await.is_some());
    }
}

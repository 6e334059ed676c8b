//! Whose password is hashed next. As many hashes run at once as there are cores; the others wait here, and what finds no place is told to
//! come back.
//!
//! Three rules keep the innocent apart from a flood. A network has a share of the queue, what runs for it included: who fills it is told to
//! come back while others still get places. The next one is the first in [`Rank`], but for some turns that belong to the later ranks first:
//! whoever keeps one rank busy with right passwords, which count nowhere, slows the others down and does not stop them. Within a rank the
//! networks take turns. And when the whole queue is full, who comes before somebody in it takes the place of the last of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::protocol::network::ClientNetwork;

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Whom the account knows: a device that it was signed in from before, or an operator.
    Known,
    /// Anybody who signs in.
    SignIn,
    /// Who wants an account.
    Registration,
}

/// All ranks, the first first.
const RANKS: [Rank; 3] = [Rank::Known, Rank::SignIn, Rank::Registration];
/// Every so many calls belong to those who sign in, if one waits,
const SIGN_IN_EVERY: u64 = 3;
/// and every so many to those who want an account.
const REGISTRATION_EVERY: u64 = 9;

/// Who waits for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    rank: Rank,
    /// `None`: nobody from outside, so no share is counted.
    network: Option<ClientNetwork>,
}

impl Waiter {
    /// Somebody from this network. Of IPv6 the /48 is meant, whatever is given: who has many /64 has one share all the same.
    pub fn from(network: ClientNetwork, rank: Rank) -> Self {
        Self { rank, network: Some(network.site()) }
    }

    /// Who works on the machine itself.
    pub const fn operator() -> Self {
        Self { rank: Rank::Known, network: None }
    }
}

/// How much there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// So many run at once.
    pub running: usize,
    /// So many wait.
    pub waiting: usize,
    /// So many run or wait of one network.
    pub share: usize,
}

/// The queue. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    waiting: usize,
    last_ticket: u64,
    /// How many have been called.
    called: u64,
    /// What runs and waits, network by network.
    shares: HashMap<ClientNetwork, usize>,
    lines: [Line; RANKS.len()],
}

/// Those of one rank: the networks in turn, and who waits of each.
#[derive(Debug, Default)]
struct Line {
    turns: VecDeque<Option<ClientNetwork>>,
    waiting: HashMap<Option<ClientNetwork>, VecDeque<(u64, oneshot::Sender<Turn>)>>,
}

/// The right to compute one hash, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    /// `None` once it has been given back.
    queue: Option<Queue>,
    network: Option<ClientNetwork>,
}

/// A place in the queue, given up when dropped.
struct Place<'a> {
    queue: &'a Queue,
    waiter: Waiter,
    ticket: u64,
}

impl Queue {
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Inner { bounds, state: Mutex::default() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many run, and how many wait.
    pub fn under_way(&self) -> (usize, usize) {
        let state = self.state();
        (state.running, state.waiting)
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// A passing one when there is no place.
    pub async fn turn(&self, waiter: Waiter) -> Result<Turn, Failure> {
        let (ticket, called) = self.enter(waiter)?;
        let place = Place { queue: self, waiter, ticket };
        let turn = called.await;
        drop(place);
        turn.map_err(|_| Failure::unavailable("a place among the passwords to be hashed was needed for somebody else"))
    }

    /// Takes a place, and calls whoever can be.
    fn enter(&self, waiter: Waiter) -> Result<(u64, oneshot::Receiver<Turn>), Failure> {
        let mut state = self.state();
        let share = waiter.network.map_or(0, |network| state.shares.get(&network).copied().unwrap_or(0));
        if share >= self.0.bounds.share {
            return Err(Failure::unavailable("too many passwords from one network wait to be hashed"));
        }
        let must_wait = state.running >= self.0.bounds.running;
        if must_wait && state.waiting >= self.0.bounds.waiting && !state.displace(waiter.rank) {
            return Err(Failure::unavailable("too many passwords wait to be hashed"));
        }
        let (call, called) = oneshot::channel();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        state.push(waiter, (ticket, call));
        self.call(&mut state);
        Ok((ticket, called))
    }

    /// Calls the next ones, as many as may run.
    fn call(&self, state: &mut State) {
        while state.running < self.0.bounds.running {
            let Some((network, call)) = state.next() else { return };
            state.running += 1;
            if let Err(mut turn) = call.send(Turn { queue: Some(self.clone()), network }) {
                // Nobody waits for it any more.
                turn.queue = None;
                state.end(network);
            }
        }
    }
}

/// Whose turn a call is first; when none of them waits, it is anybody's, in the order of the ranks.
const fn preferred(call: u64) -> Rank {
    if call.is_multiple_of(REGISTRATION_EVERY) {
        Rank::Registration
    } else if call.is_multiple_of(SIGN_IN_EVERY) {
        Rank::SignIn
    } else {
        Rank::Known
    }
}

impl State {
    fn push(&mut self, waiter: Waiter, waiting: (u64, oneshot::Sender<Turn>)) {
        if let Some(network) = waiter.network {
            *self.shares.entry(network).or_default() += 1;
        }
        self.waiting += 1;
        self.lines[waiter.rank as usize].push(waiter.network, waiting);
    }

    /// Takes out whoever is next.
    fn next(&mut self) -> Option<(Option<ClientNetwork>, oneshot::Sender<Turn>)> {
        let preferred = self.lines[preferred(self.called + 1) as usize].next();
        let next = preferred.or_else(|| self.lines.iter_mut().find_map(Line::next))?;
        self.called += 1;
        self.waiting -= 1;
        Some(next)
    }

    /// Takes a place from the last one of a rank that comes after this one; whether there was any.
    fn displace(&mut self, rank: Rank) -> bool {
        let later = self.lines.iter_mut().skip(rank as usize + 1).rev();
        let Some(network) = later.filter_map(Line::take_last).next() else { return false };
        self.waiting -= 1;
        self.forget(network);
        true
    }

    /// One hash of the network is done.
    fn end(&mut self, network: Option<ClientNetwork>) {
        self.running -= 1;
        self.forget(network);
    }

    /// Nothing runs or waits any more for one of the network.
    fn forget(&mut self, network: Option<ClientNetwork>) {
        let Some(network) = network else { return };
        if let Some(share) = self.shares.get_mut(&network) {
            *share -= 1;
            if *share == 0 {
                self.shares.remove(&network);
            }
        }
    }
}

impl Line {
    fn push(&mut self, network: Option<ClientNetwork>, waiting: (u64, oneshot::Sender<Turn>)) {
        let of = self.waiting.entry(network).or_default();
        if of.is_empty() {
            self.turns.push_back(network);
        }
        of.push_back(waiting);
    }

    fn next(&mut self) -> Option<(Option<ClientNetwork>, oneshot::Sender<Turn>)> {
        let network = self.turns.pop_front()?;
        let of = self.waiting.get_mut(&network)?;
        let (_, call) = of.pop_front()?;
        if of.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        Some((network, call))
    }

    /// Takes the last one of the network that has most of them out; its network.
    fn take_last(&mut self) -> Option<Option<ClientNetwork>> {
        let (network, (ticket, _)) = self
            .waiting
            .iter()
            .max_by_key(|(_, of)| of.len())
            .and_then(|(network, of)| Some((*network, of.back()?)))?;
        let ticket = *ticket;
        self.remove(network, ticket).then_some(network)
    }

    /// Takes one out; whether it was there.
    fn remove(&mut self, network: Option<ClientNetwork>, ticket: u64) -> bool {
        let Some(of) = self.waiting.get_mut(&network) else { return false };
        let before = of.len();
        of.retain(|(own, _)| *own != ticket);
        let is_removed = of.len() < before;
        if of.is_empty() {
            self.waiting.remove(&network);
            self.turns.retain(|turn| *turn != network);
        }
        is_removed
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Waiter { rank, network } = self.waiter;
        let mut state = self.queue.state();
        if state.lines[rank as usize].remove(network, self.ticket) {
            state.waiting -= 1;
            state.forget(network);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            let mut state = queue.state();
            state.end(self.network);
            queue.call(&mut state);
        }
    }
}

#[cfg(test)]
mod tests;

//! The line before the limit of failed sign-ins: at most as many attempts of one network as have a place are under way at once on this
//! node, and the others wait for their turn, the first first. What decides is the database ([`crate::storage::Place`]); the line keeps a
//! thousand right passwords of one office from asking it all the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::SignIns;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::rejection::Rejection;
use crate::storage::{Asked, Place};

/// How long an attempt waits, for its turn and again for a place, before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before asking again for a place that an attempt on another node holds.
const PAUSE: Duration = Duration::from_millis(50);

/// The lines of all networks of which somebody is trying to sign in now.
#[derive(Clone, Debug)]
pub(super) struct Lines(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: usize,
    networks: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The turn of one attempt, until it is dropped.
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    lines: Lines,
    network: String,
}

impl Lines {
    pub fn new(places: i64) -> Self {
        let places = usize::try_from(places).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner { places, networks: Mutex::default() }))
    }

    /// Waits for a turn.
    pub async fn turn(&self, network: &str) -> Result<Turn, Failure> {
        let mut turn = Turn { permit: None, lines: self.clone(), network: network.to_owned() };
        let line = self.networks(|networks| {
            let new = || Arc::new(Semaphore::new(self.0.places));
            networks.entry(network.to_owned()).or_insert_with(new).clone()
        });
        let permit = timeout(PATIENCE, line.acquire_owned()).await.map_err(|_| in_vain())?;
        turn.permit = Some(permit.map_err(Failure::internal)?);
        Ok(turn)
    }

    fn networks<T>(&self, with: impl FnOnce(&mut HashMap<String, Arc<Semaphore>>) -> T) -> T {
        with(&mut self.0.networks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        // Whoever waits or has a turn holds the line, and takes hold of it under this lock alone.
        self.lines.networks(|networks| {
            if networks.get(&self.network).is_some_and(|line| Arc::strong_count(line) == 1) {
                networks.remove(&self.network);
            }
        });
    }
}

fn in_vain() -> Failure {
    Failure::unavailable("other attempts to sign in from the same network are still under way")
}

impl SignIns {
    /// Takes a place for an attempt. Who finds all of them taken by failures is refused; by attempts under way, waits for those.
    pub(super) async fn take_place(&self, network: &str, now: Timestamp) -> Result<Place, Error> {
        let limit = self.limits.failures_per_minute;
        let asking = async {
            loop {
                let mut transaction = self.storage.begin().await?;
                let asked = transaction.take_place(network, limit, now).await?;
                transaction.commit().await?;
                match asked {
                    Asked::Taken(place) => return Ok(place),
                    Asked::Full { failures, until } if failures >= limit => {
                        let wait = until.seconds().saturating_sub(now.seconds());
                        return Err(Rejection::TooManyFailures.for_seconds(wait.unsigned_abs()).into());
                    }
                    Asked::Full { .. } => sleep(PAUSE).await,
                }
            }
        };
        timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(in_vain().into()))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn one_network_waits_for_itself_alone_and_leaves_no_line_behind() {
        let lines = Lines::new(2);
        let first = lines.turn("a").await.unwrap();
        let second = lines.turn("a").await.unwrap();
        let mut third = pin!(lines.turn("a"));
        let mut context = Context::from_waker(Waker::noop());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(lines.turn("b").await.unwrap());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(first);
        drop(third.await.unwrap());
        assert_eq!(lines.networks(|networks| networks.len()), 1);
        drop(second);
        assert_eq!(lines.networks(|networks| networks.len()), 0);
    }
}

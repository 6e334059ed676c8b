//! The line before the limit of failed sign-ins: at most as many attempts of one network as have a place are under way at once on this
//! node, and the others wait for their turn, the first first; an account has a line of its own in a trusted network. What decides is the
//! database ([`crate::storage::Place`]); the line keeps a
//! thousand right passwords of one office from asking it all the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::failure::Failure;

/// How long an attempt waits, for its turn and again for a place, before it is told to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The lines of all networks of which somebody is trying to sign in now.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    networks: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The turn of one attempt, until it is dropped.
pub(super) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    /// Whether it had to be waited for: what was read before may have changed.
    pub has_waited: bool,
    lines: Lines,
    network: String,
}

impl Lines {
    /// Waits for a turn in a line in which so many may have one at once.
    pub async fn turn(&self, (network, places): (String, i64)) -> Result<Turn, Failure> {
        let line = self.networks(|networks| {
            let places = usize::try_from(places).unwrap_or(1).clamp(1, Semaphore::MAX_PERMITS);
            networks.entry(network.clone()).or_insert_with(|| Arc::new(Semaphore::new(places))).clone()
        });
        let mut turn = Turn { permit: None, has_waited: false, lines: self.clone(), network };
        if let Ok(permit) = line.clone().try_acquire_owned() {
            turn.permit = Some(permit);
            return Ok(turn);
        }
        turn.has_waited = true;
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

pub(super) fn in_vain() -> Failure {
    Failure::unavailable("other attempts to sign in from the same network are still under way")
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn one_network_waits_for_itself_alone_and_leaves_no_line_behind() {
        let lines = Lines::default();
        let first = lines.turn(("a".to_owned(), 2)).await.unwrap();
        let second = lines.turn(("a".to_owned(), 2)).await.unwrap();
        let mut third = pin!(lines.turn(("a".to_owned(), 2)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(lines.turn(("b".to_owned(), 2)).await.unwrap());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(first);
        drop(third.await.unwrap());
        assert_eq!(lines.networks(|networks| networks.len()), 1);
        drop(second);
        assert_eq!(lines.networks(|networks| networks.len()), 0);
    }
}

//! The connections that are open, and their bound: near it, the one that has idled longest goes for each new one; at it, the next waits
//! until another has gone. So many files are never opened that none is left for the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::patience::Patience;
use crate::telemetry::numbers;

/// How often it is looked, when there is no room, whether one idles now.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Open {
    all: Arc<Mutex<Numbered>>,
    room: Arc<Semaphore>,
    most: u32,
    leaving: CancellationToken,
}

/// Each with its number.
#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    open: HashMap<u64, One>,
}

#[derive(Debug)]
struct One {
    patience: Arc<Patience>,
    leave: CancellationToken,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Entered {
    all: Arc<Mutex<Numbered>>,
    number: u64,
    /// How long it is waited for.
    pub patience: Arc<Patience>,
    /// Says when it is to end as soon as nothing is under way.
    pub leave: CancellationToken,
    /// Given back last: whoever gets it finds the connection gone.
    _permit: OwnedSemaphorePermit,
}

impl Open {
    /// None yet; so many there may be.
    pub fn new(most: u32) -> Self {
        let room = Arc::new(Semaphore::new(most as usize));
        Self { all: Arc::default(), room, most, leaving: CancellationToken::new() }
    }

    /// Waits until there is room for one more.
    pub async fn room(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(Ok(permit)) = timeout(LOOK_EVERY, self.room.clone().acquire_owned()).await {
                return permit;
            }
            shed(&self.all());
        }
    }

    /// Takes a new one. From nine tenths of the bound on, the one that has idled longest is asked to leave.
    pub fn enter(&self, permit: OwnedSemaphorePermit) -> Entered {
        let (patience, leave) = (Arc::new(Patience::new()), self.leaving.child_token());
        let mut all = self.all();
        if all.open.len() + 1 > self.most as usize * 9 / 10 {
            shed(&all);
        }
        all.last += 1;
        let number = all.last;
        all.open.insert(number, One { patience: patience.clone(), leave: leave.clone() });
        drop(all);
        numbers::connections(1);
        Entered { all: self.all.clone(), number, patience, leave, _permit: permit }
    }

    /// Asks all to leave, and waits until they are gone.
    pub async fn leave(&self) {
        self.leaving.cancel();
        let _all_are_gone = self.room.acquire_many(self.most).await;
    }

    fn all(&self) -> MutexGuard<'_, Numbered> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.number);
        numbers::connections(-1);
    }
}

/// Asks the one to leave that has idled longest, of those that have not been asked yet.
fn shed(all: &Numbered) {
    let staying = all.open.values().filter(|one| !one.leave.is_cancelled());
    let idle = staying.filter_map(|one| Some((one.patience.idle_since()?, one)));
    if let Some((_, oldest)) = idle.min_by_key(|(since, _)| *since) {
        oldest.leave.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn enter(open: &Open) -> Entered {
        open.enter(open.room().await)
    }

    #[tokio::test]
    async fn near_the_bound_the_one_that_has_idled_longest_goes_first() {
        let open = Open::new(10);
        let mut all = Vec::new();
        for _ in 0..9 {
            all.push(enter(&open).await);
        }
        for number in [4, 2, 7] {
            drop(all[number].patience.asked(number == 2));
        }
        let shed = || (0..9).filter(|number| all[*number].leave.is_cancelled()).collect::<Vec<_>>();
        assert_eq!(shed(), Vec::<usize>::new());
        let tenth = enter(&open).await;
        assert_eq!(shed(), [4]);
        drop(tenth);
        let _eleventh = enter(&open).await;
        assert_eq!(shed(), [2, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_bound_the_next_waits_until_one_idles_or_goes() {
        let open = Open::new(10);
        let mut all = Vec::new();
        for _ in 0..10 {
            all.push(enter(&open).await);
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
    }
}

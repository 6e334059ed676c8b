//! Reading the keys anew: by one for all, not too often, and in the background before they are out of date.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::key_place;
use super::keys::{Kept, Keys};
use crate::clock::Clock;
use crate::discovery::FetchError;
use crate::refusal::Unavailable;

/// How far apart two attempts are at least, whoever wants them.
const SPACING: Duration = Duration::from_secs(10);
/// After how long a failed attempt is made again when nobody asks.
const AGAIN: Duration = Duration::from_secs(30);
/// How long a request waits for keys.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who may ask, and when.
#[derive(Default)]
pub(super) struct Gate {
    /// When it was last asked.
    last: Option<Duration>,
    /// Closed when the attempt that runs is over.
    running: Option<watch::Receiver<()>>,
}

/// What came of the wish for new keys.
pub(super) enum Begun {
    /// An attempt is under way; whoever waits for the end of the channel waits for its end.
    Running(watch::Receiver<()>),
    /// It was asked a moment ago: not before this is over.
    TooSoon(Duration),
}

impl Keys {
    /// Begins to read the keys anew, or joins who does.
    pub(super) fn begin(self: &Arc<Self>) -> Begun {
        let now = self.clock.steady();
        let mut gate = self.gate();
        if let Some(running) = gate.running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return Begun::Running(running.clone());
        }
        let left = gate.last.map(|last| (last + SPACING).saturating_sub(now)).unwrap_or_default();
        let (false, Ok(runtime)) = (left > Duration::ZERO, Handle::try_current()) else {
            return Begun::TooSoon(left.max(Duration::from_secs(1)));
        };
        let (over, running) = watch::channel(());
        *gate = Gate { last: Some(now), running: Some(running.clone()) };
        let rests_until = u64::try_from((now + SPACING).as_millis()).unwrap_or(u64::MAX);
        self.rests_until.store(rests_until, Ordering::Relaxed);
        drop(gate);
        let keys = Arc::clone(self);
        // Whoever wanted it may go away: the others wait for the same attempt.
        runtime.spawn(async move {
            if let Err(error) = keys.read(now).await {
                tracing::warn!(issuer = keys.issuer, %error, "the keys of the issuer cannot be read");
            }
            drop(over);
        });
        Begun::Running(running)
    }

    /// Notes that they are asked for now by whoever makes the verifier.
    pub(super) fn first(&self, now: Duration) {
        self.gate().last = Some(now);
    }

    /// Reads the keys now. The attempt began at `at`.
    pub(super) async fn read(&self, at: Duration) -> Result<(), FetchError> {
        let date = self.clock.now();
        let read = self.fetch().await;
        self.failed.store(read.is_err(), Ordering::Release);
        let (set, fresh_for) = read?;
        if set.skipped() > 0 {
            tracing::debug!(issuer = self.issuer, skipped = set.skipped(), "keys of the issuer are not used here");
        }
        self.kept.store(Some(Arc::new(Kept { set, at, date, fresh_for })));
        Ok(())
    }

    async fn fetch(&self) -> Result<(crate::key_set::KeySet, Duration), FetchError> {
        let known = self.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let address = match known {
            Some(address) => address,
            None => key_place::find(&self.http, &self.issuer).await?,
        };
        let read = key_place::read(&self.http, address.clone()).await;
        // One that does not answer may have moved.
        let known = (read.is_ok() || self.is_fixed).then_some(address);
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = known;
        read
    }

    /// Waits for the end of an attempt, for a second at most.
    pub(super) async fn wait(&self, mut over: watch::Receiver<()>) {
        let mut ended = pin!(over.changed());
        let mut tired = pin!(self.clock.wait_until(self.clock.steady() + PATIENCE));
        poll_fn(|context| {
            if ended.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            tired.as_mut().poll(context)
        })
        .await;
    }

    /// Whether the last attempt failed.
    pub(super) fn last_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// What to say when there are no keys: when it makes sense to ask again.
    pub(super) fn unavailable(&self) -> Unavailable {
        let now = self.clock.steady();
        let left = self.gate().last.map(|last| (last + SPACING).saturating_sub(now)).unwrap_or_default();
        Unavailable { retry_after: left.max(Duration::from_secs(1)) }
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When they are to be read anew: after four fifths of the time for which they are fresh.
    fn due(&self) -> Duration {
        let last = self.gate().last;
        let planned = match self.kept().as_deref() {
            Some(kept) if !self.last_failed() => kept.at + kept.fresh_for * 4 / 5,
            _ => last.map(|last| last + AGAIN).unwrap_or_default(),
        };
        last.map_or(planned, |last| planned.max(last + SPACING))
    }
}

/// Reads the keys anew whenever they are due, for as long as somebody has them.
pub(super) async fn keep_fresh(keys: Weak<Keys>, clock: Clock) {
    while let Some(due) = keys.upgrade().map(|keys| keys.due()) {
        if clock.steady() < due {
            clock.wait_until(due).await;
            continue;
        }
        let Some(begun) = keys.upgrade().map(|keys| keys.begin()) else { return };
        match begun {
            Begun::Running(mut over) => drop(over.changed().await),
            Begun::TooSoon(left) => clock.wait_until(clock.steady() + left).await,
        }
    }
}

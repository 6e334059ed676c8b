//! The only reader of the clock: the system's, or one that a test turns by hand.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Tells the time: the system's, or one that a test turns by hand.
///
/// There are two: the date, which may be set back and forth by whoever looks after the machine and which tokens speak of, and how long it has
/// been, which only grows.
#[derive(Clone, Debug, Default)]
pub struct Clock(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    System,
    Dated(Arc<dyn Fn() -> i64 + Send + Sync>),
    Manual(Arc<watch::Sender<Manual>>),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Dated(_) => "Dated",
            Self::Manual(_) => "Manual",
        })
    }
}

/// Where a manual clock stands.
#[derive(Clone, Copy, Debug)]
struct Manual {
    /// Seconds since 1970.
    now: i64,
    /// How far it was turned forward.
    gone: Duration,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// The system's clock, but for the date, in seconds since 1970, which something else tells: for a program that has a clock of its own.
    pub fn dated_by(date: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Kind::Dated(Arc::new(date)))
    }

    /// A clock that stands still at `now`, in seconds since 1970, until it is turned.
    pub fn manual(now: i64) -> Self {
        Self(Kind::Manual(Arc::new(watch::Sender::new(Manual { now, gone: Duration::ZERO }))))
    }

    /// The date, in seconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Kind::Manual(manual) => manual.borrow().now,
            Kind::Dated(date) => date(),
            Kind::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            }
        }
    }

    /// How long it has been since some moment in the past, always the same one. Never goes back, whatever becomes of the date.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn steady(&self) -> Duration {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        match &self.0 {
            Kind::Manual(manual) => manual.borrow().gone,
            Kind::System | Kind::Dated(_) => FIRST.get_or_init(Instant::now).elapsed(),
        }
    }

    /// Waits until [`Clock::steady`] is that far.
    pub async fn wait_until(&self, steady: Duration) {
        match &self.0 {
            // Its sender is held here, so it does not go away.
            Kind::Manual(manual) => drop(manual.subscribe().wait_for(|at| at.gone >= steady).await),
            Kind::System | Kind::Dated(_) => tokio::time::sleep(steady.saturating_sub(self.steady())).await,
        }
    }

    /// Turns a manual clock forward: both the date and how long it has been. Any other is left alone.
    pub fn turn(&self, by: Duration) {
        self.change(|at| {
            at.now = at.now.saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX));
            at.gone += by;
        });
    }

    /// Sets the date of a manual clock, in seconds since 1970, as an operator or a time server does: no time has gone by.
    pub fn set(&self, now: i64) {
        self.change(|at| at.now = now);
    }

    fn change(&self, how: impl FnOnce(&mut Manual)) {
        if let Kind::Manual(manual) = &self.0 {
            manual.send_modify(how);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_date_that_is_set_is_no_time_that_has_gone_by() {
        let clock = Clock::manual(1000);
        clock.turn(Duration::from_secs(5));
        assert_eq!((clock.now(), clock.steady()), (1005, Duration::from_secs(5)));
        clock.set(10);
        assert_eq!((clock.now(), clock.steady()), (10, Duration::from_secs(5)));
        clock.wait_until(Duration::from_secs(5)).await;
        let (waiting, turned) = (clock.clone(), clock.clone());
        let waiting = tokio::spawn(async move { waiting.wait_until(Duration::from_secs(6)).await });
        turned.turn(Duration::from_secs(1));
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn the_clock_of_the_system_goes_on() {
        let clock = Clock::system();
        let before = clock.steady();
        clock.wait_until(before + Duration::from_millis(2)).await;
        assert!(clock.steady() >= before + Duration::from_millis(2) && clock.now() > 1_700_000_000);
        let dated = Clock::dated_by(|| 7);
        assert!(dated.steady() >= before && dated.now() == 7);
    }
}

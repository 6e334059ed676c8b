//! The only reader of the clock. A request reads it once, at the edge, and passes `now` down; tests turn a manual one.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// So many seconds later; stays at the end of time rather than wrap.
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// So many seconds earlier; stays at the beginning of time rather than wrap.
    pub const fn minus(self, seconds: i64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, `2026-11-24T12:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let text = OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|at| at.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("?"))
    }
}

impl FromStr for Timestamp {
    type Err = &'static str;

    /// RFC 3339, or a date alone: its beginning in UTC.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let at = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| "no such time")?;
        Ok(Self(at.unix_timestamp()))
    }
}

/// Tells the time: the system's, or one that a test turns by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Manual>>);

/// A clock that is turned by hand.
#[derive(Debug)]
struct Manual {
    /// The time, in seconds since 1970.
    now: AtomicI64,
    /// How far it was turned forward, in seconds.
    gone: AtomicI64,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still at `start` until it is turned.
    pub fn manual(start: Timestamp) -> Self {
        Self(Some(Arc::new(Manual { now: AtomicI64::new(start.seconds()), gone: AtomicI64::new(0) })))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(manual) => Timestamp(manual.now.load(Ordering::SeqCst)),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
            }
        }
    }

    /// How far time has gone since this process first asked, a manual clock's since it was made: for how often something happens. Never goes back,
    /// whatever becomes of the date.
    pub fn steady(&self) -> Duration {
        static FIRST: OnceLock<Stopwatch> = OnceLock::new();
        match &self.0 {
            Some(manual) => Duration::from_secs(u64::try_from(manual.gone.load(Ordering::SeqCst)).unwrap_or_default()),
            None => FIRST.get_or_init(Stopwatch::start).elapsed(),
        }
    }

    /// Turns a manual clock by so many seconds, backwards when negative; the system's is left alone.
    pub fn turn(&self, seconds: i64) {
        if let Some(manual) = &self.0 {
            manual.now.fetch_add(seconds, Ordering::SeqCst);
            manual.gone.fetch_add(seconds.max(0), Ordering::SeqCst);
        }
    }
}

/// A stopwatch over the monotonic clock, for how long something took or how fresh something is: never for a rule about dates.
/// The one that was started first is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

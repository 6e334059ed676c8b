//! When a token is renewed, when it ends, and how long nobody asks after a failure: pure.

use std::time::Duration;

use crate::Clock;

/// What a token keeps at its end for its way to the API, or a tenth of its life when that is less.
const MARGIN: Duration = Duration::from_secs(5);
/// The whole pause after the first failure; it doubles with each further one.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest whole pause that we make of our own accord.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// A moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    date: i64,
    steady: Duration,
}

impl Moment {
    pub(super) fn now(clock: &Clock) -> Self {
        Self { date: clock.now(), steady: clock.steady() }
    }

    /// How long ago this was: the larger of what the two clocks say. A machine that sleeps stops the one, an operator sets back the other. The
    /// date is known to the second, so one second of it may not be over.
    pub(super) fn until(self, now: Self) -> Duration {
        let by_date = now.date.saturating_sub(self.date).saturating_sub(1);
        now.steady.saturating_sub(self.steady).max(Duration::from_secs(u64::try_from(by_date).unwrap_or(0)))
    }
}

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Of use, and nothing is to be done.
    Fresh,
    /// Of use, and another is to be fetched: 80 % of its life are over.
    Old,
    /// Of no use.
    Over,
}

/// The life of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    from: Moment,
    fresh: Duration,
    whole: Duration,
}

impl Life {
    /// Of a token that was asked for then and lives so long (RFC 6749 §5.1): the server began to count later.
    pub(super) fn new(asked: Moment, life: Duration) -> Self {
        Self { from: asked, fresh: life * 4 / 5, whole: life - MARGIN.min(life / 10) }
    }

    pub(super) fn standing(&self, now: Moment) -> Standing {
        match self.from.until(now) {
            age if age < self.fresh => Standing::Fresh,
            age if age < self.whole => Standing::Old,
            _ => Standing::Over,
        }
    }
}

/// How long nobody asks again after so many failures in a row, at least one: half of the whole pause and, by `jitter` from 0 to 1, up to the other
/// half, so that a thousand services do not come back at once. What the server asked for (`Retry-After`, RFC 9110 §10.2.3) is kept, up to
/// five minutes.
pub(super) fn pause(failures: u32, jitter: f64, asked: Option<Duration>) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let half = SHORTEST.saturating_mul(1 << doublings).min(LONGEST) / 2;
    let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
    let jitter = if jitter.is_nan() { 0.0 } else { jitter.clamp(0.0, 1.0) };
    half.max(asked) + half.mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: i64, milliseconds: u64) -> Moment {
        Moment { date, steady: Duration::from_millis(milliseconds) }
    }

    #[test]
    fn a_token_is_old_at_eighty_per_cent_and_over_a_little_before_its_end() {
        for (life, last_fresh, first_old, last_old, first_over) in [
            (900, 719_999, 720_000, 894_999, 895_000),
            (50, 39_999, 40_000, 44_999, 45_000),
            (10, 7_999, 8_000, 8_999, 9_000),
            (1, 799, 800, 899, 900),
        ] {
            let token = Life::new(at(0, 0), Duration::from_secs(life));
            let standings = [last_fresh, first_old, last_old, first_over].map(|age| token.standing(at(0, age)));
            assert_eq!(standings, [Standing::Fresh, Standing::Old, Standing::Old, Standing::Over], "{life}");
        }
    }

    #[test]
    fn the_clock_that_says_more_counts() {
        let from = at(1000, 500);
        for (now, passed) in [
            (at(1000, 500), 0),
            (at(1001, 600), 100),
            (at(1003, 2500), 2000),
            // Slept.
            (at(1101, 500), 100_000),
            // Set back.
            (at(10, 5500), 5000),
            (at(i64::MIN, 0), 0),
        ] {
            assert_eq!(from.until(now), Duration::from_millis(passed), "{now:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_no_two_services_make_the_same() {
        let pauses = |jitter| [1, 2, 3, 6, 7, 8, u32::MAX].map(|failures| pause(failures, jitter, None).as_millis());
        assert_eq!(pauses(0.0), [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(pauses(1.0), [1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000]);
        assert_eq!(pauses(0.5)[0], 750);
        for wild in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            assert_eq!(pauses(wild), pauses(0.0));
        }
        assert_eq!(pauses(f64::INFINITY), pauses(1.0));
    }

    #[test]
    fn what_the_server_asks_for_is_kept_within_reason() {
        let asked = |seconds| pause(1, 1.0, Some(Duration::from_secs(seconds))).as_millis();
        assert_eq!(asked(0), 1000);
        assert_eq!(asked(30), 30_500);
        assert_eq!(asked(u64::MAX), 300_500);
    }
}

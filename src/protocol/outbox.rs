//! How often what could not be delivered is tried again: logout tokens and mails alike.

use crate::clock::Timestamp;

/// How long to wait after each failed attempt, in seconds; after the last one nothing is tried again.
const WAITS: &[i64] = &[10, 60, 300, 1800, 7200, 21_600];

/// When to try again after so many attempts, the last of which failed just now; `None` when it was the last.
pub fn next_attempt(attempts: i64, now: Timestamp) -> Option<Timestamp> {
    let failed = usize::try_from(attempts).ok()?;
    WAITS.get(failed.checked_sub(1)?).map(|wait| now.plus(*wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_tried_seven_times_and_ever_more_rarely() {
        let now = Timestamp::from_seconds(1000);
        let wait = |attempts| next_attempt(attempts, now).map(|at| at.seconds() - 1000);
        let waits: Vec<i64> = (1..8).map_while(wait).collect();
        assert_eq!(waits, WAITS);
        assert!(waits.is_sorted());
        assert_eq!(wait(7), None);
    }
}

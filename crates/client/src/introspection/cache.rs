//! Answers that are kept for a moment: few, not for long, and under no token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;

use crate::claims::Claims;

/// What an issuer said of a token: the claims of one that is active.
pub(super) type Answer = Option<Arc<Claims>>;

type Hash = [u8; 32];

/// Answers by the SHA-256 of the token.
pub(super) struct Cache {
    kept_for: Duration,
    active: Mutex<Generations>,
    /// Apart, so that made-up tokens push out no others.
    inactive: Mutex<Generations>,
}

/// Two generations: when one is full, or as old as an answer may become, it takes the place of the other, which is forgotten. So nothing is ever searched
/// for what is old.
struct Generations {
    most: usize,
    young: HashMap<Hash, (Duration, Answer)>,
    old: HashMap<Hash, (Duration, Answer)>,
    begun: Duration,
}

impl Cache {
    /// Keeps answers for so long, and at most so many of each kind.
    pub(super) fn new(kept_for: Duration, most: usize) -> Self {
        let generations = || {
            let begun = Duration::ZERO;
            Mutex::new(Generations { most: most / 2, young: HashMap::new(), old: HashMap::new(), begun })
        };
        Self { kept_for, active: generations(), inactive: generations() }
    }

    /// What was said of a token less than that long ago. Times are those of [`Clock::steady`](crate::Clock::steady).
    pub(super) fn get(&self, token: &str, now: Duration) -> Option<Answer> {
        if self.kept_for.is_zero() {
            return None;
        }
        let hash = hash(token);
        [&self.active, &self.inactive].into_iter().find_map(|kind| {
            let generations = kind.lock().unwrap_or_else(PoisonError::into_inner);
            let (asked, answer) = generations.young.get(&hash).or_else(|| generations.old.get(&hash))?;
            (now.saturating_sub(*asked) < self.kept_for).then(|| answer.clone())
        })
    }

    /// Keeps what was said of a token that was asked about at `asked`.
    pub(super) fn keep(&self, token: &str, answer: Answer, asked: Duration) {
        if self.kept_for.is_zero() {
            return;
        }
        let kind = if answer.is_some() { &self.active } else { &self.inactive };
        let mut generations = kind.lock().unwrap_or_else(PoisonError::into_inner);
        let aged = asked.saturating_sub(generations.begun) >= self.kept_for;
        if aged || generations.young.len() >= generations.most {
            generations.old = std::mem::take(&mut generations.young);
            generations.begun = asked;
        }
        generations.young.insert(hash(token), (asked, answer));
    }
}

fn hash(token: &str) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_for_a_second_and_no_longer() {
        let cache = Cache::new(Duration::from_secs(1), 10);
        cache.keep("a", None, Duration::from_millis(500));
        assert_eq!(cache.get("a", Duration::from_millis(1499)), Some(None));
        assert_eq!(cache.get("a", Duration::from_millis(1500)), None);
        assert_eq!(cache.get("b", Duration::from_millis(500)), None);
        let none = Cache::new(Duration::ZERO, 10);
        none.keep("a", None, Duration::ZERO);
        assert_eq!(none.get("a", Duration::ZERO), None);
    }

    #[test]
    fn no_more_are_kept_than_that() {
        let cache = Cache::new(Duration::from_secs(1), 10);
        for n in 0..1000 {
            cache.keep(&n.to_string(), None, Duration::from_millis(n));
        }
        let generations = cache.inactive.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 10);
        drop(generations);
        assert_eq!(cache.get("999", Duration::from_millis(999)), Some(None), "the newest is among them");
    }
}

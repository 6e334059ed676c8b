//! When signing keys are made and when they change: a pure function of (keys, wanted algorithms, settings, now) that names the
//! steps which are due. Whoever takes them plans again inside the transaction: two nodes never take the same step.
//!
//! A key signs for `interval`. Its successor is made, and published, `lead` before the change. An algorithm that was not used so far
//! waits until every verifier's cache has its key, unless no key set was ever published. When the active key was revoked there is nothing to wait for: the next one
//! begins at once.

use std::collections::BTreeSet;

use super::algorithm::{Algorithm, AlgorithmChoice};
use super::key_life::{CLOCK_SKEW, KeyLife, Stage, signer};
use crate::clock::Timestamp;

/// How far in the future the times of a row may be before the clock counts as having gone back, in seconds.
const TOLERANCE: i64 = 2 * CLOCK_SKEW;
/// How long after its retirement a key's public half is kept for hints, in seconds: longer than any sign-in or grant.
const KEPT_FOR: i64 = 400 * 86_400;

/// The settings of rotation, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long a key signs.
    pub interval: i64,
    /// How long before its first signature a key is published.
    pub lead: i64,
    /// How long verifiers may keep the key set.
    pub max_age: i64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a key that begins to sign at that time.
    Make {
        /// What for.
        algorithm: Algorithm,
        /// From when.
        signs_from: Timestamp,
    },
    /// Let a published key begin to sign earlier.
    Hasten {
        /// Which.
        kid: String,
        /// From when.
        signs_from: Timestamp,
    },
    /// Note that a key has begun to sign.
    Activate(String),
    /// Note that a key has been taken over from; its private half goes.
    Retire(String),
    /// Forget a key that is good for nothing any more.
    Forget(String),
}

impl Rhythm {
    /// How long a new key waits until every verifier knows it: one age of their caches, and the nodes' clocks and news apart.
    pub const fn warm_up(self) -> i64 {
        self.max_age.saturating_add(TOLERANCE)
    }

    /// Checks that the parts agree.
    ///
    /// # Errors
    /// A sentence that names the settings.
    pub fn check(self) -> Result<(), String> {
        let Self { interval, lead, max_age } = self;
        if lead < self.warm_up() {
            return Err(format!(
                "keys.publication_lead is {lead}, but verifiers keep the key set for keys.jwks_max_age ({max_age}): \
                 it must be at least {}, or a new key would sign before they know it",
                self.warm_up()
            ));
        }
        if interval < lead {
            return Err(format!(
                "keys.rotation_interval is {interval}, shorter than keys.publication_lead ({lead}): \
                 a key would have to be published before the one before it signs"
            ));
        }
        Ok(())
    }

    /// When the successor of an active key is to be made.
    pub fn due(self, active: &KeyLife) -> Timestamp {
        active.signs_from.plus(self.interval - self.lead)
    }
}

/// Whether the keys know of a later time than the clock's: then nothing is made by the clock.
pub fn clock_went_back(keys: &[KeyLife], now: Timestamp) -> bool {
    let happened = |key: &KeyLife| [Some(key.created_at), key.activated_at, key.retired_at, key.revoked_at];
    keys.iter().flat_map(happened).flatten().any(|at| at > now.plus(TOLERANCE))
}

/// The steps that are due.
pub fn steps(keys: &[KeyLife], wanted: &BTreeSet<Algorithm>, rhythm: Rhythm, now: Timestamp) -> Vec<Step> {
    let mut steps = Vec::new();
    let behind = clock_went_back(keys, now);
    for algorithm in Algorithm::ALL.iter().copied() {
        let is_wanted = wanted.contains(&algorithm);
        let next = next_of(keys, algorithm, now);
        match (signer(keys, algorithm.as_str(), now), next) {
            (Some(active), None) if is_wanted && !behind && rhythm.due(active) <= now => {
                let planned = active.signs_from.plus(rhythm.interval);
                steps.push(Step::Make { algorithm, signs_from: planned.max(now.plus(rhythm.lead)) });
            }
            (Some(active), None) if !is_wanted && !behind && active.signs_from.plus(rhythm.interval) <= now => {
                steps.push(Step::Retire(active.kid.clone()));
            }
            (None, Some(next)) if cannot_wait(keys, algorithm, now) => steps.push(Step::Activate(next.kid.clone())),
            (None, None) if is_wanted && cannot_wait(keys, algorithm, now) => {
                steps.push(Step::Make { algorithm, signs_from: now });
            }
            (None, None) if is_wanted && !behind => {
                steps.push(Step::Make { algorithm, signs_from: now.plus(rhythm.warm_up()) });
            }
            _ => {}
        }
    }
    let (begun, over): (Vec<Step>, Vec<Step>) = notes(keys, now).partition(|step| matches!(step, Step::Activate(_)));
    steps.extend(begun.into_iter().chain(over));
    steps
}

/// The steps that are due when no key set was ever published: no verifier keeps an older one, so nothing has to wait for that.
pub fn first_steps(keys: &[KeyLife], wanted: &BTreeSet<Algorithm>, rhythm: Rhythm, now: Timestamp) -> Vec<Step> {
    let signs = |algorithm: Algorithm| signer(keys, algorithm.as_str(), now).is_some();
    let at_once = |step| match step {
        Step::Make { algorithm, .. } if !signs(algorithm) => Step::Make { algorithm, signs_from: now },
        other => other,
    };
    steps(keys, wanted, rhythm, now).into_iter().map(at_once).collect()
}

/// The steps of an operator who does not want to wait for the time: the next key of each algorithm is made now and signs after the
/// usual lead, or with `hurry` as soon as every verifier knows it.
pub fn steps_asked_for(
    keys: &[KeyLife],
    algorithms: &BTreeSet<Algorithm>,
    rhythm: Rhythm,
    hurry: bool,
    now: Timestamp,
) -> Vec<Step> {
    let of = |algorithm: &Algorithm| {
        let (algorithm, wait) = (*algorithm, if hurry { rhythm.warm_up() } else { rhythm.lead });
        match (signer(keys, algorithm.as_str(), now), next_of(keys, algorithm, now)) {
            (_, Some(next)) if hurry => {
                let known = next.created_at.plus(rhythm.warm_up()).max(now);
                (known < next.signs_from).then(|| Step::Hasten { kid: next.kid.clone(), signs_from: known })
            }
            (Some(_), None) => Some(Step::Make { algorithm, signs_from: now.plus(wait) }),
            _ => None,
        }
    };
    algorithms.iter().filter_map(of).collect()
}

/// What has happened and is not noted yet.
fn notes(keys: &[KeyLife], now: Timestamp) -> impl Iterator<Item = Step> {
    keys.iter().filter_map(move |key| {
        let standing = key.standing(keys, now);
        let ended = key.revoked_at.or(key.retired_at);
        match standing.stage {
            Stage::Active if key.activated_at.is_none() => Some(Step::Activate(key.kid.clone())),
            Stage::Retired if key.retired_at.is_none() => Some(Step::Retire(key.kid.clone())),
            _ if !standing.published && ended.is_some_and(|at| at.plus(KEPT_FOR) <= now) => {
                Some(Step::Forget(key.kid.clone()))
            }
            _ => None,
        }
    })
}

/// The key that takes over next.
pub fn next_of(keys: &[KeyLife], algorithm: Algorithm, now: Timestamp) -> Option<&KeyLife> {
    let mut same = keys.iter().filter(|key| key.algorithm == algorithm.as_str());
    same.find(|key| key.standing(keys, now).stage == Stage::Next)
}

/// Whether a key of an algorithm of which none signs must sign at once: the last one that did was revoked, and those who rely on
/// the algorithm have nothing else; or no key signs at all.
fn cannot_wait(keys: &[KeyLife], algorithm: Algorithm, now: Timestamp) -> bool {
    let signed = keys.iter().filter(|key| key.algorithm == algorithm.as_str() && key.activated_at.is_some());
    let was_revoked = signed.max_by_key(|key| key.sequence).is_some_and(|key| key.revoked_at.is_some());
    was_revoked || !Algorithm::ALL.iter().any(|other| signer(keys, other.as_str(), now).is_some())
}

/// The algorithms for which there must be keys: what clients and resources want, the default, and what serves until then.
pub fn wanted(
    choices: &[AlgorithmChoice],
    default: Algorithm,
    keys: &[KeyLife],
    now: Timestamp,
) -> BTreeSet<Algorithm> {
    let signs = |algorithm: Algorithm| signer(keys, algorithm.as_str(), now).is_some();
    let of = |choice: &AlgorithmChoice| {
        let wanted = choice.wanted.unwrap_or(default);
        [Some(wanted), choice.former.filter(|former| !signs(wanted) && signs(*former))]
    };
    choices.iter().flat_map(of).flatten().chain([default]).collect()
}

#[cfg(test)]
mod tests;

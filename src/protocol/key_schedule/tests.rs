//! The life of keys over every moment: a table of one rotation, and random histories with operators, revocations, failures, nodes that
//! are late and clocks that jump.

use proptest::prelude::*;

use super::*;
use crate::protocol::key_life::Standing;

const RHYTHM: Rhythm = Rhythm { interval: 10_000, lead: 2_000, max_age: 300 };
const LIFETIME: i64 = 900;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// The rows, as the database would have them.
#[derive(Clone, Debug, Default)]
struct Rows {
    keys: Vec<KeyLife>,
    made: usize,
}

impl Rows {
    fn make(&mut self, algorithm: Algorithm, signs_from: Timestamp, now: Timestamp) {
        self.made += 1;
        self.keys.push(KeyLife {
            kid: format!("k{}", self.made),
            algorithm: algorithm.as_str().to_owned(),
            sequence: self.keys.iter().map(|key| key.sequence).max().unwrap_or(0) + 1,
            created_at: now,
            signs_from,
            activated_at: Some(now).filter(|_| signs_from <= now),
            retired_at: None,
            revoked_at: None,
            token_lifetime: LIFETIME,
        });
    }

    fn take(&mut self, step: Step, now: Timestamp) {
        let find = |kid: &str, keys: &[KeyLife]| keys.iter().position(|key| key.kid == kid).unwrap();
        match step {
            Step::Make { algorithm, signs_from } => self.make(algorithm, signs_from, now),
            Step::Hasten { kid, signs_from } => {
                let key = find(&kid, &self.keys);
                self.keys[key].signs_from = signs_from;
            }
            Step::Activate(kid) => {
                let key = find(&kid, &self.keys);
                self.keys[key].activated_at = Some(now);
                self.keys[key].signs_from = self.keys[key].signs_from.min(now);
            }
            Step::Retire(kid) => {
                let key = find(&kid, &self.keys);
                self.keys[key].retired_at = Some(now);
            }
            Step::Forget(kid) => self.keys.retain(|key| key.kid != kid),
        }
    }

    fn attend(&mut self, wanted: &BTreeSet<Algorithm>, now: Timestamp) {
        for _ in 0..4 {
            for step in steps(&self.keys, wanted, RHYTHM, now) {
                self.take(step, now);
            }
        }
        assert_eq!(steps(&self.keys, wanted, RHYTHM, now), []);
    }

    fn revoke(&mut self, kid: &str, now: Timestamp) {
        let key = self.keys.iter_mut().find(|key| key.kid == kid).unwrap();
        if key.signs_from <= now {
            key.activated_at.get_or_insert(now);
        }
        key.revoked_at.get_or_insert(now);
    }

    fn standing(&self, kid: &str, now: Timestamp) -> Standing {
        self.keys.iter().find(|key| key.kid == kid).unwrap().standing(&self.keys, now)
    }

    fn stages(&self, now: Timestamp) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.standing(&self.keys, now).stage.as_str()).collect()
    }

    fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<&str> {
        signer(&self.keys, algorithm.as_str(), now).map(|key| key.kid.as_str())
    }
}

fn rs256() -> BTreeSet<Algorithm> {
    [Algorithm::Rs256].into()
}

#[test]
fn one_rotation_goes_through_every_stage_at_its_moment() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    assert_eq!((rows.stages(at(0)), rows.signer(Algorithm::Rs256, at(0))), (vec!["active"], Some("k1")));
    rows.attend(&rs256(), at(7_999));
    assert_eq!(rows.keys.len(), 1);
    rows.attend(&rs256(), at(8_000));
    assert_eq!(rows.keys[1].signs_from, at(10_000));
    for (now, stages, signs) in [
        (8_000, ["active", "next"], "k1"),
        (9_999, ["active", "next"], "k1"),
        (10_000, ["retired", "active"], "k2"),
        (11_000, ["retired", "active"], "k2"),
    ] {
        assert_eq!(
            (rows.stages(at(now)), rows.signer(Algorithm::Rs256, at(now))),
            (stages.to_vec(), Some(signs)),
            "{now}"
        );
    }
    rows.attend(&rs256(), at(10_001));
    assert_eq!(rows.keys[0].retired_at, Some(at(10_001)));
    let gone = 10_001 + LIFETIME + 300;
    for (now, published) in [(10_001, true), (gone - 1, true), (gone, false)] {
        let standing = rows.standing("k1", at(now));
        assert_eq!((standing.published, standing.hints), (published, true), "{now}");
        assert_eq!(standing.published_until, Some(at(gone)));
    }
    rows.attend(&rs256(), at(10_001 + KEPT_FOR));
    assert!(rows.keys.iter().all(|key| key.kid != "k1"));
}

#[test]
fn a_retirement_outlasts_a_clock_that_jumps_back() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    rows.attend(&rs256(), at(8_000));
    rows.attend(&rs256(), at(10_000));
    for now in [9_999, 8_000, 5, 0, -5_000] {
        assert_eq!(rows.signer(Algorithm::Rs256, at(now)), Some("k2"), "{now}");
        assert!(rows.standing("k1", at(now)).published, "{now}");
    }
}

#[test]
fn nothing_is_made_by_a_clock_that_has_gone_back() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    rows.attend(&rs256(), at(8_000));
    assert!(clock_went_back(&rows.keys, at(8_000 - TOLERANCE - 1)));
    assert!(!clock_went_back(&rows.keys, at(8_000 - TOLERANCE)));
    rows.revoke("k2", at(8_000));
    let both = [Algorithm::Rs256, Algorithm::Es256].into();
    assert_eq!(steps(&rows.keys, &both, RHYTHM, at(100)), []);
    assert_eq!(steps(&rows.keys, &both, RHYTHM, at(8_000)).len(), 2);
}

#[test]
fn a_node_that_comes_late_still_publishes_before_it_signs() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    rows.attend(&rs256(), at(50_000));
    assert_eq!(rows.signer(Algorithm::Rs256, at(51_999)), Some("k1"));
    assert_eq!(rows.signer(Algorithm::Rs256, at(52_000)), Some("k2"));
}

#[test]
fn a_new_algorithm_waits_for_the_caches_and_an_unwanted_one_ends_with_its_key() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    let both: BTreeSet<Algorithm> = [Algorithm::Rs256, Algorithm::EdDsa].into();
    rows.attend(&both, at(100));
    assert_eq!(rows.signer(Algorithm::EdDsa, at(100 + RHYTHM.warm_up() - 1)), None);
    assert_eq!(rows.signer(Algorithm::EdDsa, at(100 + RHYTHM.warm_up())), Some("k2"));
    rows.attend(&rs256(), at(9_000));
    rows.attend(&rs256(), at(100 + RHYTHM.warm_up() + RHYTHM.interval));
    assert_eq!(rows.signer(Algorithm::EdDsa, at(11_000)), None);
    assert_eq!(rows.signer(Algorithm::Rs256, at(11_000)), Some("k3"));
}

#[test]
fn what_serves_meanwhile_is_wanted_too() {
    let mut rows = Rows::default();
    let choice = AlgorithmChoice { wanted: Some(Algorithm::Es256), former: Some(Algorithm::EdDsa) };
    rows.make(Algorithm::Rs256, at(0), at(0));
    rows.make(Algorithm::EdDsa, at(0), at(0));
    let wanted = |rows: &Rows, now| wanted(&[choice], Algorithm::Rs256, &rows.keys, at(now));
    assert_eq!(wanted(&rows, 10).len(), 3);
    rows.make(Algorithm::Es256, at(20), at(10));
    assert_eq!(wanted(&rows, 20), [Algorithm::Rs256, Algorithm::Es256].into());
}

#[test]
fn when_the_active_key_is_revoked_the_next_signs_at_once() {
    let mut rows = Rows::default();
    let both: BTreeSet<Algorithm> = [Algorithm::Rs256, Algorithm::Es256].into();
    rows.attend(&both, at(0));
    rows.attend(&both, at(8_000));
    rows.revoke("k1", at(8_010));
    rows.attend(&both, at(8_010));
    assert_eq!(rows.signer(Algorithm::Rs256, at(8_010)), Some("k3"));
    rows.revoke("k3", at(8_020));
    rows.attend(&both, at(8_020));
    assert_eq!(rows.signer(Algorithm::Rs256, at(8_020)), Some("k5"));
    for kid in ["k1", "k3"] {
        let standing = rows.standing(kid, at(8_020));
        assert!(!standing.published && !standing.hints);
    }
}

#[test]
fn an_operator_gets_the_next_key_after_the_lead_or_once_the_caches_have_it() {
    let mut rows = Rows::default();
    rows.attend(&rs256(), at(0));
    let asked = |rows: &Rows, hurry, now| steps_asked_for(&rows.keys, &rs256(), RHYTHM, hurry, at(now));
    let make = |signs_from| vec![Step::Make { algorithm: Algorithm::Rs256, signs_from: at(signs_from) }];
    assert_eq!(asked(&rows, true, 100), make(100 + RHYTHM.warm_up()));
    assert_eq!(asked(&rows, false, 100), make(2_100));
    rows.take(asked(&rows, false, 100).remove(0), at(100));
    assert_eq!(asked(&rows, false, 150), []);
    let hasten = |signs_from| vec![Step::Hasten { kid: "k2".to_owned(), signs_from: at(signs_from) }];
    assert_eq!(asked(&rows, true, 150), hasten(100 + RHYTHM.warm_up()));
    assert_eq!(asked(&rows, true, 900), hasten(900));
}

#[test]
fn a_lead_that_is_too_short_and_an_interval_shorter_than_the_lead_are_named() {
    assert_eq!(RHYTHM.check(), Ok(()));
    assert!(Rhythm { lead: 419, ..RHYTHM }.check().unwrap_err().contains("keys.jwks_max_age"));
    assert_eq!(Rhythm { lead: 420, ..RHYTHM }.check(), Ok(()));
    assert!(Rhythm { interval: 1_999, ..RHYTHM }.check().unwrap_err().contains("keys.rotation_interval is 1999"));
}

/// What can happen.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes, and a node looks after the keys.
    Pass(i64),
    /// Time passes, and nobody looks after them.
    Absent(i64),
    /// The clock jumps back by so much for a while, and a node looks after the keys.
    Back(i64),
    /// An operator asks for the next key.
    Ask(bool),
    /// An operator revokes the key that signs.
    RevokeActive(Algorithm),
    /// An operator revokes the next key.
    RevokeNext(Algorithm),
    /// Clients want these.
    Want(BTreeSet<Algorithm>),
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(Algorithm::ALL)
}

fn event() -> impl Strategy<Value = Event> {
    let wanted = prop::sample::subsequence(Algorithm::ALL.to_vec(), 1..=3);
    prop_oneof![
        8 => (1_i64..3_000).prop_map(Event::Pass),
        2 => (1_i64..30_000).prop_map(Event::Absent),
        1 => (1_i64..30_000).prop_map(Event::Back),
        2 => any::<bool>().prop_map(Event::Ask),
        1 => algorithm().prop_map(Event::RevokeActive),
        1 => algorithm().prop_map(Event::RevokeNext),
        2 => wanted.prop_map(|wanted| Event::Want(wanted.into_iter().chain([Algorithm::Rs256]).collect())),
    ]
}

/// What a history has shown so far.
#[derive(Default)]
struct Seen {
    /// Who signed last, when, with which algorithm.
    signed: Vec<(String, Timestamp, Algorithm)>,
    /// Algorithms whose signer was revoked, or that began with no other key there: their next key need not wait.
    excused: BTreeSet<String>,
}

impl Seen {
    /// Signs with every algorithm, and checks what must hold at this moment.
    fn look(&mut self, rows: &Rows, now: Timestamp) -> Result<(), TestCaseError> {
        for algorithm in Algorithm::ALL.iter().copied() {
            let active = rows.keys.iter().filter(|key| {
                key.algorithm == algorithm.as_str() && key.standing(&rows.keys, now).stage == Stage::Active
            });
            prop_assert!(active.count() <= 1);
            let Some(kid) = rows.signer(algorithm, now) else { continue };
            let key = rows.keys.iter().find(|key| key.kid == kid).unwrap();
            prop_assert_eq!(key.standing(&rows.keys, now).stage, Stage::Active);
            let known = key.created_at.plus(RHYTHM.max_age) <= now || self.excused.contains(kid);
            prop_assert!(
                known || key.activated_at.is_some_and(|at| at > now),
                "{} is not known at {}",
                kid,
                now.seconds()
            );
            let former = self.signed.iter().rev().find(|(_, _, other)| *other == algorithm);
            if let Some((former, ..)) = former.filter(|(former, ..)| former != kid) {
                let former = rows.keys.iter().find(|key| key.kid == *former);
                prop_assert!(former.is_none_or(|former| former.sequence < key.sequence), "{} is back", kid);
            }
            self.signed.push((kid.to_owned(), now, algorithm));
        }
        for (kid, signed_at, _) in &self.signed {
            let lives = *signed_at <= now && now < signed_at.plus(LIFETIME);
            let Some(key) = rows.keys.iter().find(|key| key.kid == *kid) else {
                prop_assert!(!lives);
                continue;
            };
            let standing = key.standing(&rows.keys, now);
            prop_assert_eq!(standing.published && lives, lives && key.revoked_at.is_none(), "{}", kid);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_every_history_what_is_signed_verifies_with_every_cache(events in prop::collection::vec(event(), 1..60)) {
        let (mut rows, mut seen) = (Rows::default(), Seen::default());
        let (mut now, mut wanted) = (at(1_000_000), rs256());
        let attend = |rows: &mut Rows, seen: &mut Seen, wanted: &BTreeSet<Algorithm>, now: Timestamp| {
            let before: Vec<String> = rows.keys.iter().map(|key| key.kid.clone()).collect();
            let nothing_signs = Algorithm::ALL.iter().all(|a| rows.signer(*a, now).is_none());
            let revoked = |algorithm: &str| rows.keys.iter().rev().find(|key| key.algorithm == algorithm && key.activated_at.is_some())
                .is_some_and(|key| key.revoked_at.is_some());
            let urgent: Vec<&str> = Algorithm::ALL.iter().map(|a| a.as_str()).filter(|a| nothing_signs || revoked(a)).collect();
            let waiting: Vec<String> = rows.keys.iter().filter(|key| urgent.contains(&key.algorithm.as_str())).map(|key| key.kid.clone()).collect();
            rows.attend(wanted, now);
            let made = rows.keys.iter().filter(|key| !before.contains(&key.kid) && urgent.contains(&key.algorithm.as_str()));
            seen.excused.extend(made.map(|key| key.kid.clone()));
            seen.excused.extend(waiting);
        };
        attend(&mut rows, &mut seen, &wanted, now);
        for event in events {
            match event {
                Event::Pass(seconds) => {
                    now = now.plus(seconds);
                    seen.look(&rows, now)?;
                    attend(&mut rows, &mut seen, &wanted, now);
                    prop_assert!(rows.signer(Algorithm::Rs256, now).is_some());
                }
                Event::Absent(seconds) => now = now.plus(seconds),
                Event::Back(seconds) => {
                    attend(&mut rows, &mut seen, &wanted, now);
                    attend(&mut rows, &mut seen, &wanted, now.minus(seconds));
                    seen.look(&rows, now.minus(seconds))?;
                    prop_assert!(rows.signer(Algorithm::Rs256, now.minus(seconds)).is_some());
                }
                Event::Ask(hurry) => {
                    for step in steps_asked_for(&rows.keys, &wanted, RHYTHM, hurry, now) {
                        rows.take(step, now);
                    }
                    attend(&mut rows, &mut seen, &wanted, now);
                }
                Event::RevokeActive(algorithm) => {
                    if let Some(kid) = rows.signer(algorithm, now).map(str::to_owned) {
                        rows.revoke(&kid, now);
                        attend(&mut rows, &mut seen, &wanted, now);
                        prop_assert!(!wanted.contains(&algorithm) || rows.signer(algorithm, now).is_some());
                    }
                }
                Event::RevokeNext(algorithm) => {
                    if let Some(kid) = next_of(&rows.keys, algorithm, now).map(|key| key.kid.clone()) {
                        rows.revoke(&kid, now);
                    }
                }
                Event::Want(algorithms) => wanted = algorithms,
            }
            seen.look(&rows, now)?;
        }
    }
}

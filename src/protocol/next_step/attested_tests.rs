//! Passkeys whose keys hardware keeps: every account, set of proofs, policy and goal, against the rules said another way.

use super::said_another_way::{AGES, FRESH, NOW, PASSWORD, sign_in};
use super::tests::{client, journey, request};
use super::*;
use crate::protocol::assurance::{Assurance, HARDWARE_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::client::ClientType;
use crate::protocol::demand::Demand;
use crate::protocol::journey::Action;
use crate::protocol::passkey::Kept;

/// What can be shown here: a password always, and beside it these, each fresh, long ago or not at all.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Show {
    Code,
    RecoveryCode,
    Plain,
    InHardware,
}

const SHOW: [Show; 4] = [Show::Code, Show::RecoveryCode, Show::Plain, Show::InHardware];

impl Show {
    fn proof(self, age: i64) -> Proof {
        let at = NOW.minus(age);
        let passkey = |kept| Proofs::of_passkey(kept, at).iter().next().cloned().unwrap();
        match self {
            Self::Code => Proof::of(Kind::Totp, at),
            Self::RecoveryCode => Proof::of(Kind::RecoveryCode, at),
            Self::Plain => passkey(Kept::Anywhere),
            Self::InHardware => passkey(Kept::InHardware),
        }
    }
}

/// Every set of these, in which a plain passkey was shown after the one in hardware, if both were.
fn every_set() -> Vec<Vec<(Show, i64)>> {
    let nth = |mut number: usize| {
        let mut set = Vec::new();
        for show in [SHOW[0], SHOW[1], SHOW[3], SHOW[2]] {
            if let Some(age) = (number % 3).checked_sub(1) {
                set.push((show, AGES[age]));
            }
            number /= 3;
        }
        set
    };
    (0..81).map(nth).collect()
}

#[derive(Clone, Copy, Debug)]
struct Case {
    /// How well keys are kept here at best.
    best: Kept,
    second_factor: SecondFactor,
    demanded: Option<&'static str>,
    guards: Guards,
}

fn every_case() -> impl Iterator<Item = Case> {
    let own = [None, Some(Kept::Anywhere), Some(Kept::InHardware)];
    let others = [(false, false), (true, false), (false, true), (true, true)];
    let guards: Vec<Guards> = own
        .into_iter()
        .flat_map(|passkey| {
            others.map(|(authenticator, security_key)| Guards { authenticator, passkey, security_key, ..PASSWORD })
        })
        .collect();
    Kept::ALL.into_iter().flat_map(move |best| {
        let guards = guards.clone();
        SecondFactor::ALL.iter().flat_map(move |second_factor| {
            let guards = guards.clone();
            [None, Some(PHISHING_RESISTANT_CLASS), Some(HARDWARE_CLASS)].into_iter().flat_map(move |demanded| {
                let case = move |guards| Case { best, second_factor: *second_factor, demanded, guards };
                guards.clone().into_iter().map(case)
            })
        })
    })
}

impl Case {
    fn policy(self) -> Policy {
        Policy {
            fresh: FRESH,
            passes_classes: false,
            vouched: None,
            with_password: true,
            second_factor: self.second_factor,
            demanded: self.demanded.map(Demand::of),
            passkeys: Some(self.best),
            keep_device: 0,
        }
    }

    /// What is asked for, said another way: of a password of now, and what else was shown.
    fn asked(self, set: &[(Show, i64)], changes_factors: bool) -> Option<Lack> {
        let age = |shows: &[Show]| set.iter().filter(|(show, _)| shows.contains(show)).map(|(_, age)| *age).min();
        let lately = |shows: &[Show]| age(shows).is_some_and(|age| age < FRESH);
        let any = [Show::Plain, Show::InHardware];
        let own = self.guards.passkey.map(|own| own.min(self.best));
        let is_lost = lately(&[Show::RecoveryCode]);
        let has_other = self.guards.authenticator || self.guards.security_key;
        let (wanted, is_met) = match self.demanded {
            None => (Kept::Anywhere, true),
            Some(HARDWARE_CLASS) => (Kept::InHardware, age(&[Show::InHardware]).is_some()),
            Some(_) => (Kept::Anywhere, age(&any).is_some()),
        };
        if !is_met {
            return Some(match (own, is_lost) {
                (Some(own), false) if own >= wanted => Lack::Passkey(wanted),
                (Some(_), false) if !lately(&any) => Lack::Passkey(Kept::Anywhere),
                _ if has_other && self.second_factor != SecondFactor::Off && !lately(&SHOW) => Lack::Code,
                _ => Lack::FirstPasskey(wanted),
            });
        }
        if changes_factors && let Some(own) = own {
            let is_shown = if own == Kept::InHardware { lately(&any[1..]) } else { lately(&any) };
            return (!is_shown && !is_lost).then_some(Lack::Passkey(own));
        }
        let has_one = has_other || own.is_some();
        let is_shown = if changes_factors && has_one { lately(&SHOW) } else { !set.is_empty() };
        match self.second_factor {
            SecondFactor::Offered | SecondFactor::Required if has_one && !is_shown => Some(Lack::Code),
            SecondFactor::Required if !is_shown => Some(Lack::Enrolment),
            _ => None,
        }
    }
}

#[test]
fn only_a_passkey_in_hardware_does_where_that_is_demanded_and_what_there_is_guards_the_rest() {
    let goals = [Goal::Account, Goal::Confirm { user_id: "ann".into(), action: Action::AddPasskey }].map(journey);
    let mut cases = 0;
    for set in every_set() {
        let proofs = set.iter().fold(Proofs::of(Kind::Password, NOW), |all, (show, age)| all.and(show.proof(*age)));
        for (case, goal) in every_case().flat_map(|case| goals.each_ref().map(|goal| (case, goal))) {
            let sign_in = sign_in(proofs.clone(), case.guards);
            let known = Known { sign_in: Some(&sign_in), ..Known::default() };
            let step = next_step(goal, known, &case.policy(), NOW);
            let changes = matches!(goal.goal, Goal::Confirm { .. });
            let expected = match case.demanded {
                // Nobody can reach it here, whatever they showed where it could be.
                Some(HARDWARE_CLASS) if case.best == Kept::Anywhere => NextStep::Refuse(Rejection::WeakSignIn),
                _ => case.asked(&set, changes).map_or(NextStep::Finish, NextStep::SecondFactor),
            };
            assert_eq!(step, expected, "{set:?} {case:?} {changes}");
            cases += 1;
        }
    }
    assert_eq!(cases, 81 * 2 * 3 * 3 * 12 * 2);
}

/// Whoever is asked for one and shows what they are asked for comes to the end, and never back to where they were.
#[test]
fn whatever_is_asked_for_leads_on_and_in_no_circle() {
    let client = client(ClientType::Web, true);
    let asking =
        format!(r#"scope=openid&claims={{"id_token":{{"acr":{{"essential":true,"value":"{HARDWARE_CLASS}"}}}}}}"#);
    let goals = [Goal::Account, Goal::Authorize(Box::new(request(&client, &asking)))];
    for (case, goal) in every_case().flat_map(|case| goals.each_ref().map(|goal| (case, goal))) {
        let is_demanded = case.demanded == Some(HARDWARE_CLASS) || matches!(goal, Goal::Authorize(_));
        if is_demanded && case.best == Kept::Anywhere {
            continue;
        }
        let mut on_it = journey(goal.clone()).proved("ann", Kind::Password, NOW);
        let mut guards = case.guards;
        let mut seen = Vec::new();
        let proven = loop {
            let lack = match signs_in(&on_it, Before::default(), guards, &case.policy(), NOW) {
                Signing::In(proven) => break proven,
                Signing::Lacks(lack) => lack,
                Signing::Nobody => unreachable!("{case:?}"),
            };
            assert!(!seen.contains(&lack), "{case:?} {seen:?}");
            seen.push(lack);
            let shown = match lack {
                Lack::Code | Lack::Enrolment => Show::Code,
                Lack::Passkey(Kept::Anywhere) | Lack::FirstPasskey(Kept::Anywhere) => Show::Plain,
                Lack::Passkey(Kept::InHardware) | Lack::FirstPasskey(Kept::InHardware) => Show::InHardware,
            };
            match lack {
                Lack::FirstPasskey(kept) => guards.passkey = guards.passkey.max(Some(kept)),
                Lack::Enrolment => guards.authenticator = true,
                Lack::Code | Lack::Passkey(_) => {}
            }
            on_it = on_it.proved_by("ann", shown.proof(0));
        };
        if is_demanded {
            assert_eq!(Assurance::of(&proven.proofs, &Default::default()).acr.as_deref(), Some(HARDWARE_CLASS));
        }
    }
}

//! Second factors: every set of proofs, with every policy, goal and account, against the rules said another way.

use super::tests::{client, journey, request};
use super::*;
use crate::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::client::ClientType;
use crate::protocol::journey::Action;
use crate::protocol::proof::Kind;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const FRESH: i64 = 60;
/// For how long a device may be kept.
pub(super) const KEEP: i64 = 1000;
/// An account with an authenticator and no passkey.
pub(super) const CODE: Guards = Guards { authenticator: true, passkey: None, security_key: false };
/// Within what is fresh, and longer ago than that.
pub(super) const AGES: [i64; 2] = [5, 100];
/// A recovery code is worth what a code of the authenticator is: it stands among those that are given now.
const KINDS: [Kind; 6] = [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Mailbox, Kind::Totp, Kind::Passkey];
const POLICIES: [SecondFactor; 3] = [SecondFactor::Off, SecondFactor::Offered, SecondFactor::Required];

/// What role and application demand: nothing, a password, two factors, or a passkey.
const DEMANDS: [Option<&str>; 4] = [None, Some(PASSWORD_CLASS), Some(MFA_CLASS), Some(PHISHING_RESISTANT_CLASS)];

/// Who is asked: what the installation has people do, what else is demanded of this one, and what they have beside the first proof.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    pub second_factor: SecondFactor,
    pub demanded: Option<&'static str>,
    pub guards: Guards,
}

impl Whose {
    pub(super) fn every() -> impl Iterator<Item = Self> {
        let own = Some(Kept::Anywhere);
        let guards = [(false, None), (true, None), (false, own), (true, own)];
        let guards = guards.map(|(authenticator, passkey)| Guards { authenticator, passkey, security_key: false });
        POLICIES.into_iter().flat_map(move |second_factor| {
            let with = move |demanded| guards.map(|guards| Self { second_factor, demanded, guards });
            DEMANDS.into_iter().flat_map(with)
        })
    }

    pub(super) fn policy(self) -> Policy {
        let demanded = self.demanded.map(Demand::of);
        Policy {
            fresh: FRESH,
            passes_classes: false,
            vouched: None,
            second_factor: self.second_factor,
            demanded,
            passkeys: Some(Kept::Anywhere),
            keep_device: KEEP,
        }
    }

    fn has_one(self) -> bool {
        self.guards.authenticator || self.guards.passkey.is_some()
    }

    fn wants_two(self) -> bool {
        self.demanded == Some(MFA_CLASS)
    }
}

fn is_second(kind: Kind) -> bool {
    matches!(kind, Kind::Totp | Kind::RecoveryCode | Kind::Passkey)
}

pub(super) fn says_who(kind: Kind) -> bool {
    matches!(kind, Kind::Password | Kind::Upstream | Kind::Mail | Kind::Passkey)
}

/// Every set of kinds, each given fresh or long ago; the empty one too.
pub(super) fn every_set() -> Vec<Vec<(Kind, i64)>> {
    let ways = AGES.len() + 1;
    let count = ways.pow(u32::try_from(KINDS.len()).unwrap());
    let nth = |mut number: usize| {
        let mut set = Vec::new();
        for kind in KINDS {
            if let Some(age) = (number % ways).checked_sub(1) {
                set.push((kind, AGES[age]));
            }
            number /= ways;
        }
        set
    };
    (0..count).map(nth).collect()
}

pub(super) fn proofs(set: &[(Kind, i64)]) -> Option<Proofs> {
    let mut all: Option<Proofs> = None;
    for (kind, age) in set {
        let proof = Proof::of(*kind, NOW.minus(*age));
        all = Some(match all {
            Some(all) => all.and(proof),
            None => Proofs::first(proof),
        });
    }
    all
}

/// What a journey may be for here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum For {
    Account,
    Unlinking,
    Factors,
    App,
    AppAnew,
    AppWithMaxAge,
    AppWithMfa,
    AppWithoutAsking,
}

pub(super) const FOR: [For; 8] = [
    For::Account,
    For::Unlinking,
    For::Factors,
    For::App,
    For::AppAnew,
    For::AppWithMaxAge,
    For::AppWithMfa,
    For::AppWithoutAsking,
];

pub(super) fn on(what: For) -> Journey {
    let client = client(ClientType::Web, true);
    let asking = |query: &str| Goal::Authorize(Box::new(request(&client, query)));
    let mfa = format!(r#"claims={{"id_token":{{"acr":{{"essential":true,"value":"{MFA_CLASS}"}}}}}}"#);
    journey(match what {
        For::Account => Goal::Account,
        For::Unlinking => Goal::Confirm { user_id: "ann".into(), action: Action::Unlink("i".into()) },
        For::Factors => Goal::Confirm { user_id: "ann".into(), action: Action::RemoveAuthenticator },
        For::App => asking("scope=openid"),
        For::AppAnew => asking("scope=openid&prompt=login"),
        For::AppWithMaxAge => asking("scope=openid&max_age=60"),
        For::AppWithMfa => asking(&format!("scope=openid&{mfa}")),
        For::AppWithoutAsking => asking("scope=openid&prompt=none"),
    })
}

pub(super) fn sign_in(proofs: Proofs, guards: Guards) -> SignIn {
    SignIn {
        roles: Vec::new(),
        id: "s".into(),
        user_id: "ann".into(),
        email: None,
        name: String::new(),
        locale: None,
        last_used_at: NOW,
        expires_at: NOW.plus(1000),
        proofs,
        journey_id: None,
        guards,
    }
}

/// Of what is asked for beside the first proof, said another way: whether anything is, and whether there is one to be shown.
fn lacks(what: For, set: &[(Kind, i64)], whose: Whose, given_now: bool) -> Option<Lack> {
    let Whose { second_factor, guards, demanded } = whose;
    let has_one = whose.has_one();
    let shown: Vec<i64> = set.iter().filter(|(kind, _)| is_second(*kind)).map(|(_, age)| *age).collect();
    let shown_lately = shown.iter().any(|age| *age < FRESH) || (given_now && !shown.is_empty());
    let age_of = |kinds: &[Kind]| set.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, age)| *age).min();
    // Where there are no codes a passkey is the only way to two factors.
    let wants_two = second_factor == SecondFactor::Off && (demanded == Some(MFA_CLASS) || what == For::AppWithMfa);
    let has_two = age_of(&[Kind::Password]).is_some() && !shown.is_empty();
    let is_short = demanded == Some(PHISHING_RESISTANT_CLASS) || (wants_two && !has_two);
    if is_short && age_of(&[Kind::Passkey]).is_none() {
        let has_code = guards.authenticator && second_factor != SecondFactor::Off;
        let has_recovered = age_of(&[Kind::RecoveryCode]).is_some_and(|age| age < FRESH);
        return Some(match (guards.passkey.is_some() && !has_recovered, has_code) {
            (true, _) => Lack::Passkey(Kept::Anywhere),
            (false, true) if shown.iter().all(|age| *age >= FRESH) => Lack::Code,
            _ => Lack::FirstPasskey(Kept::Anywhere),
        });
    }
    if what == For::Factors && guards.passkey.is_some() {
        let is_enough = age_of(&[Kind::Passkey, Kind::RecoveryCode]).is_some_and(|age| age < FRESH);
        return (!is_enough).then_some(Lack::Passkey(Kept::Anywhere));
    }
    let is_enough = if what == For::Factors && has_one { shown_lately } else { !shown.is_empty() };
    if second_factor == SecondFactor::Off || is_enough {
        return None;
    }
    if has_one {
        return Some(Lack::Code);
    }
    let by_password = set.iter().any(|(kind, _)| *kind == Kind::Password);
    let is_demanded = (what == For::AppWithMfa || whose.wants_two()) && by_password;
    (second_factor == SecondFactor::Required || is_demanded).then_some(Lack::Enrolment)
}

#[test]
fn who_is_signed_in_is_asked_for_what_is_missing_and_for_nothing_else() {
    let mut cases = 0;
    let journeys = FOR.map(|what| (what, on(what)));
    for set in every_set() {
        // Nobody is signed in who has not said who they are.
        if !set.iter().any(|(kind, _)| says_who(*kind)) {
            continue;
        }
        for (what, journey) in &journeys {
            for whose in Whose::every() {
                let sign_in = sign_in(proofs(&set).unwrap(), whose.guards);
                let client = client(ClientType::Web, true);
                let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
                let step = next_step(journey, known, &whose.policy(), NOW);
                assert_eq!(step, wanted(*what, &set, whose), "{set:?} {what:?} {whose:?}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, (81 - 1) * 9 * 8 * 3 * 4 * 4);
}

/// The rules, said another way.
fn wanted(what: For, set: &[(Kind, i64)], whose: Whose) -> NextStep {
    let not_met = match what {
        For::Account | For::Unlinking | For::Factors => Rejection::WeakSignIn,
        _ => Rejection::ClassNotMet,
    };
    let youngest = |of: &dyn Fn(Kind) -> bool| set.iter().filter(|(kind, _)| of(*kind)).map(|(_, age)| *age).min();
    let password = youngest(&|kind| kind == Kind::Password);
    let second = youngest(&is_second);
    // How long ago the person has authenticated: with two factors as long as either.
    let passkey = youngest(&|kind| kind == Kind::Passkey);
    let age = match (passkey, password, second) {
        (Some(passkey), _, _) => passkey,
        (None, Some(password), Some(second)) => password.max(second),
        (None, Some(password), None) => password,
        (None, None, _) => youngest(&says_who).unwrap(),
    };
    let is_stale = match what {
        For::Account | For::App | For::AppWithMfa | For::AppWithoutAsking => false,
        For::Unlinking => set.iter().all(|(_, age)| *age >= FRESH),
        For::Factors => youngest(&|kind| !is_second(kind) || says_who(kind)).unwrap() >= FRESH,
        For::AppAnew => age >= 5,
        For::AppWithMaxAge => age > 60,
    };
    // With a code of now they would have authenticated as lately as by the password.
    let by_code = what == For::AppWithMaxAge && passkey.is_none() && password.is_some_and(|age| age <= 60);
    if is_stale && by_code && whose.has_one() && whose.second_factor != SecondFactor::Off {
        return NextStep::SecondFactor(Lack::Code);
    }
    if is_stale {
        return NextStep::Reauthenticate;
    }
    if let Some(lack) = lacks(what, set, whose, false) {
        let has_just_said_who = youngest(&says_who).unwrap() < FRESH;
        return match what {
            For::AppWithoutAsking => NextStep::Refuse(Rejection::SignInNeeded),
            _ if !lack.is_there() && !has_just_said_who => NextStep::Reauthenticate,
            _ => NextStep::SecondFactor(lack),
        };
    }
    let reached = match (passkey, password, second) {
        (Some(_), _, _) => 3,
        (None, None, _) => 0,
        (None, Some(_), None) => 1,
        (None, Some(_), Some(_)) => 2,
    };
    let demanded = DEMANDS.iter().position(|one| *one == whose.demanded).unwrap();
    if reached < demanded && what == For::AppWithoutAsking {
        return NextStep::Refuse(not_met);
    }
    if reached < demanded || (what == For::AppWithMfa && reached < 2) {
        return NextStep::Reauthenticate;
    }
    NextStep::Finish
}

/// Of a password, or of another first proof, with every set that the browser was signed in by before.
#[test]
fn who_proves_something_is_signed_in_when_the_two_halves_are_there_and_recent_enough() {
    let journeys = FOR.map(|what| (what, on(what)));
    for set in every_set() {
        let before = proofs(&set).filter(|_| set.iter().any(|(kind, _)| says_who(*kind)));
        for given in [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Totp, Kind::RecoveryCode, Kind::Passkey] {
            for ((what, journey), whose) in journeys.iter().flat_map(|on| Whose::every().map(move |whose| (on, whose)))
            {
                let what = *what;
                let former = before.clone().map(|proofs| sign_in(proofs, whose.guards));
                let journey = journey.clone().proved("ann", given, NOW);
                let signing = signs_in(
                    &journey,
                    Before { sign_in: former.as_ref(), kept: None },
                    whose.guards,
                    &whose.policy(),
                    NOW,
                );
                let rule = signed(what, (given, &set), former.is_some(), whose);
                let seen = match &signing {
                    Signing::Nobody => None,
                    Signing::Lacks(lack) => Some(Err(*lack)),
                    Signing::In(proven) => {
                        assert!(proven.proofs.has(given) && proven.user_id == "ann");
                        Some(Ok(()))
                    }
                };
                assert_eq!(seen, rule, "{given:?} {set:?} {what:?} {whose:?}");
                let mallory = former.map(|former| SignIn { user_id: "mallory".into(), ..former });
                let alone = signs_in(
                    &journey,
                    Before { sign_in: mallory.as_ref(), kept: None },
                    whose.guards,
                    &whose.policy(),
                    NOW,
                );
                let rule = signed(what, (given, &[]), false, whose);
                assert_eq!(matches!(alone, Signing::In(_)), rule == Some(Ok(())), "nobody lends anything to another");
            }
        }
    }
}

/// What comes of a proof that was given now, beside those of a sign-in: nobody, a lack, or a sign-in.
fn signed(
    what: For,
    (given, before): (Kind, &[(Kind, i64)]),
    is_signed_in: bool,
    whose: Whose,
) -> Option<Result<(), Lack>> {
    let lasts = |age: i64| match what {
        For::Factors => age < FRESH,
        For::AppAnew => age < 5,
        For::AppWithMaxAge => age <= 60,
        _ => true,
    };
    let is_other_half = |kind: Kind| if says_who(given) { is_second(kind) } else { says_who(kind) };
    let mut all: Vec<(Kind, i64)> = Vec::new();
    if is_signed_in {
        all.extend(before.iter().filter(|(kind, age)| is_other_half(*kind) && lasts(*age)));
    }
    all.push((given, 0));
    if !all.iter().any(|(kind, _)| says_who(*kind)) {
        return None;
    }
    // Who is signed in, and shows a second factor beside that, stays so.
    if is_signed_in && !says_who(given) {
        return Some(Ok(()));
    }
    Some(match lacks(what, &all, whose, true) {
        Some(lack) => Err(lack),
        None => Ok(()),
    })
}

#[test]
fn a_sign_in_from_before_opens_no_page_of_the_account() {
    for whose in Whose::every() {
        for kinds in [
            &[Kind::Password][..],
            &[Kind::Mail],
            &[Kind::Password, Kind::Totp],
            &[Kind::Mail, Kind::Totp],
            &[Kind::Passkey],
            &[Kind::Mail, Kind::Passkey],
        ] {
            let set: Vec<(Kind, i64)> = kinds.iter().map(|kind| (*kind, 5)).collect();
            let has = |kind| kinds.contains(&kind);
            let is_asked = match whose.second_factor {
                SecondFactor::Off => false,
                SecondFactor::Offered => whose.has_one(),
                SecondFactor::Required => true,
            };
            let is_enough = match whose.demanded {
                None => true,
                Some(PHISHING_RESISTANT_CLASS) => has(Kind::Passkey),
                Some(MFA_CLASS) => has(Kind::Passkey) || (has(Kind::Password) && has(Kind::Totp)),
                Some(_) => has(Kind::Passkey) || has(Kind::Password),
            };
            let whole = is_enough && (has(Kind::Passkey) || has(Kind::Totp) || !is_asked);
            let sign_in = sign_in(proofs(&set).unwrap(), whose.guards);
            assert_eq!(is_whole(&sign_in, &whose.policy()), whole, "{kinds:?} {whose:?}");
        }
    }
}

/// Whoever has just signed in for it is told that this was not enough, and is not asked over and over.
#[test]
fn who_cannot_reach_what_is_demanded_is_refused_once_they_have_tried() {
    let whose = Whose { second_factor: SecondFactor::Offered, demanded: Some(MFA_CLASS), guards: CODE };
    let both = [(Kind::Mail, 0), (Kind::Totp, 0)];
    for (what, rejection) in [(For::Account, Rejection::WeakSignIn), (For::App, Rejection::ClassNotMet)] {
        let sign_in = SignIn { journey_id: Some("this".into()), ..sign_in(proofs(&both).unwrap(), CODE) };
        let known = Known { sign_in: Some(&sign_in), ..Known::default() };
        assert_eq!(next_step(&on(what), known, &whose.policy(), NOW), NextStep::Refuse(rejection));
    }
    // A provider may say of somebody what nobody can reach here.
    let unknown = Policy { demanded: Some(Demand::of("gold")), ..whose.policy() };
    let sign_in = sign_in(proofs(&both).unwrap(), CODE);
    let known = Known { sign_in: Some(&sign_in), ..Known::default() };
    let step = |policy: &Policy| next_step(&on(For::App), known, policy, NOW);
    assert_eq!(step(&unknown), NextStep::Refuse(Rejection::ClassNotMet));
    assert_eq!(step(&Policy { passes_classes: true, ..unknown }), NextStep::Reauthenticate);
}

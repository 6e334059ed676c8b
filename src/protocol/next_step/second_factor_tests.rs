//! Second factors: every set of proofs, with every policy, goal and account, against the rules said another way.

use super::tests::{client, journey, request};
use super::*;
use crate::protocol::assurance::MFA_CLASS;
use crate::protocol::client::ClientType;
use crate::protocol::journey::Action;
use crate::protocol::proof::Kind;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const FRESH: i64 = 60;
/// Within what is fresh, and longer ago than that.
const AGES: [i64; 2] = [5, 100];
const KINDS: [Kind; 6] = [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Mailbox, Kind::Totp, Kind::RecoveryCode];
const POLICIES: [SecondFactor; 3] = [SecondFactor::Off, SecondFactor::Offered, SecondFactor::Required];

fn policy(second_factor: SecondFactor) -> Policy {
    Policy { fresh: FRESH, passes_classes: false, second_factor }
}

fn is_second(kind: Kind) -> bool {
    matches!(kind, Kind::Totp | Kind::RecoveryCode)
}

fn says_who(kind: Kind) -> bool {
    matches!(kind, Kind::Password | Kind::Upstream | Kind::Mail)
}

/// Every set of kinds, each given fresh or long ago; the empty one too.
fn every_set() -> Vec<Vec<(Kind, i64)>> {
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

fn proofs(set: &[(Kind, i64)]) -> Option<Proofs> {
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
enum For {
    Account,
    Unlinking,
    Factors,
    App,
    AppAnew,
    AppWithMaxAge,
    AppWithMfa,
    AppWithoutAsking,
}

const FOR: [For; 8] = [
    For::Account,
    For::Unlinking,
    For::Factors,
    For::App,
    For::AppAnew,
    For::AppWithMaxAge,
    For::AppWithMfa,
    For::AppWithoutAsking,
];

fn on(what: For) -> Journey {
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

fn sign_in(proofs: Proofs, has_second_factor: bool) -> SignIn {
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
        has_second_factor,
    }
}

/// Of what is asked for beside the first proof, said another way: whether anything is, and whether there is one to be shown.
fn lacks(
    what: For,
    set: &[(Kind, i64)],
    (second_factor, has_one): (SecondFactor, bool),
    given_now: bool,
) -> Option<Lack> {
    let shown: Vec<i64> = set.iter().filter(|(kind, _)| is_second(*kind)).map(|(_, age)| *age).collect();
    let shown_lately = shown.iter().any(|age| *age < FRESH) || (given_now && !shown.is_empty());
    let is_enough = if what == For::Factors && has_one { shown_lately } else { !shown.is_empty() };
    if second_factor == SecondFactor::Off || is_enough {
        return None;
    }
    if has_one {
        return Some(Lack::Code);
    }
    let by_password = set.iter().any(|(kind, _)| *kind == Kind::Password);
    let is_demanded = what == For::AppWithMfa && by_password;
    (second_factor == SecondFactor::Required || is_demanded).then_some(Lack::Enrolment)
}

#[test]
fn who_is_signed_in_is_asked_for_what_is_missing_and_for_nothing_else() {
    let mut cases = 0;
    for set in every_set() {
        // Nobody is signed in who has not said who they are.
        if !set.iter().any(|(kind, _)| says_who(*kind)) {
            continue;
        }
        for what in FOR {
            for second_factor in POLICIES {
                for has_one in [false, true] {
                    let sign_in = sign_in(proofs(&set).unwrap(), has_one);
                    let client = client(ClientType::Web, true);
                    let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
                    let step = next_step(&on(what), known, &policy(second_factor), NOW);
                    let rule = wanted(what, &set, (second_factor, has_one));
                    assert_eq!(step, rule, "{set:?} {what:?} {second_factor} {has_one}");
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, (27 - 1) * 27 * 8 * 3 * 2);
}

/// The rules, said another way.
fn wanted(what: For, set: &[(Kind, i64)], whose: (SecondFactor, bool)) -> NextStep {
    let (second_factor, _) = whose;
    if what == For::AppWithMfa && second_factor == SecondFactor::Off {
        return NextStep::Refuse(Rejection::ClassNotMet);
    }
    let youngest = |of: &dyn Fn(Kind) -> bool| set.iter().filter(|(kind, _)| of(*kind)).map(|(_, age)| *age).min();
    let password = youngest(&|kind| kind == Kind::Password);
    let second = youngest(&is_second);
    // How long ago the person has authenticated: with two factors as long as either.
    let age = match (password, second) {
        (Some(password), Some(second)) => password.max(second),
        (Some(password), None) => password,
        (None, _) => youngest(&says_who).unwrap(),
    };
    let is_stale = match what {
        For::Account | For::App | For::AppWithMfa | For::AppWithoutAsking => false,
        For::Unlinking => set.iter().all(|(_, age)| *age >= FRESH),
        For::Factors => youngest(&|kind| !is_second(kind)).unwrap() >= FRESH,
        For::AppAnew => age >= 5,
        For::AppWithMaxAge => age > 60,
    };
    if is_stale {
        return NextStep::Reauthenticate;
    }
    if let Some(lack) = lacks(what, set, whose, false) {
        let has_just_said_who = youngest(&says_who).unwrap() < FRESH;
        return match what {
            For::AppWithoutAsking => NextStep::Refuse(Rejection::SignInNeeded),
            _ if lack == Lack::Enrolment && !has_just_said_who => NextStep::Reauthenticate,
            _ => NextStep::SecondFactor(lack),
        };
    }
    if what == For::AppWithMfa && (password.is_none() || second.is_none()) {
        return NextStep::Reauthenticate;
    }
    NextStep::Finish
}

/// Of a password, or of another first proof, with every set that the browser was signed in by before.
#[test]
fn who_proves_something_is_signed_in_when_the_two_halves_are_there_and_recent_enough() {
    for set in every_set() {
        let before = proofs(&set).filter(|_| set.iter().any(|(kind, _)| says_who(*kind)));
        for given in [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Totp, Kind::RecoveryCode] {
            for what in FOR {
                for second_factor in POLICIES {
                    for has_one in [false, true] {
                        let former = before.clone().map(|proofs| sign_in(proofs, has_one));
                        let journey = on(what).proved("ann", given, NOW);
                        let signing = signs_in(&journey, former.as_ref(), has_one, &policy(second_factor), NOW);
                        let rule = signed(what, (given, &set), former.is_some(), (second_factor, has_one));
                        let seen = match &signing {
                            Signing::Nobody => None,
                            Signing::Lacks(lack) => Some(Err(*lack)),
                            Signing::In(proven) => {
                                assert!(proven.proofs.has(given) && proven.user_id == "ann");
                                Some(Ok(()))
                            }
                        };
                        assert_eq!(seen, rule, "{given:?} {set:?} {what:?} {second_factor} {has_one}");
                        let mallory = former.map(|former| SignIn { user_id: "mallory".into(), ..former });
                        let alone = signs_in(&journey, mallory.as_ref(), has_one, &policy(second_factor), NOW);
                        let rule = signed(what, (given, &[]), false, (second_factor, has_one));
                        assert_eq!(
                            matches!(alone, Signing::In(_)),
                            rule == Some(Ok(())),
                            "nobody lends anything to another"
                        );
                    }
                }
            }
        }
    }
}

/// What comes of a proof that was given now, beside those of a sign-in: nobody, a lack, or a sign-in.
fn signed(
    what: For,
    (given, before): (Kind, &[(Kind, i64)]),
    is_signed_in: bool,
    whose: (SecondFactor, bool),
) -> Option<Result<(), Lack>> {
    let lasts = |age: i64| match what {
        For::Factors => age < FRESH,
        For::AppAnew => age < 5,
        For::AppWithMaxAge => age <= 60,
        _ => true,
    };
    let is_other_half = |kind: Kind| if is_second(given) { says_who(kind) } else { is_second(kind) };
    let mut all: Vec<(Kind, i64)> = Vec::new();
    if is_signed_in {
        all.extend(before.iter().filter(|(kind, age)| is_other_half(*kind) && lasts(*age)));
    }
    all.push((given, 0));
    if !all.iter().any(|(kind, _)| says_who(*kind)) {
        return None;
    }
    Some(match lacks(what, &all, whose, true) {
        Some(lack) => Err(lack),
        None => Ok(()),
    })
}

#[test]
fn a_sign_in_from_before_opens_no_page_of_the_account() {
    for (second_factor, has_one, by_code, is_lacking) in [
        (SecondFactor::Off, true, false, false),
        (SecondFactor::Offered, false, false, false),
        (SecondFactor::Offered, true, false, true),
        (SecondFactor::Offered, true, true, false),
        (SecondFactor::Required, false, false, true),
        (SecondFactor::Required, true, false, true),
        (SecondFactor::Required, true, true, false),
    ] {
        let proofs = Proofs::of(Kind::Password, NOW);
        let proofs = if by_code { proofs.and(Proof::of(Kind::Totp, NOW)) } else { proofs };
        assert_eq!(lacks_second_factor(&sign_in(proofs, has_one), &policy(second_factor)), is_lacking);
    }
}

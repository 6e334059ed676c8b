//! Second factors: every set of proofs, with every policy, request and account, against the rules said another way.

use super::said_another_way::{CODE, KINDS, NOW, SAYS_WHO, SECOND, Shown, Whose, sign_in, signed, wanted};
use super::tests::client;
use super::ways::{FOR, For, on};
use super::*;
use crate::protocol::assurance::MFA_CLASS;
use crate::protocol::client::ClientType;
use crate::protocol::demand::Demand;
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Kind;

/// The kinds that the rules tell apart: a provider that only says who somebody is does what a mail does.
pub(super) const APART: [Kind; 5] = [Kind::Password, Kind::Mail, Kind::Totp, Kind::RecoveryCode, Kind::Passkey];

/// Every set of these kinds that signs somebody in.
fn every_sign_in(kinds: &[Kind]) -> Vec<Shown> {
    Shown::every(kinds).into_iter().filter(|shown| shown.says_who()).collect()
}

/// What these are asked for who are signed in, on every way. How many cases that is.
fn check_steps(all: &[Shown], every: impl Iterator<Item = Whose>) -> usize {
    let client = client(ClientType::Web, true);
    let journeys = FOR.map(|what| (what, on(what)));
    let every: Vec<_> = every.map(|whose| (whose, whose.policy())).collect();
    for shown in all {
        let mut sign_in = sign_in(shown.proofs().unwrap(), CODE);
        for (whose, policy) in &every {
            sign_in.guards = whose.guards;
            let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
            for (what, journey) in &journeys {
                let step = next_step(journey, known, policy, NOW);
                assert_eq!(step, wanted(*what, *shown, *whose), "{shown:?} {what:?} {whose:?}");
            }
        }
    }
    all.len() * every.len() * FOR.len()
}

#[test]
fn who_is_signed_in_is_asked_for_what_is_missing_and_for_nothing_else() {
    let mut all = every_sign_in(&KINDS.into_iter().filter(|kind| *kind != Kind::RecoveryCode).collect::<Vec<_>>());
    all.extend(every_sign_in(&APART).into_iter().filter(|shown| shown.has(&[Kind::RecoveryCode])));
    let cases = check_steps(&all, Whose::usual());
    assert_eq!(cases, ((729 - 9) + (243 - 81 - 6)) * (3 * 4 * 4) * 14);
}

/// As above, with the sets of those kinds that are told apart.
#[test]
fn where_passkeys_are_off_they_count_for_nothing_and_where_makers_vouch_a_lesser_one_changes_no_factor() {
    let cases = check_steps(&every_sign_in(&APART), Whose::every().filter(|whose| !whose.is_usual()));
    assert_eq!(cases, (243 - 9) * (3 * 4 * (3 * 6 - 4)) * 14);
}

/// As above: whoever came by a password when there were some may be signed in still.
#[test]
fn where_there_are_no_passwords_two_factors_are_a_passkey_and_no_code_is_asked_for_in_vain() {
    let cases = check_steps(&every_sign_in(&APART), Whose::without_password());
    assert_eq!(cases, (243 - 9) * (3 * 4 * (4 + 6)) * 14);
}

/// As above: whoever came by a password may have given it up since.
#[test]
fn an_account_without_a_password_is_asked_for_a_passkey_as_where_there_are_none() {
    let cases = check_steps(&every_sign_in(&APART), Whose::without_password_of_their_own());
    assert_eq!(cases, (243 - 9) * (3 * 4 * (4 + 6)) * 14);
}

/// What comes of a proof that is given now to whoever was signed in by these before, or was not.
fn check_signing(what: For, journey: &Journey, (given, before): (Kind, Shown), whose: Whose, former: Option<&SignIn>) {
    let signing = signs_in(journey, Before { sign_in: former, kept: None }, whose.guards, &whose.policy(), NOW);
    let seen = match &signing {
        Signing::Nobody => None,
        Signing::Lacks(lack) => Some(Err(*lack)),
        Signing::In(proven) => {
            assert!(proven.proofs.has(given) && proven.user_id == "ann");
            Some(Ok(()))
        }
    };
    assert_eq!(seen, signed(what, given, before, whose), "{given:?} {before:?} {what:?} {whose:?}");
}

/// What each kind leads to that is given now, on each way.
fn every_journey() -> Vec<(Kind, For, Journey)> {
    let given = |kind: Kind| FOR.map(|what| (kind, what, on(what).proved("ann", kind, NOW)));
    KINDS.into_iter().flat_map(given).collect()
}

/// Of a password, or of another first proof, with every set of the other half that the browser was signed in by before.
#[test]
fn who_proves_something_is_signed_in_when_the_two_halves_are_there_and_recent_enough() {
    let mut cases = 0;
    for (given, what, journey) in every_journey() {
        let mut before = if SAYS_WHO.contains(&given) {
            // By a provider, which is not of that half.
            Shown::every(&SECOND).into_iter().map(|shown| shown.and(Kind::Upstream, 100)).collect()
        } else {
            Shown::every(&[Kind::Password, Kind::Mail, Kind::Passkey])
        };
        before.push(Shown::NOTHING);
        for shown in before {
            let former = shown.proofs().map(|proofs| sign_in(proofs, CODE));
            for whose in Whose::every().chain(Whose::without_password_of_their_own()) {
                check_signing(what, &journey, (given, shown), whose, former.as_ref());
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 7 * 14 * 28 * 3 * 4 * (3 * 6 + (4 + 6)));
}

/// What else the browser was signed in by is not looked at, nor what somebody else was.
#[test]
fn a_sign_in_lends_the_other_half_alone_and_nobody_lends_anything_to_another() {
    let guards = Guards { passkey: Some(Kept::Anywhere), ..CODE };
    let all =
        SecondFactor::ALL.iter().map(|second_factor| Whose { second_factor: *second_factor, guards, ..Whose::USUAL });
    let (all, journeys): (Vec<_>, _) = (all.collect(), every_journey());
    let every = Shown::every(&KINDS);
    for shown in &every {
        let former = shown.proofs().filter(|_| shown.says_who()).map(|proofs| sign_in(proofs, guards));
        for (given, what, journey) in &journeys {
            for whose in &all {
                check_signing(*what, journey, (*given, *shown), *whose, former.as_ref());
            }
        }
        let mallory = former.map(|former| SignIn { user_id: "mallory".into(), ..former });
        for (given, what, journey) in journeys.iter().filter(|_| mallory.is_some()) {
            check_signing(*what, journey, (*given, Shown::NOTHING), all[1], mallory.as_ref());
        }
    }
    // Nor with the most that there is, whatever is demanded.
    let most = KINDS.into_iter().fold(Shown::NOTHING, |all, kind| all.and(kind, 0));
    let mallory = SignIn { user_id: "mallory".into(), ..sign_in(most.proofs().unwrap(), guards) };
    for (given, what, journey) in &journeys {
        for whose in Whose::every() {
            check_signing(*what, journey, (*given, Shown::NOTHING), whose, Some(&mallory));
        }
    }
}

#[test]
fn a_sign_in_from_before_opens_no_page_of_the_account() {
    for shown in Shown::every(&APART).into_iter().filter(|shown| shown.says_who()) {
        for whose in Whose::every() {
            let is_asked = match whose.second_factor {
                SecondFactor::Off => false,
                SecondFactor::Offered => whose.has_one(),
                SecondFactor::Required => true,
            };
            let is_enough = whose.demanded.is_none_or(|class| shown.reaches(class));
            let whole = is_enough && (shown.has(&SECOND) || !is_asked);
            let sign_in = sign_in(shown.proofs().unwrap(), whose.guards);
            assert_eq!(is_whole(&sign_in, &whose.policy()), whole, "{shown:?} {whose:?}");
        }
    }
}

/// Whoever has just signed in for it is told that this was not enough, and is not asked over and over.
#[test]
fn who_cannot_reach_what_is_demanded_is_refused_once_they_have_tried() {
    let whose = Whose { demanded: Some(MFA_CLASS), ..Whose::USUAL };
    let both = Shown::NOTHING.and(Kind::Mail, 0).and(Kind::Totp, 0).proofs().unwrap();
    for (what, rejection) in [(For::Account, Rejection::WeakSignIn), (For::App, Rejection::ClassNotMet)] {
        let sign_in = SignIn { journey_id: Some("this".into()), ..sign_in(both.clone(), CODE) };
        let known = Known { sign_in: Some(&sign_in), ..Known::default() };
        assert_eq!(next_step(&on(what), known, &whose.policy(), NOW), NextStep::Refuse(rejection));
    }
    // A provider may say of somebody what nobody can reach here.
    let unknown = Policy { demanded: Some(Demand::of("gold")), ..whose.policy() };
    let sign_in = sign_in(both, CODE);
    let known = Known { sign_in: Some(&sign_in), ..Known::default() };
    let step = |policy: &Policy| next_step(&on(For::App), known, policy, NOW);
    assert_eq!(step(&unknown), NextStep::Refuse(Rejection::ClassNotMet));
    assert_eq!(step(&Policy { passes_classes: true, ..unknown }), NextStep::Reauthenticate);
}

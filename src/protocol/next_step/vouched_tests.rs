//! Who comes by a provider whose word counts as a class of ours.

use super::said_another_way::{AGES, CODE, NOW, PASSWORD, Whose, sign_in};
use super::tests::{client, journey};
use super::ways::{FOR, For, on};
use super::*;
use crate::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::client::ClientType;
use crate::protocol::journey::Action;
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Kind;
use crate::protocol::upstream::Vouched;

/// What a sign-in by these proofs leads to, and what comes of them when they are given.
fn decided(what: For, whose: Whose, proofs: &[Proof]) -> (NextStep, Result<(), Lack>) {
    let all = proofs.iter().skip(1).fold(Proofs::first(proofs[0].clone()), |all, proof| all.and(proof.clone()));
    let (sign_in, client) = (sign_in(all, whose.guards), client(ClientType::Web, true));
    let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
    let step = next_step(&on(what), known, &whose.policy(), NOW);
    let journey = proofs.iter().fold(on(what), |journey, proof| journey.proved_by("ann", proof.clone()));
    let signing = match signs_in(&journey, Before::default(), whose.guards, &whose.policy(), NOW) {
        Signing::In(_) => Some(Ok(())),
        Signing::Lacks(lack) => Some(Err(lack)),
        Signing::Nobody => None,
    };
    (step, signing.unwrap())
}

/// Whoever comes by a provider whose word counts as two factors stands as if both had been shown here, or a passkey; but what second factors the account has
/// is changed by those alone.
#[test]
fn a_providers_word_that_is_trusted_is_as_good_as_what_it_counts_as() {
    for (class, as_if) in [(MFA_CLASS, &[Kind::Password, Kind::Totp][..]), (PHISHING_RESISTANT_CLASS, &[Kind::Passkey])]
    {
        let cases = FOR.into_iter().flat_map(|what| Whose::usual().map(move |whose| (what, whose)));
        for ((what, whose), age) in cases.flat_map(|case| AGES.map(|age| (case, age))) {
            let (at, counts_as) = (NOW.minus(age), Some(class.to_owned()));
            let said = Vouched { counts_as, auth_time: Some(at), ..Vouched::of("p", "https://p.test", "1") };
            let found = decided(what, whose, &[Proof::vouched(&said, "i", NOW)]);
            let kinds: Vec<Proof> = as_if.iter().map(|kind| Proof::of(*kind, at)).collect();
            let (step, signing) = decided(what, whose, &kinds);
            let is_on = whose.second_factor != SecondFactor::Off;
            let own = if whose.guards.passkey.is_some() { Lack::Passkey(Kept::Anywhere) } else { Lack::Code };
            let has_own = whose.guards.passkey.is_some() || (is_on && whose.guards.authenticator);
            let own_is_needed = what == For::Factors && has_own;
            // Nor is a first passkey added to an account by less than its authenticator.
            let code_is_needed = is_on && whose.guards.authenticator;
            // Whoever insists on a password is told of none that nobody has typed here.
            let password_is_needed = what == For::AppWithPassword && class == MFA_CLASS;
            let expected = match step {
                NextStep::Finish if password_is_needed => NextStep::Reauthenticate,
                NextStep::Finish if own_is_needed => NextStep::SecondFactor(own),
                NextStep::SecondFactor(Lack::FirstPasskey(_)) if code_is_needed => NextStep::SecondFactor(Lack::Code),
                step => step,
            };
            let signed = match signing {
                Ok(()) if own_is_needed => Err(own),
                Err(Lack::FirstPasskey(_)) if code_is_needed => Err(Lack::Code),
                signing => signing,
            };
            assert_eq!(found, (expected, signed), "{class} {what:?} {whose:?} {age}");
        }
    }
}

#[test]
fn what_nobody_can_show_here_is_refused_at_once_unless_a_providers_word_counts_as_it() {
    let (second_factor, demanded, guards) = (SecondFactor::Off, Some(MFA_CLASS), PASSWORD);
    let without = Whose { second_factor, demanded, passkeys: None, guards, ..Whose::USUAL }.policy();
    let step = |policy: &Policy| next_step(&on(For::App), Known::default(), policy, NOW);
    let refused = NextStep::Refuse(Rejection::ClassNotMet);
    for (vouched, expected) in [
        (None, refused),
        (Some(PASSWORD_CLASS), refused),
        (Some(MFA_CLASS), NextStep::SignIn),
        (Some(PHISHING_RESISTANT_CLASS), NextStep::SignIn),
    ] {
        assert_eq!(step(&Policy { vouched, ..without }), expected, "{vouched:?}");
    }
}

/// With another account linked, a provider's word would be a second factor; and whoever takes a newcomer for themselves links one too.
#[test]
fn an_identity_whose_word_counts_is_linked_by_nobody_who_has_not_shown_the_account_s_own_factor_lately() {
    let whose = Whose::USUAL;
    let link = journey(Goal::Confirm { user_id: "ann".into(), action: Action::Link("p".into()) });
    let step = |vouched| {
        let proofs = Proofs::of(Kind::Password, NOW.minus(5)).and(Proof::of(Kind::Totp, NOW.minus(100)));
        let sign_in = sign_in(proofs, CODE);
        let known = Known { sign_in: Some(&sign_in), ..Known::default() };
        next_step(&link, known, &Policy { vouched, ..whose.policy() }, NOW)
    };
    for (vouched, expected) in [
        (None, NextStep::Finish),
        (Some(PASSWORD_CLASS), NextStep::Finish),
        (Some(MFA_CLASS), NextStep::SecondFactor(Lack::Code)),
        (Some(PHISHING_RESISTANT_CLASS), NextStep::SecondFactor(Lack::Code)),
    ] {
        assert_eq!(step(vouched), expected, "{vouched:?}");
    }
    let former = sign_in(Proofs::of(Kind::Password, NOW.minus(200)).and(Proof::of(Kind::Totp, NOW.minus(100))), CODE);
    let before = Before { sign_in: Some(&former), kept: None };
    let plain = on(For::Account).proved("ann", Kind::Password, NOW);
    assert!(matches!(signs_in(&plain, before, CODE, &whose.policy(), NOW), Signing::In(_)));
    let newcomer = plain.introducing(Vouched::of("p", "https://p.test", "1"));
    assert!(matches!(signs_in(&newcomer, before, CODE, &whose.policy(), NOW), Signing::Lacks(Lack::Code)));
}

/// Nor by whoever signed in on the same journey before they went to the provider, where the sign-in from before lent the second factor.
#[test]
fn a_newcomer_s_identity_whose_word_counts_is_linked_by_nobody_who_was_lent_an_old_factor() {
    let whose = Whose::USUAL;
    let journey = on(For::Account).introducing(Vouched::of("p", "https://p.test", "1"));
    let step = |vouched, shown: i64| {
        let proofs = Proofs::of(Kind::Mail, NOW.minus(5)).and(Proof::of(Kind::Totp, NOW.minus(shown)));
        let sign_in = SignIn { journey_id: Some(journey.id.clone()), ..sign_in(proofs, CODE) };
        let known = Known { sign_in: Some(&sign_in), ..Known::default() };
        next_step(&journey, known, &Policy { vouched, ..whose.policy() }, NOW)
    };
    for (vouched, shown, expected) in [
        (None, 400_000, NextStep::Link),
        (Some(PASSWORD_CLASS), 400_000, NextStep::Link),
        (Some(MFA_CLASS), 400_000, NextStep::Introduce),
        (Some(PHISHING_RESISTANT_CLASS), 400_000, NextStep::Introduce),
        (Some(MFA_CLASS), 4, NextStep::Link),
    ] {
        assert_eq!(step(vouched, shown), expected, "{vouched:?} {shown}");
    }
}

/// A provider that could have said when somebody signed in there, and has not: that is as good as any word, but where something is to be fresh.
#[test]
fn a_word_of_which_nobody_knows_the_time_is_no_fresh_one() {
    let word =
        |is_untimed| Proof::vouched(&Vouched { is_untimed, ..Vouched::of("sample", "https://p.test", "1") }, "i", NOW);
    let without = Whose { guards: PASSWORD, ..Whose::USUAL };
    let required = Whose { second_factor: SecondFactor::Required, ..without };
    for (what, whose, step, untimed) in [
        (For::Account, without, NextStep::Finish, NextStep::Finish),
        (For::App, without, NextStep::Finish, NextStep::Finish),
        (For::AppAnew, without, NextStep::Finish, NextStep::Reauthenticate),
        (For::AppWithMaxAge, without, NextStep::Finish, NextStep::Reauthenticate),
        (For::Unlinking, without, NextStep::Finish, NextStep::Reauthenticate),
        (For::Factors, without, NextStep::Finish, NextStep::Reauthenticate),
        (For::Account, required, NextStep::SecondFactor(Lack::Enrolment), NextStep::Reauthenticate),
    ] {
        assert_eq!(decided(what, whose, &[word(false)]).0, step, "{what:?}");
        assert_eq!(decided(what, whose, &[word(true)]).0, untimed, "{what:?}");
    }
}

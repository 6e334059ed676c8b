//! What a kept device lends: every first proof and every goal, with what was shown at every age, against the rules said another way.

use super::said_another_way::{CODE, KEEP, NOW, Whose, sign_in};
use super::tests::client;
use super::ways::{FOR, For, on};
use super::*;
use crate::protocol::assurance::{Assurance, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::client::ClientType;
use crate::protocol::passkey::Kept;
use crate::protocol::second_factor::FactorKind;

/// Within what is fresh, within what an application takes, older than both, and too old to be kept.
const AGES: [i64; 4] = [5, 60, 100, KEEP];
const SHOWN: [FactorKind; 2] = [FactorKind::Authenticator, FactorKind::RecoveryCodes];
const FIRST: [Kind; 5] = [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Mailbox, Kind::Unknown];

fn kept(shown: FactorKind, age: i64) -> KeptDevice {
    KeptDevice {
        user_id: "ann".into(),
        hash: "h".into(),
        sign_in_id: "s".into(),
        shown,
        kept_at: NOW.minus(age),
        last_used_at: None,
        expires_at: NOW.minus(age).plus(KEEP),
        user_agent: String::new(),
    }
}

/// Whether what was shown so long ago is recent enough.
fn lasts(what: For, age: i64) -> bool {
    match what {
        For::Factors => age < 60,
        For::AppAnew => false,
        _ if what.has_max_age() => age <= 60,
        _ => true,
    }
}

/// The proofs that sign somebody in, if they do.
fn signed_in_by(signing: Signing) -> Option<Proofs> {
    match signing {
        Signing::In(proven) => Some(proven.proofs),
        Signing::Lacks(_) | Signing::Nobody => None,
    }
}

#[test]
fn a_kept_device_lends_what_was_shown_there_where_that_is_recent_enough_and_all_that_is_demanded() {
    let mut lent = 0;
    for ((what, whose), first) in FOR
        .into_iter()
        .flat_map(|what| Whose::usual().map(move |whose| (what, whose)))
        .flat_map(|of| FIRST.map(|first| (of, first)))
    {
        let journey = on(what).proved("ann", first, NOW);
        let alone = signs_in(&journey, Before::default(), whose.guards, &whose.policy(), NOW);
        for (shown, age) in SHOWN.into_iter().flat_map(|shown| AGES.map(|age| (shown, age))) {
            let device = kept(shown, age);
            let before = Before { sign_in: None, kept: Some(&device) };
            let signing = signs_in(&journey, before, whose.guards, &whose.policy(), NOW);
            let case = format!("{what:?} {whose:?} {first:?} {shown:?} {age}");
            // With a password it is two factors, and with anything else no class.
            let reaches = [whose.demanded, what.insists_on()].into_iter().flatten().all(|class| match class {
                PASSWORD_CLASS | MFA_CLASS => first == Kind::Password,
                _ => false,
            });
            let lends = matches!(alone, Signing::Lacks(Lack::Code)) && age < KEEP && lasts(what, age) && reaches;
            if !lends {
                assert_eq!(format!("{signing:?}"), format!("{alone:?}"), "{case}");
                continue;
            }
            let proofs = signed_in_by(signing);
            assert_eq!(proofs, Some(Proofs::of(first, NOW).and(device.lends())), "{case}");
            assert!(!proofs.unwrap().has(Kind::Passkey));
            lent += 1;
            // Only as long as the installation has people keep them, and of nobody else's.
            for policy in [0, age].map(|keep_device| Policy { keep_device, ..whose.policy() }) {
                let signing = signs_in(&journey, before, whose.guards, &policy, NOW);
                assert!(matches!(signing, Signing::Lacks(Lack::Code)), "{case}");
            }
            let other = KeptDevice { user_id: "mallory".into(), ..device.clone() };
            let signing =
                signs_in(&journey, Before { kept: Some(&other), ..before }, whose.guards, &whose.policy(), NOW);
            assert!(matches!(signing, Signing::Lacks(Lack::Code)), "{case}");
        }
    }
    assert!(lent > 100, "{lent}");
}

#[test]
fn what_is_lent_counts_from_when_it_was_shown() {
    let whose = Whose::USUAL;
    let device = kept(FactorKind::Authenticator, 100);
    let before = Before { sign_in: None, kept: Some(&device) };
    let journey = on(For::App).proved("ann", Kind::Password, NOW);
    let proofs = signed_in_by(signs_in(&journey, before, whose.guards, &whose.policy(), NOW)).unwrap();
    let told = Assurance::of(&proofs, &Default::default());
    assert_eq!((told.acr.as_deref(), told.auth_time), (Some(MFA_CLASS), NOW.minus(100)));
    // Later on the code alone is asked for where it is too old, and by whatever changes factors.
    let step_on = |journey: &Journey| {
        let (sign_in, client) = (sign_in(proofs.clone(), CODE), client(ClientType::Web, true));
        let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
        next_step(journey, known, &whose.policy(), NOW)
    };
    let step = |what| step_on(&on(what));
    assert_eq!(step(For::AppWithMaxAge), NextStep::SecondFactor(Lack::Code));
    assert_eq!(step(For::Factors), NextStep::SecondFactor(Lack::Code));
    assert_eq!(step(For::AppAnew), NextStep::SecondFactor(Lack::Code));
    assert_eq!(step(For::App), NextStep::Finish);
    // Whatever the request wishes to hear of.
    let mut anew = on(For::AppWishingForPassword);
    let Goal::Authorize(request) = &mut anew.goal else { unreachable!() };
    request.prompt.login = true;
    assert_eq!(step_on(&anew), NextStep::SecondFactor(Lack::Code));
}

/// A passkey, a code, or what the browser is signed in by already: then there is nothing to be lent.
#[test]
fn a_kept_device_lends_nothing_to_whoever_lacks_nothing_and_nothing_to_a_code_alone() {
    let device = kept(FactorKind::Authenticator, 100);
    let phr = Whose { demanded: Some(PHISHING_RESISTANT_CLASS), ..Whose::USUAL };
    let plain = Whose { demanded: None, ..phr };
    let guards = Guards { passkey: Some(Kept::Anywhere), ..CODE };
    let signing = |given: &[Kind], whose: Whose, sign_in: Option<&SignIn>| {
        let journey = given.iter().fold(on(For::App), |journey, kind| journey.proved("ann", *kind, NOW));
        signs_in(&journey, Before { sign_in, kept: Some(&device) }, guards, &whose.policy(), NOW)
    };
    for (given, whose) in
        [(&[Kind::Passkey][..], plain), (&[Kind::Passkey], phr), (&[Kind::Password, Kind::Totp], plain)]
    {
        let proofs = signed_in_by(signing(given, whose, None)).unwrap();
        assert!(proofs.iter().all(|proof| proof.at == NOW), "{given:?}");
    }
    assert!(matches!(signing(&[Kind::Password], phr, None), Signing::Lacks(Lack::Passkey(Kept::Anywhere))));
    assert!(matches!(signing(&[Kind::Totp], plain, None), Signing::Nobody));
    let newer = sign_in(Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::Totp, NOW.minus(9))), CODE);
    let proofs = signed_in_by(signing(&[Kind::Password], plain, Some(&newer))).unwrap();
    assert_eq!(assurance::second_factor_at(&proofs), Some(NOW.minus(9)));
}

//! A security key, which is asked for and counts wherever a code does: every account, set of proofs, policy and goal, with the one in the place of the other.

use super::said_another_way::{CODE, NOW, PASSWORD, Shown, Whose, sign_in};
use super::second_factor_tests::APART;
use super::tests::client;
use super::ways::{FOR, on};
use super::*;
use crate::protocol::client::ClientType;
use crate::protocol::passkey::Kept;

const KEY: Guards = Guards { security_key: true, ..PASSWORD };

/// The same account with a security key in the place of the authenticator.
fn with_key(whose: Whose) -> Whose {
    let guards = Guards { authenticator: false, security_key: whose.guards.authenticator, ..whose.guards };
    Whose { guards, ..whose }
}

/// Somebody who has one and nothing else.
fn of_key(second_factor: SecondFactor, passkeys: Option<Kept>) -> Whose {
    Whose { second_factor, passkeys, guards: KEY, ..Whose::USUAL }
}

fn in_its_place(kind: Kind) -> Kind {
    if kind == Kind::Totp { Kind::SecurityKey } else { kind }
}

#[test]
fn a_security_key_is_asked_for_and_counts_wherever_a_code_does() {
    let client = client(ClientType::Web, true);
    let journeys = FOR.map(|what| (what, on(what)));
    let mut shown = 0;
    for set in Shown::every(&APART).into_iter().filter(|set| set.says_who()) {
        let keys = set.with(Kind::SecurityKey, Kind::Totp);
        shown += usize::from(keys != set);
        for ((what, journey), whose) in journeys.iter().flat_map(|on| Whose::usual().map(move |whose| (on, whose))) {
            let step = |set: Shown, whose: Whose| {
                let sign_in = sign_in(set.proofs().unwrap(), whose.guards);
                let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
                (next_step(journey, known, &whose.policy(), NOW), is_whole(&sign_in, &whose.policy()))
            };
            assert_eq!(step(keys, with_key(whose)), step(set, whose), "{keys:?} {what:?} {whose:?}");
        }
    }
    assert!(shown > 100, "{shown}");
}

#[test]
fn a_security_key_that_is_shown_signs_in_whom_a_code_would() {
    let decided = |signing| match signing {
        Signing::Nobody => "nobody".to_owned(),
        Signing::Lacks(lack) => format!("{lack:?}"),
        Signing::In(proven) => format!("in, {}", proven.proofs.iter().count()),
    };
    for (what, whose) in FOR.into_iter().flat_map(|what| Whose::usual().map(move |whose| (what, whose))) {
        for given in [&[Kind::Totp][..], &[Kind::Password, Kind::Totp], &[Kind::Mail, Kind::Totp]] {
            let signing = |kinds: &dyn Fn(Kind) -> Kind, whose: Whose, former: Shown| {
                let journey = given.iter().fold(on(what), |on, kind| on.proved("ann", kinds(*kind), NOW));
                let former = former.proofs().map(|proofs| sign_in(proofs, whose.guards));
                let before = Before { sign_in: former.as_ref(), kept: None };
                decided(signs_in(&journey, before, whose.guards, &whose.policy(), NOW))
            };
            for former in [Shown::NOTHING, Shown::NOTHING.and(Kind::Password, 5), Shown::NOTHING.and(Kind::Mail, 100)] {
                let by_key = signing(&in_its_place, with_key(whose), former);
                assert_eq!(by_key, signing(&|kind| kind, whose, former), "{what:?} {whose:?} {given:?} {former:?}");
            }
        }
    }
    let alone = on(FOR[0]).proved("ann", Kind::SecurityKey, NOW);
    let whose = of_key(SecondFactor::Offered, Some(Kept::Anywhere));
    assert!(matches!(signs_in(&alone, Before::default(), KEY, &whose.policy(), NOW), Signing::Nobody));
}

/// Where people have no passkeys nobody can show one, so nobody is asked; and where they have no second factors, neither.
#[test]
fn where_nobody_can_show_a_security_key_nobody_is_asked_for_it() {
    let by_password = sign_in(Shown::NOTHING.and(Kind::Password, 5).proofs().unwrap(), KEY);
    for (second_factor, with_passkeys, is_lacking) in [
        (SecondFactor::Off, true, false),
        (SecondFactor::Offered, true, true),
        (SecondFactor::Offered, false, false),
        (SecondFactor::Required, true, true),
    ] {
        let policy = of_key(second_factor, with_passkeys.then_some(Kept::Anywhere)).policy();
        assert_eq!(lacks_second_factor(&by_password, &policy), is_lacking, "{second_factor:?} {with_passkeys}");
    }
    assert!(
        KEY.are_any(true) && !KEY.are_any(false) && KEY.are_beside_passkeys(true) && CODE.are_beside_passkeys(false)
    );
}

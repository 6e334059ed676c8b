//! A security key, which is asked for and counts wherever a code does: every account, set of proofs, policy and goal, with the one in the place of the other.

use super::second_factor_tests::{CODE, FOR, NOW, Whose, every_set, on, proofs, says_who, sign_in};
use super::tests::client;
use super::*;
use crate::protocol::client::ClientType;

const KEY: Guards = Guards { authenticator: false, passkey: None, security_key: true };

/// The same account with a security key in the place of the authenticator.
fn with_key(whose: Whose) -> Whose {
    let guards = Guards { authenticator: false, security_key: whose.guards.authenticator, ..whose.guards };
    Whose { guards, ..whose }
}

fn in_its_place(kind: Kind) -> Kind {
    if kind == Kind::Totp { Kind::SecurityKey } else { kind }
}

#[test]
fn a_security_key_is_asked_for_and_counts_wherever_a_code_does() {
    let client = client(ClientType::Web, true);
    let journeys = FOR.map(|what| (what, on(what)));
    let mut shown = 0;
    for set in every_set().into_iter().filter(|set| set.iter().any(|(kind, _)| says_who(*kind))) {
        let keys: Vec<(Kind, i64)> = set.iter().map(|(kind, age)| (in_its_place(*kind), *age)).collect();
        shown += usize::from(keys != set);
        for ((what, journey), whose) in journeys.iter().flat_map(|on| Whose::every().map(move |whose| (on, whose))) {
            let step = |set: &[(Kind, i64)], whose: Whose| {
                let sign_in = sign_in(proofs(set).unwrap(), whose.guards);
                let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
                (next_step(journey, known, &whose.policy(), NOW), is_whole(&sign_in, &whose.policy()))
            };
            assert_eq!(step(&keys, with_key(whose)), step(&set, whose), "{keys:?} {what:?} {whose:?}");
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
    for (what, whose) in FOR.into_iter().flat_map(|what| Whose::every().map(move |whose| (what, whose))) {
        for given in [&[Kind::Totp][..], &[Kind::Password, Kind::Totp], &[Kind::Mail, Kind::Totp]] {
            let signing = |kinds: &dyn Fn(Kind) -> Kind, whose: Whose, former: Option<&[(Kind, i64)]>| {
                let journey = given.iter().fold(on(what), |on, kind| on.proved("ann", kinds(*kind), NOW));
                let former = former.map(|set| sign_in(proofs(set).unwrap(), whose.guards));
                let before = Before { sign_in: former.as_ref(), kept: None };
                decided(signs_in(&journey, before, whose.guards, &whose.policy(), NOW))
            };
            for former in [None, Some(&[(Kind::Password, 5)][..]), Some(&[(Kind::Mail, 100)])] {
                let by_key = signing(&in_its_place, with_key(whose), former);
                assert_eq!(by_key, signing(&|kind| kind, whose, former), "{what:?} {whose:?} {given:?} {former:?}");
            }
        }
    }
    let alone = on(FOR[0]).proved("ann", Kind::SecurityKey, NOW);
    let whose = Whose { second_factor: SecondFactor::Offered, demanded: None, guards: KEY };
    assert!(matches!(signs_in(&alone, Before::default(), KEY, &whose.policy(), NOW), Signing::Nobody));
}

/// Where people have no passkeys nobody can show one, so nobody is asked; and where they have no second factors, neither.
#[test]
fn where_nobody_can_show_a_security_key_nobody_is_asked_for_it() {
    let by_password = sign_in(proofs(&[(Kind::Password, 5)]).unwrap(), KEY);
    for (second_factor, with_passkeys, is_lacking) in [
        (SecondFactor::Off, true, false),
        (SecondFactor::Offered, true, true),
        (SecondFactor::Offered, false, false),
        (SecondFactor::Required, true, true),
    ] {
        let policy = Whose { second_factor, demanded: None, guards: KEY }.policy();
        let policy = Policy { passkeys: policy.passkeys.filter(|_| with_passkeys), ..policy };
        assert_eq!(lacks_second_factor(&by_password, &policy), is_lacking, "{second_factor:?} {with_passkeys}");
    }
    assert!(
        KEY.are_any(true) && !KEY.are_any(false) && KEY.are_beside_passkeys(true) && CODE.are_beside_passkeys(false)
    );
}

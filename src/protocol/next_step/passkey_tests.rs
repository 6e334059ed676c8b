//! Passkeys: enough by themselves, and the only thing that will do where nothing else is as strong.

use super::said_another_way::{CODE, FRESH, NOW, PASSWORD, Whose, sign_in};
use super::tests::{client, journey, request};
use super::ways::{FOR, on};
use super::*;
use crate::protocol::client::ClientType;
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Kind;

const PASSKEY: Guards = Guards { passkey: Some(Kept::Anywhere), ..PASSWORD };

/// Whatever else was proved, and whatever is demanded: a passkey is enough, and where it is asked for nothing else will do.
#[test]
fn a_passkey_is_enough_by_itself_and_counts_as_a_second_factor_where_people_use_them() {
    let by = |kind: Kind| Proofs::of(kind, NOW.minus(5));
    for (what, whose) in FOR.into_iter().flat_map(|what| Whose::every().map(move |whose| (what, whose))) {
        for guards in [PASSWORD, CODE, PASSKEY] {
            let journey = on(what).proved("ann", Kind::Passkey, NOW);
            let signing = signs_in(&journey, Before::default(), guards, &whose.policy(), NOW);
            assert!(matches!(signing, Signing::In(_)), "{what:?} {whose:?} {guards:?}");
        }
    }
    let policy = |second_factor| Whose { second_factor, guards: PASSWORD, ..Whose::USUAL }.policy();
    let with_passkey = |proofs| sign_in(proofs, PASSKEY);
    let without = |second_factor| Policy { passkeys: None, ..policy(second_factor) };
    for (second_factor, is_lacking) in
        [(SecondFactor::Off, false), (SecondFactor::Offered, true), (SecondFactor::Required, true)]
    {
        assert_eq!(lacks_second_factor(&with_passkey(by(Kind::Password)), &policy(second_factor)), is_lacking);
        assert!(!lacks_second_factor(&with_passkey(by(Kind::Passkey)), &policy(second_factor)));
        let is_required = second_factor == SecondFactor::Required;
        assert_eq!(lacks_second_factor(&with_passkey(by(Kind::Password)), &without(second_factor)), is_required);
    }
    let client = client(ClientType::Web, true);
    let phr = r#"scope=openid&claims={"id_token":{"acr":{"essential":true,"value":"phr"}}}"#;
    let demanding = journey(Goal::Authorize(Box::new(request(&client, phr))));
    let step = |kinds: &[Kind], policy: &Policy| {
        let proofs = kinds.iter().skip(1).fold(by(kinds[0]), |all, kind| all.and(Proof::of(*kind, NOW.minus(5))));
        let sign_in = with_passkey(proofs);
        let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
        next_step(&demanding, known, policy, NOW)
    };
    let offered = policy(SecondFactor::Offered);
    assert_eq!(step(&[Kind::Passkey], &offered), NextStep::Finish);
    assert_eq!(step(&[Kind::Password], &offered), NextStep::SecondFactor(Lack::Passkey(Kept::Anywhere)));
    assert_eq!(step(&[Kind::Password, Kind::Passkey], &offered), NextStep::Finish);
    assert_eq!(step(&[Kind::Password, Kind::Totp], &offered), NextStep::SecondFactor(Lack::Passkey(Kept::Anywhere)));
    assert_eq!(
        step(&[Kind::Password, Kind::Totp], &policy(SecondFactor::Off)),
        NextStep::SecondFactor(Lack::Passkey(Kept::Anywhere))
    );
    // Who had to use a recovery code has lost theirs, and sets up another while that is fresh.
    assert_eq!(
        step(&[Kind::Password, Kind::RecoveryCode], &offered),
        NextStep::SecondFactor(Lack::FirstPasskey(Kept::Anywhere))
    );
    let past = Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::RecoveryCode, NOW.minus(FRESH)));
    let sign_in = with_passkey(past);
    let known = Known { sign_in: Some(&sign_in), client: Some(&client), ..Known::default() };
    assert_eq!(next_step(&demanding, known, &offered, NOW), NextStep::SecondFactor(Lack::Passkey(Kept::Anywhere)));
    // Also where it was lent to a sign-in that was made for this.
    let lent = SignIn { journey_id: Some(demanding.id.clone()), ..sign_in.clone() };
    let known = Known { sign_in: Some(&lent), ..known };
    assert_eq!(next_step(&demanding, known, &offered, NOW), NextStep::SecondFactor(Lack::Passkey(Kept::Anywhere)));
    let refused = NextStep::Refuse(Rejection::ClassNotMet);
    assert_eq!(step(&[Kind::Password, Kind::Totp], &without(SecondFactor::Required)), refused);
}

//! What is told of every set of proofs.

use super::*;
use crate::protocol::proof::ByPasskey;
use crate::protocol::scope::ScopeSet;
use crate::protocol::upstream::Vouched;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn wishing(classes: &str) -> ClaimsRequest {
    ClaimsRequest::parse(None, Some(classes), &ScopeSet::default()).unwrap()
}

#[test]
fn a_class_is_claimed_only_where_it_is_true() {
    let (password, unknown) = (Proofs::of(Kind::Password, NOW), Proofs::of(Kind::Unknown, NOW));
    for wish in ["", "1 2", PASSWORD_CLASS, &format!("gold {PASSWORD_CLASS}")] {
        let told = Assurance::of(&password, &wishing(wish));
        assert_eq!(told, Assurance { auth_time: NOW, acr: Some(PASSWORD_CLASS.into()), amr: vec!["pwd".into()] });
        assert!(!leaves_wishes(&password, &wishing(wish)));
        let told = Assurance::of(&unknown, &wishing(wish));
        assert_eq!(told, Assurance { auth_time: NOW, acr: None, amr: vec![] });
        assert_eq!(leaves_wishes(&unknown, &wishing(wish)), wish.contains(PASSWORD_CLASS), "{wish}");
    }
}

/// For every set of kinds what is told of it, and when it was proved: each proof a minute after the one before it.
#[test]
fn every_set_of_proofs_has_its_class_methods_and_time() {
    use Kind::{Mail, Mailbox, Passkey, Password, RecoveryCode, SecurityKey, Totp, Upstream};
    let kinds = [Password, Mail, Upstream, Mailbox, Totp, RecoveryCode, SecurityKey, Passkey];
    for set in 1_u32..256 {
        let given: Vec<Kind> =
            kinds.into_iter().enumerate().filter(|(at, _)| set & (1 << at) != 0).map(|(_, kind)| kind).collect();
        let at = |kind: Kind| given.iter().position(|one| *one == kind).map(|place| NOW.plus(60 * place as i64));
        let by = |kind: Kind| {
            matches!(kind, Passkey | SecurityKey).then(|| ByPasskey {
                id: "p".into(),
                may_be_copied: set & 1 == 0,
                is_attested: set & 2 == 0,
            })
        };
        let proofs = given.iter().map(|kind| Proof { passkey: by(*kind), ..Proof::of(*kind, at(*kind).unwrap()) });
        let proofs = proofs
            .map(Proofs::first)
            .reduce(|all, one| one.iter().fold(all, |all, proof| all.and(proof.clone())))
            .unwrap();
        let told = Assurance::of(&proofs, &ClaimsRequest::default());
        let code = at(Totp).max(at(RecoveryCode));
        let second = code.max(at(SecurityKey));
        let key = at(SecurityKey).or(at(Passkey));
        let (acr, since) = match (at(Password), second, at(Passkey)) {
            (_, _, Some(passkey)) if set & 3 == 1 => (Some(HARDWARE_CLASS), passkey),
            (_, _, Some(passkey)) => (Some(PHISHING_RESISTANT_CLASS), passkey),
            (Some(password), Some(second), None) => (Some(MFA_CLASS), password.min(second)),
            (Some(password), None, None) => (Some(PASSWORD_CLASS), password),
            _ => (None, at(Mail).max(at(Upstream)).unwrap_or_else(|| NOW.plus(60 * (given.len() as i64 - 1)))),
        };
        assert_eq!((told.acr.as_deref(), told.auth_time), (acr, since), "{given:?}");
        let methods = [
            ("pwd", at(Password).is_some()),
            ("otp", at(Mail).or(code).is_some()),
            ("swk", key.is_some() && set & 1 == 0),
            ("hwk", key.is_some() && set & 1 != 0),
            ("user", at(Passkey).is_some()),
            ("mfa", matches!(acr, Some(MFA_CLASS | PHISHING_RESISTANT_CLASS | HARDWARE_CLASS))),
        ];
        let methods: Vec<&str> =
            methods.into_iter().filter(|(_, is_told)| *is_told).map(|(method, _)| method).collect();
        assert_eq!(told.amr, methods, "{given:?}");
        let plain = Assurance::of(&proofs, &wishing(PASSWORD_CLASS));
        let (class, moment) = match at(Password) {
            Some(password) => (Some(PASSWORD_CLASS), password),
            None => (acr, since),
        };
        assert_eq!(plain.acr.as_deref(), class, "{given:?}");
        assert_eq!(plain.auth_time, moment, "what is told rests on the password alone: {given:?}");
        let is_asked = at(Password).is_none() && at(Passkey).is_none();
        assert_eq!(leaves_wishes(&proofs, &wishing(PASSWORD_CLASS)), is_asked, "nobody is asked for less: {given:?}");
        let essential = ClaimsRequest::parse(
            Some(&format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MFA_CLASS}"}}}}}}"#)),
            None,
            &ScopeSet::default(),
        )
        .unwrap();
        assert_eq!(
            demands_second_factor(&proofs, &essential, NOW),
            at(Password).is_some() && second.is_none() && at(Passkey).is_none(),
            "{given:?}"
        );
        let own = Assurance::of(&proofs, &essential);
        let with_two = at(Passkey).is_some() || (at(Password).is_some() && second.is_some());
        assert_eq!(essential.takes_acr(own.acr.as_deref()), with_two, "a passkey is two factors: {given:?}");
    }
    let named = |second_factor, passkeys| classes(true, second_factor, passkeys, None).collect::<Vec<_>>();
    let without_password = |passkeys| classes(false, SecondFactor::Required, passkeys, None).collect::<Vec<_>>();
    let (phrh, phr) = (HARDWARE_CLASS, PHISHING_RESISTANT_CLASS);
    let anywhere = Some(Kept::Anywhere);
    for second_factor in [SecondFactor::Off, SecondFactor::Offered, SecondFactor::Required] {
        assert_eq!(named(second_factor, Some(Kept::InHardware)), [phrh, phr, MFA_CLASS, PASSWORD_CLASS]);
        assert_eq!(named(second_factor, anywhere), [phr, MFA_CLASS, PASSWORD_CLASS]);
    }
    assert_eq!(named(SecondFactor::Required, None), [MFA_CLASS, PASSWORD_CLASS]);
    assert_eq!(named(SecondFactor::Off, None), [PASSWORD_CLASS]);
    assert_eq!(without_password(anywhere), [phr, MFA_CLASS]);
    assert!(without_password(None).is_empty());
}

#[test]
fn what_only_adds_to_a_proof_is_no_authentication_by_itself() {
    let later = Proof::of(Kind::Unknown, NOW.plus(60));
    let both = Proofs::of(Kind::Password, NOW).and(later);
    assert_eq!(Assurance::of(&both, &ClaimsRequest::default()).auth_time, NOW);
    assert!(identifies(&both) && !identifies(&Proofs::of(Kind::Unknown, NOW)));
    let password = Proofs::of(Kind::Password, NOW);
    let typed_again = both.clone().and(Proof::of(Kind::Password, NOW.plus(9)));
    assert!(!are_anew(&both, &password) && are_anew(&typed_again, &password));
    let read = Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::Mailbox, NOW.plus(60)));
    let told = Assurance::of(&read, &ClaimsRequest::default());
    assert_eq!((told.auth_time, told.amr), (NOW, vec!["pwd".to_owned()]));
    assert!(!are_anew(&read, &password) && last_proved(&read) == NOW.plus(60));
}

#[test]
fn whoever_was_lent_a_second_factor_has_not_signed_in_anew() {
    let (code, password) = (|at| Proof::of(Kind::Totp, NOW.plus(at)), |at| Proofs::of(Kind::Password, NOW.plus(at)));
    let former = password(0).and(code(5));
    assert!(!are_anew(&password(60).and(code(5)), &former), "lent");
    assert!(are_anew(&password(60).and(code(60)), &former), "shown");
    assert!(are_anew(&password(60).and(code(60)), &password(0)), "the first one");
    assert!(are_anew(&password(60), &former), "there is none any more");
    let passkey = Proofs::of_passkey(Kept::Anywhere, NOW.plus(60));
    assert!(
        are_anew(&passkey, &former) && !are_anew(&password(90).and(Proof::of(Kind::Passkey, NOW.plus(60))), &passkey)
    );
}

#[test]
fn a_mail_that_was_read_is_told_as_what_it_is_and_raises_no_class() {
    let gold =
        Vouched { acr: Some("gold".into()), amr: vec!["hwk".into()], ..Vouched::of("sample", "https://p.test", "1") };
    let came_by = Proofs::first(Proof::vouched(&gold, "i", NOW.minus(9000)));
    let bond = came_by.bond().unwrap();
    assert_eq!(bond.identity.as_ref().map(|by| by.id.as_str()), Some("i"));
    let told = |proofs: &Proofs| Assurance::of(proofs, &wishing(&format!("gold {PASSWORD_CLASS}")));
    let expected = Assurance { auth_time: NOW, acr: None, amr: vec!["otp".into()] };
    assert_eq!(told(&Proofs::of(Kind::Mail, NOW)), expected);
    assert_eq!(told(&Proofs::first(bond).and(Proof::of(Kind::Mail, NOW))), expected);
    assert!(leaves_wishes(&Proofs::of(Kind::Mail, NOW), &wishing(PASSWORD_CLASS)));
    assert!(Proofs::of(Kind::Password, NOW).bond().is_none());
}

//! What a provider says of a sign-in, against what it counts as.

use super::*;
use crate::protocol::scope::ScopeSet;
use crate::protocol::upstream::Vouched;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn wishing(class: &str) -> ClaimsRequest {
    ClaimsRequest::parse(None, Some(class), &ScopeSet::default()).unwrap()
}

/// For every word of a provider and every class that it counts as: what is told of it, alone and beside a password, and since when.
#[test]
fn a_word_of_a_provider_is_the_class_that_it_counts_as_and_without_that_nothing() {
    let by = |counts_as: Option<&str>, acr: Option<&str>| {
        let (counts_as, acr) = (counts_as.map(str::to_owned), acr.map(str::to_owned));
        let said =
            Vouched { counts_as, acr, auth_time: Some(NOW.minus(60)), ..Vouched::of("p", "https://p.test", "1") };
        Proof::vouched(&said, "i", NOW)
    };
    let (phrh, phr, mfa, pwd) = (HARDWARE_CLASS, PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS);
    for said in [None, Some("gold"), Some(phr), Some(mfa), Some(pwd)] {
        // A name of ours is passed on as nothing.
        let passed_on = said.filter(|said| *said == "gold");
        for (counts_as, own) in [
            (None, &[][..]),
            (Some(phrh), &[phrh, phr, mfa]),
            (Some(phr), &[phr, mfa]),
            (Some(mfa), &[mfa]),
            (Some(pwd), &[pwd]),
        ] {
            let proofs = Proofs::first(by(counts_as, said));
            let told: Vec<&str> = true_classes(&proofs).collect();
            let expected: Vec<&str> = own.iter().copied().chain(passed_on).collect();
            assert_eq!(told, expected, "{said:?} {counts_as:?}");
            let amr = if own.contains(&mfa) { vec!["mfa".to_owned()] } else { vec![] };
            let acr = expected.first().map(|class| (*class).to_owned());
            let alone = Assurance::of(&proofs, &ClaimsRequest::default());
            assert_eq!(alone, Assurance { auth_time: NOW.minus(60), acr, amr });
            assert_eq!(second_factor_at(&proofs), own.contains(&mfa).then(|| NOW.minus(60)));
            assert_eq!(own_second_factor_at(&proofs), None);
            // A password that was typed later is a class of its own, and adds nothing to that of the provider.
            let beside = proofs.and(Proof::of(Kind::Password, NOW));
            let told = Assurance::of(&beside, &wishing(pwd));
            assert_eq!((told.acr.as_deref(), told.auth_time), (Some(pwd), NOW), "the newer word for it");
            let strongest = Assurance::of(&beside, &ClaimsRequest::default());
            let since = if own.contains(&mfa) { NOW.minus(60) } else { NOW };
            assert_eq!(strongest.auth_time, since, "{said:?} {counts_as:?}");
            assert_eq!(strongest.acr.as_deref(), own.first().copied().filter(|_| own.contains(&mfa)).or(Some(pwd)));
        }
    }
    let bond = Proofs::first(by(Some(mfa), None)).bond().unwrap();
    assert_eq!(true_classes(&Proofs::first(bond)).count(), 0, "beside a newer proof it says no more than who it was");
}

#[test]
fn a_class_can_be_reached_where_a_providers_word_counts_as_it_or_as_a_stronger_one() {
    let (phrh, phr, mfa, pwd) = (HARDWARE_CLASS, PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS);
    let named = |vouched| classes(true, SecondFactor::Off, None, vouched).collect::<Vec<_>>();
    let without_password = |vouched| classes(false, SecondFactor::Required, None, vouched).collect::<Vec<_>>();
    assert_eq!(named(None), [pwd]);
    assert_eq!(named(Some(pwd)), [pwd]);
    assert_eq!(named(Some(mfa)), [mfa, pwd]);
    assert_eq!(named(Some(phr)), [phr, mfa, pwd]);
    assert_eq!(named(Some(phrh)), [phrh, phr, mfa, pwd]);
    assert_eq!(without_password(Some(pwd)), [pwd]);
    assert_eq!(without_password(Some(mfa)), [mfa, pwd]);
    assert_eq!(strongest([pwd, "gold", mfa].into_iter()), Some(mfa));
    assert_eq!(strongest(["gold"].into_iter()), None);
}

#[test]
fn of_another_provider_its_own_words_are_told_where_they_are_passed_on() {
    let vouched = |acr: Option<&str>, amr: &[&str], at| Vouched {
        acr: acr.map(str::to_owned),
        amr: amr.iter().map(|method| (*method).to_owned()).collect(),
        auth_time: at,
        ..Vouched::of("sample", "https://p.test", "1")
    };
    let told = |vouched: &Vouched| {
        let proofs = Proofs::of(Kind::Unknown, NOW.minus(99)).and(Proof::vouched(vouched, "i", NOW));
        Assurance::of(&proofs, &wishing("gold"))
    };
    let silent = told(&vouched(None, &[], None));
    assert_eq!(silent, Assurance { auth_time: NOW, acr: None, amr: vec![] });
    let earlier = told(&vouched(Some("gold"), &["pwd", "otp", "pwd"], Some(NOW.minus(60))));
    let amr = vec!["pwd".to_owned(), "otp".to_owned()];
    assert_eq!(earlier, Assurance { auth_time: NOW.minus(60), acr: Some("gold".into()), amr });
    assert_eq!(told(&vouched(None, &[], Some(NOW.plus(60)))).auth_time, NOW, "nobody has authenticated in the future");
}

/// A class that is passed on is as old as the provider's word for it, whatever was shown since.
#[test]
fn a_class_that_is_passed_on_is_as_old_as_what_its_provider_vouched_for() {
    let said = Vouched {
        acr: Some("gold".to_owned()),
        auth_time: Some(NOW.minus(60)),
        ..Vouched::of("p", "https://p.test", "1")
    };
    let proofs = Proofs::first(Proof::vouched(&said, "i", NOW)).and(Proof::of(Kind::Passkey, NOW));
    for (wished, auth_time) in [("gold", NOW.minus(60)), (PHISHING_RESISTANT_CLASS, NOW), ("silver", NOW)] {
        let told = Assurance::of(&proofs, &wishing(wished));
        let acr = if wished == "silver" { PHISHING_RESISTANT_CLASS } else { wished };
        assert_eq!((told.acr.as_deref(), told.auth_time), (Some(acr), auth_time), "{wished}");
    }
}

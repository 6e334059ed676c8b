//! What clients are told of how a person authenticated: `auth_time`, the methods `amr` (RFC 8176) and the context class `acr`
//! (OpenID Connect Core §2), all from the proofs and here alone.
//!
//! A context class is claimed only where it is true. A password over TLS, or over the loopback of a development machine, is the class
//! `PasswordProtectedTransport` of SAML 2.0 (saml-authn-context-2.0-os §3.4.5), which most applications know by this name. What
//! another provider vouches for makes a class of ours true where whoever runs this server has said of which of its words (`trust_acr`), since when the
//! person authenticated there. Its other words are passed on where that is wanted (`pass_acr`), but for names of our classes, and count for nothing. A mail that was read is a method of its own and makes no class true. Of several classes that are true, the one is claimed that the client likes best.
//!
//! A password and a code of an authenticator, or a recovery code, are two factors of different kinds, which is what the REFEDS profile asks for. A
//! code beside a mail or a provider's word is told by its method and makes no class true: whether the two are independent nobody here can say.
//!
//! A passkey is two factors by itself, the device and what unlocks it, and answers no other site than ours: that is `phr` of the OpenID Connect
//! Extended Authentication Profile (ACR Values 1.0), and what the REFEDS profile asks for too. `phrh` wants a key that hardware protects; only an
//! attestation could say so, and we ask for none. Of the key itself is told what its flags say: `swk` when it may be copied, `hwk` when it stays in its device.

use super::claims_request::ClaimsRequest;
use super::proof::{Kind, Proof, Proofs};
use super::second_factor::SecondFactor;
use crate::clock::Timestamp;

/// The context class of a password over a protected transport.
pub const PASSWORD_CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// The context class of two factors (REFEDS MFA Profile 1.2).
pub const MFA_CLASS: &str = "https://refeds.org/profile/mfa";

/// The context class of what cannot be phished (OpenID Connect EAP ACR Values 1.0).
pub const PHISHING_RESISTANT_CLASS: &str = "phr";

/// A context class and what makes it true.
struct Class {
    name: &'static str,
    /// Of each group of proofs, one at least.
    needs: &'static [&'static [Kind]],
    /// Or a provider whose word is trusted for one of these.
    vouched: &'static [&'static str],
}

impl Class {
    /// Since when it is true: when the oldest of what it rests on was proved, the newest of each group counting.
    fn true_since(&self, proofs: &Proofs) -> Option<Timestamp> {
        let shown = self.needs.iter().map(|group| latest(proofs, |kind| group.contains(&kind)));
        let shown: Option<Vec<Timestamp>> = shown.collect();
        shown.and_then(|times| times.into_iter().min()).max(vouched_at(proofs, self.vouched))
    }
}

/// Every context class of our own, the strongest first.
const CLASSES: &[Class] = &[
    Class { name: PHISHING_RESISTANT_CLASS, needs: &[&[Kind::Passkey]], vouched: &[PHISHING_RESISTANT_CLASS] },
    Class { name: MFA_CLASS, needs: &[&[Kind::Password, Kind::Passkey], SECOND_FACTORS], vouched: AS_TWO_FACTORS },
    Class { name: PASSWORD_CLASS, needs: &[&[Kind::Password]], vouched: &[PASSWORD_CLASS] },
];

/// The classes for which the word of a provider is two factors.
const AS_TWO_FACTORS: &[&str] = &[PHISHING_RESISTANT_CLASS, MFA_CLASS];

/// The kinds that are a second factor; a passkey is one beside anything else.
const SECOND_FACTORS: &[Kind] = &[Kind::Totp, Kind::RecoveryCode, Kind::Passkey];

/// The names of the classes that an ID token may claim, the strongest first: those that people can reach where they have second factors, or passkeys, or
/// where the word of a provider is trusted for a class, of which this is the strongest.
pub fn classes(
    second_factor: SecondFactor,
    passkeys: bool,
    vouched: Option<&'static str>,
) -> impl Iterator<Item = &'static str> {
    let can_be_shown = move |name: &str| match name {
        PHISHING_RESISTANT_CLASS => passkeys,
        MFA_CLASS => passkeys || second_factor != SecondFactor::Off,
        _ => true,
    };
    let can_be_vouched = move |class: &Class| vouched.is_some_and(|word| class.vouched.contains(&word));
    CLASSES.iter().filter(move |class| can_be_shown(class.name) || can_be_vouched(class)).map(|class| class.name)
}

/// The strongest of these classes that is one of ours.
pub fn strongest<'a>(classes: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    every_class().find(|known| classes.clone().any(|class| class == *known))
}

/// The names of all our classes, the strongest first, whether or not people can reach them here.
pub fn every_class() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.name)
}

/// How strong a class of ours is: the greater, the stronger. `None` for any other.
pub fn strength(class: &str) -> Option<usize> {
    CLASSES.iter().rev().position(|known| known.name == class)
}

/// What a kind of proof is worth.
struct Worth {
    /// Its method (RFC 8176 §2), if it has a name.
    amr: Option<&'static str>,
    /// Whether it says by itself who the person is. What does not only adds to one that does.
    identifies: bool,
}

/// The table of the kinds.
const fn worth(kind: Kind) -> Worth {
    match kind {
        Kind::Password => Worth { amr: Some("pwd"), identifies: true },
        // A code or a link that is good once is what RFC 8176 calls a one-time password; it has no word for the way that it comes.
        Kind::Mail => Worth { amr: Some("otp"), identifies: true },
        Kind::Upstream => Worth { amr: None, identifies: true },
        Kind::Mailbox => Worth { amr: None, identifies: false },
        Kind::Totp | Kind::RecoveryCode => Worth { amr: Some("otp"), identifies: false },
        // That somebody was there to unlock it; of what key it is, the proof says more.
        Kind::Passkey => Worth { amr: Some("user"), identifies: true },
        Kind::Unknown => Worth { amr: None, identifies: false },
    }
}

/// What clients are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assurance {
    /// When the person authenticated.
    pub auth_time: Timestamp,
    /// The context class, when one is true.
    pub acr: Option<String>,
    /// The methods, each once.
    pub amr: Vec<String>,
}

impl Assurance {
    /// What these proofs are worth to a client with these wishes.
    pub fn of<'a>(proofs: &'a Proofs, claims: &ClaimsRequest) -> Self {
        let wished = claims.wished_classes().find_map(|wished| true_classes(proofs).find(|class| *class == wished));
        let passed_on = |proof: &'a Proof| proof.identity.iter().flat_map(|by| by.amr.iter().map(String::as_str));
        let key = |proof: &Proof| proof.passkey.as_ref().map(|by| if by.may_be_copied { "swk" } else { "hwk" });
        let methods = |proof| key(proof).into_iter().chain(worth(proof.kind).amr).chain(passed_on(proof));
        let mut amr: Vec<String> = Vec::new();
        for method in proofs.iter().flat_map(methods) {
            if !amr.iter().any(|told| told == method) {
                amr.push(method.to_owned());
            }
        }
        if true_classes(proofs).any(|class| class == MFA_CLASS) && !amr.iter().any(|told| told == "mfa") {
            amr.push("mfa".to_owned());
        }
        let acr = wished.or_else(|| true_classes(proofs).next());
        Self { auth_time: rests_on(proofs, acr), acr: acr.map(str::to_owned), amr }
    }
}

/// When the person authenticated, as the strongest class has it that is true.
pub fn auth_time(proofs: &Proofs) -> Timestamp {
    rests_on(proofs, true_classes(proofs).next())
}

/// When all was proved that a class rests on. Without a class of our own, when they last proved who they are.
fn rests_on(proofs: &Proofs, class: Option<&str>) -> Timestamp {
    let class = CLASSES.iter().find(|known| Some(known.name) == class);
    class.and_then(|class| class.true_since(proofs)).unwrap_or_else(|| identified_at(proofs))
}

/// When the person last proved who they are, not when they added to it.
pub fn identified_at(proofs: &Proofs) -> Timestamp {
    let identified = latest(proofs, |kind| worth(kind).identifies);
    identified.or_else(|| latest(proofs, |_| true)).unwrap_or(Timestamp::from_seconds(0))
}

/// When the newest proof of one of these kinds was given.
pub(super) fn latest(proofs: &Proofs, is_meant: impl Fn(Kind) -> bool) -> Option<Timestamp> {
    proofs.iter().filter(|proof| is_meant(proof.kind)).map(|proof| proof.at).max()
}

/// When a provider last vouched for one of these classes, which its word counts as.
fn vouched_at(proofs: &Proofs, classes: &[&str]) -> Option<Timestamp> {
    let counts_as = |proof: &Proof| proof.identity.as_ref().and_then(|by| by.counts_as.clone());
    let is_meant = |proof: &&Proof| counts_as(proof).is_some_and(|class| classes.contains(&class.as_str()));
    proofs.iter().filter(is_meant).map(|proof| proof.at).max()
}

/// Whether a kind is a second factor.
pub fn is_second_factor(kind: Kind) -> bool {
    SECOND_FACTORS.contains(&kind)
}

/// When a second factor was last shown, here or to a provider whose word for that is trusted.
pub fn second_factor_at(proofs: &Proofs) -> Option<Timestamp> {
    own_second_factor_at(proofs).max(vouched_at(proofs, AS_TWO_FACTORS))
}

/// When a second factor of the account was last shown.
pub fn own_second_factor_at(proofs: &Proofs) -> Option<Timestamp> {
    latest(proofs, is_second_factor)
}

/// When the person last proved anything that is more than a second factor.
pub fn first_factor_at(proofs: &Proofs) -> Option<Timestamp> {
    latest(proofs, |kind| says_who(kind) || !is_second_factor(kind))
}

/// Whether these proofs only add to those that somebody is signed in by: then they have not signed in anew.
pub fn only_add(proofs: &Proofs, former: &Proofs) -> bool {
    identified_at(proofs) <= identified_at(former)
}

/// When the person last proved anything.
pub fn last_proved(proofs: &Proofs) -> Timestamp {
    proofs.iter().map(|proof| proof.at).max().unwrap_or(Timestamp::from_seconds(0))
}

/// Whether these proofs say who the person is.
pub fn identifies(proofs: &Proofs) -> bool {
    proofs.iter().any(|proof| says_who(proof.kind))
}

/// Whether a kind says by itself who the person is.
pub fn says_who(kind: Kind) -> bool {
    worth(kind).identifies
}

/// Whether the client wishes for classes, none of which is true, though one could be if the same person signed in by a password. For a second
/// factor nobody is asked by a mere wish: whoever has one has shown it. Nor for less than they have shown.
pub fn leaves_wishes(proofs: &Proofs, claims: &ClaimsRequest) -> bool {
    let is_true = |wished: &str| true_classes(proofs).any(|class| class == wished);
    !claims.wished_classes().any(is_true)
        && !is_true(MFA_CLASS)
        && claims.wished_classes().any(|wished| wished == PASSWORD_CLASS)
}

/// Whether the request insists on a class that these proofs do not have, and would have with a second factor beside them.
pub fn demands_second_factor(proofs: &Proofs, claims: &ClaimsRequest, now: Timestamp) -> bool {
    let does = |proofs: &Proofs| claims.takes_acr(Assurance::of(proofs, claims).acr.as_deref());
    !does(proofs) && does(&proofs.clone().and(Proof::of(Kind::Totp, now)))
}

/// Whether the request insists on a class that neither these proofs nor the best without a passkey have, and that a passkey gives.
pub fn demands_passkey(proofs: &Proofs, claims: &ClaimsRequest, best: &Proofs) -> bool {
    let does = |proofs: &Proofs| claims.takes_acr(Assurance::of(proofs, claims).acr.as_deref());
    !does(proofs) && !does(best) && does(&Proofs::of(Kind::Passkey, last_proved(best)))
}

/// The best that a person can prove without a passkey.
pub fn best_without_passkey(second_factor: SecondFactor, now: Timestamp) -> Proofs {
    let password = Proofs::of(Kind::Password, now);
    if second_factor == SecondFactor::Off { password } else { password.and(Proof::of(Kind::Totp, now)) }
}

/// The classes that are true: our own, and then those that are passed on, among which no name of ours is any claim.
pub(super) fn true_classes(proofs: &Proofs) -> impl Iterator<Item = &str> {
    let own = CLASSES.iter().filter(|class| class.true_since(proofs).is_some()).map(|class| class.name);
    let passed_on = proofs.iter().filter_map(|proof| proof.identity.as_ref()?.acr.as_deref());
    own.chain(passed_on.filter(|class| strength(class).is_none()))
}

#[cfg(test)]
mod vouched_tests;

#[cfg(test)]
mod tests {
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
        use Kind::{Mail, Mailbox, Passkey, Password, RecoveryCode, Totp, Upstream};
        let kinds = [Password, Mail, Upstream, Mailbox, Totp, RecoveryCode, Passkey];
        for set in 1_u32..128 {
            let given: Vec<Kind> =
                kinds.into_iter().enumerate().filter(|(at, _)| set & (1 << at) != 0).map(|(_, kind)| kind).collect();
            let at = |kind: Kind| given.iter().position(|one| *one == kind).map(|place| NOW.plus(60 * place as i64));
            let by = |kind: Kind| (kind == Passkey).then(|| ByPasskey { id: "p".into(), may_be_copied: set & 1 == 0 });
            let proofs = given.iter().map(|kind| Proof { passkey: by(*kind), ..Proof::of(*kind, at(*kind).unwrap()) });
            let proofs = proofs
                .map(Proofs::first)
                .reduce(|all, one| one.iter().fold(all, |all, proof| all.and(proof.clone())))
                .unwrap();
            let told = Assurance::of(&proofs, &ClaimsRequest::default());
            let second = at(Totp).max(at(RecoveryCode));
            let (acr, since) = match (at(Password), second, at(Passkey)) {
                (_, _, Some(passkey)) => (Some(PHISHING_RESISTANT_CLASS), passkey),
                (Some(password), Some(second), None) => (Some(MFA_CLASS), password.min(second)),
                (Some(password), None, None) => (Some(PASSWORD_CLASS), password),
                _ => (None, at(Mail).max(at(Upstream)).unwrap_or_else(|| NOW.plus(60 * (given.len() as i64 - 1)))),
            };
            assert_eq!((told.acr.as_deref(), told.auth_time), (acr, since), "{given:?}");
            let methods = [
                ("pwd", at(Password).is_some()),
                ("otp", at(Mail).or(second).is_some()),
                ("swk", at(Passkey).is_some() && set & 1 == 0),
                ("hwk", at(Passkey).is_some() && set & 1 != 0),
                ("user", at(Passkey).is_some()),
                ("mfa", matches!(acr, Some(MFA_CLASS | PHISHING_RESISTANT_CLASS))),
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
            assert_eq!(
                leaves_wishes(&proofs, &wishing(PASSWORD_CLASS)),
                is_asked,
                "nobody is asked for less: {given:?}"
            );
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
        let named = |second_factor, passkeys| classes(second_factor, passkeys, None).collect::<Vec<_>>();
        assert_eq!(named(SecondFactor::Offered, true), [PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS]);
        assert_eq!(named(SecondFactor::Required, false), [MFA_CLASS, PASSWORD_CLASS]);
        assert_eq!(named(SecondFactor::Off, true), [PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS]);
        assert_eq!(named(SecondFactor::Off, false), [PASSWORD_CLASS]);
    }

    #[test]
    fn what_only_adds_to_a_proof_is_no_authentication_by_itself() {
        let later = Proof::of(Kind::Unknown, NOW.plus(60));
        let both = Proofs::of(Kind::Password, NOW).and(later);
        assert_eq!(Assurance::of(&both, &ClaimsRequest::default()).auth_time, NOW);
        assert!(identifies(&both) && !identifies(&Proofs::of(Kind::Unknown, NOW)));
        let password = Proofs::of(Kind::Password, NOW);
        assert!(only_add(&both, &password) && !only_add(&both.and(Proof::of(Kind::Password, NOW.plus(9))), &password));
        let read = Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::Mailbox, NOW.plus(60)));
        let told = Assurance::of(&read, &ClaimsRequest::default());
        assert_eq!((told.auth_time, told.amr), (NOW, vec!["pwd".to_owned()]));
        assert!(only_add(&read, &password) && last_proved(&read) == NOW.plus(60));
    }

    #[test]
    fn a_mail_that_was_read_is_told_as_what_it_is_and_raises_no_class() {
        let gold = Vouched {
            acr: Some("gold".into()),
            amr: vec!["hwk".into()],
            ..Vouched::of("sample", "https://p.test", "1")
        };
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
}

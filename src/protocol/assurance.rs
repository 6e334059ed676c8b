//! What clients are told of how a person authenticated: `auth_time`, the methods `amr` (RFC 8176) and the context class `acr`
//! (OpenID Connect Core §2), all from the proofs and here alone.
//!
//! A context class is claimed only where it is true. A password over TLS, or over the loopback of a development machine, is the class
//! `PasswordProtectedTransport` of SAML 2.0 (saml-authn-context-2.0-os §3.4.5), which most applications know by this name. What
//! another provider vouches for has no class and no method of ours: its own words are passed on where whoever runs this server trusts them
//! (`pass_acr`). A mail that was read is a method of its own and makes no class true. Of several classes that are true, the one is claimed that the client likes best.

use super::claims_request::ClaimsRequest;
use super::proof::{Kind, Proof, Proofs};
use crate::clock::Timestamp;

/// The context class of a password over a protected transport.
pub const PASSWORD_CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Every context class that an ID token may claim, the strongest first, with the proofs that make it true.
pub const CLASSES: &[(&str, &[Kind])] = &[(PASSWORD_CLASS, &[Kind::Password])];

/// What a kind of proof is worth.
struct Worth {
    /// Its method (RFC 8176 §2), if it has a name.
    amr: Option<&'static str>,
    /// Whether it says by itself who the person is. What does not, a second factor, only adds to one that does.
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
        let mut amr: Vec<String> = Vec::new();
        for method in proofs.iter().flat_map(|proof| worth(proof.kind).amr.into_iter().chain(passed_on(proof))) {
            if !amr.iter().any(|told| told == method) {
                amr.push(method.to_owned());
            }
        }
        Self {
            auth_time: auth_time(proofs),
            acr: wished.or_else(|| true_classes(proofs).next()).map(str::to_owned),
            amr,
        }
    }
}

/// When the person authenticated: when they last proved who they are, not when they added to it.
pub fn auth_time(proofs: &Proofs) -> Timestamp {
    let latest = |of: &dyn Fn(&Proof) -> bool| proofs.iter().filter(|proof| of(proof)).map(|proof| proof.at).max();
    let identified = latest(&|proof| worth(proof.kind).identifies);
    identified.or_else(|| latest(&|_| true)).unwrap_or(Timestamp::from_seconds(0))
}

/// Whether the last of these proofs only adds to those before it: then nobody has signed in anew by it.
pub fn only_adds(proofs: &Proofs) -> bool {
    proofs.iter().last().is_some_and(|proof| !worth(proof.kind).identifies)
}

/// When the person last proved anything.
pub fn last_proved(proofs: &Proofs) -> Timestamp {
    proofs.iter().map(|proof| proof.at).max().unwrap_or(Timestamp::from_seconds(0))
}

/// Whether these proofs say who the person is.
pub fn identifies(proofs: &Proofs) -> bool {
    proofs.iter().any(|proof| worth(proof.kind).identifies)
}

/// Whether the client wishes for classes, none of which is true, though one could be.
pub fn leaves_wishes(proofs: &Proofs, claims: &ClaimsRequest) -> bool {
    let is_true = |wished: &str| true_classes(proofs).any(|class| class == wished);
    let could_be = |wished: &str| CLASSES.iter().any(|(class, _)| *class == wished);
    !claims.wished_classes().any(is_true) && claims.wished_classes().any(could_be)
}

/// The classes that are true: our own, and then those that are passed on.
fn true_classes(proofs: &Proofs) -> impl Iterator<Item = &str> {
    let is_true = |needed: &&[Kind]| needed.iter().all(|kind| proofs.has(*kind));
    let own = CLASSES.iter().filter(move |(_, needed)| is_true(needed)).map(|(class, _)| *class);
    own.chain(proofs.iter().filter_map(|proof| proof.identity.as_ref()?.acr.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn what_only_adds_to_a_proof_is_no_authentication_by_itself() {
        let later = Proof::of(Kind::Unknown, NOW.plus(60));
        let both = Proofs::of(Kind::Password, NOW).and(later);
        assert_eq!(Assurance::of(&both, &ClaimsRequest::default()).auth_time, NOW);
        assert!(identifies(&both) && !identifies(&Proofs::of(Kind::Unknown, NOW)));
        assert!(only_adds(&both) && !only_adds(&both.and(Proof::of(Kind::Password, NOW.plus(9)))));
        let read = Proofs::of(Kind::Password, NOW).and(Proof::of(Kind::Mailbox, NOW.plus(60)));
        let told = Assurance::of(&read, &ClaimsRequest::default());
        assert_eq!((told.auth_time, told.amr), (NOW, vec!["pwd".to_owned()]));
        assert!(only_adds(&read) && last_proved(&read) == NOW.plus(60));
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
        assert_eq!(
            told(&vouched(None, &[], Some(NOW.plus(60)))).auth_time,
            NOW,
            "nobody has authenticated in the future"
        );
    }
}

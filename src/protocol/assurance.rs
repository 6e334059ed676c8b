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
//! A security key is such a second factor too: it answers no other site than ours, but says only that somebody has it, and so beside a password it is two
//! factors and not `phr`, which asks for a key that whoever has found it cannot use. Its one method is what its flags say of the key.
//!
//! A passkey is two factors by itself, the device and what unlocks it, and answers no other site than ours: that is `phr` of the OpenID Connect
//! Extended Authentication Profile (ACR Values 1.0), and what the REFEDS profile asks for too. `phrh` of the same profile is that with a key that
//! hardware protects: it is claimed of one that may not be copied, and whose device is attested by a maker of whom the operator says that its devices keep
//! keys so (`[passkeys] attestation_roots`). Of the key itself is told what its flags say: `swk` when it may be copied, `hwk` when it stays in its device.

use super::claims_request::ClaimsRequest;
use super::passkey::Kept;
use super::proof::{Kind, Proof, Proofs};
use super::second_factor::SecondFactor;
use crate::clock::Timestamp;

/// The context class of a password over a protected transport.
pub const PASSWORD_CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// The context class of two factors (REFEDS MFA Profile 1.2).
pub const MFA_CLASS: &str = "https://refeds.org/profile/mfa";

/// The context class of what cannot be phished (OpenID Connect EAP ACR Values 1.0).
pub const PHISHING_RESISTANT_CLASS: &str = "phr";

/// The context class of what cannot be phished, by a key that hardware protects (OpenID Connect EAP ACR Values 1.0).
pub const HARDWARE_CLASS: &str = "phrh";

/// A context class and what makes it true.
struct Class {
    name: &'static str,
    /// Of each group of proofs, one at least.
    needs: &'static [&'static [Kind]],
    /// How well the key of a proof among them must be kept, at least.
    kept: Kept,
    /// Or a provider whose word is trusted for one of these.
    vouched: &'static [&'static str],
}

impl Class {
    /// Since when it is true: when the oldest of what it rests on was proved, the newest of each group counting.
    fn true_since(&self, proofs: &Proofs) -> Option<Timestamp> {
        let is_one_of = |proof: &Proof, group: &[Kind]| group.contains(&proof.kind) && proof.kept() >= self.kept;
        let shown = self.needs.iter().map(|group| latest_of(proofs, |proof| is_one_of(proof, group)));
        let shown: Option<Vec<Timestamp>> = shown.collect();
        shown.and_then(|times| times.into_iter().min()).max(vouched_at(proofs, self.vouched))
    }
}

/// Every context class of our own, the strongest first.
const CLASSES: &[Class] = &[
    Class { name: HARDWARE_CLASS, needs: &[&[Kind::Passkey]], kept: Kept::InHardware, vouched: &[HARDWARE_CLASS] },
    Class {
        name: PHISHING_RESISTANT_CLASS,
        needs: &[&[Kind::Passkey]],
        kept: Kept::Anywhere,
        vouched: &[HARDWARE_CLASS, PHISHING_RESISTANT_CLASS],
    },
    Class {
        name: MFA_CLASS,
        needs: &[&[Kind::Password, Kind::Passkey], SECOND_FACTORS],
        kept: Kept::Anywhere,
        vouched: AS_TWO_FACTORS,
    },
    Class { name: PASSWORD_CLASS, needs: &[&[Kind::Password]], kept: Kept::Anywhere, vouched: &[PASSWORD_CLASS] },
];

/// The classes for which the word of a provider is two factors.
const AS_TWO_FACTORS: &[&str] = &[HARDWARE_CLASS, PHISHING_RESISTANT_CLASS, MFA_CLASS];

/// The kinds that are a second factor; a passkey is one beside anything else.
const SECOND_FACTORS: &[Kind] = &[Kind::Totp, Kind::SecurityKey, Kind::RecoveryCode, Kind::Passkey];

/// The names of the classes that an ID token may claim, the strongest first: those that people can reach where they have passwords, and second factors
/// beside them, or passkeys whose keys are kept so at best, or where the word of a provider is trusted for a class, of which this is the strongest.
pub fn classes(
    with_password: bool,
    second_factor: SecondFactor,
    passkeys: Option<Kept>,
    vouched: Option<&'static str>,
) -> impl Iterator<Item = &'static str> {
    let can_be_shown = move |name: &str| match name {
        HARDWARE_CLASS => passkeys == Some(Kept::InHardware),
        PHISHING_RESISTANT_CLASS => passkeys.is_some(),
        MFA_CLASS => passkeys.is_some() || (with_password && second_factor != SecondFactor::Off),
        // Where a word counts as more, another of that provider may count as this.
        _ => with_password || vouched.is_some(),
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
        Kind::SecurityKey => Worth { amr: None, identifies: false },
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
        let acr = class_told(proofs, claims);
        Self { auth_time: auth_time_told(proofs, claims), acr: acr.map(str::to_owned), amr }
    }
}

/// The class that is claimed of these proofs: of those that are true, the one that the client likes best.
fn class_told<'a>(proofs: &'a Proofs, claims: &ClaimsRequest) -> Option<&'a str> {
    let wished = claims.wished_classes().find_map(|wished| true_classes(proofs).find(|class| *class == wished));
    wished.or_else(|| true_classes(proofs).next())
}

/// When the person authenticated, as the client is told.
pub fn auth_time_told(proofs: &Proofs, claims: &ClaimsRequest) -> Timestamp {
    rests_on(proofs, class_told(proofs, claims))
}

/// Whether the client takes what is claimed of these proofs.
pub fn is_taken(proofs: &Proofs, claims: &ClaimsRequest) -> bool {
    claims.takes_acr(class_told(proofs, claims))
}

/// When the person authenticated, as the strongest class has it that is true.
pub fn auth_time(proofs: &Proofs) -> Timestamp {
    rests_on(proofs, true_classes(proofs).next())
}

/// When all was proved that a class rests on: of one that is passed on, what its provider vouched for. Without a class, when they last proved who they are.
fn rests_on(proofs: &Proofs, class: Option<&str>) -> Timestamp {
    let passed_on = || latest_of(proofs, |proof| proof.identity.as_ref().is_some_and(|by| by.acr.as_deref() == class));
    let since = class.and_then(|class| match CLASSES.iter().find(|known| known.name == class) {
        Some(own) => own.true_since(proofs),
        None => passed_on(),
    });
    since.unwrap_or_else(|| identified_at(proofs))
}

/// When the person last proved who they are, not when they added to it.
pub fn identified_at(proofs: &Proofs) -> Timestamp {
    let identified = latest(proofs, |kind| worth(kind).identifies);
    identified.or_else(|| latest(proofs, |_| true)).unwrap_or(Timestamp::from_seconds(0))
}

/// When the newest proof of one of these kinds was given.
pub(super) fn latest(proofs: &Proofs, is_meant: impl Fn(Kind) -> bool) -> Option<Timestamp> {
    latest_of(proofs, |proof| is_meant(proof.kind))
}

/// When a passkey was last shown whose key is kept so, or better.
pub(super) fn passkey_at(proofs: &Proofs, kept: Kept) -> Option<Timestamp> {
    latest_of(proofs, |proof| proof.kind == Kind::Passkey && proof.kept() >= kept)
}

fn latest_of(proofs: &Proofs, is_meant: impl Fn(&Proof) -> bool) -> Option<Timestamp> {
    proofs.iter().filter(|proof| is_meant(proof)).map(|proof| proof.at).max()
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

/// Whether whoever is signed in by the former proofs has signed in anew by these: has proved who they are, and, where a second factor is among them,
/// has shown that too, and not been lent it.
pub fn are_anew(proofs: &Proofs, former: &Proofs) -> bool {
    let is_later = |at: fn(&Proofs) -> Option<Timestamp>| at(proofs).is_none_or(|shown| Some(shown) > at(former));
    identified_at(proofs) > identified_at(former) && is_later(second_factor_at)
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
    !is_taken(proofs, claims) && is_taken(&proofs.clone().and(Proof::of(Kind::Totp, now)), claims)
}

/// How well the key of a passkey must be kept that gives what the request insists on, where neither these proofs nor the best without a passkey do.
/// `None` where they do, and where no passkey does.
pub fn demands_passkey(proofs: &Proofs, claims: &ClaimsRequest, best: &Proofs) -> Option<Kept> {
    wanted_passkey(proofs, best, |proofs| is_taken(proofs, claims))
}

/// The same for anything that proofs can be enough for.
pub(super) fn wanted_passkey(proofs: &Proofs, best: &Proofs, does: impl Fn(&Proofs) -> bool) -> Option<Kept> {
    if does(proofs) || does(best) {
        return None;
    }
    Kept::ALL.into_iter().find(|kept| does(&Proofs::of_passkey(*kept, last_proved(best))))
}

/// The best that a person can prove without a passkey, where they have passwords or else what is sent to them.
pub fn best_without_passkey(with_password: bool, second_factor: SecondFactor, now: Timestamp) -> Proofs {
    let first = Proofs::of(if with_password { Kind::Password } else { Kind::Mail }, now);
    if second_factor == SecondFactor::Off { first } else { first.and(Proof::of(Kind::Totp, now)) }
}

/// The classes that are true: our own, and then those that are passed on, among which no name of ours is any claim.
pub(super) fn true_classes(proofs: &Proofs) -> impl Iterator<Item = &str> {
    let own = CLASSES.iter().filter(|class| class.true_since(proofs).is_some()).map(|class| class.name);
    let passed_on = proofs.iter().filter_map(|proof| proof.identity.as_ref()?.acr.as_deref());
    own.chain(passed_on.filter(|class| strength(class).is_none()))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vouched_tests;

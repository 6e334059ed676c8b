//! The rules of second factors, said another way: what is asked of whom, as docs/second-factor.md and docs/passkeys.md have it, with every request, policy
//! and account that the tables of the files beside this one try.

use std::fmt;

use super::ways::For;
use super::*;
use crate::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::demand::Demand;
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Kind;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const FRESH: i64 = 60;
/// For how long a device may be kept.
pub(super) const KEEP: i64 = 1000;
/// An account with a password alone.
pub(super) const PASSWORD: Guards = Guards { password: true, authenticator: false, passkey: None, security_key: false };
/// An account with an authenticator beside it, and no passkey.
pub(super) const CODE: Guards = Guards { authenticator: true, ..PASSWORD };
/// Within what is fresh, and longer ago than that.
pub(super) const AGES: [i64; 2] = [5, 100];
pub(super) const SECOND: [Kind; 3] = [Kind::Totp, Kind::RecoveryCode, Kind::Passkey];
pub(super) const SAYS_WHO: [Kind; 4] = [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Passkey];
/// The kinds of the tables. A security key is worth what a code is: a file of its own puts it in the place of one.
pub(super) const KINDS: [Kind; 7] =
    [Kind::Password, Kind::Upstream, Kind::Mail, Kind::Mailbox, Kind::Totp, Kind::RecoveryCode, Kind::Passkey];
/// Every kind, in the order of [`Kind`].
const EVERY: [Kind; 8] = [
    Kind::Password,
    Kind::Upstream,
    Kind::Mail,
    Kind::Mailbox,
    Kind::Totp,
    Kind::RecoveryCode,
    Kind::Passkey,
    Kind::SecurityKey,
];

/// What somebody has proved: of each kind how many seconds ago, if at all. The passkeys among it are of no make.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Shown([Option<i64>; EVERY.len()]);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(EVERY.iter().zip(self.0).filter(|(_, age)| age.is_some())).finish()
    }
}

impl Shown {
    pub(super) const NOTHING: Self = Self([None; EVERY.len()]);

    /// Every set of these kinds, each given fresh, long ago or not at all; the empty one too.
    pub(super) fn every(kinds: &[Kind]) -> Vec<Self> {
        let given = |set: Self, kind| AGES.map(|age| set.and(kind, age)).into_iter().chain([set]);
        kinds.iter().fold(vec![Self::NOTHING], |all, kind| all.into_iter().flat_map(|set| given(set, *kind)).collect())
    }

    pub(super) fn and(mut self, kind: Kind, age: i64) -> Self {
        self.0[kind as usize] = Some(age);
        self
    }

    /// The same with this kind in the place of that.
    pub(super) fn with(mut self, kind: Kind, in_place_of: Kind) -> Self {
        self.0[kind as usize] = self.0[in_place_of as usize].take();
        self
    }

    /// How long ago one of these was shown last.
    fn age(self, kinds: &[Kind]) -> Option<i64> {
        kinds.iter().filter_map(|kind| self.0[*kind as usize]).min()
    }

    pub(super) fn has(self, kinds: &[Kind]) -> bool {
        self.age(kinds).is_some()
    }

    /// Nobody is signed in who has not said who they are.
    pub(super) fn says_who(self) -> bool {
        self.has(&SAYS_WHO)
    }

    /// Whether it is of this class, or of a stronger one.
    pub(super) fn reaches(self, class: &str) -> bool {
        let has_passkey = self.has(&[Kind::Passkey]);
        match class {
            PASSWORD_CLASS => has_passkey || self.has(&[Kind::Password]),
            MFA_CLASS => has_passkey || (self.has(&[Kind::Password]) && self.has(&SECOND)),
            _ => has_passkey,
        }
    }

    /// Whether an application is told this very class when that is what it insists on.
    fn can_be_told(self, class: &str) -> bool {
        if class == PASSWORD_CLASS { self.has(&[Kind::Password]) } else { self.reaches(class) }
    }

    pub(super) fn proofs(self) -> Option<Proofs> {
        EVERY.iter().zip(self.0).fold(None, |all: Option<Proofs>, (kind, age)| {
            let Some(age) = age else { return all };
            let proof = Proof::of(*kind, NOW.minus(age));
            Some(match all {
                Some(all) => all.and(proof),
                None => Proofs::first(proof),
            })
        })
    }
}

/// Who is asked: what the installation has people do, what else is demanded of this one, and what they have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    pub with_password: bool,
    pub second_factor: SecondFactor,
    /// What role and application demand.
    pub demanded: Option<&'static str>,
    /// How well passkeys are kept at best, where there are any.
    pub passkeys: Option<Kept>,
    pub guards: Guards,
}

impl Whose {
    /// Somebody with an authenticator, where people may have what they like.
    pub(super) const USUAL: Self = Self {
        with_password: true,
        second_factor: SecondFactor::Offered,
        demanded: None,
        passkeys: Some(Kept::Anywhere),
        guards: CODE,
    };

    pub(super) fn every() -> impl Iterator<Item = Self> {
        let demands = [None, Some(PASSWORD_CLASS), Some(MFA_CLASS), Some(PHISHING_RESISTANT_CLASS)];
        let kept = [None, Some(Kept::Anywhere), Some(Kept::InHardware)];
        let guards = kept.into_iter().flat_map(|passkey| [false, true].map(|authenticator| (authenticator, passkey)));
        let guards = guards.map(|(authenticator, passkey)| Guards { authenticator, passkey, ..PASSWORD });
        let guards: Vec<_> = guards.collect();
        let of = move |second_factor: &SecondFactor| {
            let mut all = Vec::new();
            for demanded in demands {
                for passkeys in kept {
                    let whose = Self { second_factor: *second_factor, demanded, passkeys, ..Self::USUAL };
                    let whose = |guards: &Guards| Self { guards: *guards, ..whose };
                    all.extend(guards.iter().map(whose));
                }
            }
            all
        };
        SecondFactor::ALL.iter().flat_map(of)
    }

    /// Those of an installation that is as most are: with passkeys, for which no maker vouches.
    pub(super) fn usual() -> impl Iterator<Item = Self> {
        Self::every().filter(Self::is_usual)
    }

    /// Those of an installation without passwords, with such passkeys or without any.
    pub(super) fn without_password() -> impl Iterator<Item = Self> {
        let all = Self::every().filter(|whose| whose.is_usual() || whose.passkeys.is_none());
        all.map(|whose| Self { with_password: false, ..whose })
    }

    /// Those of an installation with passwords whose accounts have none, with such passkeys or without any.
    pub(super) fn without_password_of_their_own() -> impl Iterator<Item = Self> {
        Self::without_password().map(|whose| {
            let guards = Guards { password: false, ..whose.guards };
            Self { with_password: true, guards, ..whose }
        })
    }

    pub(super) fn is_usual(&self) -> bool {
        self.passkeys == Some(Kept::Anywhere) && self.guards.passkey != Some(Kept::InHardware)
    }

    pub(super) fn policy(self) -> Policy {
        Policy {
            fresh: FRESH,
            passes_classes: false,
            vouched: None,
            with_password: self.with_password,
            second_factor: self.second_factor,
            demanded: self.demanded.map(Demand::of),
            passkeys: self.passkeys,
            keep_device: KEEP,
        }
    }

    /// Where passkeys are off, those that people have count for nothing; and where no maker vouches for any, all are alike.
    fn own_passkey(self) -> Option<Kept> {
        match (self.passkeys?, self.guards.passkey?) {
            (Kept::InHardware, own) => Some(own),
            (Kept::Anywhere, _) => Some(Kept::Anywhere),
        }
    }

    /// Whether the person signs in by a password.
    fn has_password(self) -> bool {
        self.with_password && self.guards.password
    }

    /// Whether there is anything to be asked for beside the first proof.
    pub(super) fn has_one(self) -> bool {
        self.guards.authenticator || self.own_passkey().is_some()
    }

    /// Whether anybody can be told to be of this class here.
    fn knows(self, class: &str) -> bool {
        match class {
            PASSWORD_CLASS => self.with_password,
            MFA_CLASS => self.passkeys.is_some() || (self.with_password && self.second_factor != SecondFactor::Off),
            _ => self.passkeys.is_some(),
        }
    }

    /// Whether anybody can do what is demanded of them: a passkey does all of it.
    fn can_be_met(self, what: For) -> bool {
        let by_others = |class| self.passkeys.is_some() || self.knows(class);
        self.demanded.is_none_or(by_others) && what.insists_on().is_none_or(|class| self.knows(class))
    }

    /// Whether role, application or request demand this very class.
    fn asks_for(self, what: For, class: &str) -> bool {
        self.demanded == Some(class) || what.insists_on() == Some(class)
    }
}

pub(super) fn sign_in(proofs: Proofs, guards: Guards) -> SignIn {
    SignIn {
        roles: Vec::new(),
        id: "s".into(),
        user_id: "ann".into(),
        email: None,
        name: String::new(),
        locale: None,
        last_used_at: NOW,
        expires_at: NOW.plus(1000),
        proofs,
        journey_id: None,
        guards,
    }
}

/// What is lacking beside the first proof, if anything is.
fn lacks(what: For, shown: Shown, whose: Whose) -> Option<Lack> {
    let lately = |kinds: &[Kind]| shown.age(kinds).is_some_and(|age| age < FRESH);
    let (is_off, own) = (whose.second_factor == SecondFactor::Off, whose.own_passkey());
    // Whoever had to use a recovery code has lost theirs.
    let is_lost = lately(&[Kind::RecoveryCode]);
    // Where there are no codes, or no passwords that they could stand beside, a passkey is the only way to two factors; and without passwords to one.
    let no_password = !whose.has_password();
    let only_passkey = whose.asks_for(what, PHISHING_RESISTANT_CLASS)
        || ((is_off || no_password) && whose.asks_for(what, MFA_CLASS) && !shown.reaches(MFA_CLASS))
        || (no_password && whose.demanded == Some(PASSWORD_CLASS) && !shown.reaches(PASSWORD_CLASS));
    if only_passkey && whose.passkeys.is_some() && !shown.has(&[Kind::Passkey]) {
        return Some(if own.is_some() && !is_lost {
            Lack::Passkey(Kept::Anywhere)
        } else if whose.guards.authenticator && !is_off && !lately(&SECOND) {
            // It guards the account: no passkey is added without it.
            Lack::Code
        } else {
            Lack::FirstPasskey(Kept::Anywhere)
        });
    }
    if what == For::Factors && own.is_some() {
        // A code can be phished, and a lesser passkey would add another of the class.
        let is_shown = own == Some(Kept::Anywhere) && lately(&[Kind::Passkey]);
        return own.filter(|_| !is_shown && !is_lost).map(Lack::Passkey);
    }
    let is_enough = if what == For::Factors && whose.has_one() { lately(&SECOND) } else { shown.has(&SECOND) };
    if is_off || is_enough {
        return None;
    }
    if whose.has_one() {
        return Some(Lack::Code);
    }
    // Beside anything but a password it would not be two factors.
    let is_demanded = whose.asks_for(what, MFA_CLASS) && shown.has(&[Kind::Password]);
    (whose.second_factor == SecondFactor::Required || is_demanded).then_some(Lack::Enrolment)
}

/// What becomes of whoever is signed in by this, before the journey.
pub(super) fn wanted(what: For, shown: Shown, whose: Whose) -> NextStep {
    if !whose.can_be_met(what) {
        return NextStep::Refuse(what.not_met());
    }
    let password = shown.age(&[Kind::Password]);
    let passkey = shown.age(&[Kind::Passkey]);
    // How long ago the person has authenticated: with two factors as long as either.
    let age = match (passkey, password, shown.age(&SECOND)) {
        // Or as long as by the password, when that is what the application wants to hear of.
        (_, Some(password), _) if what.wishes_for_password() => password,
        (Some(passkey), _, _) => passkey,
        (None, Some(password), Some(second)) => password.max(second),
        (None, Some(password), None) => password,
        (None, None, _) => shown.age(&SAYS_WHO).unwrap(),
    };
    let is_stale = match what {
        For::Unlinking => shown.age(&KINDS).unwrap() >= FRESH,
        For::Factors => shown.age(&[&SAYS_WHO[..], &[Kind::Mailbox]].concat()).unwrap() >= FRESH,
        For::AppAnew => age >= 5,
        _ if what.has_max_age() => age > 60,
        _ => false,
    };
    // With a code of now they would have authenticated as lately as by the password.
    let by_code = what == For::AppWithMaxAge && passkey.is_none() && password.is_some_and(|age| age <= 60);
    if is_stale && by_code && whose.has_one() && whose.second_factor != SecondFactor::Off {
        return NextStep::SecondFactor(Lack::Code);
    }
    if is_stale {
        return NextStep::Reauthenticate;
    }
    let is_told = what.insists_on().is_none_or(|class| shown.can_be_told(class));
    if let Some(lack) = lacks(what, shown, whose) {
        let has_just_said_who = shown.age(&SAYS_WHO).unwrap() < FRESH;
        return match what.is_silent() {
            true if !is_told => NextStep::Refuse(Rejection::ClassNotMet),
            true => NextStep::Refuse(Rejection::SignInNeeded),
            false if !lack.is_there() && !has_just_said_who => NextStep::Reauthenticate,
            false => NextStep::SecondFactor(lack),
        };
    }
    // What is asked for beside what the application hears of is to be of the last minute, too.
    let of_late = Shown(shown.0.map(|age| age.filter(|age| *age <= 60)));
    if what.has_max_age()
        && let Some(lack) = lacks(what, of_late, whose)
    {
        return if lack.is_there() { NextStep::SecondFactor(lack) } else { NextStep::Reauthenticate };
    }
    let is_enough = is_told && whose.demanded.is_none_or(|class| shown.reaches(class));
    if !is_enough && what.is_silent() {
        return NextStep::Refuse(what.not_met());
    }
    // A wish leads nobody to a second factor, and nobody back to less than they have shown.
    let leaves_a_wish = what.wishes_for_password() && whose.has_password() && !shown.reaches(PASSWORD_CLASS);
    if !is_enough || leaves_a_wish { NextStep::Reauthenticate } else { NextStep::Finish }
}

/// What comes of a proof that was given now, beside those of a sign-in: nobody, a lack, or a sign-in.
pub(super) fn signed(what: For, given: Kind, before: Shown, whose: Whose) -> Option<Result<(), Lack>> {
    let lasts = |age: i64| match what {
        For::Factors => age < FRESH,
        For::AppAnew => age < 5,
        _ if what.has_max_age() => age <= 60,
        _ => true,
    };
    let says_who = SAYS_WHO.contains(&given);
    let other_half: &[Kind] = if says_who { &SECOND } else { &SAYS_WHO };
    let mut all = Shown::NOTHING;
    for kind in other_half.iter().filter(|_| before.says_who()) {
        if let Some(age) = before.age(&[*kind]).filter(|age| lasts(*age)) {
            all = all.and(*kind, age);
        }
    }
    let all = all.and(given, 0);
    if !all.says_who() {
        return None;
    }
    // Who is signed in, and shows a second factor beside that, stays so.
    if before.says_who() && !says_who {
        return Some(Ok(()));
    }
    Some(lacks(what, all, whose).map_or(Ok(()), Err))
}

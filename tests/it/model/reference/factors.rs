//! Second factors: an authenticator, each step of whose clock counts once, passkeys, security keys, and the recovery codes that come with the first of them, are made
//! anew and go with the last. Whoever has one shows it whenever they say anew who they are (`showing.rs`); setting one up and doing without asks for everything afresh that guards
//! the account, and of whoever has a passkey for nothing less than that, or a recovery code; where hardware keeps one, for one of those.

use super::Model;
use super::proofs::{Given, Proofs};
use super::security_keys::SecurityKey;
use crate::model::operation::{Class, Make, On, Person};

pub(super) const STEP: i64 = 30;
/// How many recovery codes there are.
pub(super) const CODES: usize = 10;
/// How long after proving something a person may change their second factors.
pub(super) const FRESH: i64 = 600;
/// How long a request to take them away waits, and how long it can be used then.
pub(super) const WAIT: i64 = 86_400;
pub(super) const OPEN_FOR: i64 = 7 * 86_400;

/// What an account has beside its first proof.
#[derive(Clone, Debug, Default)]
pub(super) struct Factors {
    pub(super) authenticator: Option<Authenticator>,
    /// Every one that there was, in the order in which they were added.
    pub(super) passkeys: Vec<Passkey>,
    pub(super) security_keys: Vec<SecurityKey>,
    pub(super) codes: Option<Codes>,
    /// How many recovery codes there were in all.
    made: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Authenticator {
    since: i64,
    /// The step of the last code that was taken.
    pub(super) last_step: i64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Passkey {
    pub(super) since: i64,
    /// The class that it makes true.
    pub(super) class: Class,
    pub(super) is_there: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Codes {
    since: i64,
    /// The place of the first, of all that there were.
    pub(super) first: usize,
    /// How many were used: the first ones.
    pub(super) used: usize,
}

/// A second factor that is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum New {
    Authenticator,
    Passkey(Make),
    SecurityKey(On),
}

/// What comes of changing a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Changing {
    /// Nobody is signed in, by enough for the page.
    Nobody,
    /// There is none.
    Nothing,
    /// Something must be proved anew first.
    Asked,
    /// It is the last second factor, which must be there.
    LastFactor,
    /// It is the last way in to the account.
    LastWayIn,
    /// The question is too old.
    Stale,
    Done,
}

/// What comes of saying that all are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Losing {
    /// A request begins.
    Begun,
    /// It waits.
    Waits,
    /// They are taken away.
    Removed,
}

impl Factors {
    /// The passkeys that are there, by their places.
    pub(super) fn own_passkeys(&self) -> Vec<usize> {
        (0..self.passkeys.len()).filter(|at| self.passkeys[*at].is_there).collect()
    }

    /// The strongest class that a passkey makes true which is there.
    pub(super) fn best_passkey(&self) -> Option<Class> {
        self.own_passkeys().into_iter().map(|at| self.passkeys[at].class).max()
    }

    pub(super) fn has_any(&self) -> bool {
        self.authenticator.is_some() || self.has_passkey() || self.has_key()
    }

    pub(super) fn has_passkey(&self) -> bool {
        self.best_passkey().is_some()
    }

    pub(super) fn has_codes_left(&self) -> bool {
        self.codes.is_some_and(|codes| codes.used < CODES)
    }

    /// There are new ones, in the place of the former.
    fn make_codes(&mut self, since: i64) {
        self.codes = Some(Codes { since, first: self.made, used: 0 });
        self.made += CODES;
    }

    /// Recovery codes end with the last second factor.
    pub(super) fn forget_spare_codes(&mut self) {
        if !self.has_any() {
            self.codes = None;
        }
    }

    /// All go.
    fn forget(&mut self) {
        self.authenticator = None;
        self.passkeys.iter_mut().for_each(|one| one.is_there = false);
        self.security_keys.iter_mut().for_each(|one| one.is_there = false);
        self.codes = None;
    }
}

impl Model {
    /// Whether that was a moment ago.
    pub(super) fn is_fresh(&self, at: Option<i64>) -> bool {
        at.is_some_and(|at| self.now < at + FRESH)
    }

    /// Whether whoever is signed in has just proved all that guards the account.
    pub(super) fn has_just_proved(&self, person: Person) -> bool {
        let (proofs, factors) = (self.proofs_in_hand(person), &self.factors[person]);
        let second = match factors.best_passkey() {
            Some(best) => proofs.passkey(best).max(proofs.recovery()),
            None => proofs.second(),
        };
        self.is_fresh(proofs.named()) && (!factors.has_any() || self.is_fresh(second))
    }

    /// The account gets one more second factor, or another authenticator; what is proved by that, and whether recovery codes come with it. With the first one
    /// the sign-ins end that were made without, but this one.
    pub(super) fn set_up(&mut self, person: Person, new: New, this: Option<usize>) -> (Given, bool) {
        self.resets[person] = None;
        self.end_kept(person);
        if !self.factors[person].has_any() {
            self.end_without_second(person, this);
        }
        if new == New::Authenticator && self.factors[person].authenticator.is_some() {
            self.end_what_codes_gave(person, this);
        }
        let (now, factors) = (self.now, &mut self.factors[person]);
        let given = match new {
            New::Authenticator => {
                factors.authenticator = Some(Authenticator { since: now, last_step: now / STEP });
                Given::Code
            }
            New::Passkey(make) => {
                factors.passkeys.push(Passkey { since: now, class: make.class(), is_there: true });
                Given::Passkey(factors.passkeys.len() - 1, make.class())
            }
            New::SecurityKey(on) => {
                let is_copied = on == On::Phone;
                factors.security_keys.push(SecurityKey { since: now, is_copied, is_there: true });
                Given::SecurityKey(factors.security_keys.len() - 1)
            }
        };
        let brings_codes = factors.codes.is_none();
        if brings_codes {
            factors.make_codes(now);
        }
        (given, brings_codes)
    }

    /// What comes, on the account page, of changing something that is there or not, if it is not changed.
    fn instead_of_changing(&mut self, person: Person, is_there: bool) -> Option<Changing> {
        match self.comes(person) {
            false => Some(Changing::Nobody),
            true if !is_there => Some(Changing::Nothing),
            true => (!self.has_just_proved(person)).then_some(Changing::Asked),
        }
    }

    /// Sets one up on the account page: what came of it, and whether recovery codes came with it.
    pub(super) fn set_up_there(&mut self, person: Person, new: New) -> (Changing, bool) {
        if let Some(instead) = self.instead_of_changing(person, true) {
            return (instead, false);
        }
        let (given, brings_codes) = self.set_up(person, new, self.browsers[person]);
        self.add_proof(person, given);
        (Changing::Done, brings_codes)
    }

    /// Sets up an authenticator, in the place of the former one.
    pub(in crate::model) fn enrol(&mut self, person: Person) -> (Changing, bool) {
        self.set_up_there(person, New::Authenticator)
    }

    /// The sign-ins of a person but this one end that were made without a second factor.
    fn end_without_second(&mut self, person: Person, this: Option<usize>) {
        for (at, one) in self.sign_ins.iter_mut().enumerate() {
            if Some(at) != this && one.person == person && one.proofs.second_or_word().is_none() {
                one.ended = true;
            }
        }
    }

    /// An authenticator goes, and in other browsers what its codes have signed in and allowed applications.
    fn end_what_codes_gave(&mut self, person: Person, this: Option<usize>) {
        self.upset(person);
        self.end_what_rests(person, this, Proofs::by_code);
    }

    /// In other browsers what rests on such proofs ends, and what applications were allowed there.
    pub(super) fn end_what_rests(&mut self, person: Person, this: Option<usize>, rests: impl Fn(Proofs) -> bool) {
        for (at, one) in self.sign_ins.iter_mut().enumerate() {
            one.ended |= Some(at) != this && one.person == person && rests(one.proofs);
        }
        for grant in &mut self.grants {
            grant.ended |= Some(grant.sign_in) != this && grant.person == person && rests(grant.proofs);
        }
    }

    /// A person has one less. With the last the recovery codes go, and in other browsers what they gave.
    pub(super) fn lose_one(&mut self, person: Person) {
        self.factors[person].forget_spare_codes();
        if self.factors[person].codes.is_none() {
            self.end_what_rests(person, self.browsers[person], |proofs| proofs.recovery().is_some());
        }
        self.resets[person] = None;
        self.end_kept(person);
        self.upset(person);
    }

    /// Does without an authenticator.
    pub(in crate::model) fn remove_factor(&mut self, person: Person) -> Changing {
        if let Some(instead) = self.instead_of_changing(person, self.factors[person].authenticator.is_some()) {
            return instead;
        }
        self.factors[person].authenticator = None;
        self.lose_one(person);
        self.end_what_codes_gave(person, self.browsers[person]);
        Changing::Done
    }

    /// Makes recovery codes in the place of the former: in other browsers what rests on one of those ends, and what waits for one. They stand in for a second
    /// factor, so there are none without.
    pub(in crate::model) fn new_codes(&mut self, person: Person) -> Changing {
        if let Some(instead) = self.instead_of_changing(person, self.has_factor(person)) {
            return instead;
        }
        self.factors[person].make_codes(self.now);
        self.end_kept(person);
        self.upset(person);
        self.end_what_rests(person, self.browsers[person], |proofs| proofs.recovery().is_some());
        Changing::Done
    }

    /// They give the first proof and say that they have lost all: nothing where that is no question.
    pub(in crate::model) fn lose(&mut self, person: Person) -> Option<Losing> {
        if self.is_shut(person) || !self.has_password(person) || !self.has_factor(person) {
            return None;
        }
        Some(match self.resets[person] {
            Some(opens) if self.now < opens => Losing::Waits,
            Some(opens) if self.now < opens + OPEN_FOR => {
                self.reset_factors(person);
                Losing::Removed
            }
            _ => {
                self.resets[person] = Some(self.now + WAIT);
                Losing::Begun
            }
        })
    }

    /// The operator takes them away, and all ends that hangs on a sign-in.
    pub(in crate::model) fn reset_factors(&mut self, person: Person) {
        self.factors[person].forget();
        self.end_access(person);
    }

    /// Whether a person has one.
    pub(in crate::model) fn has_factor(&self, person: Person) -> bool {
        self.factors[person].has_any()
    }

    /// What was set up since then goes, recovery codes that were made since too: the account comes to its owner.
    pub(super) fn forget_factors_since(&mut self, person: Person, since: i64) {
        let factors = &mut self.factors[person];
        factors.authenticator = factors.authenticator.filter(|one| one.since < since);
        factors.passkeys.iter_mut().filter(|one| one.since >= since).for_each(|one| one.is_there = false);
        factors.security_keys.iter_mut().filter(|one| one.since >= since).for_each(|one| one.is_there = false);
        factors.codes = factors.codes.filter(|codes| codes.since < since);
        factors.forget_spare_codes();
    }

    /// What the sign-in in hand rests on; nothing where there is none.
    pub(super) fn proofs_in_hand(&self, person: Person) -> Proofs {
        self.browsers[person].map(|at| self.sign_ins[at].proofs).unwrap_or_default()
    }

    /// What an access token, and the ID token beside it, says of the authentication behind it: the class, and when all of it was proved.
    pub(in crate::model) fn assured(&self, access_token: usize) -> (Option<&'static str>, Option<i64>) {
        self.grants[self.access_tokens[access_token].grant].worth.told()
    }
}

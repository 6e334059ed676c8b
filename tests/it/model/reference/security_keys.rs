//! Security keys: a second factor beside what says who somebody is, whatever their device can do. They sign nobody in alone, make no class true but that of two
//! factors, and keep no way in to the account open. What was proved before one is shown waits for it ten minutes, and hangs on all that the account is guarded by.

use doorward::protocol::rejection::Rejection;

use super::factors::{Changing, FRESH, Factors, New};
use super::showing::Shown;
use super::{Grant, Model};
use crate::model::operation::{Back, Class, On, Person, Role, Wrongly};

/// How long an answer to a question for a key is waited for.
const AWAITED: i64 = 600;

#[derive(Clone, Copy, Debug)]
pub(super) struct SecurityKey {
    pub(super) since: i64,
    /// Whether its device copies it to others.
    pub(super) is_copied: bool,
    pub(super) is_there: bool,
}

/// What somebody shows where a security key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum KeyShown {
    /// The key at this place.
    Own(usize),
    /// The same, which was taken away.
    Removed(usize),
    /// That of the other person.
    Others(usize),
    /// The passkey at this place.
    Passkey(usize),
    /// The last answer once more.
    Again,
}

/// An answer that was taken: of which key, where and when.
#[derive(Clone, Copy)]
pub(super) struct Answered {
    key: usize,
    browser: usize,
    at: i64,
}

/// A password that waits for its second factor in a browser of its own.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    at: i64,
    upsets: usize,
}

/// A page that asks for a new key.
#[derive(Clone, Copy)]
pub(super) struct Looked {
    at: i64,
    browser: usize,
}

/// What comes of a second factor for which a password has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Went {
    /// They are signed in.
    In,
    /// What was proved counts no more: they are asked who they are.
    Anew,
}

impl Factors {
    /// The keys that are there, by their places.
    pub(super) fn own_keys(&self) -> Vec<usize> {
        (0..self.security_keys.len()).filter(|at| self.security_keys[*at].is_there).collect()
    }

    pub(super) fn has_key(&self) -> bool {
        !self.own_keys().is_empty()
    }
}

impl Model {
    /// Adds one: what came of it, and whether recovery codes came with it.
    pub(in crate::model) fn add_security_key(&mut self, person: Person, on: On) -> (Changing, bool) {
        self.set_up_there(person, New::SecurityKey(on))
    }

    /// Opens the page that asks for a new one: whether it does.
    pub(in crate::model) fn look_for_key(&mut self, person: Person) -> bool {
        let asks = self.comes(person) && self.has_just_proved(person);
        let browser = self.post[person].in_hand;
        self.looked[person] = asks.then_some(Looked { at: self.now, browser });
        asks
    }

    /// Whether the browser in hand has such a page, opened so lately that it is any use.
    pub(in crate::model) fn may_bring_key(&self, person: Person) -> bool {
        let in_hand = self.post[person].in_hand;
        self.looked[person].is_some_and(|looked| looked.browser == in_hand && self.now < looked.at + 80_000)
    }

    /// Brings the answer to that page: it takes what adding takes now, whenever it was opened, and the question is not to be too old.
    pub(in crate::model) fn bring_key(&mut self, person: Person, on: On) -> (Changing, bool) {
        let is_stale = self.looked[person].take().is_none_or(|looked| self.now >= looked.at + AWAITED);
        if is_stale && self.comes(person) && self.has_just_proved(person) {
            return (Changing::Stale, false);
        }
        self.set_up_there(person, New::SecurityKey(on))
    }

    /// How many an account has.
    pub(in crate::model) fn security_keys_of(&self, person: Person) -> usize {
        self.factors[person].own_keys().len()
    }

    /// Of the keys that an account has one.
    pub(in crate::model) fn own_security_key(&self, person: Person, which: Back) -> Option<usize> {
        let own = self.factors[person].own_keys();
        which.of(own.len()).map(|at| own[at])
    }

    /// Of the keys that an account has had one.
    pub(in crate::model) fn any_security_key(&self, person: Person, which: Back) -> Option<usize> {
        which.of(self.factors[person].security_keys.len())
    }

    /// Takes one away, and with it the sign-ins that rest on it in other browsers, and what applications were allowed there. It keeps no way in open, so the
    /// last second factor alone stays, where more than a password is demanded.
    pub(in crate::model) fn remove_security_key(
        &mut self,
        person: Person,
        which: Option<usize>,
        demanded: Option<Class>,
    ) -> Changing {
        let demanded = demanded.filter(|_| self.roles_of(person).contains(&Role::Maker));
        if !self.comes(person) || self.proofs_in_hand(person).class() < demanded {
            return Changing::Nobody;
        }
        let Some(which) = which else { return Changing::Nothing };
        if !self.has_just_proved(person) {
            return Changing::Asked;
        }
        let factors = &self.factors[person];
        let is_last = factors.authenticator.is_none() && !factors.has_passkey() && factors.own_keys().len() == 1;
        if is_last && demanded > Some(Class::Password) {
            return Changing::LastFactor;
        }
        self.factors[person].security_keys[which].is_there = false;
        self.lose_one(person);
        self.end_what_rests(person, self.browsers[person], |proofs| proofs.by_key() == Some(which));
        Changing::Done
    }

    /// What a person shows wrongly first, if they have it, and what is said of that.
    pub(super) fn shown_wrongly(&self, person: Person, first: Wrongly) -> Option<(KeyShown, Rejection)> {
        let factors = &self.factors[person];
        let wrong = |shown| (shown, Rejection::WrongSecurityKey);
        match first {
            Wrongly::Others => self.factors[1 - person].own_keys().last().map(|at| wrong(KeyShown::Others(*at))),
            Wrongly::Removed => {
                factors.security_keys.iter().rposition(|key| !key.is_there).map(|at| wrong(KeyShown::Removed(at)))
            }
            Wrongly::Passkey => factors.own_passkeys().last().map(|at| wrong(KeyShown::Passkey(*at))),
            Wrongly::Again => {
                let Answered { key, browser, at } = self.answered[person]?;
                // The question was for one browser and ten minutes, and is answered once: that the counter of the key stands still then says nothing.
                let is_stale = browser != self.post[person].in_hand || self.now >= at + AWAITED;
                let why = if is_stale || factors.security_keys[key].is_there {
                    Rejection::StalePasskeyRequest
                } else {
                    Rejection::WrongSecurityKey
                };
                Some((KeyShown::Again, why))
            }
        }
    }

    /// The key at this place was shown and taken, in the browser in hand.
    pub(super) fn note_answer(&mut self, person: Person, key: usize) {
        self.answered[person] = Some(Answered { key, browser: self.post[person].in_hand, at: self.now });
    }

    /// They give the password in a browser that nobody has used, and are asked for a security key: which they will show. Nothing where they are not.
    pub(in crate::model) fn begin_waiting(&mut self, person: Person) -> Option<usize> {
        self.waiting[person] = None;
        let key = self.factors[person].own_keys().last().copied();
        let key = key.filter(|_| !self.is_shut(person) && self.has_password(person))?;
        self.waiting[person] = Some(Waiting { at: self.now, upsets: self.upsets[person] });
        Some(key)
    }

    /// They show it there.
    pub(in crate::model) fn end_waiting(&mut self, person: Person) -> Option<Went> {
        let Waiting { at, upsets } = self.waiting[person].take()?;
        if self.now >= at + FRESH || upsets != self.upsets[person] || self.is_shut(person) {
            return Some(Went::Anew);
        }
        self.resets[person] = None;
        Some(Went::In)
    }

    /// Another password, a factor less, or the end of everything: what waits for a second factor counts no more.
    pub(super) fn upset(&mut self, person: Person) {
        self.upsets[person] += 1;
    }

    /// The methods that the ID token beside this one tells, which came of a security key and of no passkey.
    pub(in crate::model) fn methods_with_key(&self, access_token: usize) -> Option<Vec<&'static str>> {
        let Grant { person, proofs, .. } = self.grants[self.access_tokens[access_token].grant];
        let key = proofs.by_key().filter(|_| proofs.passkey(Class::Passkey).is_none())?;
        let is_copied = self.factors[person].security_keys[key].is_copied;
        Some(proofs.methods(if is_copied { "swk" } else { "hwk" }))
    }
}

impl Shown {
    /// Whether it was typed.
    pub(in crate::model) fn is_typed(self) -> bool {
        matches!(self, Self::Code | Self::Recovery(_))
    }
}

//! Passkeys on the account page: added and taken away. One stays where it is the only way in, and where nothing that is left would do for what is demanded of
//! its person.

use super::Model;
use super::factors::{Changing, New, Passkey};
use crate::model::operation::{Back, Class, Make, Person, Role, While};

impl Make {
    /// The class that a passkey makes true which is made on this: what its maker vouches for, and may not be copied, is the stronger one.
    pub(super) fn class(self) -> Class {
        if self == Self::VouchedKey { Class::Hardware } else { Class::Passkey }
    }
}

impl Model {
    /// Adds one: what came of it, and whether recovery codes came with it.
    pub(in crate::model) fn add_passkey(&mut self, person: Person, make: Make) -> (Changing, bool) {
        self.set_up_there(person, New::Passkey(make))
    }

    /// From now on a person takes this first where they get one on the way.
    pub(in crate::model) fn take(&mut self, person: Person, make: Make) {
        self.takes[person] = make;
    }

    /// One is made that will not do: whether it is kept beside others.
    pub(super) fn keep_lesser(&mut self, person: Person, make: Make) -> bool {
        let is_kept = self.factors[person].has_passkey();
        if is_kept {
            let new = Passkey { since: self.now, class: make.class(), is_there: true };
            self.factors[person].passkeys.push(new);
            self.resets[person] = None;
            self.end_kept(person);
        }
        is_kept
    }

    /// How many an account has.
    pub(in crate::model) fn passkeys_of(&self, person: Person) -> usize {
        self.factors[person].own_passkeys().len()
    }

    /// Of the passkeys that an account has one.
    pub(in crate::model) fn own_passkey(&self, person: Person, which: Back) -> Option<usize> {
        let own = self.factors[person].own_passkeys();
        which.of(own.len()).map(|at| own[at])
    }

    /// Takes one away, and with it the sign-ins that rest on it in other browsers, and what applications were allowed there.
    pub(in crate::model) fn remove_passkey(&mut self, person: Person, which: Option<usize>, when: While) -> Changing {
        let demanded = match when {
            While::Demanded(class) if self.roles_of(person).contains(&Role::Maker) => Some(class),
            _ => None,
        };
        if !self.comes(person) || self.proofs_in_hand(person).class() < demanded {
            return Changing::Nobody;
        }
        let Some(which) = which else { return Changing::Nothing };
        if !self.has_just_proved(person) {
            return Changing::Asked;
        }
        if let Some(refused) = self.must_stay(person, which, (demanded, when)) {
            return refused;
        }
        self.factors[person].passkeys[which].is_there = false;
        self.lose_one(person);
        self.end_what_rests(person, self.browsers[person], |proofs| proofs.rest_on(which));
        Changing::Done
    }

    /// Why a passkey cannot go, if it cannot.
    fn must_stay(&self, person: Person, which: usize, (demanded, when): (Option<Class>, While)) -> Option<Changing> {
        let factors = &self.factors[person];
        let class = |which: usize| factors.passkeys[which].class;
        let others = factors.own_passkeys().into_iter().filter(|other| *other != which).map(class).max();
        let has_other = factors.authenticator.is_some() || factors.has_key();
        let left = match (self.has_password(person), has_other) {
            (true, true) => Some(Class::Both),
            (true, false) => Some(Class::Password),
            (false, _) => None,
        };
        if left.max(others) < demanded && demanded <= Some(class(which)) {
            return Some(Changing::LastFactor);
        }
        if others.is_some() {
            return None;
        }
        // Who must have more than a password has a second factor, though it be too little.
        if !has_other && demanded > Some(Class::Password) {
            return Some(Changing::LastFactor);
        }
        (when == While::Alone && !self.has_password(person)).then_some(Changing::LastWayIn)
    }
}

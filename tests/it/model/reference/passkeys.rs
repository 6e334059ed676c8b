//! Passkeys on the account page: added and taken away. The last one stays where it is the only way in, and where nothing that is left would do for what is
//! demanded of its person.

use super::Model;
use super::factors::{Changing, New};
use crate::model::operation::{Back, Class, Person, Role, While};

impl Model {
    /// Adds one: what came of it, and whether recovery codes came with it.
    pub(in crate::model) fn add_passkey(&mut self, person: Person) -> (Changing, bool) {
        self.set_up_there(person, New::Passkey)
    }

    /// Of the passkeys that an account has one.
    pub(in crate::model) fn own_passkey(&self, person: Person, which: Back) -> Option<usize> {
        let own = self.factors[person].own_passkeys();
        which.of(own.len()).map(|at| own[at])
    }

    /// Takes one away, and with it the sign-ins that it has made in other browsers, and what applications were allowed there.
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
        if self.factors[person].own_passkeys().len() == 1 {
            let left = match (self.has_password(person), self.factors[person].authenticator) {
                (true, Some(_)) => Some(Class::Both),
                (true, None) => Some(Class::Password),
                (false, _) => None,
            };
            if left < demanded {
                return Changing::LastFactor;
            }
            if when == While::Alone && !self.has_password(person) {
                return Changing::LastWayIn;
            }
        }
        self.factors[person].passkeys[which].is_there = false;
        self.factors[person].forget_spare_codes();
        self.resets[person] = None;
        self.end_kept(person);
        let this = self.browsers[person];
        for (at, one) in self.sign_ins.iter_mut().enumerate() {
            one.ended |= Some(at) != this && one.person == person && one.proofs.by_passkey() == Some(which);
        }
        for grant in &mut self.grants {
            let is_elsewhere = Some(grant.sign_in) != this;
            grant.ended |= is_elsewhere && grant.person == person && grant.by_passkey == Some(which);
        }
        Changing::Done
    }
}

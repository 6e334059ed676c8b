//! What ends: by revoking, signing out, withdrawing, and what is switched off.

use doorward::protocol::rejection::Rejection;

use super::{Grant, Model};
use crate::model::operation::{App, Holder, Person};

/// How long there is to come back.
const GRACE: i64 = 7 * 86_400;

impl Model {
    /// Whether nobody can use the account now.
    pub(super) fn is_shut(&self, person: Person) -> bool {
        self.person_off[person] || self.leaving[person].is_some()
    }

    /// The account is given up: whether it was not before.
    pub(in crate::model) fn leave(&mut self, person: Person) -> bool {
        if self.leaving[person].is_some() {
            return false;
        }
        self.leaving[person] = Some(self.now + GRACE);
        self.end_all(person);
        self.forget_tickets(person);
        true
    }

    /// It is taken back: whether that is not too late.
    pub(in crate::model) fn come_back(&mut self, person: Person) -> bool {
        let is_in_time = self.leaving[person].is_some_and(|until| self.now < until);
        if is_in_time {
            self.leaving[person] = None;
        }
        is_in_time
    }

    pub(in crate::model) fn revoke_refresh_token(&mut self, token: usize, by: App) -> Result<(), Rejection> {
        self.is_on(by)?;
        let grant = &mut self.grants[self.refresh_tokens[token].grant];
        grant.ended |= grant.app == by;
        Ok(())
    }

    pub(in crate::model) fn revoke_access_token(&mut self, token: usize, by: App) -> Result<(), Rejection> {
        self.is_on(by)?;
        let token = &mut self.access_tokens[token];
        // What a secret has signed that is gone is not known any more.
        token.revoked |= self.grants[token.grant].app == by && self.secrets.takes(token.secret);
        Ok(())
    }

    /// Whether there was somebody to sign out.
    pub(in crate::model) fn sign_out(&mut self, person: Person) -> bool {
        let known = self.comes(person);
        if known {
            self.end_sign_in(person);
        }
        known
    }

    pub(in crate::model) fn end_sign_in(&mut self, person: Person) {
        if let Some(at) = self.browsers[person] {
            self.sign_ins[at].ended = true;
        }
    }

    /// Everything ends that a person has, the keys of their scripts too.
    pub(in crate::model) fn end_all(&mut self, person: Person) {
        self.end_access(person);
        self.end_keys(Holder::Person(person));
    }

    /// Everything but the keys.
    pub(super) fn end_access(&mut self, person: Person) {
        self.resets[person] = None;
        self.end_kept(person);
        self.upset(person);
        self.sign_ins.iter_mut().filter(|one| one.person == person).for_each(|one| one.ended = true);
        self.grants.iter_mut().filter(|one| one.person == person).for_each(|one| one.ended = true);
    }

    pub(in crate::model) fn withdraw(&mut self, person: Person, app: App) {
        self.allowed.remove(&(person, app));
        let of_both = |grant: &&mut Grant| grant.person == person && grant.app == app;
        self.grants.iter_mut().filter(of_both).for_each(|grant| grant.ended = true);
    }

    pub(in crate::model) fn switch_person(&mut self, person: Person, off: bool, thorough: bool) {
        self.person_off[person] = off;
        if thorough {
            self.end_all(person);
        }
    }

    pub(in crate::model) fn switch_app(&mut self, app: App, off: bool) {
        self.eras[app] += u32::from(off && !self.app_off[app]);
        self.app_off[app] = off;
    }
}

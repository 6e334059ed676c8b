//! Who is signed in, by what, and for how long.

use super::proofs::{Given, Proofs};
use super::showing::Proving;
use super::{Model, NOTED_AFTER};
use crate::model::operation::Person;

const IDLE: i64 = 86_400;
const ABSOLUTE: i64 = 30 * 86_400;

pub(super) struct SignIn {
    pub(super) person: Person,
    pub(super) proofs: Proofs,
    pub(super) used: i64,
    expires: i64,
    pub(super) ended: bool,
}

impl Model {
    pub(super) fn lives(&self, sign_in: usize) -> bool {
        let SignIn { used, expires, ended, .. } = self.sign_ins[sign_in];
        !ended && self.now < expires && self.now < used + IDLE
    }

    /// Whether the browser in hand is signed in.
    pub(super) fn is_signed_in(&self, person: Person) -> bool {
        self.browsers[person].is_some_and(|at| !self.is_shut(person) && self.lives(at))
    }

    /// A browser comes to us: whether its person is signed in.
    pub(in crate::model) fn comes(&mut self, person: Person) -> bool {
        let Some(at) = self.browsers[person].filter(|at| !self.is_shut(person) && self.lives(*at)) else {
            return false;
        };
        if self.now >= self.sign_ins[at].used + NOTED_AFTER {
            self.sign_ins[at].used = self.now;
        }
        true
    }

    /// The provider says who somebody is, if it was asked.
    pub(super) fn come_by(&mut self, person: Person, by: Proving) {
        if matches!(by, Proving::Provider(_)) {
            self.role_here[person] = self.role_there[person];
        }
    }

    /// With these proofs. The same sign-in goes on when it still holds, and no longer than it would have where a second factor is lent by it.
    pub(super) fn sign_in(&mut self, (person, proofs): (Person, Proofs), known: bool) {
        let at = match self.browsers[person].filter(|_| known) {
            Some(at) => at,
            None => self.sign_ins.len(),
        };
        let former = self.sign_ins.get(at).filter(|former| known && !proofs.are_anew(former.proofs));
        let (used, expires) = (self.now, former.map_or(self.now + ABSOLUTE, |former| former.expires));
        let new = SignIn { person, proofs, used, expires, ended: false };
        if known {
            self.sign_ins[at] = new;
        } else {
            // That of the browser has had its time.
            self.end_sign_in(person);
            self.sign_ins.push(new);
        }
        self.browsers[person] = Some(at);
        self.note_sign_in(person, at);
    }

    /// The sign-in of the browser in hand ends no later than the one which lends it a second factor would have.
    pub(super) fn ends_with(&mut self, person: Person, lends: usize) {
        let until = self.sign_ins[lends].expires;
        if let Some(at) = self.browsers[person] {
            self.sign_ins[at].expires = self.sign_ins[at].expires.min(until);
        }
    }

    /// Whoever is signed in shows a second factor: a code or a security key in the place of the one before, beside what says who they are.
    pub(super) fn add_shown(&mut self, person: Person, given: Given) {
        if let (Some(at), false) = (self.browsers[person], matches!(given, Given::Passkey(..))) {
            let one = &mut self.sign_ins[at];
            one.proofs = one.proofs.without_what_was_added();
        }
        self.add_proof(person, given);
    }

    /// Whoever is signed in proves something more: by a passkey all that there is, so that it lasts as long as one that begins.
    pub(super) fn add_proof(&mut self, person: Person, given: Given) {
        let (Some(at), now) = (self.browsers[person], self.now) else { return };
        let one = &mut self.sign_ins[at];
        let proofs = one.proofs.with(given, now);
        if proofs.are_anew(one.proofs) {
            one.expires = now + ABSOLUTE;
        }
        (one.proofs, one.used) = (proofs, now);
        self.note_sign_in(person, at);
    }
}

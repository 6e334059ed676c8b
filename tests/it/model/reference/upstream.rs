//! What a provider changes: which sign-ins came by it, and a role that comes of it.

use super::sign_ins::SignIn;
use super::{Grant, Model};
use crate::model::operation::Person;

impl Model {
    /// What came by this session at the provider ends, or by all of them. How many there were that had not been ended.
    pub(in crate::model) fn end_upstream(&mut self, person: Person, session: Option<usize>) -> usize {
        let is_meant = |one: &&mut SignIn| {
            let by = one.proofs.upstream().filter(|_| one.person == person && !one.ended);
            by.is_some_and(|by| session.is_none_or(|session| session == by))
        };
        self.sign_ins.iter_mut().filter(is_meant).map(|one| one.ended = true).count()
    }

    /// The identity is unlinked: beside the sign-ins that came by it, every grant ends that came of one of them, even of one that ended before.
    pub(in crate::model) fn unlink(&mut self, person: Person) {
        self.end_upstream(person, None);
        self.end_kept(person);
        let sign_ins = &self.sign_ins;
        let came_by_it = |grant: &&mut Grant| {
            grant.person == person && (grant.by_identity || sign_ins[grant.sign_in].proofs.upstream().is_some())
        };
        self.grants.iter_mut().filter(came_by_it).for_each(|grant| grant.ended = true);
    }

    /// How many sign-ins of a person have not been ended.
    pub(in crate::model) fn open_sign_ins(&self, person: Person) -> usize {
        self.sign_ins.iter().filter(|one| one.person == person && !one.ended).count()
    }

    /// What the provider says from now on.
    pub(in crate::model) fn give_role(&mut self, person: Person, has: bool) {
        self.role_there[person] = has;
    }

    /// Whether the provider says that a person has the role.
    pub(in crate::model) fn role_there(&self, person: Person) -> bool {
        self.role_there[person]
    }
}

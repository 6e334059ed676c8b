//! Who is signed in, by what, and for how long.

use super::factors::Worth;
use super::{Model, NOTED_AFTER};
use crate::model::operation::{Class, Person};

const IDLE: i64 = 86_400;
const ABSOLUTE: i64 = 30 * 86_400;

pub(super) struct SignIn {
    pub(super) person: Person,
    /// When the person said last who they are, and when they showed a second factor last, if they did.
    pub(super) first: i64,
    pub(super) second: Option<i64>,
    pub(super) used: i64,
    expires: i64,
    pub(super) ended: bool,
    /// The session at the provider that it came by, if it did.
    pub(super) upstream: Option<usize>,
}

impl SignIn {
    /// When the person proved anything last.
    pub(super) fn at(&self) -> i64 {
        self.second.map_or(self.first, |second| second.max(self.first))
    }

    /// The strongest class that its proofs make true.
    pub(super) fn class(&self) -> Option<Class> {
        match (self.upstream, self.second) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(Class::Both),
            (None, None) => Some(Class::Password),
        }
    }

    /// What its proofs are worth to an application.
    pub(super) fn worth(&self) -> Worth {
        match (self.upstream, self.second) {
            (Some(_), _) => Worth::Provider,
            (None, Some(second)) => Worth::Both(self.first.min(second)),
            (None, None) => Worth::Password(self.first),
        }
    }
}

impl Model {
    pub(super) fn lives(&self, sign_in: usize) -> bool {
        let SignIn { used, expires, ended, .. } = self.sign_ins[sign_in];
        !ended && self.now < expires && self.now < used + IDLE
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
    pub(super) fn come_by(&mut self, person: Person, by: Option<usize>) {
        if by.is_some() {
            self.role_here[person] = self.role_there[person];
        }
    }

    /// With the second factor that was shown then, if one was. The same sign-in goes on when it still holds.
    pub(super) fn sign_in(&mut self, (person, second): (Person, Option<i64>), known: bool, by: Option<usize>) {
        let at = match self.browsers[person].filter(|_| known) {
            Some(at) => at,
            None => self.sign_ins.len(),
        };
        let (first, used, expires) = (self.now, self.now, self.now + ABSOLUTE);
        let new = SignIn { person, first, second, used, expires, ended: false, upstream: by };
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

    /// The second factor of the sign-in in hand, if one was shown.
    pub(super) fn second_in_hand(&self, person: Person) -> Option<i64> {
        self.browsers[person].and_then(|at| self.sign_ins[at].second)
    }
}

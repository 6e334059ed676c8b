//! What is met on the way to a code: who is asked to sign in, for a second factor alone, or to set one up, by what is demanded of how they signed in.
//!
//! A role that somebody has and the application demand a class, and a stronger one will do; the request insists on one by its name. By the provider no class
//! is ever true. Whoever has typed a password lacks the second factor alone: it is shown, or set up by whoever has none and has just typed it.

use doorward::protocol::rejection::Rejection;

use super::factors::{FRESH, Worth};
use super::{CODE, Code, Grant, Model, Scopes};
use crate::model::operation::{App, Class, Person, Role};

/// What a request asks of a person's authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Asked {
    /// `prompt=login`.
    pub(in crate::model) anew: bool,
    /// By which session at the provider they sign in; nothing: with the password.
    pub(in crate::model) by: Option<usize>,
    /// The class that the request insists on.
    pub(in crate::model) insists: Option<Class>,
    /// The class that the role demands that the provider gives as well.
    pub(in crate::model) of_role: Option<Class>,
}

/// What a person meets on the way to a code.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::model) struct Way {
    pub(in crate::model) signs_in: bool,
    pub(in crate::model) shows_second: bool,
    pub(in crate::model) enrols: bool,
    pub(in crate::model) consents: bool,
}

/// What is demanded of somebody.
#[derive(Clone, Copy)]
struct Demands {
    /// By a role of theirs, by the application, by the request.
    of_role: Option<Class>,
    of_app: Option<Class>,
    insists: Option<Class>,
}

impl Demands {
    /// Whether a sign-in of this class will do: of exactly the class that the request insists on, which a password beside a second factor is too.
    fn are_met_by(self, class: Option<Class>) -> bool {
        [self.of_role, self.of_app, self.insists].into_iter().flatten().all(|demand| class >= Some(demand))
    }

    /// Whether somebody is not signed in before they have shown a second factor: the application is asked of whoever is.
    fn come_first(self) -> bool {
        self.of_role.max(self.insists) == Some(Class::Both)
    }
}

impl Model {
    /// An application demands this from now on.
    pub(in crate::model) fn app_demands(&mut self, app: App, class: Option<Class>) {
        self.app_demands[app] = class;
    }

    fn demands_on(&self, person: Person, app: App, asked: &Asked) -> Demands {
        let of_role = asked.of_role.filter(|_| self.roles_of(person).contains(&Role::Maker));
        Demands { of_role, of_app: self.app_demands[app], insists: asked.insists }
    }

    /// The class of the sign-in in hand.
    fn class_in_hand(&self, person: Person) -> Option<Class> {
        self.browsers[person].and_then(|at| self.sign_ins[at].class())
    }

    /// A person goes for a code; what is met on the way, or how it ends without one.
    pub(in crate::model) fn authorize(&mut self, person: Person, app: App, asked: &Asked) -> Result<Way, Rejection> {
        if self.app_off[app] {
            return Err(Rejection::DisabledClient);
        }
        let known = self.comes(person);
        let demands = self.demands_on(person, app, asked);
        let falls_short = known && !asked.anew && !demands.are_met_by(self.class_in_hand(person));
        let (typed, is_fresh) = self.browsers[person].filter(|_| falls_short).map_or((false, false), |at| {
            (self.sign_ins[at].class() == Some(Class::Password), self.now < self.sign_ins[at].first + FRESH)
        });
        let signs_in = !known || asked.anew || (falls_short && !(typed && is_fresh));
        let mut way = Way { signs_in, shows_second: false, enrols: false, consents: false };
        if signs_in {
            self.prove(person, asked, (known, demands), &mut way)?;
        } else if falls_short {
            way.enrols = true;
        }
        if way.enrols {
            self.enrol(person);
        }
        // The provider may have given or taken a role meanwhile.
        if !self.demands_on(person, app, asked).are_met_by(self.class_in_hand(person)) {
            return Err(Rejection::ClassNotMet);
        }
        way.consents = self.consent(person, app);
        self.grant(person, app, asked.insists);
        Ok(way)
    }

    /// Somebody signs in, as far as it goes: what is left is to set up a second factor.
    fn prove(
        &mut self,
        person: Person,
        asked: &Asked,
        (known, demands): (bool, Demands),
        way: &mut Way,
    ) -> Result<(), Rejection> {
        if self.person_off[person] {
            return Err(if asked.by.is_some() { Rejection::AccountSwitchedOff } else { Rejection::WrongCredentials });
        }
        if self.leaving[person].is_some() {
            return Err(Rejection::AccountLeaving);
        }
        // What the provider says counts though nobody is signed in by it alone.
        self.come_by(person, asked.by);
        // What was shown in this browser is not asked for again, unless everything is; nor what a device lends that is kept.
        let lent = self.second_in_hand(person).filter(|_| known && !asked.anew);
        let lent = lent.or_else(|| self.lent(person, asked.anew));
        way.shows_second = lent.is_none() && self.has_factor(person);
        let second = if lent.is_some() { lent } else { self.show_second(person)? };
        way.enrols = asked.by.is_none() && second.is_none() && !demands.are_met_by(Some(Class::Password));
        let mut goes_on = known;
        if way.enrols && demands.come_first() {
            // Nobody is signed in yet, so what was made without a second factor ends in this browser too.
            self.end_without_second(person, None);
            goes_on = known && self.browsers[person].is_some_and(|at| self.lives(at));
        }
        self.sign_in((person, second), goes_on, asked.by);
        Ok(())
    }

    /// A person allows an application what it asks for; whether they are asked.
    fn consent(&mut self, person: Person, app: App) -> bool {
        let scopes = self.scopes_of(person, app);
        let covers = |had: &Scopes| (had.open || !scopes.open) && (had.guarded || !scopes.guarded);
        let consents = !self.allowed.get(&(person, app)).is_some_and(covers);
        let allowed = self.allowed.entry((person, app)).or_default();
        *allowed = Scopes { open: allowed.open || scopes.open, guarded: allowed.guarded || scopes.guarded };
        consents
    }

    /// A code for what somebody is signed in by.
    fn grant(&mut self, person: Person, app: App, insists: Option<Class>) {
        let (sign_in, scopes, created) = (self.browsers[person].unwrap(), self.scopes_of(person, app), self.now);
        let one = &self.sign_ins[sign_in];
        // Of what is true the application is told what it insists on.
        let worth = match one.worth() {
            Worth::Both(_) if insists == Some(Class::Password) => Worth::Password(one.first),
            worth => worth,
        };
        let (by_identity, proved) = (one.upstream.is_some(), one.class());
        self.grants.push(Grant { person, app, sign_in, by_identity, worth, proved, scopes, created, ended: false });
        self.codes.push(Code { grant: self.grants.len() - 1, expires: self.now + CODE, used: None });
    }

    /// The strongest class that the proofs make true which an access token came of.
    pub(in crate::model) fn proved(&self, access_token: usize) -> Option<Class> {
        self.grants[self.access_tokens[access_token].grant].proved
    }
}

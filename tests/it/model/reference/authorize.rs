//! What is met on the way to a code: who is asked to sign in, for a second factor alone, or to set one up, by what is demanded of how they signed in.
//!
//! A role that somebody has and the application demand a class, and a stronger one will do; the request insists on one by its name. By the provider no class
//! is ever true, but with a passkey beside it. Whoever is signed in with less is asked for what is missing alone: it is shown, or set up by whoever has none
//! and has just said who they are. Whoever signs in is not signed in before all was shown that their role and the request demand; the application is asked of
//! whoever is.

use doorward::protocol::rejection::Rejection;

use super::factors::New;
use super::proofs::{First, Given, Proofs};
use super::showing::{Attempt, Lack, Proving, Shown};
use super::{CODE, Code, Grant, Model, Scopes};
use crate::model::operation::{App, By, Class, Make, Person, Prefers, Role};

/// What a request asks of a person's authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct Asked {
    /// `prompt=login`.
    pub(in crate::model) anew: bool,
    /// By what they sign in.
    pub(in crate::model) by: By,
    /// The class that the request insists on.
    pub(in crate::model) insists: Option<Class>,
    /// The class that the role demands that the provider gives as well.
    pub(in crate::model) of_role: Option<Class>,
}

/// Something that a person meets on the way to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Met {
    /// They sign in.
    Proves,
    /// They show something beside that; whether only a passkey will do that hardware keeps.
    Shows(Attempt, InHardware),
    /// They set up an authenticator; whether they get recovery codes.
    Enrols { codes: bool },
    /// They make a passkey on this.
    AddsPasskey(Make, InHardware, Came),
    /// They allow what is asked for.
    Consents,
}

/// Whether only a passkey will do that hardware keeps.
pub(in crate::model) type InHardware = bool;

/// What comes of a passkey that is made on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Came {
    /// It is added; whether they get recovery codes.
    Added { codes: bool },
    /// It will not do: whoever has passkeys keeps it all the same.
    Refused { is_kept: bool },
}

/// The way to a code, and whether it leads there.
#[derive(Debug)]
pub(in crate::model) struct Walk {
    pub(in crate::model) met: Vec<Met>,
    pub(in crate::model) end: Result<(), Rejection>,
}

/// What is demanded of somebody.
#[derive(Clone, Copy, Default)]
pub(super) struct Demands {
    /// By a role of theirs, by the application, by the request.
    of_role: Option<Class>,
    of_app: Option<Class>,
    insists: Option<Class>,
}

impl Demands {
    /// Whether these proofs will do: of exactly the class that the request insists on, which a password beside a second factor is too.
    fn are_met_by(self, proofs: Proofs) -> bool {
        let by_class = self.of_role.max(self.of_app).is_none_or(|demand| proofs.class() >= Some(demand));
        by_class && self.insists.is_none_or(|class| proofs.since(class).is_some())
    }

    fn want(self, class: Class) -> bool {
        [self.of_role, self.of_app, self.insists].contains(&Some(class))
    }

    /// Of which class a passkey must be that these proofs lack, where nothing else will do of what they have: without a password there are no two factors
    /// but a passkey, and nothing as good as a password either. That it is better is of no use to a request that insists on the class of a password.
    pub(super) fn passkey(self, proofs: Proofs, has_password: bool) -> Option<Class> {
        let only_passkey = |class: &Class| *class >= Class::Passkey || !has_password;
        let of_others = self.of_role.max(self.of_app).filter(|class| proofs.class() < Some(*class));
        let insists = self.insists.filter(|class| proofs.since(*class).is_none() && *class > Class::Password);
        let wanted = of_others.filter(only_passkey).max(insists.filter(only_passkey));
        wanted.map(|class| class.max(Class::Passkey))
    }

    /// Whether a password alone will not do.
    pub(super) fn want_two_factors(self) -> bool {
        self.want(Class::Both)
    }
}

impl Model {
    /// An application demands this from now on.
    pub(in crate::model) fn app_demands(&mut self, app: App, class: Option<Class>) {
        self.app_demands[app] = class;
    }

    /// What the role and the request demand, and the application, if they go to one.
    fn demands_on(&self, person: Person, app: Option<App>, asked: &Asked) -> Demands {
        let of_role = asked.of_role.filter(|_| self.roles_of(person).contains(&Role::Maker));
        Demands { of_role, of_app: app.and_then(|app| self.app_demands[app]), insists: asked.insists }
    }

    /// A person goes for a code.
    pub(in crate::model) fn authorize(&mut self, person: Person, app: App, asked: &Asked) -> Walk {
        let mut met = Vec::new();
        let end = self.walk((person, app), asked, &mut met);
        Walk { met, end }
    }

    fn walk(&mut self, (person, app): (Person, App), asked: &Asked, met: &mut Vec<Met>) -> Result<(), Rejection> {
        if self.app_off[app] {
            return Err(Rejection::DisabledClient);
        }
        let by = self.proving(person, asked.by);
        let known = self.comes(person);
        // Whether they have proved anything on this way: whoever has cannot do it better by trying again.
        let mut has_proved = !known || asked.anew;
        if has_proved {
            self.prove(person, (asked, by), known, met)?;
        }
        loop {
            let (proofs, demands) = (self.proofs_in_hand(person), self.demands_on(person, Some(app), asked));
            match self.lack(person, proofs, demands) {
                Some(lack) if lack.is_there() => {
                    let given = self.show_on(person, lack, met)?;
                    self.add_shown(person, given);
                }
                Some(lack) if self.is_fresh(proofs.named()) => {
                    let given = self.set_up_on(person, (lack, self.browsers[person]), met);
                    self.add_proof(person, given);
                }
                // Nobody puts a factor of their own on an account who finds a browser open.
                Some(_) => self.prove(person, (asked, by), true, met)?,
                None if demands.are_met_by(proofs) => break,
                None if has_proved => return Err(Rejection::ClassNotMet),
                None => self.prove(person, (asked, by), true, met)?,
            }
            has_proved = true;
        }
        if self.consent(person, app) {
            met.push(Met::Consents);
        }
        self.grant(person, app, asked.insists);
        Ok(())
    }

    /// Somebody signs in.
    fn prove(
        &mut self,
        person: Person,
        (asked, by): (&Asked, Proving),
        known: bool,
        met: &mut Vec<Met>,
    ) -> Result<(), Rejection> {
        met.push(Met::Proves);
        let is_gone = matches!(by, Proving::Passkey(which) if !self.factors[person].passkeys[which].is_there);
        if self.person_off[person] || is_gone {
            return Err(match by {
                Proving::Passkey(_) => Rejection::WrongPasskey,
                Proving::Provider(_) => Rejection::AccountSwitchedOff,
                Proving::Password => Rejection::WrongCredentials,
            });
        }
        if self.leaving[person].is_some() {
            return Err(Rejection::AccountLeaving);
        }
        // What the provider says counts though nobody is signed in by it alone.
        self.come_by(person, by);
        let now = self.now;
        let mut proofs = match by {
            Proving::Password => Proofs::of(First::Password, now),
            Proving::Provider(session) => Proofs::of(First::Provider(session), now),
            Proving::Passkey(which) => {
                self.resets[person] = None;
                Proofs::default().with(self.given_by(person, which), now)
            }
        };
        // What was shown in this browser is not asked for again, unless everything is; nor what a device lends that is kept.
        if known && !asked.anew {
            proofs = proofs.beside(self.proofs_in_hand(person));
        }
        let demands = self.demands_on(person, None, asked);
        let is_enough =
            |model: &Self, proofs| model.lack(person, proofs, demands).is_none() && demands.are_met_by(proofs);
        let lent = self.lent(person, asked.anew).filter(|_| self.lack(person, proofs, demands) == Some(Lack::Any));
        if let Some((given, shown)) = lent.filter(|(given, shown)| is_enough(self, proofs.with(*given, *shown))) {
            proofs = proofs.with(given, shown);
        }
        let mut goes_on = known;
        while let Some(lack) = self.lack(person, proofs, demands) {
            let given = if lack.is_there() {
                self.show_on(person, lack, met)?
            } else {
                // Nobody is signed in yet, so what was made without a second factor ends in this browser too.
                let given = self.set_up_on(person, (lack, None), met);
                goes_on = known && self.browsers[person].is_some_and(|at| self.lives(at));
                given
            };
            proofs = proofs.with(given, now);
        }
        self.sign_in((person, proofs), goes_on);
        Ok(())
    }

    /// Shows what is missing, on the way.
    fn show_on(&mut self, person: Person, lack: Lack, met: &mut Vec<Met>) -> Result<Given, Rejection> {
        let in_hardware = lack.class() == Class::Hardware;
        // Once.
        let has_tried = met.last().is_some_and(|met| matches!(met, Met::Shows((Shown::Passkey(_), _), true)));
        if let Some(lesser) = self.lesser(person, lack).filter(|_| in_hardware && !has_tried) {
            self.resets[person] = None;
            met.push(Met::Shows((Shown::Passkey(lesser), Ok(())), in_hardware));
            return Ok(self.given_by(person, lesser));
        }
        let (attempts, given) = self.show_factor(person, lack);
        met.extend(attempts.into_iter().map(|attempt| Met::Shows(attempt, in_hardware)));
        given
    }

    /// Sets up what is missing, on the way, by this sign-in or before there is one: where either will do, what the person prefers.
    fn set_up_on(&mut self, person: Person, (lack, this): (Lack, Option<usize>), met: &mut Vec<Met>) -> Given {
        let is_passkey = lack != Lack::New || matches!(self.prefers[person], Prefers::Passkey | Prefers::Lesser);
        if !is_passkey {
            let (given, codes) = self.set_up(person, New::Authenticator, this);
            met.push(Met::Enrols { codes });
            return given;
        }
        let (mut make, in_hardware) = (self.takes[person], lack.class() == Class::Hardware);
        if make.class() < lack.class() {
            let is_kept = self.keep_lesser(person, make);
            met.push(Met::AddsPasskey(make, in_hardware, Came::Refused { is_kept }));
            make = Make::VouchedKey;
        }
        let (given, codes) = self.set_up(person, New::Passkey(make), this);
        met.push(Met::AddsPasskey(make, in_hardware, Came::Added { codes }));
        given
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
        let proofs = self.sign_ins[sign_in].proofs;
        let by_identity = proofs.upstream().is_some();
        let (worth, proved) = (proofs.worth(insists), proofs.class());
        let ended = false;
        self.grants.push(Grant { person, app, sign_in, by_identity, proofs, worth, proved, scopes, created, ended });
        self.codes.push(Code { grant: self.grants.len() - 1, expires: self.now + CODE, used: None });
    }

    /// The strongest class that the proofs make true which an access token came of.
    pub(in crate::model) fn proved(&self, access_token: usize) -> Option<Class> {
        self.grants[self.access_tokens[access_token].grant].proved
    }
}

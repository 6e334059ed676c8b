//! What is missing beside the first proof, and what a person shows then: the code of their authenticator, a security key, a passkey, or a recovery code; and a passkey where
//! nothing else will do, or one that hardware keeps, for which a recovery code stands in so far that another is set up in its place.

use doorward::protocol::rejection::Rejection;

use super::Model;
use super::authorize::Demands;
use super::factors::STEP;
use super::proofs::{Given, Proofs};
use super::security_keys::KeyShown;
use crate::model::operation::{By, Class, Person, Prefers};

/// What is missing beside the first proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// Any of the second factors that there are.
    Any,
    /// A passkey that there is, of this class at least.
    Passkey(Class),
    /// A second factor, of whatever kind, that is set up.
    New,
    /// A passkey that is set up, of this class at least.
    NewPasskey(Class),
}

/// What somebody shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Shown {
    /// The code of now.
    Code,
    /// The recovery code at this place, of all that there were.
    Recovery(usize),
    /// The passkey at this place.
    Passkey(usize),
    /// A security key, or what is taken for one.
    SecurityKey(KeyShown),
}

/// By what somebody signs in: by a session at the provider, by the passkey at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Proving {
    Password,
    Provider(usize),
    Passkey(usize),
}

/// Something that is shown, and what comes of it.
pub(in crate::model) type Attempt = (Shown, Result<(), Rejection>);

impl Lack {
    /// Whether the account has what is missing.
    pub(super) fn is_there(self) -> bool {
        matches!(self, Self::Any | Self::Passkey(_))
    }

    /// Of what class a passkey must be, if it is one.
    pub(super) fn class(self) -> Class {
        match self {
            Self::Passkey(class) | Self::NewPasskey(class) => class,
            Self::Any | Self::New => Class::Passkey,
        }
    }
}

impl Model {
    /// What these proofs of a person lack.
    pub(super) fn lack(&self, person: Person, proofs: Proofs, demands: Demands) -> Option<Lack> {
        let factors = &self.factors[person];
        if let Some(class) = demands.passkey(proofs, self.has_password(person)) {
            let has_lost_it = self.is_fresh(proofs.recovery());
            return Some(match factors.best_passkey().filter(|_| !has_lost_it) {
                Some(best) if best >= class => Lack::Passkey(class),
                // All that the account has is proved before it gets one.
                Some(_) if !self.is_fresh(proofs.passkey(Class::Passkey)) => Lack::Passkey(Class::Passkey),
                _ if (factors.authenticator.is_some() || factors.has_key()) && !self.is_fresh(proofs.second()) => {
                    Lack::Any
                }
                _ => Lack::NewPasskey(class),
            });
        }
        match proofs.second_or_word() {
            Some(_) => None,
            None if factors.has_any() => Some(Lack::Any),
            None => (demands.want_two_factors() && proofs.password().is_some()).then_some(Lack::New),
        }
    }

    /// From now on a person shows this first.
    pub(in crate::model) fn prefer(&mut self, person: Person, prefers: Prefers) {
        self.prefers[person] = prefers;
    }

    /// By what a person signs in now: by a passkey where the account has had one. Whoever is signed in is asked for nothing that the account has not.
    pub(in crate::model) fn proving(&self, person: Person, by: By) -> Proving {
        let factors = &self.factors[person];
        let is_asked_for = factors.has_passkey() || !self.is_signed_in(person);
        match by {
            By::Password => Proving::Password,
            By::Provider(session) => Proving::Provider(session),
            By::Passkey(which) => {
                let which = which.of(factors.passkeys.len()).filter(|_| is_asked_for);
                which.map_or(Proving::Password, Proving::Passkey)
            }
        }
    }

    /// What a person shows to be let in after a new password by a mail: nothing when nothing is asked for.
    pub(in crate::model) fn would_show(&self, person: Person) -> Vec<Attempt> {
        if self.has_factor(person) { self.attempts(person, Lack::Any) } else { Vec::new() }
    }

    /// Whether nothing stands in for a second factor of the account but the word by which they are signed in.
    pub(in crate::model) fn hangs_on_a_word(&self, person: Person) -> bool {
        self.has_factor(person) && self.proofs_in_hand(person).second().is_none()
    }

    /// What they show until it is enough: what they prefer; otherwise the code of now, and when it was used, or there is no authenticator, something else.
    fn attempts(&self, person: Person, lack: Lack) -> Vec<Attempt> {
        let factors = &self.factors[person];
        let does = |which: &usize| factors.passkeys[*which].class >= lack.class();
        let passkey = factors.own_passkeys().into_iter().rfind(does).map(|which| vec![(Shown::Passkey(which), Ok(()))]);
        let recovery = factors.codes.filter(|_| factors.has_codes_left()).map(|codes| {
            let next = codes.first + codes.used;
            // Before the next one the last that was used; before the first one of the former.
            let former = next.checked_sub(1).map(|at| (Shown::Recovery(at), Err(Rejection::WrongRecoveryCode)));
            former.into_iter().chain([(Shown::Recovery(next), Ok(()))]).collect()
        });
        let key = factors.own_keys().last().filter(|_| lack == Lack::Any).map(|which| {
            let first = if let Prefers::Key(Some(first)) = self.prefers[person] { Some(first) } else { None };
            let first = first.and_then(|first| self.shown_wrongly(person, first)).map(|(shown, why)| (shown, Err(why)));
            let all = first.into_iter().chain([(KeyShown::Own(*which), Ok(()))]);
            all.map(|(shown, result)| (Shown::SecurityKey(shown), result)).collect()
        });
        if let (Prefers::Key(_), Some(key)) = (self.prefers[person], &key) {
            return Vec::clone(key);
        }
        let passkey = passkey.or(key);
        match (self.prefers[person], passkey, recovery) {
            (Prefers::Passkey | Prefers::Lesser, Some(passkey), _) => passkey,
            (Prefers::Recovery, _, Some(recovery)) => recovery,
            (_, passkey, recovery) => {
                let own = factors.authenticator.filter(|_| lack == Lack::Any);
                let others = recovery.filter(|_| own.is_some() || passkey.is_none());
                let rest = others.or(passkey).unwrap_or_default();
                match own {
                    Some(own) if self.now / STEP > own.last_step => vec![(Shown::Code, Ok(()))],
                    Some(_) => [(Shown::Code, Err(Rejection::WrongSecondFactor))].into_iter().chain(rest).collect(),
                    None => rest,
                }
            }
        }
    }

    /// What a passkey of a person proves.
    pub(super) fn given_by(&self, person: Person, which: usize) -> Given {
        Given::Passkey(which, self.factors[person].passkeys[which].class)
    }

    /// A passkey that will not do where one is asked for of this class.
    pub(super) fn lesser(&self, person: Person, lack: Lack) -> Option<usize> {
        let (factors, prefers) = (&self.factors[person], self.prefers[person]);
        let falls_short = |which: &usize| factors.passkeys[*which].class < lack.class();
        factors.own_passkeys().into_iter().rfind(falls_short).filter(|_| prefers == Prefers::Lesser)
    }

    /// They show it: what was proved by that, and what they showed until then.
    pub(super) fn show_factor(&mut self, person: Person, lack: Lack) -> (Vec<Attempt>, Result<Given, Rejection>) {
        let attempts = self.attempts(person, lack);
        self.show_wrong(person, attempts.iter().filter(|(shown, result)| shown.is_typed() && result.is_err()).count());
        let Some((shown, result)) = attempts.last().copied() else { return (attempts, Err(Rejection::ClassNotMet)) };
        if let Err(rejection) = result {
            return (attempts, Err(rejection));
        }
        self.resets[person] = None;
        let (step, factors) = (self.now / STEP, &mut self.factors[person]);
        let given = match shown {
            Shown::Code => {
                factors.authenticator.iter_mut().for_each(|own| own.last_step = step);
                Given::Code
            }
            Shown::Recovery(_) => {
                factors.codes.iter_mut().for_each(|codes| codes.used += 1);
                Given::Recovery
            }
            Shown::Passkey(which) => self.given_by(person, which),
            Shown::SecurityKey(shown) => {
                let KeyShown::Own(which) = shown else { return (attempts, Err(Rejection::WrongSecurityKey)) };
                self.note_answer(person, which);
                Given::SecurityKey(which)
            }
        };
        // Where nothing but a passkey will do, and with one touch, it is not offered.
        if lack == Lack::Any {
            self.keep_device(person, given);
        }
        (attempts, Ok(given))
    }
}

//! Second factors: an authenticator, each step of whose clock counts once, and the recovery codes that come with the first. Who has one shows it
//! whenever they say anew who they are, unless it was shown in the same browser and the request does not ask for everything anew.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::protocol::rejection::Rejection;

use super::Model;
use crate::model::operation::Person;

const STEP: i64 = 30;
const CODES: usize = 10;
/// How long after proving something a person may change their second factors.
pub(super) const FRESH: i64 = 600;
/// How long a request to take them away waits, and how long it can be used then.
const WAIT: i64 = 86_400;
pub(super) const OPEN_FOR: i64 = 7 * 86_400;

/// What an account has beside its first proof.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    since: i64,
    /// The step of the last code that was taken.
    last_step: i64,
    /// How many recovery codes were used: the first ones.
    used: usize,
}

/// What somebody shows as a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Shown {
    /// The code of now.
    Code,
    /// The recovery code at this place.
    Recovery(usize),
}

/// Something that is shown, and what comes of it.
pub(in crate::model) type Attempt = (Shown, Result<(), Rejection>);

/// What comes of changing a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Changing {
    /// Nobody is signed in.
    Nobody,
    /// There is none.
    Nothing,
    /// Something must be proved anew first.
    Asked,
    Done,
}

/// What comes of saying that all are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Losing {
    /// A request begins.
    Begun,
    /// It waits.
    Waits,
    /// They are taken away.
    Removed,
}

/// What the proofs of a grant are worth to an application, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Provider,
    Password(i64),
    /// A password and a second factor.
    Both(i64),
}

impl Model {
    /// What a person shows to be let in now: the code of now; when it was used, a recovery code, and before it one that was used, if there is
    /// one. Nothing when nothing is asked for.
    pub(in crate::model) fn would_show(&self, person: Person) -> Vec<Attempt> {
        let Some(Factor { last_step, used, .. }) = self.factors[person] else { return Vec::new() };
        if self.now / STEP > last_step {
            return vec![(Shown::Code, Ok(()))];
        }
        let mut attempts = vec![(Shown::Code, Err(Rejection::WrongSecondFactor))];
        // When none is left, nobody is asked for one.
        if used < CODES {
            let former = used.checked_sub(1).map(|at| (Shown::Recovery(at), Err(Rejection::WrongRecoveryCode)));
            attempts.extend(former);
            attempts.push((Shown::Recovery(used), Ok(())));
        }
        attempts
    }

    /// They show it: when the last that they show was shown, if one was asked for.
    pub(super) fn show_second(&mut self, person: Person) -> Result<Option<i64>, Rejection> {
        let mut attempts = self.would_show(person);
        let Some((shown, result)) = attempts.pop() else { return Ok(None) };
        self.show_wrong(person, attempts.len() + usize::from(result.is_err()));
        result?;
        self.resets[person] = None;
        self.keep_device(person);
        let step = self.now / STEP;
        if let Some(factor) = &mut self.factors[person] {
            match shown {
                Shown::Code => factor.last_step = step,
                Shown::Recovery(_) => factor.used += 1,
            }
        }
        Ok(Some(self.now))
    }

    /// Whether whoever is signed in has just proved all that signs in to the account.
    fn has_just_proved(&self, person: Person) -> bool {
        let is_fresh = |at: i64| self.now < at + FRESH;
        self.browsers[person].is_some_and(|at| {
            let one = &self.sign_ins[at];
            is_fresh(one.first) && (self.factors[person].is_none() || one.second.is_some_and(is_fresh))
        })
    }

    /// Sets up an authenticator, in the place of the former one. With the first one the sign-ins end that were made without.
    pub(in crate::model) fn enrol(&mut self, person: Person) -> Changing {
        if !self.comes(person) {
            return Changing::Nobody;
        }
        if !self.has_just_proved(person) {
            return Changing::Asked;
        }
        self.resets[person] = None;
        let (now, this) = (self.now, self.browsers[person]);
        self.end_kept(person);
        let former = self.factors[person];
        let used = former.map_or(0, |former| former.used);
        self.factors[person] = Some(Factor { since: now, last_step: now / STEP, used });
        if former.is_none() {
            self.end_without_second(person, this);
        }
        if let Some(this) = this {
            let one = &mut self.sign_ins[this];
            (one.second, one.used) = (Some(now), now);
        }
        Changing::Done
    }

    /// The sign-ins of a person but this one end that were made without a second factor.
    pub(super) fn end_without_second(&mut self, person: Person, this: Option<usize>) {
        for (at, one) in self.sign_ins.iter_mut().enumerate() {
            if Some(at) != this && one.person == person && one.second.is_none() {
                one.ended = true;
            }
        }
    }

    /// Does without.
    pub(in crate::model) fn remove_factor(&mut self, person: Person) -> Changing {
        if !self.comes(person) {
            return Changing::Nobody;
        }
        if self.factors[person].is_none() {
            return Changing::Nothing;
        }
        if !self.has_just_proved(person) {
            return Changing::Asked;
        }
        (self.factors[person], self.resets[person]) = (None, None);
        self.end_kept(person);
        Changing::Done
    }

    /// They give the first proof and say that they have lost all: nothing where that is no question.
    pub(in crate::model) fn lose(&mut self, person: Person) -> Option<Losing> {
        if self.is_shut(person) || !self.has_password(person) || self.factors[person].is_none() {
            return None;
        }
        Some(match self.resets[person] {
            Some(opens) if self.now < opens => Losing::Waits,
            Some(opens) if self.now < opens + OPEN_FOR => {
                self.reset_factors(person);
                Losing::Removed
            }
            _ => {
                self.resets[person] = Some(self.now + WAIT);
                Losing::Begun
            }
        })
    }

    /// The operator takes them away, and all ends that hangs on a sign-in.
    pub(in crate::model) fn reset_factors(&mut self, person: Person) {
        self.factors[person] = None;
        self.end_access(person);
    }

    /// Whether a person has one.
    pub(in crate::model) fn has_factor(&self, person: Person) -> bool {
        self.factors[person].is_some()
    }

    /// What was set up since then goes: the account comes to its owner.
    pub(super) fn forget_factors_since(&mut self, person: Person, since: i64) {
        self.factors[person] = self.factors[person].filter(|factor| factor.since < since);
    }

    /// What an access token, and the ID token beside it, says of the authentication behind it: the class, and when all of it was proved.
    pub(in crate::model) fn assured(&self, access_token: usize) -> (Option<&'static str>, Option<i64>) {
        match self.grants[self.access_tokens[access_token].grant].worth {
            Worth::Provider => (None, None),
            Worth::Password(at) => (Some(PASSWORD_CLASS), Some(at)),
            Worth::Both(at) => (Some(MFA_CLASS), Some(at)),
        }
    }
}

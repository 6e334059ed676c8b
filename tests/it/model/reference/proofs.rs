//! What somebody has proved: a password or the word of a provider, codes, a passkey, each with the time at which it was given last; and what that is worth to
//! applications. The word of a provider makes no class true, nor does a code beside it. A passkey is two factors by itself, whatever stands beside it.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};

use crate::model::operation::Class;

/// What says by itself who somebody is, beside a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Password,
    /// By this session there.
    Provider(usize),
}

/// What is given beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Code,
    Recovery,
    /// The passkey at this place.
    Passkey(usize),
}

/// All that somebody has proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Proofs {
    first: Option<(First, i64)>,
    code: Option<i64>,
    recovery: Option<i64>,
    passkey: Option<(usize, i64)>,
}

/// What the proofs of a grant are worth to an application, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    class: Option<Class>,
    since: Option<i64>,
}

impl Proofs {
    pub(super) fn of(first: First, at: i64) -> Self {
        Self { first: Some((first, at)), ..Self::default() }
    }

    /// These and one more.
    pub(super) fn with(self, given: Given, at: i64) -> Self {
        match given {
            Given::Code => Self { code: Some(at), ..self },
            Given::Recovery => Self { recovery: Some(at), ..self },
            Given::Passkey(which) => Self { passkey: Some((which, at)), ..self },
        }
    }

    /// These, and beside them the second factors that were shown in the same browser before.
    pub(super) fn beside(self, former: Self) -> Self {
        Self {
            first: self.first,
            code: self.code.or(former.code),
            recovery: self.recovery.or(former.recovery),
            passkey: self.passkey.or(former.passkey),
        }
    }

    /// The session at the provider that they came by, if they did.
    pub(super) fn upstream(self) -> Option<usize> {
        match self.first {
            Some((First::Provider(session), _)) => Some(session),
            _ => None,
        }
    }

    /// When a password was typed, if one was.
    pub(super) fn password(self) -> Option<i64> {
        self.first.filter(|(first, _)| *first == First::Password).map(|(_, at)| at)
    }

    /// When anything was given that says by itself who they are.
    pub(super) fn named(self) -> Option<i64> {
        self.first.map(|(_, at)| at).max(self.passkey())
    }

    /// When a second factor was shown, of whatever kind.
    pub(super) fn second(self) -> Option<i64> {
        self.typed().max(self.passkey())
    }

    /// When anything was proved.
    pub(super) fn last(self) -> Option<i64> {
        self.named().max(self.second())
    }

    pub(super) fn recovery(self) -> Option<i64> {
        self.recovery
    }

    pub(super) fn passkey(self) -> Option<i64> {
        self.passkey.map(|(_, at)| at)
    }

    /// Which passkey was shown, if one was.
    pub(super) fn by_passkey(self) -> Option<usize> {
        self.passkey.map(|(which, _)| which)
    }

    /// Whether a code of the authenticator was typed.
    pub(super) fn by_code(self) -> bool {
        self.code.is_some()
    }

    /// When a code of either kind was typed.
    fn typed(self) -> Option<i64> {
        self.code.max(self.recovery)
    }

    /// Since when a class is true; of two factors the older counts, and of two ways to them the newer.
    pub(super) fn since(self, class: Class) -> Option<i64> {
        match class {
            Class::Password => self.password(),
            Class::Both => self.password().zip(self.typed()).map(|(one, other)| one.min(other)).max(self.passkey()),
            Class::Passkey => self.passkey(),
        }
    }

    /// The strongest class that is true.
    pub(super) fn class(self) -> Option<Class> {
        [Class::Passkey, Class::Both, Class::Password].into_iter().find(|class| self.since(*class).is_some())
    }

    /// What an application is told: the class that its request insists on, where that is true, or the strongest.
    pub(super) fn worth(self, insists: Option<Class>) -> Worth {
        let class = insists.filter(|class| self.since(*class).is_some()).or(self.class());
        Worth { class, since: class.and_then(|class| self.since(class)) }
    }
}

impl Worth {
    /// The name of the class, and since when it is true.
    pub(super) fn told(self) -> (Option<&'static str>, Option<i64>) {
        let name = |class| match class {
            Class::Password => PASSWORD_CLASS,
            Class::Both => MFA_CLASS,
            Class::Passkey => PHISHING_RESISTANT_CLASS,
        };
        (self.class.map(name), self.since)
    }
}

//! What somebody has proved: a password or the word of a provider, codes, a security key, a passkey, each with the time at which it was given last; and what that is worth to
//! applications. The word of a provider makes the class true that it counts as, and what that is more than; where it counts as none it makes
//! none true, nor does a code beside it. A passkey is two factors by itself, whatever stands beside it;
//! one that hardware keeps is not forgotten when a lesser one is shown after it.

use doorward::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};

use crate::model::operation::{Class, Session, WORDS};

/// What says by itself who somebody is, beside a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Password,
    /// By this session there.
    Provider(Session),
}

/// What is given beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Code,
    Recovery,
    /// The passkey at this place, which makes this class true.
    Passkey(usize, Class),
    /// The security key at this place.
    SecurityKey(usize),
}

/// All that somebody has proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Proofs {
    first: Option<(First, i64)>,
    code: Option<i64>,
    recovery: Option<i64>,
    /// The security key that was shown last.
    key: Option<(usize, i64)>,
    /// The passkey of hardware that was shown last, and a lesser one that was shown since.
    hardware: Option<(usize, i64)>,
    lesser: Option<(usize, i64)>,
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
            Given::SecurityKey(which) => Self { key: Some((which, at)), ..self },
            Given::Passkey(which, Class::Hardware) => Self { hardware: Some((which, at)), lesser: None, ..self },
            Given::Passkey(which, _) => Self { lesser: Some((which, at)), ..self },
        }
    }

    /// These but for what is worth nothing alone.
    pub(super) fn without_what_was_added(self) -> Self {
        Self { code: None, recovery: None, key: None, ..self }
    }

    /// These, and beside them the second factors that were shown in the same browser before.
    pub(super) fn beside(self, former: Self) -> Self {
        Self {
            first: self.first,
            code: self.code.or(former.code),
            recovery: self.recovery.or(former.recovery),
            key: self.key.or(former.key),
            hardware: self.hardware.or(former.hardware),
            lesser: self.lesser.or(former.lesser.filter(|_| self.hardware.is_none())),
        }
    }

    /// Whether whoever is signed in by those has proved by these all anew that there is to it.
    pub(super) fn are_anew(self, former: Self) -> bool {
        let second = self.second_or_word();
        self.named() > former.named() && (second.is_none() || second > former.second_or_word())
    }

    /// The session at the provider that they came by, if they did.
    pub(super) fn upstream(self) -> Option<Session> {
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
        self.first.map(|(_, at)| at).max(self.passkey(Class::Passkey))
    }

    /// When the provider gave its word, if that counts as such a class.
    fn word(self, counts: impl Fn(Class) -> bool) -> Option<i64> {
        let (_, at) = self.first?;
        WORDS[self.upstream()?].is_some_and(counts).then_some(at)
    }

    /// When two factors were shown, of which one may have been shown to the provider.
    pub(super) fn second_or_word(self) -> Option<i64> {
        self.second().max(self.word(|word| word >= Class::Both))
    }

    /// When a second factor of the account was shown, of whatever kind.
    pub(super) fn second(self) -> Option<i64> {
        self.added().max(self.passkey(Class::Passkey))
    }

    /// When anything was proved.
    pub(super) fn last(self) -> Option<i64> {
        self.named().max(self.second())
    }

    pub(super) fn recovery(self) -> Option<i64> {
        self.recovery
    }

    /// When a passkey was shown last that makes this class true.
    pub(super) fn passkey(self, class: Class) -> Option<i64> {
        let of_hardware = self.hardware.map(|(_, at)| at);
        if class == Class::Hardware { of_hardware } else { of_hardware.max(self.lesser.map(|(_, at)| at)) }
    }

    /// Whether they rest on this passkey.
    pub(super) fn rest_on(self, passkey: usize) -> bool {
        [self.hardware, self.lesser].into_iter().flatten().any(|(which, _)| which == passkey)
    }

    /// Whether a code of the authenticator was typed.
    pub(super) fn by_code(self) -> bool {
        self.code.is_some()
    }

    /// The methods that an application is told of them, in no order, where no passkey is among them and the security key is told as this.
    pub(super) fn methods(self, of_key: &'static str) -> Vec<&'static str> {
        let given = [
            (self.password().is_some(), "pwd"),
            (self.code.or(self.recovery).is_some(), "otp"),
            (self.key.is_some(), of_key),
            (self.since(Class::Both).is_some(), "mfa"),
        ];
        given.into_iter().filter(|(is_true, _)| *is_true).map(|(_, method)| method).collect()
    }

    /// The security key that was shown last, by its place.
    pub(super) fn by_key(self) -> Option<usize> {
        self.key.map(|(which, _)| which)
    }

    /// When anything was shown that is worth nothing but beside something else: a code of either kind, a security key.
    fn added(self) -> Option<i64> {
        self.code.max(self.recovery).max(self.key.map(|(_, at)| at))
    }

    /// Since when a class is true; of two factors the older counts, and of two ways to them the newer.
    pub(super) fn since(self, class: Class) -> Option<i64> {
        match class {
            Class::Password => self.password().max(self.word(|word| word == class)),
            Class::Both => {
                let both = self.password().zip(self.added()).map(|(one, other)| one.min(other));
                both.max(self.passkey(Class::Passkey)).max(self.word(|word| word >= class))
            }
            Class::Passkey | Class::Hardware => self.passkey(class).max(self.word(|word| word >= class)),
        }
    }

    /// The strongest class that is true.
    pub(super) fn class(self) -> Option<Class> {
        [Class::Hardware, Class::Passkey, Class::Both, Class::Password]
            .into_iter()
            .find(|class| self.since(*class).is_some())
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
            Class::Hardware => HARDWARE_CLASS,
        };
        (self.class.map(name), self.since)
    }
}

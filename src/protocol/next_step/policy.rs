//! What is demanded of people, as [`next_step`](super::next_step) takes it.

use crate::clock::Timestamp;
use crate::protocol::assurance;
use crate::protocol::demand::Demand;
use crate::protocol::journey::Action;
use crate::protocol::passkey::Kept;
use crate::protocol::proof::Proofs;
use crate::protocol::second_factor::{Guards, SecondFactor};

/// What is demanded of people: by the installation, and by more than that of some.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long after authenticating a person may do what is sensitive, in seconds.
    pub fresh: i64,
    /// Whether a provider's context classes are passed on: then any class may come true that is none of ours.
    pub passes_classes: bool,
    /// The strongest class of ours that a word of a provider counts as, if any does.
    pub vouched: Option<&'static str>,
    /// Whether people have passwords.
    pub with_password: bool,
    /// Whether people have second factors.
    pub second_factor: SecondFactor,
    /// The highest demand of their roles and of the application that they go to, if any.
    pub demanded: Option<Demand>,
    /// How well the keys of passkeys are kept at best, where people have any.
    pub passkeys: Option<Kept>,
    /// For how long people keep a device, in seconds; 0 where they do not.
    pub keep_device: i64,
}

impl Policy {
    /// Whether an action changes by what the account is guarded: also linking an identity, where a provider's word counts as two factors.
    pub(super) fn changes_factors(&self, action: &Action) -> bool {
        action.changes_factors() || (self.takes_words_as_factors() && matches!(action, Action::Link(_)))
    }

    /// Whether the word of a provider counts as two factors.
    pub(super) fn takes_words_as_factors(&self) -> bool {
        self.vouched.is_some_and(|class| class != assurance::PASSWORD_CLASS)
    }

    /// The best that a person can prove without a passkey, whose account has a password or none.
    pub fn best_without_passkey(&self, has_password: bool, now: Timestamp) -> Proofs {
        assurance::best_without_passkey(self.with_password && has_password, self.second_factor, now)
    }

    /// How well the key of the best passkey of an account is kept, as far as it counts here.
    pub(super) fn passkey_of(&self, guards: Guards) -> Option<Kept> {
        Some(guards.passkey?.min(self.passkeys?))
    }
}

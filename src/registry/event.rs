//! Who did what to which thing: the value that every change leaves, for the audit record and the log.
//!
//! Names of fields stand in it, never what was in them: neither secrets nor what is known of a person.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::protocol::named::named;

/// Who acts, and when: what every change is told.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Act {
    /// The operator acts, at the command line.
    pub fn of_operator(at: Timestamp) -> Self {
        Self { by: Actor::Operator, at }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Whoever may run commands on the machine.
    Operator,
    /// A person, by the id of the account.
    User(String),
    /// A client, by its id.
    Client(String),
}

/// What something was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A client.
    Client,
    /// A user.
    User,
    /// A resource.
    Resource,
    /// A sign-in.
    SignIn,
}

named!(Noun { Client = "client", User = "user", Resource = "resource", SignIn = "sign_in" });

impl Noun {
    /// What it is called in a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "account",
            Self::Resource => "resource",
            Self::SignIn => "live sign-in",
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Created,
    /// Some fields were changed.
    Changed,
    /// It got another secret.
    SecretRenewed,
    /// It was switched off.
    SwitchedOff,
    /// It was switched on again.
    SwitchedOn,
    /// It was deleted, with all that hung on it.
    Deleted,
    /// It was ended; of a user: all sign-ins and grants were.
    Ended,
}

named!(Action {
    Created = "created",
    Changed = "changed",
    SecretRenewed = "secret_renewed",
    SwitchedOff = "switched_off",
    SwitchedOn = "switched_on",
    Deleted = "deleted",
    Ended = "ended",
});

/// That something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Who did it.
    pub by: Actor,
    /// To what.
    pub noun: Noun,
    /// The id of that.
    pub id: String,
    /// What was done.
    pub action: Action,
    /// The fields that were named, as the JSON of the noun calls them.
    pub fields: Vec<&'static str>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// The record of what was just committed. It is logged here.
    pub(super) fn of(act: &Act, noun: Noun, id: &str, action: Action, fields: Vec<&'static str>) -> Self {
        let event = Self { by: act.by.clone(), noun, id: id.to_owned(), action, fields, at: act.at };
        let Self { by, noun, id, action, fields, .. } = &event;
        tracing::info!(?by, %noun, %id, %action, ?fields, "registry");
        event
    }
}

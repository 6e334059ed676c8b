//! The record of what happened: who did what, to what, from where, for which client, and what came of it. A row of the audit record is one
//! [`Event`], written in the transaction of what it records (`Transaction::record` of `storage/audit.rs`) and never changed.
//!
//! Names of fields and reasons stand in it, never what was in them: neither secrets nor what is known of a person. A person stands in it by
//! the id of the account alone, and an address that was typed and is nobody's as a keyed hash, so an account can be erased and the record
//! stays.

pub mod ecs;
mod name;
pub mod seal;

use std::fmt;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::api_key::Owner;
use super::device::Device;
use super::named::named;
use super::network::ClientNetwork;
use super::trace::TraceId;
use crate::clock::Timestamp;

pub use name::Name;

/// The detail of an event of a passkey that says that it is of a security key.
pub const SECURITY_KEY: &str = "security_key";

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever may run commands on the machine.
    Operator,
    /// A person, by the id of the account.
    User(String),
    /// A client, by its id.
    Client(String),
    /// The server by itself.
    System,
    /// Somebody who has not shown who they are.
    Nobody,
}

impl fmt::Display for Actor {
    /// `operator`, `user:ID`, `client:ID`, `system` or `nobody`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::System => f.write_str("system"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

/// What kind of thing something was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A client.
    Client,
    /// A user.
    User,
    /// A resource.
    Resource,
    /// A role.
    Role,
    /// A person's account at a provider.
    Identity,
    /// A sign-in.
    SignIn,
    /// A grant.
    Grant,
    /// An API key, by its id.
    ApiKey,
    /// A signing key.
    Key,
    /// A master key.
    MasterKey,
    /// An address that somebody typed and that is nobody's, as a keyed hash.
    Address,
    /// The network of a request, as [`ClientNetwork`] writes it.
    Network,
}

named!(Noun {
    Client = "client",
    User = "user",
    Resource = "resource",
    Role = "role",
    Identity = "identity",
    SignIn = "sign_in",
    Grant = "grant",
    ApiKey = "api_key",
    Key = "key",
    MasterKey = "master_key",
    Address = "address",
    Network = "network",
});

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing.
    pub noun: Noun,
    /// Its id.
    pub id: String,
}

impl fmt::Display for Subject {
    /// `NOUN:ID`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.noun, self.id)
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried in vain: a wrong password.
    Failure,
    /// A rule or a person said no.
    Refused,
}

named!(Outcome { Success = "success", Failure = "failure", Refused = "refused" });

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; `None` when the trusted proxies do not say it in a way that can be read.
    pub address: Option<IpAddr>,
    /// Its name.
    pub trace: TraceId,
    /// With which device, as far as it says; nothing is decided from it, and it stands in no record.
    pub device: Device,
}

/// Who acts, when, and from where: what every change is told.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// From where; `None` on the machine itself.
    pub origin: Option<Origin>,
    /// Under which name at the operating system, when that is an operator; as the environment says, which proves nothing.
    pub os_user: Option<String>,
}

impl Act {
    /// Somebody acts by a request.
    pub const fn by(by: Actor, origin: Origin, at: Timestamp) -> Self {
        Self { by, at, origin: Some(origin), os_user: None }
    }

    /// The operator acts, at the command line.
    pub const fn of_operator(at: Timestamp) -> Self {
        Self { by: Actor::Operator, at, origin: None, os_user: None }
    }

    /// The server acts by itself.
    pub const fn of_system(at: Timestamp) -> Self {
        Self { by: Actor::System, at, origin: None, os_user: None }
    }
}

/// That something happened: one row of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub name: Name,
    /// Who did it.
    pub actor: Actor,
    /// To what.
    pub subject: Option<Subject>,
    /// Which person it concerns, by the id of the account.
    pub user_id: Option<String>,
    /// Which client it concerns.
    pub client_id: Option<String>,
    /// From which network.
    pub network: Option<String>,
    /// By which request.
    pub trace: Option<TraceId>,
    /// With which device: for whoever is told of it, and not recorded.
    pub device: Device,
    /// What came of it.
    pub outcome: Outcome,
    /// What else is to be known: reasons, names of fields, ids, numbers. Never a secret, nor what is known of a person.
    pub details: Map<String, Value>,
    /// Whether all of its kind within a minute, from one network and about one person and client (or about nobody), make one row that counts them.
    pub counted: bool,
}

impl Event {
    /// That an act was done.
    pub fn of(act: &Act, name: Name) -> Self {
        let mut event = Self {
            at: act.at,
            name,
            actor: act.by.clone(),
            subject: None,
            user_id: None,
            client_id: None,
            network: act.origin.map(|origin| ClientNetwork::of(origin.address).to_string()),
            trace: act.origin.map(|origin| origin.trace),
            device: act.origin.map(|origin| origin.device).unwrap_or_default(),
            outcome: Outcome::Success,
            details: Map::new(),
            counted: false,
        };
        match &act.by {
            Actor::User(id) => event.user_id = Some(id.clone()),
            Actor::Client(id) => event.client_id = Some(id.clone()),
            Actor::Operator | Actor::System | Actor::Nobody => {}
        }
        match &act.os_user {
            Some(name) => event.with("os_user", name.as_str()),
            None => event,
        }
    }

    /// What it was done to. A user or a client among those is whom it concerns, too.
    #[must_use]
    pub fn on(mut self, noun: Noun, id: &str) -> Self {
        match noun {
            Noun::User => self.user_id = Some(id.to_owned()),
            Noun::Client => self.client_id = Some(id.to_owned()),
            _ => {}
        }
        self.subject = Some(Subject { noun, id: id.to_owned() });
        self
    }

    /// Which person it concerns.
    #[must_use]
    pub fn about_user(mut self, id: &str) -> Self {
        self.user_id = Some(id.to_owned());
        self
    }

    /// Which client it concerns.
    #[must_use]
    pub fn about_client(mut self, id: &str) -> Self {
        self.client_id = Some(id.to_owned());
        self
    }

    /// Whose API key it concerns.
    #[must_use]
    pub fn about_owner(self, owner: &Owner) -> Self {
        match owner {
            Owner::User(id) => self.about_user(id),
            Owner::Client(id) => self.about_client(id),
        }
    }

    /// What came of it, when it was no success.
    #[must_use]
    pub fn ended_in(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// One more thing to be known.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// One of many: a flood of its kind makes one row a minute for each network, person and client, and one for each network when nobody is meant.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// What those have in common that make one row; `None` for an event that has a row of its own.
    pub fn fold(&self) -> Option<String> {
        let minute = self.at.seconds().div_euclid(60);
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        let client = of(&self.client_id);
        self.counted.then(|| format!("{minute} {} {} {} {client}", self.name, of(&self.network), of(&self.user_id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn failure(address: &str, at: Timestamp) -> Event {
        let origin = Origin { address: address.parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        Event::of(&Act::by(Actor::Nobody, origin, at), Name::SignInFailed).ended_in(Outcome::Failure).counted()
    }

    #[test]
    fn an_event_says_whom_it_concerns_without_being_told_twice() {
        let origin =
            Origin { address: "198.51.100.7".parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        let act = Act::by(Actor::User("u".into()), origin, NOW);
        let event = Event::of(&act, Name::ConsentGiven).on(Noun::Client, "c").with("scopes", "openid");
        assert_eq!((event.user_id.as_deref(), event.client_id.as_deref()), (Some("u"), Some("c")));
        assert_eq!((event.actor.to_string(), event.subject.unwrap().to_string()), ("user:u".into(), "client:c".into()));
        assert_eq!(event.network.as_deref(), Some("198.51.100.7"));
        assert_eq!(event.trace, Some(origin.trace));
    }

    #[test]
    fn failures_of_one_minute_network_and_person_are_one_row() {
        let fold = |event: Event| event.fold().unwrap();
        let one = failure("203.0.113.7", NOW);
        assert_eq!(fold(one.clone()), fold(failure("203.0.113.7", NOW).on(Noun::Address, "hash")));
        assert_ne!(fold(one.clone()), fold(failure("203.0.113.8", NOW)));
        assert_ne!(fold(one.clone()), fold(failure("203.0.113.7", NOW.plus(60))));
        assert_ne!(fold(one.clone()), fold(failure("203.0.113.7", NOW).on(Noun::User, "u")));
        assert_eq!(Event { counted: false, ..one }.fold(), None);
    }
}

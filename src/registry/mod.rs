//! What operators change and, later, self-registration: clients, users, identities, resources, sign-ins and lockouts, one file per noun.
//!
//! One set of functions with several faces: today the commands, then the admin API and dynamic registration (RFC 7591). A face parses, calls
//! and prints; what may be and what happens then is decided here. Input is typed, what is wrong is told field by field
//! ([`Problems`]), and what comes back is a view that is the same in every face. Who did what is an [`Event`], the audit row, written in the
//! transaction of the change.
//!
//! A change writes the fields that it names and no others. Rules may span fields, so the row is held first
//! ([`Transaction::hold_client`](crate::storage::Transaction::hold_client) and its like): what is checked is what is written, and whoever else
//! changes the row waits. What needs no rule is one statement.

mod api_key;
mod client;
mod client_secrets;
mod deletion;
mod factor;
mod identity;
mod import;
mod leaving;
mod lockout;
mod resource;
mod resource_secret;
mod role;
mod sign_in;
mod ticket;
mod user;

use std::fmt;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::config::{ApiKeysConfig, Config, OutgoingConfig, UpstreamConfig};
use crate::failure::Failure;
use crate::leaked::Leaked;
use crate::passkeys;
use crate::password::Hasher;
use crate::protocol::assurance::{self, HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::attempts::Limits;
use crate::protocol::audit::{Event, Noun};
use crate::protocol::issuer::Issuer;
use crate::protocol::mailbox::Powers;
use crate::protocol::new_password::Words;
use crate::protocol::problem::Problems;
use crate::storage::{Storage, Transaction};

pub use crate::protocol::audit::Act;
pub use api_key::{ApiKeyView, Issued, IssuedKey, KeyOwner, KeyUseView, NewKey, OwnKeys, SignedIn};
pub use client::{ClientChange, ClientView, IssuedClient, NewClient};
pub use client_secrets::{ClientSecretView, IssuedClientSecret, Renewal};
pub use deletion::{ClientBelongings, UserBelongings};
pub use factor::FactorView;
pub use identity::{IdentityEntry, IdentityView, NewIdentity, WhichIdentity};
pub use import::{ImportView, ImportedView, Importing};
pub use lockout::{LockoutView, Refused};
pub use resource::{IssuedResource, NewResource, ResourceChange, ResourceView};
pub use resource_secret::{IssuedSecret, SecretView};
pub use role::{Giving, Recipient, RoleChange, RoleUse, RoleView};
pub use sign_in::{SignInView, Which};
pub use ticket::{Delivery, Invitation, LinkView};
pub use user::{NewUser, UserChange, UserView};

/// The decisions about what is registered, with all that they need.
#[derive(Clone, Debug)]
pub struct Registry {
    storage: Storage,
    hasher: Hasher,
    leaked: Leaked,
    words: Words,
    issuer: String,
    outgoing: OutgoingConfig,
    /// What seals the secrets of APIs; `None` without the master key.
    seal: Option<resource_secret::Seal>,
    /// How long an access token is valid, in seconds.
    access_token_lifetime: i64,
    /// The longest pause between two uses of a sign-in, in seconds.
    idle: i64,
    /// What keys of people and services may be.
    api_keys: ApiKeysConfig,
    /// How many attempts to sign in may fail.
    attempts: Limits,
    /// Whether anybody can sign in with a password.
    with_password: bool,
    /// Whether they sign in with a passkey.
    with_passkeys: bool,
    /// Whether the host of the issuer is one that can have passkeys.
    may_have_passkeys: bool,
    /// The strongest context class that a sign-in can be in here.
    best_class: Option<&'static str>,
    /// What mail is good for.
    by_mail: Powers,
    /// Whether mail can be sent.
    with_mail: bool,
    /// The providers that are switched on, by their ids.
    usable: Vec<String>,
}

/// What was done, and the record of it.
#[derive(Debug)]
pub struct Changed<T> {
    /// What it is now.
    pub view: T,
    /// Who did what, as it was recorded: for a face that answers with it.
    pub event: Event,
    /// What may be a mistake, though it can be: a sentence each.
    pub warnings: Vec<String>,
}

/// Why something was not done. Nothing was written.
#[derive(Debug)]
pub enum Error {
    /// What was given cannot be.
    Invalid(Problems),
    /// There is nothing of the kind with this id.
    Missing(Noun, String),
    /// We could not.
    Failed(Failure),
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problems) => problems.fmt(f),
            Self::Missing(noun, id) => write!(f, "there is no {} '{}'", words(*noun), id.escape_debug()),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Whether a client or an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It can.
    On,
    /// It was switched off.
    Off,
}

impl State {
    fn of(disabled_at: Option<Timestamp>) -> Self {
        if disabled_at.is_some() { Self::Off } else { Self::On }
    }
}

impl Registry {
    /// A registry over this storage.
    ///
    /// # Errors
    /// A sentence when the settings of `[password]` do not fit together, or the list of leaked passwords cannot be read.
    pub fn new(storage: Storage, config: &Config) -> Result<Self, Failure> {
        Self::beside(storage, config, (Hasher::new(&config.password)?, Leaked::new(&config.password)?))
    }

    /// A registry that judges and hashes passwords with what a server does it with.
    ///
    /// # Errors
    /// A sentence when the issuer is wrong.
    pub fn beside(storage: Storage, config: &Config, (hasher, leaked): (Hasher, Leaked)) -> Result<Self, Failure> {
        let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
        storage.roles_come_of(config.providers());
        let may_have_passkeys = passkeys::are_possible(&issuer);
        let with_passkeys = config.sign_in.passkeys && may_have_passkeys;
        let kept = with_passkeys.then(|| config.passkeys.attestation.kept_at_best());
        let enabled: Vec<&UpstreamConfig> = config.upstream.iter().filter(|one| one.enabled).collect();
        let vouched = UpstreamConfig::strongest_class(&enabled);
        Ok(Self {
            storage,
            hasher,
            leaked,
            words: Words::of_site(&issuer, &config.brand.name),
            issuer: config.server.issuer.clone(),
            outgoing: config.outgoing.clone(),
            seal: None,
            access_token_lifetime: config.tokens.access_token_lifetime,
            idle: config.sign_in.idle,
            api_keys: config.api_keys.clone(),
            attempts: config.limits.attempts(),
            with_password: config.sign_in.password,
            with_passkeys,
            may_have_passkeys,
            best_class: assurance::classes(config.sign_in.password, config.sign_in.second_factor, kept, vouched).next(),
            by_mail: Powers {
                is_on: config.mail.is_on(),
                resets: config.sign_in.password,
                signs_in: config.sign_in.email,
            },
            with_mail: config.mail.is_on(),
            usable: enabled.iter().map(|one| one.id.clone()).collect(),
        })
    }
}

impl Registry {
    /// What may be a mistake in what is demanded of people: that nobody can meet it here, as the settings are; and which would change that.
    fn beyond_reach(&self, acr: Option<&str>) -> Option<String> {
        let acr = acr.filter(|acr| assurance::strength(acr) > self.best_class.and_then(assurance::strength))?;
        let best = self.best_class.map_or_else(String::new, |best| format!(": the strongest class is '{best}'"));
        let remedy =
            self.remedy(acr).map_or_else(String::new, |settings| format!("; what would change that: {settings}"));
        Some(format!("nobody can sign in here as '{acr}' demands, as the settings are{best}{remedy}"))
    }

    /// The settings with which people could reach a class that they cannot reach now.
    fn remedy(&self, acr: &str) -> Option<&'static str> {
        match (acr, self.may_have_passkeys) {
            (HARDWARE_CLASS, true) if self.with_passkeys => {
                Some("passkeys.attestation = \"asked\", with passkeys.attestation_roots")
            }
            (HARDWARE_CLASS, true) => {
                Some("sign_in.passkeys = true, and passkeys.attestation = \"asked\", with passkeys.attestation_roots")
            }
            (PHISHING_RESISTANT_CLASS, true) => Some("sign_in.passkeys = true"),
            (MFA_CLASS, true) if self.with_password => {
                Some("sign_in.second_factor = \"offered\", or sign_in.passkeys = true")
            }
            (MFA_CLASS, true) => Some("sign_in.passkeys = true"),
            (MFA_CLASS, false) if self.with_password => Some("sign_in.second_factor = \"offered\""),
            (HARDWARE_CLASS, false) => Some(
                "a name as the host in server.issuer, for which alone there are passkeys, with sign_in.passkeys = true, and \
                 passkeys.attestation = \"asked\", with passkeys.attestation_roots",
            ),
            (PHISHING_RESISTANT_CLASS | MFA_CLASS, false) => Some(
                "a name as the host in server.issuer, for which alone there are passkeys, with sign_in.passkeys = true",
            ),
            (PASSWORD_CLASS, _) => Some("sign_in.password = true"),
            _ => None,
        }
    }
}

/// Records what was done, and makes both permanent.
async fn commit(mut transaction: Transaction, event: &Event) -> Result<(), Failure> {
    transaction.record(event).await?;
    transaction.commit().await
}

/// What a thing is called in a sentence.
const fn words(noun: Noun) -> &'static str {
    match noun {
        Noun::User => "account",
        Noun::SignIn => "live sign-in",
        Noun::ApiKey => "API key",
        other => other.as_str(),
    }
}

/// Puts what was given in its place; tells whether there was something.
fn set<T>(given: Option<T>, place: &mut T) -> bool {
    let is_given = given.is_some();
    if let Some(value) = given {
        *place = value;
    }
    is_given
}

/// The fields that were given.
fn given<F: Copy>(fields: impl IntoIterator<Item = (F, bool)>) -> Vec<F> {
    fields.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field).collect()
}

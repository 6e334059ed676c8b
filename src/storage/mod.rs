//! Storage on SQLite or PostgreSQL: the only folder that names sqlx. A method is a domain verb.
//!
//! One SQL text serves both databases: constants made by `statements!`, with `$1` parameters and portable columns (TEXT, BIGINT
//! seconds, BLOB or BYTEA). [`Storage::read`] gives a [`Reader`], [`Storage::begin`] a [`Transaction`]; what writes exists on the
//! transaction alone. No request ever holds two connections: each handler takes one, uses it, and gives it back before it
//! signs or hashes anything.
//!
//! Every method that asks the database can fail with it, and says under `Errors` only what is more than that.
//!
//! SQLite runs in WAL mode with `synchronous=FULL`: tokens are promises, and neither a killed process nor a power cut
//! takes back what was committed. One connection writes (`BEGIN IMMEDIATE`), several read. PostgreSQL runs at READ COMMITTED;
//! wherever a race decides something, one statement decides it. What changes behind PgBouncer is said in `pooled.rs`.

mod access;
mod alerts;
mod api_keys;
mod attempts;
mod audit;
mod audit_batches;
mod cleanup;
mod client_secrets;
mod clients;
mod codes;
mod connection;
mod consents;
mod deletion;
mod directory;
mod endings;
mod errands;
mod export;
mod factor_resets;
mod factors;
mod grants;
mod identities;
mod kept_devices;
mod keys;
mod leases;
mod leaving;
mod lockouts;
mod logout_outbox;
mod mail_outbox;
mod memory;
mod migrate;
mod news;
mod options;
mod outcome;
mod own_issuer;
mod passkeys;
mod pool;
mod pooled;
mod refresh_tokens;
mod resource_secrets;
mod resources;
mod roles;
mod rows;
mod sign_ins;
mod tickets;
mod transaction;
mod trial;
mod unproven;
mod upstream_logouts;
mod users;

pub use access::AppWithAccess;
pub use api_keys::{KeyUse, LEAKED, NewApiKey, StandingKey};
pub use attempts::Place;
pub use audit::{AuditFilter, ListedEvent};
pub use audit_batches::AuditBatch;
pub use client_secrets::{ExpiringSecret, SecretUse};
pub use codes::NewCode;
pub use connection::{Reader, Storage};
pub use directory::Directory;
pub use endings::ProvedBy;
pub use errands::{Away, NewErrand, StoredErrand};
pub use factors::{Factor, FactorSeal, NewFactor};
pub use grants::NewGrant;
pub use keys::{KeyRows, StoredKey};
pub use leases::Lease;
pub use leaving::{Deletion, Departure, Gone, Left, PAUSE, TRIES, in_use};
pub use lockouts::{Locked, Noted, Slowed};
pub use mail_outbox::{NewMail, Post, TakenMail, WaitingMail};
pub use migrate::{Migration, MigrationReport, Version};
pub use news::KeyNews;
pub use refresh_tokens::{NewRefreshToken, Replacement};
pub use resource_secrets::StoredSecret;
pub use roles::{Holders, PersonWithRole};
pub use sign_ins::{NewSignIn, SignInEntry, SignInFilter};
pub use tickets::{GivenLink, NewTicket, StoredTicket};
pub use transaction::Transaction;
pub use users::{Account, ListedAccount, PasswordTimes, UserFilter};

/// Defines SQL constants and the list `STATEMENTS` of all of them, which a test prepares on both databases.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(const $name: &str = $sql;)+
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;

/// Runs one expression on the connection of either database: the database's own outcome, which is to be settled.
macro_rules! attempt {
    ($connection:expr, |$link:ident| $body:expr) => {
        match $connection.link() {
            crate::storage::connection::Link::Sqlite($link) => $body,
            crate::storage::connection::Link::Postgres($link) => $body,
        }
    };
}
pub(crate) use attempt;

/// Runs one expression on the connection of either database; any error is a failure.
macro_rules! on {
    ($connection:expr, |$link:ident| $body:expr) => {{
        let outcome = crate::storage::attempt!($connection, |$link| $body);
        $connection.settle(outcome)
    }};
}
pub(crate) use on;

/// Every SQL constant with its name.
fn every_statement() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        access::STATEMENTS,
        alerts::STATEMENTS,
        api_keys::STATEMENTS,
        attempts::STATEMENTS,
        audit::STATEMENTS,
        audit_batches::STATEMENTS,
        cleanup::STATEMENTS,
        client_secrets::STATEMENTS,
        clients::STATEMENTS,
        codes::STATEMENTS,
        consents::STATEMENTS,
        deletion::STATEMENTS,
        endings::STATEMENTS,
        errands::STATEMENTS,
        export::STATEMENTS,
        factor_resets::STATEMENTS,
        factors::STATEMENTS,
        grants::STATEMENTS,
        identities::STATEMENTS,
        kept_devices::STATEMENTS,
        keys::STATEMENTS,
        leases::STATEMENTS,
        leaving::STATEMENTS,
        lockouts::STATEMENTS,
        logout_outbox::STATEMENTS,
        mail_outbox::STATEMENTS,
        news::STATEMENTS,
        own_issuer::STATEMENTS,
        passkeys::STATEMENTS,
        refresh_tokens::STATEMENTS,
        resource_secrets::STATEMENTS,
        resources::STATEMENTS,
        roles::STATEMENTS,
        sign_ins::STATEMENTS,
        tickets::STATEMENTS,
        trial::STATEMENTS,
        unproven::STATEMENTS,
        upstream_logouts::STATEMENTS,
        users::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

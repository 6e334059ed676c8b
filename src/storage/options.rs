//! How the two databases are connected to, and which errors of that may pass.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::pool::is_starting;
use crate::config::DatabaseConfig;

/// Whether the database may be there soon: it does not answer, is not known by name yet, or is just starting.
pub(super) fn may_come(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) || is_starting(error)
}

/// PostgreSQL's options; and, behind PgBouncer, those of the way past it when it is known.
///
/// # Errors
/// A sentence that holds nothing of the URL.
pub(super) fn postgres(config: &DatabaseConfig) -> sqlx::Result<(PgConnectOptions, Option<PgConnectOptions>)> {
    let options = address("database.url", &config.url)?;
    if !config.pooled {
        return Ok((with_settings(options), None));
    }
    let is_given = !config.direct_url.is_empty();
    let direct = is_given.then(|| address("database.direct_url", &config.direct_url)).transpose()?;
    Ok((options.extra_float_digits(None), direct.map(with_settings)))
}

fn address(key: &str, url: &str) -> sqlx::Result<PgConnectOptions> {
    // Words of the parser could hold a part of the URL.
    let options: PgConnectOptions = url.parse().map_err(|_| {
        let words = format!("{key} cannot be used: a port, a host address or an sslmode in it is none");
        sqlx::Error::Configuration(words.into())
    })?;
    Ok(options.application_name("doorward"))
}

fn with_settings(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        // Whatever the server's default is: single statements decide races, and none of them is to be tried again.
        ("default_transaction_isolation", "read committed"),
        ("lock_timeout", "5s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ])
}

/// SQLite's options.
pub(super) fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
}

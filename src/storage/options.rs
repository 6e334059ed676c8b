//! How the two databases are connected to, and which errors of that may pass.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::pool::is_starting;

/// Whether the database may be there soon: it does not answer, is not known by name yet, or is just starting.
pub(super) fn may_come(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) || is_starting(error)
}

/// PostgreSQL's options.
///
/// # Errors
/// A sentence that holds nothing of the URL.
pub(super) fn postgres(url: &str) -> sqlx::Result<PgConnectOptions> {
    // Words of the parser could hold a part of the URL.
    let options: PgConnectOptions = url.parse().map_err(|_| {
        let words = "database.url cannot be used: a port, a host address or an sslmode in it is none";
        sqlx::Error::Configuration(words.into())
    })?;
    Ok(options.application_name("doorward").options([
        // Whatever the server's default is: single statements decide races, and none of them is to be tried again.
        ("default_transaction_isolation", "read committed"),
        ("lock_timeout", "5s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ]))
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

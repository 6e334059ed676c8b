//! How the two databases are connected to, and which errors of that may pass.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::pool::is_starting;
use crate::config::DatabaseConfig;

/// How much of the file a reader keeps in memory: below zero in KiB, as `PRAGMA cache_size` has it.
const READER_CACHE: &str = "-512";

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

/// SQLite's options for the connection that writes. It keeps 2 MiB of the file in memory, as SQLite does by itself.
pub(super) fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
}

/// SQLite's options for one of the connections that read.
///
/// A reader needs little memory: it forgets what it has read as soon as anything was committed, and the operating system has the file
/// in memory too.
pub(super) fn sqlite_reader(writer: &SqliteConnectOptions) -> SqliteConnectOptions {
    writer.clone().read_only(true).pragma("cache_size", READER_CACHE)
}

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions, Connection};

    use super::*;

    #[tokio::test]
    async fn all_connections_together_keep_little_of_the_file_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let writer = sqlite(&folder.path().join("doorward.db")).create_if_missing(true);
        let mut kib = Vec::new();
        for options in [writer.clone(), sqlite_reader(&writer)] {
            let mut connection = options.connect().await.unwrap();
            // Below zero it is a size in KiB, above it a number of pages.
            let size: i64 = sqlx::query_scalar("PRAGMA cache_size").fetch_one(&mut connection).await.unwrap();
            assert!(size < 0, "{size}");
            kib.push(-size);
            connection.close().await.unwrap();
        }
        // By default eight read for requests, and one hears the news.
        assert!(kib[0] + 9 * kib[1] <= 7 * 1024, "{kib:?}");
    }

    /// Otherwise a connection whose share is full takes pages from the others, in whose heaps they then lie: memory grows for hours. And each piece of memory is
    /// counted under one lock.
    #[tokio::test]
    async fn every_connection_has_pages_of_its_own_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let options = sqlite(&folder.path().join("doorward.db")).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        let built: Vec<String> = sqlx::query_scalar("PRAGMA compile_options").fetch_all(&mut connection).await.unwrap();
        assert!(built.iter().any(|option| option == "THREADSAFE=1"), "{built:?}");
        let shared = built.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT");
        let counts = !built.iter().any(|option| option == "DEFAULT_MEMSTATUS=0");
        assert!(!shared && !counts, "SQLite was built without what .cargo/config.toml says: {built:?}");
    }
}

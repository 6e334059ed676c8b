//! The two typed pools behind one name, and what a request takes from them: a reader or a transaction.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Executor, Postgres, Sqlite};

use crate::config::DatabaseConfig;
use crate::failure::Failure;

/// The database.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(super) pools: Pools,
    taken: Arc<AtomicU64>,
    statements: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
pub(super) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// A borrowed connection of either database.
pub(super) enum Link<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A connection that reads, outside of any transaction. Given back when dropped.
pub struct Reader {
    held: Held,
    /// Where its statements are counted: those of requests are.
    counted: Option<Arc<AtomicU64>>,
}

enum Held {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(sqlx::Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(sqlx::Transaction<'static, Postgres>),
}

/// A transaction that writes. Rolled back when dropped before [`Transaction::commit`].
pub struct Transaction(Reader);

impl Storage {
    /// Opens the pools; SQLite's file is made when `create` says so. Nothing is migrated.
    ///
    /// # Errors
    /// When the URL is of another kind or the database cannot be reached.
    pub async fn open(config: &DatabaseConfig, create: bool) -> Result<Self, Failure> {
        let wait = Duration::from_secs(config.acquire_timeout);
        let pools = match config.sqlite_path() {
            Some(path) => {
                let options = sqlite_options(&path).create_if_missing(create);
                let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(wait);
                let writer = writer.connect_with(options.clone()).await.map_err(failure)?;
                let readers = SqlitePoolOptions::new().max_connections(config.max_connections).acquire_timeout(wait);
                Pools::Sqlite { writer, readers: readers.connect_lazy_with(options.read_only(true)) }
            }
            None => {
                let options: PgConnectOptions = config.url.parse().map_err(failure)?;
                let options = options.application_name("doorward").options([
                    // Whatever the server's default is: single statements decide races, and none of them is to be tried again.
                    ("default_transaction_isolation", "read committed"),
                    ("lock_timeout", "5s"),
                    ("statement_timeout", "10s"),
                    ("idle_in_transaction_session_timeout", "10s"),
                ]);
                let pool = PgPoolOptions::new().max_connections(config.max_connections).acquire_timeout(wait);
                Pools::Postgres(pool.connect_with(options).await.map_err(failure)?)
            }
        };
        Ok(Self { pools, taken: Arc::default(), statements: Arc::default() })
    }

    /// A connection to read from.
    ///
    /// # Errors
    /// When none is free in time or the database is away.
    pub async fn read(&self) -> Result<Reader, Failure> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let counted = Some(self.statements.clone());
        Ok(Reader { counted, ..self.read_uncounted().await? })
    }

    /// As [`Storage::read`], for what runs by itself and not for a request.
    ///
    /// # Errors
    /// When none is free in time or the database is away.
    pub async fn read_uncounted(&self) -> Result<Reader, Failure> {
        let held = match &self.pools {
            Pools::Sqlite { readers, .. } => Held::Sqlite(readers.acquire().await.map_err(failure)?),
            Pools::Postgres(pool) => Held::Postgres(pool.acquire().await.map_err(failure)?),
        };
        Ok(Reader { held, counted: None })
    }

    /// A transaction to write in.
    ///
    /// # Errors
    /// When no connection is free in time or the database is away.
    pub async fn begin(&self) -> Result<Transaction, Failure> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let counted = Some(self.statements.clone());
        Ok(Transaction(Reader { counted, ..self.begin_uncounted().await?.0 }))
    }

    /// As [`Storage::begin`], for what runs by itself and not for a request.
    pub(super) async fn begin_uncounted(&self) -> Result<Transaction, Failure> {
        let held = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                Held::SqliteTransaction(writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?)
            }
            Pools::Postgres(pool) => Held::PostgresTransaction(pool.begin().await.map_err(failure)?),
        };
        Ok(Transaction(Reader { held, counted: None }))
    }

    /// How many connections requests have taken so far: lets a test show that a request touches no database.
    pub fn connections_taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many SQL statements requests have run so far, BEGIN and COMMIT left out: lets a test hold an operation at its number.
    pub fn statements_run(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Prepares every SQL constant and tells how many there are.
    ///
    /// # Errors
    /// The first that the database refuses, with its name.
    pub async fn prepare_every_statement(&self) -> Result<usize, Failure> {
        let mut transaction = self.begin().await?;
        let mut count = 0;
        for (name, sql) in super::every_statement() {
            let prepared = match transaction.link() {
                Link::Sqlite(link) => link.prepare(sqlx::SqlSafeStr::into_sql_str(sql)).await.map(drop),
                Link::Postgres(link) => link.prepare(sqlx::SqlSafeStr::into_sql_str(sql)).await.map(drop),
            };
            prepared.map_err(|error| Failure::internal(format!("{name}: {error}")))?;
            count += 1;
        }
        Ok(count)
    }

    /// Closes the pools: what runs is finished first.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Reader {
    /// The connection, for one statement.
    pub(super) fn link(&mut self) -> Link<'_> {
        if let Some(count) = &self.counted {
            count.fetch_add(1, Ordering::Relaxed);
        }
        match &mut self.held {
            Held::Sqlite(connection) => Link::Sqlite(connection),
            Held::SqliteTransaction(transaction) => Link::Sqlite(transaction),
            Held::Postgres(connection) => Link::Postgres(connection),
            Held::PostgresTransaction(transaction) => Link::Postgres(transaction),
        }
    }
}

impl Transaction {
    /// Makes everything permanent, at once.
    ///
    /// # Errors
    /// When the database does not confirm it; then nothing may be told as done.
    pub async fn commit(self) -> Result<(), Failure> {
        match self.0.held {
            Held::SqliteTransaction(transaction) => transaction.commit().await.map_err(failure),
            Held::PostgresTransaction(transaction) => transaction.commit().await.map_err(failure),
            Held::Sqlite(_) | Held::Postgres(_) => Err(Failure::internal("a reader cannot commit")),
        }
    }
}

impl Deref for Transaction {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.0
    }
}

/// Turns a database error into a failure of ours: what could pass is 503, what cannot is 500.
pub(super) fn failure(error: sqlx::Error) -> Failure {
    use sqlx::Error as E;
    match &error {
        E::ColumnDecode { .. } | E::Decode(_) | E::ColumnNotFound(_) | E::TypeNotFound { .. } => {
            Failure::internal(error)
        }
        _ => Failure::unavailable(error),
    }
}

pub(super) fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
}

//! What a request takes from the two databases behind one name: a reader, or a transaction (`transaction.rs`).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, RwLock};
use std::time::Duration;

use sqlx::Executor;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgSeverity};
use sqlx::sqlite::SqliteConnection;

use super::audit::Hearer;
use super::mail_outbox::Post;
use super::options;
use super::outcome::{failure, is_broken_rule};
use super::pool::{Lent, Manner, Pool, Session};
use super::pooled::{self, PostgresLink};
use super::transaction::Transaction;
use super::trial::Trial;
use crate::clock::Stopwatch;
use crate::config::DatabaseConfig;
use crate::failure::Failure;

/// How long a start waits before it asks again for a database that is not there yet, and how often it says what for.
const RETRY: Duration = Duration::from_millis(500);
const SAY_AGAIN: Duration = Duration::from_secs(5);

/// SQLite waits for its turn now: one that reads first and writes later could find that another has written in between.
const SQLITE: Manner = Manner { begin: "BEGIN IMMEDIATE", reads_in_transactions: false };
const POSTGRES: Manner = Manner { begin: "BEGIN", reads_in_transactions: false };

/// The database. Clones are the same.
#[derive(Clone)]
pub struct Storage(Arc<Parts>);

struct Parts {
    pools: Pools,
    taken: AtomicU64,
    statements: AtomicU64,
    /// Whether a write has failed and none has succeeded since.
    in_doubt: AtomicBool,
    trial: Trial,
    /// Who hears of what was recorded, once it is committed.
    hearers: RwLock<Vec<Hearer>>,
    /// The providers whose roles count; all, until that is said.
    role_givers: RwLock<Option<Arc<BTreeSet<String>>>>,
    /// What mails are sealed with, once it is said that they are sent.
    post: OnceLock<Post>,
}

pub(super) enum Pools {
    Sqlite {
        writer: Pool<SqliteConnection>,
        readers: Pool<SqliteConnection>,
        news: Pool<SqliteConnection>,
    },
    /// Behind PgBouncer there may be a way to PostgreSQL itself, without it all have sessions of their own.
    Postgres {
        all: Pool<PgConnection>,
        news: Pool<PgConnection>,
        direct: Option<Pool<PgConnection>>,
    },
}

/// A borrowed connection of either database.
pub(super) enum Link<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(PostgresLink<'a>),
}

/// A connection that reads, outside of any transaction, or behind PgBouncer in one. Given back when dropped.
pub struct Reader {
    pub(super) held: Held,
    pub(super) storage: Storage,
    /// Whether its statements are counted: those of requests are.
    counted: bool,
    /// Whether a statement of it has failed.
    pub(super) failed: bool,
}

pub(super) enum Held {
    Sqlite(Lent<SqliteConnection>),
    Postgres(Lent<PgConnection>),
}

impl Session for SqliteConnection {
    const TRUSTED_FOR: Option<Duration> = None;

    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        // As a query it is prepared once and for all.
        sqlx::query(sql).execute(self).await.map(drop)
    }

    /// A broken rule leaves everything as it was. What else can go wrong is the disk, and then a new connection costs little.
    fn survives(error: &sqlx::Error) -> bool {
        is_broken_rule(error)
    }
}

impl Session for PgConnection {
    const TRUSTED_FOR: Option<Duration> = Some(Duration::from_secs(1));

    async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.execute(sql).await.map(drop)
    }

    /// The server ends a session with its word FATAL or PANIC, or without a word.
    fn survives(error: &sqlx::Error) -> bool {
        let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        error.is_some_and(|error| !matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic))
    }
}

impl Storage {
    /// Opens the database; SQLite's file is made when `create` says so. Nothing is migrated.
    ///
    /// # Errors
    /// When the URL is of another kind or the database cannot be reached.
    pub async fn open(config: &DatabaseConfig, create: bool) -> Result<Self, Failure> {
        Self::connect(config, create).await.map_err(failure)
    }

    /// As [`Storage::open`] without making a file; a database that is not there yet is waited for, as long as the settings say. `say` hears
    /// why it is not: at once, when that changes, and every few seconds.
    ///
    /// # Errors
    /// As [`Storage::open`], with the last reason.
    pub async fn open_when_there(config: &DatabaseConfig, say: impl Fn(&Failure)) -> Result<Self, Failure> {
        let (waiting, limit) = (Stopwatch::start(), Duration::from_secs(config.start_timeout));
        let mut said: Option<(Stopwatch, String)> = None;
        loop {
            let error = match Self::connect(config, false).await {
                Ok(storage) => return Ok(storage),
                Err(error) => error,
            };
            let (may_come, why) = (options::may_come(&error), failure(error));
            if !may_come || waiting.elapsed() + RETRY > limit {
                return Err(why);
            }
            let is_new = said.as_ref().is_none_or(|(when, words)| when.elapsed() > SAY_AGAIN || *words != why.detail);
            if is_new {
                say(&why);
                said = Some((Stopwatch::start(), why.detail));
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn connect(config: &DatabaseConfig, create: bool) -> sqlx::Result<Self> {
        let (most, wait) = (config.max_connections, Duration::from_secs(config.acquire_timeout));
        let pools = match config.sqlite_path() {
            Some(path) => {
                let options = options::sqlite(&path).create_if_missing(create);
                let writer = Pool::new(options.clone(), 1, wait, SQLITE);
                writer.take().await?;
                let readers = Pool::new(options::sqlite_reader(&options), most, wait, SQLITE);
                Pools::Sqlite { writer, news: readers.beside(1), readers }
            }
            None => {
                let (options, direct) = options::postgres(config)?;
                let manner = if config.pooled { pooled::MANNER } else { POSTGRES };
                let all = Pool::new(options, most, wait, manner);
                // PgBouncer takes a connection before it has one itself.
                all.read().await?;
                let direct = direct.map(|options| Pool::new(options, 1, wait, POSTGRES));
                Pools::Postgres { news: all.beside(1), all, direct }
            }
        };
        let (taken, statements) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self(Arc::new(Parts {
            pools,
            taken,
            statements,
            in_doubt: AtomicBool::new(false),
            trial: Trial::default(),
            hearers: RwLock::default(),
            role_givers: RwLock::default(),
            post: OnceLock::new(),
        })))
    }

    pub(super) fn pools(&self) -> &Pools {
        &self.0.pools
    }

    /// A connection to read from.
    ///
    /// # Errors
    /// When none is free in time or the database is away.
    pub async fn read(&self) -> Result<Reader, Failure> {
        self.0.taken.fetch_add(1, Ordering::Relaxed);
        Ok(Reader { counted: true, ..self.read_uncounted().await? })
    }

    /// As [`Storage::read`], for what runs by itself and not for a request.
    ///
    /// # Errors
    /// When none is free in time or the database is away.
    pub async fn read_uncounted(&self) -> Result<Reader, Failure> {
        let held = match self.pools() {
            Pools::Sqlite { readers, .. } => readers.read().await.map(Held::Sqlite),
            Pools::Postgres { all, .. } => all.read().await.map(Held::Postgres),
        };
        Ok(self.reader(held.map_err(failure)?))
    }

    /// The connection for news, of which every node has one that no request can take.
    pub(super) async fn read_news(&self) -> Result<Reader, Failure> {
        let held = match self.pools() {
            Pools::Sqlite { news, .. } => news.read().await.map(Held::Sqlite),
            Pools::Postgres { news, .. } => news.read().await.map(Held::Postgres),
        };
        Ok(self.reader(held.map_err(failure)?))
    }

    /// A transaction to write in.
    ///
    /// # Errors
    /// When no connection is free in time or the database is away.
    pub async fn begin(&self) -> Result<Transaction, Failure> {
        self.0.taken.fetch_add(1, Ordering::Relaxed);
        Ok(Transaction::on(Reader { counted: true, ..self.begin_reader().await? }))
    }

    /// As [`Storage::begin`], for what runs by itself and not for a request.
    pub(super) async fn begin_uncounted(&self) -> Result<Transaction, Failure> {
        self.begin_reader().await.map(Transaction::on)
    }

    async fn begin_reader(&self) -> Result<Reader, Failure> {
        let held = match self.pools() {
            Pools::Sqlite { writer, .. } => writer.begin().await.map(Held::Sqlite),
            Pools::Postgres { all, .. } => all.begin().await.map(Held::Postgres),
        };
        if let Err(error) = &held
            && !matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)
        {
            // Whoever found the queue too long has not tried to write.
            self.doubt();
        }
        Ok(self.reader(held.map_err(failure)?))
    }

    /// A connection that can write, outside of any transaction, with a session of its own: what makes its own transactions begins with
    /// it. `None` where all sessions are PgBouncer's.
    pub(super) async fn session(&self) -> Result<Option<Reader>, Failure> {
        let held = match self.pools() {
            Pools::Sqlite { writer, .. } => writer.take().await.map(Held::Sqlite),
            Pools::Postgres { direct: Some(direct), .. } => direct.take().await.map(Held::Postgres),
            Pools::Postgres { .. } if self.is_pooled() => return Ok(None),
            Pools::Postgres { all, .. } => all.take().await.map(Held::Postgres),
        };
        Ok(Some(self.reader(held.map_err(failure)?)))
    }

    /// Whether PgBouncer is between us and PostgreSQL.
    pub(super) fn is_pooled(&self) -> bool {
        matches!(self.pools(), Pools::Postgres { all, .. } if all.reads_in_transactions())
    }

    /// Whether there is a connection with a session of its own.
    pub(super) fn has_sessions(&self) -> bool {
        !self.is_pooled() || matches!(self.pools(), Pools::Postgres { direct: Some(_), .. })
    }

    fn reader(&self, held: Held) -> Reader {
        Reader { held, storage: self.clone(), counted: false, failed: false }
    }

    /// Whether writing works, as far as anybody knows: after a write that failed, one is tried, at most once a second for all who ask.
    ///
    /// # Errors
    /// What the last try failed with.
    pub async fn can_write(&self) -> Result<(), Failure> {
        if !self.0.in_doubt.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.0.trial.outcome(self).await
    }

    pub(super) fn doubt(&self) {
        self.0.in_doubt.store(true, Ordering::SeqCst);
    }

    /// Whether writing is in doubt, after an end of a transaction.
    pub(super) fn note_end(&self, failed: bool) {
        if self.0.in_doubt.load(Ordering::SeqCst) != failed {
            self.0.in_doubt.store(failed, Ordering::SeqCst);
        }
    }

    pub(super) fn hearers(&self) -> &RwLock<Vec<Hearer>> {
        &self.0.hearers
    }

    pub(super) fn role_givers(&self) -> &RwLock<Option<Arc<BTreeSet<String>>>> {
        &self.0.role_givers
    }

    pub(super) fn post(&self) -> &OnceLock<Post> {
        &self.0.post
    }

    /// Of each pool its name, how many connections are lent now, and how many there may be.
    pub fn connections_lent(&self) -> Vec<(&'static str, usize, usize)> {
        let pools = match self.pools() {
            Pools::Sqlite { writer, readers, .. } => vec![("writer", writer.lent()), ("readers", readers.lent())],
            Pools::Postgres { all, .. } => vec![("all", all.lent())],
        };
        pools.into_iter().map(|(name, (lent, most))| (name, lent, most)).collect()
    }

    /// How many connections requests have taken so far: lets a test show that a request touches no database.
    pub fn connections_taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// How many SQL statements requests have run so far, BEGIN and COMMIT left out: lets a test hold an operation at its number.
    pub fn statements_run(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
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
            transaction.settle(prepared).map_err(|error| Failure::internal(format!("{name}: {error}")))?;
            count += 1;
        }
        Ok(count)
    }

    /// Closes all connections: what runs is finished first.
    pub async fn close(&self) {
        match self.pools() {
            Pools::Sqlite { writer, readers, news } => {
                // The last one out takes the log into the database, and a reader cannot: with the writer thrown away the log
                // and its index would be left behind.
                let last = writer.take().await.ok();
                news.close().await;
                readers.close().await;
                drop(last);
                writer.close().await;
            }
            Pools::Postgres { all, news, direct } => {
                if let Some(direct) = direct {
                    direct.close().await;
                }
                news.close().await;
                all.close().await;
            }
        }
    }
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Storage(..)")
    }
}

impl Reader {
    /// The connection, for one statement; [`Reader::settle`] is to hear of its outcome.
    pub(super) fn link(&mut self) -> Link<'_> {
        if self.counted {
            self.storage.0.statements.fetch_add(1, Ordering::Relaxed);
        }
        match &mut self.held {
            Held::Sqlite(lent) => Link::Sqlite(lent.link()),
            Held::Postgres(lent) => {
                let pooled = lent.reads_in_transactions();
                Link::Postgres(PostgresLink { connection: lent.link(), pooled })
            }
        }
    }

    /// Takes note of how a statement went.
    pub(super) fn settle<T>(&mut self, outcome: sqlx::Result<T>) -> Result<T, Failure> {
        let error = outcome.as_ref().err();
        self.failed |= error.is_some();
        match &mut self.held {
            Held::Sqlite(lent) => lent.settle(error),
            Held::Postgres(lent) => lent.settle(error),
        }
        outcome.map_err(failure)
    }
}

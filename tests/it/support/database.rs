//! A database per test: a migrated template with its signing key, copied. `DOORWARD_TEST_DATABASE` says which kind: `sqlite` or the
//! `postgres://` address of a server where databases can be made.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::clock::Timestamp;
use doorward::config::{Config, DatabaseConfig};
use doorward::jobs::signing_keys::SigningKeys;
use doorward::sealing::MasterKey;
use doorward::storage::Storage;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection, Executor, FromRow};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::canaries;

/// The master key of all test databases: 32 zero bytes.
pub const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether this is the run on PostgreSQL, which comes after that on SQLite: for tests of what hangs on no database, such as how a page looks,
/// or that bring the embedded one with them. They need minutes, and would show the same again.
pub fn was_shown_on_sqlite() -> bool {
    is_postgres()
}

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
static COPIES: AtomicUsize = AtomicUsize::new(0);

struct Template {
    name: String,
    folder: TempDir,
}

/// A database of one test.
pub struct Database {
    /// Before its folder goes.
    _look: Look,
    pub config: DatabaseConfig,
    pub folder: TempDir,
    /// Where the test itself looks: PostgreSQL, also when the server asks PgBouncer.
    own_url: String,
}

fn setting() -> String {
    std::env::var("DOORWARD_TEST_DATABASE").unwrap_or_else(|_| "sqlite".to_owned())
}

/// Whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    setting().starts_with("postgres")
}

fn named(database: &str) -> String {
    let server = setting();
    let (address, _) = server.rsplit_once('/').expect("postgres://USER@HOST:PORT/DATABASE");
    format!("{address}/{database}")
}

/// The address and port of the PostgreSQL of the tests.
pub(super) fn server_address() -> String {
    let server = setting();
    let (_, place) = server.split_once('@').expect("postgres://USER@HOST:PORT/DATABASE");
    place.split('/').next().unwrap().to_owned()
}

fn config(url: String) -> DatabaseConfig {
    let direct_url = String::new();
    DatabaseConfig { url, pooled: false, direct_url, max_connections: 4, acquire_timeout: 20, start_timeout: 30 }
}

/// The PgBouncer that all databases are reached through, when the whole suite is to try that: its address and port.
fn pgbouncer() -> Option<String> {
    std::env::var("DOORWARD_TEST_PGBOUNCER").ok().filter(|address| !address.is_empty() && is_postgres())
}

async fn administer(sql: String) {
    let mut connection =
        PgConnection::connect(&setting()).await.expect("the PostgreSQL of DOORWARD_TEST_DATABASE answers");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

impl Template {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("doorward_template_{}", std::process::id());
        let config = if is_postgres() {
            administer(format!("CREATE DATABASE {name}")).await;
            config(named(&name))
        } else {
            config(format!("sqlite://{}", folder.path().join("template.db").display()))
        };
        let storage = Storage::open(&config, true).await.unwrap();
        storage.migrate().await.unwrap();
        let master = MasterKey::parse(MASTER_KEY).unwrap();
        let keys = SigningKeys::open(storage.clone(), &master, &Config::load(None, []).unwrap()).await.unwrap();
        keys.make_first(Timestamp::from_seconds(0)).await.unwrap().unwrap();
        storage.close().await;
        Self { name, folder }
    }
}

/// Looks through the files of a database for secrets when it goes.
struct Look(Option<PathBuf>);

impl Drop for Look {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-journal"] {
            let Some(path) = &self.0 else { return };
            canaries::database(&std::fs::read(format!("{}{suffix}", path.display())).unwrap_or_default());
        }
    }
}

impl Database {
    /// A fresh copy of the template.
    pub async fn copy() -> Self {
        let template = TEMPLATE.get_or_init(Template::make).await;
        let folder = tempfile::tempdir().unwrap();
        let url = if is_postgres() {
            let name = format!("doorward_{}_{}", std::process::id(), COPIES.fetch_add(1, Ordering::SeqCst));
            administer(format!("CREATE DATABASE {name} TEMPLATE {}", template.name)).await;
            named(&name)
        } else {
            let path = folder.path().join("doorward.db");
            std::fs::copy(template.folder.path().join("template.db"), &path).unwrap();
            format!("sqlite://{}", path.display())
        };
        Self::at(url, folder)
    }

    fn at(url: String, folder: TempDir) -> Self {
        let config = config(url.clone());
        let database = Self { _look: Look(config.sqlite_path()), config, folder, own_url: url };
        match pgbouncer() {
            Some(address) => database.behind(&address),
            None => database,
        }
    }

    /// The same PostgreSQL, reached through the PgBouncer at this address and port.
    pub fn behind(mut self, address: &str) -> Self {
        let (_, name) = self.own_url.rsplit_once('/').unwrap();
        self.config.url = format!("postgres://doorward@{address}/{name}");
        self.config.pooled = true;
        self.config.direct_url = self.own_url.clone();
        self
    }

    /// A fresh copy of the template in this folder; SQLite alone has one.
    pub async fn copy_to(folder: &Path) -> Self {
        let copy = Self::copy().await;
        let path = folder.join("doorward.db");
        std::fs::copy(copy.file().expect("a file"), &path).unwrap();
        Self { config: config(format!("sqlite://{}", path.display())), ..copy }
    }

    /// A database with nothing in it, not even tables; for SQLite the path of a file that does not exist yet.
    pub async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = if is_postgres() {
            let name = format!("doorward_{}_{}", std::process::id(), COPIES.fetch_add(1, Ordering::SeqCst));
            administer(format!("CREATE DATABASE {name}")).await;
            named(&name)
        } else {
            format!("sqlite://{}", folder.path().join("data/doorward.db").display())
        };
        Self::at(url, folder)
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> Option<PathBuf> {
        self.config.sqlite_path()
    }

    /// Runs one statement of the test's own, in SQL of both databases.
    pub async fn db_execute(&self, sql: &str) -> u64 {
        match self.file() {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(path)
                    .busy_timeout(std::time::Duration::from_secs(10));
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                let changed = connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap().rows_affected();
                connection.close().await.unwrap();
                changed
            }
            None => {
                let mut connection = PgConnection::connect(&self.own_url).await.unwrap();
                connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap().rows_affected()
            }
        }
    }

    /// Brings an empty database to where a version was whose newest migration comes before this one.
    pub async fn db_migrate_before(&self, first_missing: &str) {
        let folder = tempfile::tempdir().unwrap();
        let kind = if is_postgres() { "postgres" } else { "sqlite" };
        for file in std::fs::read_dir(format!("migrations/{kind}")).unwrap().map(Result::unwrap) {
            if file.file_name().to_str().unwrap() < first_missing {
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
        }
        let migrator = Migrator::new(folder.path()).await.unwrap();
        match self.file() {
            Some(path) => {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
                migrator.run(&mut sqlx::SqliteConnection::connect_with(&options).await.unwrap()).await.unwrap();
            }
            None => migrator.run(&mut PgConnection::connect(&self.own_url).await.unwrap()).await.unwrap(),
        }
    }

    /// All that the database holds, as bytes: the files of SQLite, or every row of every PostgreSQL table as text.
    pub async fn db_everything(&self) -> Vec<u8> {
        const TABLES: &str = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        if let Some(path) = self.file() {
            let names = ["", "-wal", "-journal"].map(|suffix| format!("{}{suffix}", path.display()));
            return names.iter().flat_map(|name| std::fs::read(name).unwrap_or_default()).collect();
        }
        let mut connection = PgConnection::connect(&self.own_url).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut connection).await.unwrap();
        let mut everything = Vec::new();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT row::text FROM \"{table}\" AS row"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            everything.extend(rows.iter().flat_map(|row| row.bytes()));
        }
        everything
    }

    /// Whether these words stand anywhere in the database.
    pub async fn db_holds(&self, words: &str) -> bool {
        self.db_everything().await.windows(words.len()).any(|window| window == words.as_bytes())
    }

    /// How many rows these tables have.
    pub async fn db_counts(&self, tables: &[&str]) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in tables {
            counts.push(self.db_number(&format!("SELECT count(*) FROM {table}")).await);
        }
        counts
    }

    /// The rows that a statement of the test's own gives.
    pub async fn db_rows<T>(&self, sql: &str) -> Vec<T>
    where
        T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>,
    {
        match self.file() {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(path)
                    .busy_timeout(std::time::Duration::from_secs(10));
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                rows
            }
            None => {
                let mut connection = PgConnection::connect(&self.own_url).await.unwrap();
                sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap()
            }
        }
    }

    /// The one number that a statement of the test's own gives.
    pub async fn db_number(&self, sql: &str) -> i64 {
        match self.file() {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(path)
                    .busy_timeout(std::time::Duration::from_secs(10));
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                let number =
                    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                number
            }
            None => {
                let mut connection = PgConnection::connect(&self.own_url).await.unwrap();
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
            }
        }
    }
}

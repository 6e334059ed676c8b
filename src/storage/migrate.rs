//! Migrations: two folders with the same file names, embedded; each runs once, in order.

use serde::Serialize;
use sqlx::migrate::{MigrateError, Migrator};

use super::connection::Link;
use super::outcome::{failure, is_of_pgbouncer};
use super::{Storage, attempt, on};
use crate::failure::Failure;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// No constant of `statements!`: a database without tables cannot prepare it.
const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";

/// One migration of this version.
#[derive(Debug, Clone, Serialize)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it does, from its file name.
    pub description: String,
}

/// How far a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// It has no tables of ours yet.
    Empty,
    /// Its newest migration is this one, which others of this version follow.
    Older(i64),
    /// It has every migration of this version.
    Current,
}

/// What migrating found and did.
#[derive(Debug, Clone, Serialize)]
pub struct MigrationReport {
    /// Run just now.
    pub applied: Vec<Migration>,
    /// The newest one that the database now has.
    pub version: i64,
}

impl Storage {
    /// Runs what has not been run. Several processes may do so at once.
    ///
    /// # Errors
    /// A sentence; a database of a newer version is left as it is.
    pub async fn migrate(&self) -> Result<MigrationReport, Failure> {
        let before = self.applied_migrations().await;
        // Behind PgBouncer only what is to be run asks for a session of its own: the lock of one would be somebody else's in a moment.
        if !self.is_pooled() || self.version().await? != Version::Current {
            self.run_migrations().await?;
        }
        // Both folders have the same.
        let known = || SQLITE.iter().map(|m| Migration { version: m.version, description: m.description.to_string() });
        Ok(MigrationReport {
            applied: known().filter(|m| !before.contains(&m.version)).collect(),
            version: known().map(|m| m.version).max().unwrap_or(0),
        })
    }

    /// Whether a start can bring a database of this version up to date.
    ///
    /// # Errors
    /// A sentence when there is something to run and PgBouncer is all that is known.
    pub fn can_migrate(&self, version: Version) -> Result<(), Failure> {
        if version == Version::Current || self.has_sessions() { Ok(()) } else { Err(no_session()) }
    }

    async fn run_migrations(&self) -> Result<(), Failure> {
        let session = self.session().await.map_err(|why| {
            let key = if self.is_pooled() { "database.direct_url" } else { "database.url" };
            Failure::internal(format!("{key} cannot be used: {why}"))
        })?;
        let mut connection = session.ok_or_else(no_session)?;
        let outcome = match connection.link() {
            Link::Sqlite(link) => SQLITE.run(link).await,
            Link::Postgres(link) => POSTGRES.run(link.connection).await,
        };
        // Until it is settled it counts as in the middle of something: one that failed is thrown away, with its locks.
        outcome.map_err(sentence)?;
        connection.settle(Ok(()))
    }

    /// How far the database is. Nothing is changed.
    ///
    /// # Errors
    /// A sentence when a newer version made it.
    pub async fn version(&self) -> Result<Version, Failure> {
        let mut connection = self.read_uncounted().await?;
        let asked = attempt!(connection, |c| sqlx::query_as::<_, (i64,)>(APPLIED).fetch_all(c).await);
        // What the database itself refuses is a table that is not there.
        let is_empty =
            asked.as_ref().is_err_and(|error| error.as_database_error().is_some() && !is_of_pgbouncer(error));
        let applied: Vec<i64> = match connection.settle(asked) {
            Err(_) if is_empty => Vec::new(),
            settled => settled?.into_iter().map(|(version,)| version).collect(),
        };
        let known: Vec<i64> = SQLITE.iter().map(|migration| migration.version).collect();
        match (applied.last(), applied.iter().find(|version| !known.contains(version))) {
            (None, _) => Ok(Version::Empty),
            (_, Some(newer)) => Err(sentence(MigrateError::VersionMissing(*newer))),
            (Some(newest), None) if applied.len() < known.len() => Ok(Version::Older(*newest)),
            _ => Ok(Version::Current),
        }
    }

    /// The numbers of the migrations that the database has; none when it is empty.
    async fn applied_migrations(&self) -> Vec<i64> {
        let Ok(mut connection) = self.read_uncounted().await else { return Vec::new() };
        let rows = on!(connection, |c| sqlx::query_as::<_, (i64,)>(APPLIED).fetch_all(c).await);
        rows.map(|rows| rows.into_iter().map(|(version,)| version).collect()).unwrap_or_default()
    }
}

fn no_session() -> Failure {
    Failure::internal(
        "the database is not up to date, and migrations cannot run through PgBouncer: name PostgreSQL itself in database.direct_url",
    )
}

fn sentence(error: MigrateError) -> Failure {
    match error {
        MigrateError::VersionMissing(version) => Failure::internal(format!(
            "the database was made by a newer version of Doorward (it has migration {version}, which this version does not know): \
             run that version, or restore a backup"
        )),
        MigrateError::VersionMismatch(version) => Failure::internal(format!(
            "migration {version} in the database is not the one of this version: the database was made by another build"
        )),
        MigrateError::Execute(error) => {
            Failure::internal(format!("the database could not be brought up to date: {}", failure(error)))
        }
        other => Failure::internal(format!("the database could not be brought up to date: {other}")),
    }
}

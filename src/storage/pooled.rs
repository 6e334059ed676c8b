//! PostgreSQL behind PgBouncer in transaction mode (`database.pooled`): every transaction may meet another session, and outside of one
//! every message may. So nothing is asked of a session, and nothing is left in it:
//!
//! - the start of a connection names no setting: PgBouncer 1.18 refuses `options` and `extra_float_digits`;
//! - readers, too, are in a transaction ([`MANNER`]), and it begins with its own settings, by SET LOCAL;
//! - no statement is prepared under a name: [`PostgresLink`] is the one way to all of them;
//! - migrations, which hold a lock of their session, go over a connection of their own ([`super::Storage::migrate`]).

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, Postgres, SqlStr};

use super::pool::Manner;

/// How such a transaction begins: in one message, with what [`super::options`] says of a session.
pub(super) const MANNER: Manner = Manner {
    begin: "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s'; \
        SET LOCAL idle_in_transaction_session_timeout = '10s'",
    reads_in_transactions: true,
};

/// A connection to PostgreSQL, for one statement.
pub(super) struct PostgresLink<'a> {
    pub connection: &'a mut PgConnection,
    /// Whether the next statement may meet another session.
    pub pooled: bool,
}

impl fmt::Debug for PostgresLink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresLink(..)")
    }
}

/// A statement that is prepared under a name only where that outlives the transaction.
struct Statement<E> {
    query: E,
    pooled: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Statement<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        !self.pooled && self.query.persistent()
    }
}

impl<'c> Executor<'c> for PostgresLink<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.connection.fetch_many(Statement { query, pooled: self.pooled })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.connection.fetch_optional(Statement { query, pooled: self.pooled })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        if self.pooled { refused() } else { self.connection.prepare_with(sql, parameters) }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        if self.pooled { refused() } else { self.connection.describe(sql) }
    }
}

/// Both would leave a statement under a name.
fn refused<T: Send + 'static>() -> BoxFuture<'static, sqlx::Result<T>> {
    let words = "behind PgBouncer nothing is prepared for later";
    Box::pin(std::future::ready(Err(sqlx::Error::Protocol(words.to_owned()))))
}

//! What an error of the database means to us, and what to say of it.

use sqlx::error::ErrorKind;

use crate::failure::Failure;

/// Turns a database error into a failure of ours: what could pass is 503, what cannot is 500.
pub(super) fn failure(error: sqlx::Error) -> Failure {
    use sqlx::Error as E;
    match &error {
        E::ColumnDecode { .. } | E::Decode(_) | E::ColumnNotFound(_) | E::TypeNotFound { .. } => {
            Failure::internal(error)
        }
        _ if is_of_pgbouncer(&error) => Failure::unavailable(format!(
            "{error}: this is PgBouncer, whose sessions change with every transaction: set database.pooled = true"
        )),
        _ => Failure::unavailable(error),
    }
}

/// Whether the statement was refused because what must be had by one row alone is another's.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// Whether the statement was refused by a rule of the tables, such as a taken address.
pub(super) fn is_broken_rule(error: &sqlx::Error) -> bool {
    let kind = error.as_database_error().map(|error| error.kind());
    kind.is_some_and(|kind| !matches!(kind, ErrorKind::Other))
}

/// Whether it is what those hear who take PgBouncer for PostgreSQL: it refuses the settings that a connection starts with, or, told to
/// ignore them, hands out sessions in which others have prepared their statements.
pub(super) fn is_of_pgbouncer(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        let words = error.message();
        words.starts_with("unsupported startup parameter") || words.starts_with("prepared statement \"sqlx_s_")
    })
}

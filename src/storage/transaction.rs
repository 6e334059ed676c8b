//! A transaction that writes: begun by [`Storage::begin`](super::Storage::begin), and nothing of it holds before its commit. What is recorded
//! in it is told to whoever hears only after that.

use std::ops::{Deref, DerefMut};

use tracing::Instrument;

use super::connection::{Held, Reader};
use super::outcome::{failure, is_broken_rule};
use crate::failure::Failure;
use crate::protocol::audit::Event;

/// A transaction that writes. Rolled back when dropped before [`Transaction::commit`].
pub struct Transaction {
    reader: Reader,
    /// What was recorded in it, in that order.
    pub(super) recorded: Vec<Event>,
}

impl Transaction {
    pub(super) const fn on(reader: Reader) -> Self {
        Self { reader, recorded: Vec::new() }
    }

    /// Makes everything permanent, at once.
    ///
    /// # Errors
    /// When the database does not confirm it, or a statement has failed before; then nothing may be told as done.
    pub async fn commit(mut self) -> Result<(), Failure> {
        if self.reader.failed {
            // PostgreSQL would roll back and say that all went well.
            return Err(Failure::unavailable("a statement of the transaction had failed"));
        }
        let span = tracing::info_span!(target: "spans", "commit");
        let outcome = match &mut self.reader.held {
            Held::Sqlite(lent) => lent.commit().instrument(span).await,
            Held::Postgres(lent) => lent.commit().instrument(span).await,
        };
        self.reader.storage.note_end(outcome.is_err());
        outcome.map_err(failure)?;
        self.reader.storage.tell(&self.recorded);
        Ok(())
    }

    /// Whether nobody else writes meanwhile, as on SQLite.
    pub(super) const fn is_alone(&self) -> bool {
        matches!(self.reader.held, Held::Sqlite(_))
    }

    /// As [`Reader::settle`]; a failure that was not one of our own rules puts writing in doubt.
    pub(super) fn settle<T>(&mut self, outcome: sqlx::Result<T>) -> Result<T, Failure> {
        if outcome.as_ref().is_err_and(|error| !is_broken_rule(error)) {
            self.reader.storage.doubt();
        }
        self.reader.settle(outcome)
    }
}

impl Deref for Transaction {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

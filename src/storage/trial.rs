//! Whether writing works again after it has failed: one row is written and committed, at most once a second for all who ask.
//!
//! To read proves nothing: a full disk answers every question and keeps no answer.

use std::time::Duration;

use tokio::sync::Mutex;

use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::random;

statements! {
    ANSWERS = "SELECT value FROM news WHERE name = 'keys'";
    // Another value each time: SQLite writes nothing where nothing changes.
    TRY_TO_WRITE = "INSERT INTO meta (name, value) VALUES ('trial', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
}

/// How long the outcome of a try holds.
const HOLDS_FOR: Duration = Duration::from_secs(1);

/// The last try.
#[derive(Default)]
pub(super) struct Trial(Mutex<Option<(Stopwatch, Result<(), Failure>)>>);

impl Trial {
    /// How the last try went, or a new one when that was a second ago. Whoever asks meanwhile waits for it.
    pub async fn outcome(&self, storage: &Storage) -> Result<(), Failure> {
        let mut last = self.0.lock().await;
        if let Some((when, outcome)) = &*last
            && when.elapsed() < HOLDS_FOR
        {
            return outcome.clone();
        }
        let outcome = try_to_write(storage).await;
        *last = Some((Stopwatch::start(), outcome.clone()));
        outcome
    }
}

async fn try_to_write(storage: &Storage) -> Result<(), Failure> {
    let mut transaction = storage.begin_uncounted().await?;
    transaction.try_to_write(&random::id()).await?;
    transaction.commit().await
}

impl Reader {
    /// Whether the database answers at all.
    ///
    /// # Errors
    /// When it does not.
    pub async fn answers(&mut self) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(ANSWERS).execute(c).await.map(drop))
    }
}

impl Transaction {
    async fn try_to_write(&mut self, value: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(TRY_TO_WRITE).bind(value).execute(c).await.map(drop))
    }
}

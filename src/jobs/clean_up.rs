//! Removes what has had its day, every five minutes, on one node of a database at a time. What that is says `storage/cleanup.rs`.

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::random;
use crate::storage::{Lease, Storage};

/// How long a node's turn lasts, in seconds: a little less than the time until it asks again.
const TURN: i64 = 290;

/// Removes what has had its day.
#[derive(Debug)]
pub struct CleanUp {
    storage: Storage,
    idle: i64,
    node: String,
}

impl CleanUp {
    /// Over this storage, where a sign-in ends after a pause of `idle` seconds.
    pub fn new(storage: Storage, idle: i64) -> Self {
        Self { storage, idle, node: random::id() }
    }

    /// Removes what has had its day; tells how many rows that were, or `None` when it is another node's turn.
    ///
    /// # Errors
    /// When the database fails: the rest goes next time.
    pub async fn run(&self, now: Timestamp) -> Result<Option<u64>, Failure> {
        let mut transaction = self.storage.begin().await?;
        let taken = transaction.take_lease(Lease::CleanUp, &self.node, now, TURN).await?;
        if !taken {
            return Ok(None);
        }
        transaction.commit().await?;
        self.storage.clean(self.idle, now).await.map(Some)
    }
}

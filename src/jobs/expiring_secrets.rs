//! Warns in the log of the secrets of clients that end soon: a line for each, once a day, on one node of a database.

use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::failure::Failure;
use crate::protocol::client_secrets::WARNED;
use crate::random;
use crate::storage::{ExpiringSecret, Lease, Storage};

/// How often this node asks whether it is time to warn, and its turn to.
const EVERY: Duration = Duration::from_secs(3600);
/// How long a node's turn lasts, in seconds: nobody warns again before the next day.
const TURN: i64 = 86_400;
/// How many lines there are at most.
const MOST: usize = 500;

/// Warns of secrets that end soon.
#[derive(Debug)]
pub struct ExpiringSecrets {
    storage: Storage,
    node: String,
}

impl ExpiringSecrets {
    /// Over this storage.
    pub fn new(storage: Storage) -> Self {
        Self { storage, node: random::id() }
    }

    /// Warns when it is time to, beginning now; never ends.
    pub async fn keep_warning(&self, clock: &Clock) {
        let mut failing = false;
        loop {
            let warned = self.warn(clock.now()).await;
            if let Err(failure) = &warned
                && !failing
            {
                tracing::warn!(%failure, "it cannot be seen which secrets of clients end soon");
            }
            failing = warned.is_err();
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Warns of each secret that ends within the next 14 days, unless that was done today; tells of which.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn warn(&self, now: Timestamp) -> Result<Vec<ExpiringSecret>, Failure> {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let expiring = self.storage.read_uncounted().await?.expiring_secrets(now, now.plus(WARNED), most).await?;
        if expiring.is_empty() {
            return Ok(expiring);
        }
        let mut transaction = self.storage.begin().await?;
        if !transaction.take_lease(Lease::ExpiringSecrets, &self.node, now, TURN).await? {
            return Ok(Vec::new());
        }
        transaction.commit().await?;
        for one in &expiring {
            let last_used_at = one.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            tracing::warn!(
                client = %one.client_id,
                secret_id = %one.secret_id,
                expires_at = %one.expires_at,
                %last_used_at,
                "a client secret ends soon"
            );
        }
        if expiring.len() == MOST {
            tracing::warn!(
                "more client secrets end soon than there are lines for: see the number doorward_client_secrets_expiring"
            );
        }
        Ok(expiring)
    }
}

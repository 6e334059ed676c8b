//! Errands: browsers that have gone to a provider and are expected back. The only row that a stranger may cause, so there are so many and no
//! more; one statement decides who comes back with it.

use sqlx::FromRow;

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::secret::SecretHash;

statements! {
    COUNT_ERRANDS = "SELECT (SELECT COUNT(*) FROM errands WHERE network = $1 AND expires_at > $2) AS of_network, \
        (SELECT COUNT(*) FROM errands WHERE expires_at > $2) AS of_all";
    INSERT_ERRAND = "INSERT INTO errands (state_hash, browser_hash, network, data, expires_at) VALUES ($1, $2, $3, $4, $5)";
    ERRAND = "SELECT browser_hash, data, expires_at FROM errands WHERE state_hash = $1";
    USE_ERRAND = "UPDATE errands SET used_at = $2 WHERE state_hash = $1 AND used_at IS NULL RETURNING used_at";
}

/// A browser that leaves.
pub struct NewErrand<'a> {
    /// The hash of the `state` that it is to come back with.
    pub state: SecretHash,
    /// The hash of the browser's cookie.
    pub browser: SecretHash,
    /// The network that it comes from, as [`ClientNetwork`](crate::protocol::network::ClientNetwork) writes it.
    pub network: &'a str,
    /// What is to be remembered, sealed.
    pub data: &'a [u8],
    /// Until when it is expected back.
    pub expires_at: Timestamp,
}

/// How many browsers are away, or were within the last minutes and are back.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Away {
    /// Of one network.
    pub of_network: i64,
    /// Of all.
    pub of_all: i64,
}

/// A browser that was expected back.
#[derive(Debug)]
pub struct StoredErrand {
    /// The hash of the browser's cookie.
    pub browser: Vec<u8>,
    /// What was to be remembered, sealed.
    pub data: Vec<u8>,
    /// Until when it was expected.
    pub expires_at: Timestamp,
}

impl Reader {
    /// How many errands are remembered now: those of this network, and all.
    pub async fn away(&mut self, network: &str, now: Timestamp) -> Result<Away, Failure> {
        on!(self, |c| sqlx::query_as::<_, Away>(COUNT_ERRANDS).bind(network).bind(now.seconds()).fetch_one(c).await)
    }

    /// The errand with this state, whether or not it is over.
    pub async fn errand(&mut self, state: &SecretHash) -> Result<Option<StoredErrand>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (Vec<u8>, Vec<u8>, i64)>(ERRAND)
            .bind(state.as_bytes())
            .fetch_optional(c)
            .await)?;
        let read = |(browser, data, at)| StoredErrand { browser, data, expires_at: Timestamp::from_seconds(at) };
        Ok(row.map(read))
    }
}

impl Transaction {
    /// A browser leaves.
    pub async fn insert_errand(&mut self, errand: &NewErrand<'_>) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(INSERT_ERRAND)
            .bind(errand.state.as_bytes())
            .bind(errand.browser.as_bytes())
            .bind(errand.network)
            .bind(errand.data)
            .bind(errand.expires_at.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// It is back; `false` when it was before.
    pub async fn use_errand(&mut self, state: &SecretHash, now: Timestamp) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (i64,)>(USE_ERRAND)
            .bind(state.as_bytes())
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(used.is_some())
    }
}

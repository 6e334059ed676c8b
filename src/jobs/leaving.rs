//! Ends accounts: those whose person left and did not come back in time, and, where the settings say so, those whose address nobody proved.
//!
//! Each goes in a transaction of its own, decided by what the row says then. So several nodes at once do no harm, and what a killed node has
//! not done is done by the next.

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::issuer::Issuer;
use crate::storage::Storage;

/// How many accounts go at once: the rest can wait for the next time.
const MOST: i64 = 500;

/// Ends accounts.
#[derive(Debug)]
pub struct Departures {
    storage: Storage,
    issuer: Issuer,
    unproven_days: u32,
}

impl Departures {
    /// Over this storage; links are below this issuer. Accounts whose address is never proved end after so many days, or never when that is 0 or mail is off.
    pub const fn new(storage: Storage, issuer: Issuer, unproven_days: u32) -> Self {
        Self { storage, issuer, unproven_days }
    }

    /// Does what is due; tells how many accounts that concerned.
    ///
    /// # Errors
    /// When the database fails: the rest comes next time.
    pub async fn run(&self, now: Timestamp) -> Result<u64, Failure> {
        let left = self.storage.delete_left(MOST, now).await;
        // Nobody is warned where no mail can be sent, and nothing ends without a warning.
        let unproven = if self.unproven_days > 0 && self.storage.sends_mail() {
            self.storage.end_unproven(self.unproven_days, &self.issuer, now).await
        } else {
            Ok(0)
        };
        Ok(left?.saturating_add(unproven?))
    }
}

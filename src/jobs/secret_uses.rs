//! Remembers when each secret of a client was last used, and writes that down once a minute: a client that authenticates touches no
//! database. A node that is killed forgets a minute of it, one that is stopped nothing.
//!
//! What is remembered is bounded. Of more clients than that within a minute, some show an older use than their last.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::client_secrets::PLACES;
use crate::storage::{SecretUse, Storage};

/// How often it is written down.
const EVERY: Duration = Duration::from_secs(60);
/// Of how many clients it is remembered: as many as the directory keeps in memory.
const MOST: usize = 10_000;

/// The last use of the secret at each place of a client.
type Uses = [Option<(Box<str>, Timestamp)>; PLACES];

/// Remembers when secrets were used.
#[derive(Debug)]
pub struct SecretUses {
    storage: Storage,
    seen: Mutex<HashMap<Box<str>, Uses>>,
}

impl SecretUses {
    /// Over this storage.
    pub fn new(storage: Storage) -> Self {
        Self { storage, seen: Mutex::default() }
    }

    /// Remembers that a client has used the secret of this id, at this place, now.
    pub fn note(&self, client_id: &str, (place, secret_id): (usize, &str), now: Timestamp) {
        let mut seen = self.seen();
        if !seen.contains_key(client_id) {
            if seen.len() >= MOST {
                return;
            }
            seen.insert(client_id.into(), Uses::default());
        }
        let Some(last) = seen.get_mut(client_id).and_then(|uses| uses.get_mut(place)) else { return };
        match last {
            Some((id, at)) if **id == *secret_id => *at = now.max(*at),
            // Of two secrets that were at one place, the later use tells which is there.
            Some((_, at)) if *at > now => {}
            _ => *last = Some((secret_id.into(), now)),
        }
    }

    /// Writes down what is remembered, every minute; never ends.
    pub async fn keep_writing(&self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(EVERY).await;
            let written = self.write().await;
            if let Err(failure) = &written
                && !failing
            {
                tracing::warn!(%failure, "it cannot be noted when secrets of clients were used");
            }
            failing = written.is_err();
        }
    }

    /// Writes down what is remembered; tells of how many secrets.
    ///
    /// # Errors
    /// When the database fails: what is not written is remembered for the next time.
    pub async fn write(&self) -> Result<usize, Failure> {
        let seen = mem::take(&mut *self.seen());
        let mut uses: Vec<SecretUse> =
            seen.into_iter().flat_map(|(client_id, uses)| of_client(&client_id, uses)).collect();
        let (mut written, mut failed) = (0, None);
        for portion in SecretUse::portions(&mut uses) {
            match self.storage.note_secret_uses(portion).await {
                Ok(()) => written += portion.len(),
                Err(failure) => {
                    for one in portion {
                        self.note(&one.client_id, (one.place, &one.secret_id), one.at);
                    }
                    failed = Some(failure);
                }
            }
        }
        failed.map_or(Ok(written), Err)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Box<str>, Uses>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_client(client_id: &str, uses: Uses) -> Vec<SecretUse> {
    let named = |(place, last): (usize, Option<(Box<str>, Timestamp)>)| {
        let (secret_id, at) = last?;
        Some(SecretUse { place, client_id: client_id.to_owned(), secret_id: secret_id.into(), at })
    };
    uses.into_iter().enumerate().filter_map(named).collect()
}

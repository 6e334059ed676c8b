//! Signing keys: makes the first one, and brings the ring up to date with the database.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::sealing::{MasterKey, SealingKey};
use crate::storage::{Storage, StoredKey};
use crate::tokens::{KeyRing, SigningKey};

/// The purpose under which private keys are sealed.
const PURPOSE: &str = "signing keys";

/// Loads signing keys.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    storage: Storage,
    master_key_id: String,
    sealing: Arc<SealingKey>,
}

impl SigningKeys {
    /// For this database and master key.
    ///
    /// # Errors
    /// A sentence when the database belongs to another master key.
    pub async fn open(storage: Storage, master: &MasterKey) -> Result<Self, Failure> {
        let own = master.id();
        let noted = storage.read().await?.master_key_id().await?;
        let noted = match noted {
            Some(noted) => Some(noted),
            None => {
                let mut transaction = storage.begin().await?;
                transaction.set_master_key_id(&own).await?;
                let noted = transaction.master_key_id().await?;
                transaction.commit().await?;
                noted
            }
        };
        Self::check_owner(noted.as_deref(), master)?;
        Ok(Self { storage, master_key_id: own, sealing: Arc::new(master.sealing_key(PURPOSE)) })
    }

    /// Checks that a database with this noted key id, if it has one yet, belongs to the master key.
    ///
    /// # Errors
    /// A sentence when it belongs to another one.
    pub fn check_owner(noted: Option<&str>, master: &MasterKey) -> Result<(), Failure> {
        let own = master.id();
        match noted {
            Some(noted) if noted != own => Err(Failure::internal(format!(
                "the master key is not the one that this database belongs to (it has the id {own}, the database wants {noted}): \
                 give the right one in keys.master_key or keys.master_key_file"
            ))),
            _ => Ok(()),
        }
    }

    /// Makes the first signing key unless there is one; of several nodes that start together, one makes it. Tells the new key's name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_first(&self, now: Timestamp) -> Result<Option<String>, Failure> {
        if !self.storage.read().await?.signing_keys().await?.is_empty() {
            return Ok(None);
        }
        let made =
            tokio::task::spawn_blocking(move || SigningKey::generate(now)).await.map_err(Failure::internal)??;
        self.keep_first(&made, now).await
    }

    /// Keeps a key as the first one, unless there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_first(&self, key: &SigningKey, now: Timestamp) -> Result<Option<String>, Failure> {
        let stored = StoredKey {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm().as_str().to_owned(),
            public_jwk: key.jwk().to_string(),
            private_key: key.seal(&self.sealing)?,
            sealed_by: self.master_key_id.clone(),
            created_at: now,
            signs_from: now,
            retired_at: None,
            revoked_at: None,
        };
        let mut transaction = self.storage.begin().await?;
        // Holds other nodes back: whoever comes second sees the first one's key.
        transaction.bump_epoch().await?;
        if !transaction.signing_keys().await?.is_empty() {
            return Ok(None);
        }
        transaction.insert_signing_key(&stored).await?;
        transaction.commit().await?;
        Ok(Some(stored.kid))
    }

    /// Brings the ring up to date; keys that it has already are not parsed again.
    ///
    /// # Errors
    /// When the database fails or a record cannot be opened: the ring stays as it is.
    pub async fn refresh(&self, ring: &KeyRing) -> Result<(), Failure> {
        let stored = self.storage.read().await?.signing_keys().await?;
        let open = |key: &StoredKey| match ring.find(&key.kid) {
            Some(known) => Ok(known),
            None => SigningKey::unseal(&key.kid, &key.algorithm, &key.private_key, key.signs_from, &self.sealing)
                .map(Arc::new),
        };
        let keys: Result<Vec<_>, Failure> = stored.iter().filter(|key| key.revoked_at.is_none()).map(open).collect();
        ring.replace(keys?);
        Ok(())
    }
}

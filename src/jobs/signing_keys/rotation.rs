//! Takes the steps that are due: makes keys, notes which have begun to sign and which were taken over from.
//!
//! One node at a time does so, under a lease that runs out by itself when the node dies. What keeps the keys right is not the lease but
//! the transaction: it plans again with what the database says, and other changes to the keys wait for its end.

use std::sync::atomic::Ordering;

use super::SigningKeys;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::key_life::KeyLife;
use crate::protocol::key_schedule::{Step, clock_went_back, first_steps, steps};
use crate::storage::{Lease, StoredKey, Transaction};
use crate::tokens::{KeyRing, SigningKey};

/// How long the lease lasts, in seconds.
const LEASE: i64 = 30;
/// How long a node leaves the work to others after it failed, in seconds: longer than the lease that it still has.
const REST: i64 = 2 * LEASE;
/// How many rounds of steps one transaction takes at most: each follows from the one before.
const ROUNDS: usize = 4;

/// What was done to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made, for that algorithm, and signs from then on.
    Made(String, Algorithm, Timestamp),
    /// It signs earlier than planned, from then on.
    Hastened(String, Timestamp),
    /// It signs from now on.
    Activated(String),
    /// It signs no more.
    Retired(String),
    /// It was removed.
    Forgotten(String),
}

impl SigningKeys {
    /// Does what is due, if anything is, beside the caller. To be called twice a second.
    pub fn attend(&self, ring: &KeyRing, now: Timestamp) {
        let keys = ring.lives();
        let behind = clock_went_back(&keys, now);
        if behind && !self.warned.swap(true, Ordering::SeqCst) {
            tracing::warn!(%now, "the clock has gone back: the signing keys know of a later time, and none is made by this clock");
        } else if !behind {
            self.warned.store(false, Ordering::SeqCst);
        }
        let failed_at = Timestamp::from_seconds(self.failed_at.load(Ordering::SeqCst));
        let rests = failed_at <= now && now < failed_at.plus(REST);
        if rests || !self.is_due(ring, now) || self.at_work.swap(true, Ordering::SeqCst) {
            return;
        }
        let own = self.clone();
        tokio::spawn(async move {
            match own.rotate_under_lease(now).await {
                Ok(changes) => changes.iter().for_each(Change::log),
                Err(failure) => {
                    own.failed_at.store(now.seconds(), Ordering::SeqCst);
                    tracing::error!(%failure, "the signing keys cannot be changed");
                }
            }
            own.at_work.store(false, Ordering::SeqCst);
        });
    }

    /// Whether anything is due, by what the ring knows.
    pub fn is_due(&self, ring: &KeyRing, now: Timestamp) -> bool {
        !self.due(&ring.lives(), &self.choices.load(), true, now).is_empty()
    }

    fn due(&self, keys: &[KeyLife], choices: &[AlgorithmChoice], published: bool, now: Timestamp) -> Vec<Step> {
        let plan = if published { steps } else { first_steps };
        plan(keys, &self.wanted(choices, keys, now), self.policy.rhythm, now)
    }

    /// As [`SigningKeys::rotate`], when no other node is at it.
    ///
    /// # Errors
    /// When the database fails or no key can be made; then nobody tries again before the lease has run out.
    pub async fn rotate_under_lease(&self, now: Timestamp) -> Result<Vec<Change>, Failure> {
        let mut transaction = self.storage.begin().await?;
        let taken = transaction.take_lease(Lease::SigningKeys, &self.node, now, LEASE).await?;
        transaction.commit().await?;
        if !taken {
            return Ok(Vec::new());
        }
        let changes = self.rotate(now).await?;
        if !changes.is_empty() {
            let mut transaction = self.storage.begin().await?;
            transaction.return_lease(Lease::SigningKeys, &self.node).await?;
            transaction.commit().await?;
        }
        Ok(changes)
    }

    /// Takes the steps that are due.
    ///
    /// # Errors
    /// When the database fails or no key can be made.
    pub async fn rotate(&self, now: Timestamp) -> Result<Vec<Change>, Failure> {
        let rows = self.storage.key_rows().await?;
        let keys = lives(rows.keys);
        let due = self.due(&keys, &rows.choices, rows.published, now);
        let mut made = self.make_for(&due).await?;
        let mut transaction = self.storage.begin().await?;
        let changes = self.take_steps(&mut transaction, &mut made, now).await?;
        if !changes.is_empty() {
            transaction.commit().await?;
        }
        Ok(changes)
    }

    /// Makes the first signing key unless there is one; of several nodes that start together, one makes it. Tells the new key's name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_first(&self, now: Timestamp) -> Result<Option<String>, Failure> {
        if !self.storage.read().await?.signing_keys().await?.is_empty() {
            return Ok(None);
        }
        let changes = self.rotate(now).await?;
        Ok(changes.into_iter().find_map(|change| match change {
            Change::Made(kid, algorithm, _) if algorithm == self.policy.default => Some(kid),
            _ => None,
        }))
    }

    /// Makes the keys that the steps ask for, off the threads that answer requests and before any transaction.
    pub(super) async fn make_for(&self, steps: &[Step]) -> Result<Vec<SigningKey>, Failure> {
        let mut made = Vec::new();
        for step in steps {
            if let Step::Make { algorithm, .. } = step {
                made.push(self.make(*algorithm).await?);
            }
        }
        Ok(made)
    }

    async fn make(&self, algorithm: Algorithm) -> Result<SigningKey, Failure> {
        let spec = self.spec(algorithm);
        tokio::task::spawn_blocking(move || SigningKey::generate(spec)).await.map_err(Failure::internal)?
    }

    /// Takes every step that is due by what the database says now. A key that is due but was not made waits for the next time.
    pub(super) async fn take_steps(
        &self,
        transaction: &mut Transaction,
        made: &mut Vec<SigningKey>,
        now: Timestamp,
    ) -> Result<Vec<Change>, Failure> {
        // Holds other changes back: whoever comes second sees what the first one did.
        transaction.keys_changed().await?;
        let mut changes = Vec::new();
        for _ in 0..ROUNDS {
            let keys = lives(transaction.signing_keys().await?);
            let choices = transaction.algorithm_choices().await?;
            let published = transaction.key_set_was_published().await?;
            let before = changes.len();
            for step in self.due(&keys, &choices, published, now) {
                changes.extend(self.take(transaction, step, made, now).await?);
            }
            if changes.len() == before {
                break;
            }
        }
        Ok(changes)
    }

    pub(super) async fn take(
        &self,
        transaction: &mut Transaction,
        step: Step,
        made: &mut Vec<SigningKey>,
        now: Timestamp,
    ) -> Result<Option<Change>, Failure> {
        let change = match step {
            Step::Make { algorithm, signs_from } => {
                let Some(at) = made.iter().position(|key| key.algorithm() == algorithm) else { return Ok(None) };
                let key = made.swap_remove(at);
                self.keep(transaction, &key, signs_from, now).await?;
                Change::Made(key.kid().to_owned(), algorithm, signs_from)
            }
            Step::Hasten { kid, signs_from } => {
                transaction.hasten_signing_key(&kid, signs_from).await?;
                Change::Hastened(kid, signs_from)
            }
            Step::Activate(kid) => {
                transaction.activate_signing_key(&kid, now).await?;
                Change::Activated(kid)
            }
            Step::Retire(kid) => {
                transaction.retire_signing_key(&kid, now).await?;
                Change::Retired(kid)
            }
            Step::Forget(kid) => {
                transaction.forget_signing_key(&kid).await?;
                Change::Forgotten(kid)
            }
        };
        transaction.record(&change.event(&self.act(now))).await?;
        Ok(Some(change))
    }

    /// Keeps a new key. Its tokens may live as long as those of any node whose settings the keys know.
    async fn keep(
        &self,
        transaction: &mut Transaction,
        key: &SigningKey,
        signs_from: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let noted = transaction.master_key_id().await?.unwrap_or_default();
        if !self.master.use_key(&noted) {
            return Err(Failure::internal(format!(
                "no signing key can be made: the database belongs to the master key {noted}, but the settings have {}",
                super::ids(&self.master)
            )));
        }
        let others = lives(transaction.signing_keys().await?);
        let others = others.iter().filter(|key| key.retired_at.is_none()).map(|key| key.token_lifetime);
        let stored = StoredKey {
            life: KeyLife {
                kid: key.kid().to_owned(),
                algorithm: key.algorithm().as_str().to_owned(),
                sequence: 0,
                created_at: now,
                signs_from,
                activated_at: Some(now).filter(|_| signs_from <= now),
                retired_at: None,
                revoked_at: None,
                token_lifetime: others.chain([self.policy.token_lifetime]).max().unwrap_or_default(),
            },
            public_jwk: key.jwk().to_string(),
            private_key: key.seal(&self.sealing)?,
            sealed_by: noted,
        };
        transaction.insert_signing_key(&stored).await
    }
}

impl Change {
    fn event(&self, act: &Act) -> Event {
        let of = |name, kid: &str| Event::of(act, name).on(Noun::Key, kid);
        match self {
            Self::Made(kid, algorithm, from) => {
                let event = of(Name::KeyCreated, kid).with("algorithm", algorithm.as_str());
                event.with("signs_from", from.to_string())
            }
            Self::Hastened(kid, from) => of(Name::KeyHastened, kid).with("signs_from", from.to_string()),
            Self::Activated(kid) => of(Name::KeyActivated, kid),
            Self::Retired(kid) => of(Name::KeyRetired, kid),
            Self::Forgotten(kid) => of(Name::KeyRemoved, kid),
        }
    }

    fn log(&self) {
        match self {
            Self::Made(kid, algorithm, from) => {
                tracing::info!(kid, %algorithm, signs_from = %from, "made a signing key");
            }
            Self::Hastened(kid, from) => tracing::info!(kid, signs_from = %from, "a signing key signs earlier"),
            Self::Activated(kid) => tracing::info!(kid, "a signing key has begun to sign"),
            Self::Retired(kid) => tracing::info!(kid, "a signing key signs no more"),
            Self::Forgotten(kid) => tracing::info!(kid, "a signing key was removed"),
        }
    }
}

pub(super) fn lives(stored: Vec<StoredKey>) -> Vec<KeyLife> {
    stored.into_iter().map(|key| key.life).collect()
}

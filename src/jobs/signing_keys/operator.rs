//! What an operator asks for: the next key before its time, an end to a key, another master key. The same transaction takes every step
//! that follows from it, so that no node ever sees keys half changed.

use std::collections::BTreeSet;

use super::rotation::lives;
use super::{Change, SigningKeys};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::jobs::audit;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::key_life::Stage;
use crate::protocol::key_schedule::{Step, clock_went_back, next_of, steps_asked_for};
use crate::storage::Transaction;
use crate::tokens::reseal;

/// What another master key has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    /// The keys that are sealed with the current master key now and were not before.
    pub kids: Vec<String>,
    /// The same of the secrets of APIs.
    pub secrets: Vec<String>,
    /// The current master key's id.
    pub master_key_id: String,
}

/// Revokes a key, unless it was revoked before, and records that. Also without the master key: then another signs once a node knows of it.
///
/// # Errors
/// When the database fails.
pub async fn revoke(transaction: &mut Transaction, kid: &str, act: &Act) -> Result<(), Failure> {
    if transaction.revoke_signing_key(kid, act.at).await? {
        transaction.record(&Event::of(act, Name::KeyRevoked).on(Noun::Key, kid)).await?;
    }
    Ok(())
}

impl SigningKeys {
    /// Makes the next key of each algorithm in use, or of one of them. It signs after the usual lead, or with `hurry` as soon as every
    /// verifier knows it; and one that is published already signs then, too.
    ///
    /// # Errors
    /// When the database fails or no key can be made; when the clock has gone back, or the algorithm is not in use.
    pub async fn ask(&self, only: Option<Algorithm>, hurry: bool, now: Timestamp) -> Result<Vec<Change>, Failure> {
        let rows = self.storage.key_rows().await?;
        let keys = lives(rows.keys);
        if clock_went_back(&keys, now) {
            return Err(Failure::internal(format!(
                "the clock has gone back: it is {now} here, but the signing keys know of a later time; set the clock first"
            )));
        }
        let mut asked: BTreeSet<Algorithm> = self.wanted(&rows.choices, &keys, now);
        if let Some(only) = only {
            if !asked.contains(&only) {
                return Err(Failure::internal(format!("nothing is signed with {only}: no client and no API wants it")));
            }
            asked = [only].into();
        }
        let mut made = self.make_for(&steps_asked_for(&keys, &asked, self.policy.rhythm, hurry, now)).await?;
        let mut transaction = self.storage.begin().await?;
        transaction.keys_changed().await?;
        let keys = lives(transaction.signing_keys().await?);
        let mut changes = Vec::new();
        for step in steps_asked_for(&keys, &asked, self.policy.rhythm, hurry, now) {
            changes.extend(self.take(&mut transaction, step, &mut made, now).await?);
        }
        changes.extend(self.take_steps(&mut transaction, &mut made, now).await?);
        transaction.commit().await?;
        Ok(changes)
    }

    /// Revokes a key. When it was the one that signs, the next one signs from now on, or one that is made for it.
    ///
    /// # Errors
    /// When the database fails or no key can be made.
    pub async fn revoke(&self, kid: &str, now: Timestamp) -> Result<Vec<Change>, Failure> {
        let keys = lives(self.storage.key_rows().await?.keys);
        let active = keys.iter().find(|key| key.kid == kid && key.standing(&keys, now).stage == Stage::Active);
        let successor = match active.and_then(|key| key.algorithm.parse::<Algorithm>().ok()) {
            Some(algorithm) if next_of(&keys, algorithm, now).is_none() => Some(algorithm),
            _ => None,
        };
        let make = successor.map(|algorithm| Step::Make { algorithm, signs_from: now });
        let mut made = self.make_for(make.as_slice()).await?;
        let mut transaction = self.storage.begin().await?;
        transaction.keys_changed().await?;
        revoke(&mut transaction, kid, &self.act(now)).await?;
        let changes = self.take_steps(&mut transaction, &mut made, now).await?;
        transaction.commit().await?;
        Ok(changes)
    }

    /// Seals every private half and every secret of an API with the current master key, with what else is sealed in the database, and gives
    /// the database to it. All or nothing.
    ///
    /// # Errors
    /// When the database fails, or one of them cannot be opened with the master keys of the settings.
    pub async fn rewrap(&self, now: Timestamp) -> Result<Rewrapped, Failure> {
        let current = self.master.id();
        let mut transaction = self.storage.begin().await?;
        transaction.keys_changed().await?;
        transaction.hold_master_key().await?;
        let stored = transaction.signing_keys().await?;
        self.master.use_key(&current);
        let mut kids = Vec::new();
        for key in stored.iter().filter(|key| !key.private_key.is_empty() && key.sealed_by != current) {
            let kid = &key.life.kid;
            self.check_seal(&format!("the signing key {kid}"), &key.sealed_by)?;
            let sealed = reseal(kid, &key.life.algorithm, &key.private_key, &self.sealing).ok_or_else(|| {
                Failure::internal(format!("the signing key {kid} is damaged: revoke it, or restore it from a backup"))
            })?;
            transaction.rewrap_signing_key(kid, &sealed, &current).await?;
            kids.push(kid.clone());
        }
        let secrets = self.rewrap_secrets(&mut transaction, &current).await?;
        let is_news = transaction.master_key_id().await?.is_none_or(|noted| noted != current)
            || !kids.is_empty()
            || !secrets.is_empty();
        audit::reseal(&mut transaction, &self.master).await?;
        transaction.reseal_mails(&self.master).await?;
        transaction.reseal_factors(&self.master).await?;
        transaction.change_master_key_id(&current).await?;
        if is_news {
            let event = Event::of(&self.act(now), Name::MasterKeyChanged).on(Noun::MasterKey, &current);
            transaction.record(&event.with("rewrapped", kids.clone()).with("secrets", secrets.clone())).await?;
        }
        transaction.commit().await?;
        Ok(Rewrapped { kids, secrets, master_key_id: current })
    }
}

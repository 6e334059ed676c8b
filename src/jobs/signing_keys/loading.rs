//! Brings the ring up to date. A record that cannot be opened keeps no news back: its key is published and verified with, the others
//! change as they should, and only what it alone could sign is refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::SigningKeys;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_life::Stage;
use crate::storage::{KeyNews, StoredKey};
use crate::tokens::{HeldKey, KeyRing, PublicKey, SigningKey};

impl SigningKeys {
    /// Fills the ring at start, and sees to it that keys know how long their tokens may live.
    ///
    /// # Errors
    /// When the database fails. A sentence, when a key that signs or will sign cannot be opened.
    pub async fn load(&self, ring: &KeyRing, now: Timestamp) -> Result<(), Failure> {
        self.refresh(ring, now).await?;
        self.check_still_ours()?;
        self.note_published().await?;
        let (held, lives) = (ring.held(), ring.lives());
        for key in &held {
            let is_needed = matches!(key.life.standing(&lives, now).stage, Stage::Active | Stage::Next);
            let is_known = key.life.algorithm.parse::<Algorithm>().is_ok();
            if let Err(why) = &key.private
                && is_needed
                && is_known
            {
                let kid = &key.life.kid;
                return Err(Failure::internal(format!(
                    "{why}: restore it from a backup, or put another key in its place with `doorward key revoke {kid}`"
                )));
            }
        }
        let lifetime = self.policy.token_lifetime;
        let signs = |key: &&HeldKey| key.life.retired_at.is_none() && key.life.revoked_at.is_none();
        if held.iter().filter(signs).any(|key| key.life.token_lifetime < lifetime) {
            let mut transaction = self.storage.begin().await?;
            transaction.raise_token_lifetime(lifetime).await?;
            transaction.commit().await?;
            self.refresh(ring, now).await?;
        }
        Ok(())
    }

    /// Brings the ring up to date if there is news of keys, or of what is to be signed with which algorithm, and confirms it otherwise.
    /// The news is of `asked` or later.
    ///
    /// # Errors
    /// When the database fails: the next call tries again.
    pub async fn hear(&self, ring: &KeyRing, news: KeyNews, asked: Timestamp) -> Result<(), Failure> {
        if self.heard.load().as_deref() == Some(&news) {
            ring.confirm(asked);
        } else {
            self.refresh(ring, asked).await?;
            self.heard.store(Some(Arc::new(news)));
        }
        Ok(())
    }

    /// Brings the ring up to date; keys that it has already are not parsed again. `now` is a time before the call.
    ///
    /// # Errors
    /// When the database fails: the ring stays as it is.
    pub async fn refresh(&self, ring: &KeyRing, now: Timestamp) -> Result<(), Failure> {
        let _alone = self.loading.lock().await;
        self.read(ring, now).await
    }

    /// Brings the ring up to date unless it is fresh at `now`: of many who find it old at once, one does it and the others wait.
    ///
    /// # Errors
    /// As [`SigningKeys::refresh`].
    pub async fn freshen(&self, ring: &KeyRing, now: Timestamp) -> Result<(), Failure> {
        if ring.is_fresh(now) {
            return Ok(());
        }
        let _alone = self.loading.lock().await;
        if ring.is_fresh(now) {
            return Ok(());
        }
        self.read(ring, now).await
    }

    async fn read(&self, ring: &KeyRing, now: Timestamp) -> Result<(), Failure> {
        let rows = self.storage.key_rows().await?;
        self.loads.fetch_add(1, Ordering::SeqCst);
        // It passes when the right key is given back, or this node is started with it.
        let ours = Self::check_owner(rows.master_key_id.as_deref(), &self.master).map_err(Failure::unavailable);
        self.foreign.store(ours.is_err(), Ordering::SeqCst);
        rows.master_key_id.as_deref().map(|noted| self.master.use_key(noted));
        let before = ring.held();
        let of = |key: &StoredKey| before.iter().find(|held| held.life.kid == key.life.kid);
        let held = rows.keys.iter().map(|key| self.hold(key, of(key), &ours));
        let secrets = self.hold_secrets(&rows.secrets, &ring.held_secrets(), &ours);
        ring.replace(held.collect(), secrets, now);
        self.choices.store(Arc::new(rows.choices));
        Ok(())
    }

    /// Notes that the keys are published from now on, unless it is noted.
    async fn note_published(&self) -> Result<(), Failure> {
        if self.storage.read().await?.key_set_was_published().await? {
            return Ok(());
        }
        let mut transaction = self.storage.begin().await?;
        transaction.note_key_set_published().await?;
        transaction.commit().await
    }

    fn open_record(&self, stored: &StoredKey) -> Result<SigningKey, Failure> {
        self.check_seal(&format!("the signing key {}", stored.life.kid), &stored.sealed_by)?;
        SigningKey::unseal(&stored.life.kid, &stored.life.algorithm, &stored.private_key, &self.sealing)
    }

    /// Checks that the settings have the master key that sealed a row; `what` names the row.
    pub(super) fn check_seal(&self, what: &str, sealed_by: &str) -> Result<(), Failure> {
        if self.master.ids().any(|own| own == sealed_by) {
            return Ok(());
        }
        Err(Failure::internal(format!(
            "{what} was sealed with the master key {sealed_by}, but the settings have {}",
            super::ids(&self.master)
        )))
    }

    fn hold(&self, stored: &StoredKey, before: Option<&HeldKey>, ours: &Result<(), Failure>) -> HeldKey {
        let life = stored.life.clone();
        let (kid, algorithm) = (life.kid.as_str(), life.algorithm.as_str());
        let private = match (ours, before.map(|held| &held.private)) {
            _ if life.retired_at.is_some() || life.revoked_at.is_some() => {
                Err(Failure::internal(format!("the signing key {kid} signs no more")))
            }
            // What we could open once signs no more either: our master key is not to be relied on.
            (Err(why), _) => Err(why.clone()),
            (Ok(()), Some(Ok(known))) => Ok(known.clone()),
            _ => self.open_record(stored).map(Arc::new),
        };
        let public = match (before.map(|held| &held.public), &private) {
            (Some(Ok(known)), _) => Ok(known.clone()),
            // What the private half says of itself cannot have been changed in the database.
            (_, Ok(private)) => PublicKey::parse(kid, algorithm, &private.jwk().to_string()).map(Arc::new),
            (_, Err(_)) => PublicKey::parse(kid, algorithm, &stored.public_jwk).map(Arc::new),
        };
        let held = HeldKey { life, public, private };
        report(&held, before);
        held
    }
}

/// Says once what cannot be opened.
fn report(held: &HeldKey, before: Option<&HeldKey>) {
    let signs = held.life.retired_at.is_none() && held.life.revoked_at.is_none();
    let said = |problem: &Failure| {
        let known = before.into_iter().flat_map(|held| [held.private.as_ref().err(), held.public.as_ref().err()]);
        known.flatten().any(|other| other.detail == problem.detail)
    };
    let problems = [held.private.as_ref().err().filter(|_| signs), held.public.as_ref().err()];
    for problem in problems.into_iter().flatten().filter(|problem| !said(problem)) {
        tracing::error!(%problem, "a signing key cannot be used");
    }
}

//! The secrets that APIs share with us: made, or taken as an operator brings them, shown this once and never again, replaced with an overlap.

use std::sync::Arc;

use serde::Serialize;

use super::{Changed, Error, Registry, commit};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::key_life::Stage;
use crate::protocol::problem::Problems;
use crate::protocol::resource::Resource;
use crate::protocol::resource_secret::{KID_PREFIX, SecretBytes, SecretLife, taken_until};
use crate::protocol::resource_signing::ResourceSigning;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::Secret;
use crate::storage::{FactorSeal, StoredSecret, Transaction};
use crate::tokens::ResourceSecret;

/// What seals secrets.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    master: MasterKey,
    sealing: Arc<SealingKey>,
    /// For the seeds of authenticators.
    pub factors: Arc<FactorSeal>,
}

/// A secret that was just made or taken.
#[derive(Debug)]
pub struct IssuedSecret {
    /// Its name, which its tokens have in their header.
    pub kid: String,
    /// The secret: 32 bytes in base64url, shown this once.
    pub secret: Secret,
    /// From when it signs (RFC 3339).
    pub signs_from: String,
}

/// A secret as every face shows it: by its name and its times, never itself.
#[derive(Clone, Debug, Serialize)]
pub struct SecretView {
    /// Its name.
    pub kid: String,
    /// `next`, `active` or `retired`.
    pub state: &'static str,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// From when it signs (RFC 3339).
    pub signs_from: String,
    /// Until when tokens under it are taken (RFC 3339); `None` as long as it has no successor.
    pub accepted_until: Option<String>,
}

impl Registry {
    /// The same, able to seal what may lie in the database under the master key alone.
    #[must_use]
    pub fn with_master_key(self, master: &MasterKey) -> Self {
        let sealing = Arc::new(ResourceSecret::sealing_key(master));
        let factors = Arc::new(FactorSeal::new(master));
        Self { seal: Some(Seal { master: master.clone(), sealing, factors }), ..self }
    }

    /// The secrets of a resource that are not over, oldest first.
    pub async fn resource_secrets(&self, identifier: &str, now: Timestamp) -> Result<Vec<SecretView>, Failure> {
        let lives = self.storage.read().await?.secrets_of_resource(identifier).await?;
        let view = |life: &SecretLife| SecretView {
            kid: life.kid.clone(),
            state: life.stage(&lives, now).as_str(),
            created_at: life.created_at.to_string(),
            signs_from: life.signs_from.to_string(),
            accepted_until: life.ends_at.map(|at| at.to_string()),
        };
        Ok(lives.iter().filter(|life| life.stage(&lives, now) != Stage::Revoked).map(view).collect())
    }

    /// Gives a resource another secret, or the one that the operator brings. For the overlap, in seconds, the former one goes on signing; then the
    /// new one signs, and the former one is taken until the last token under it has expired. Without an overlap the former ones are gone at once, with
    /// every token under them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a resource that has no secret; a failure when the master key is not here.
    pub async fn renew_resource_secret(
        &self,
        identifier: &str,
        given: Option<SecretBytes>,
        overlap: i64,
        act: &Act,
    ) -> Result<Changed<IssuedSecret>, Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        let resource = transaction.hold_resource(identifier).await?;
        let resource = resource.ok_or_else(|| Error::Missing(Noun::Resource, identifier.to_owned()))?;
        if !resource.signing.is_secret() {
            let sentence = format!(
                "the tokens of {identifier} are signed with a published key: it has no secret (--signing-alg HS256 gives it one)"
            );
            return Err(Problems::one("signing_alg", sentence).into());
        }
        let signs_from = act.at.plus(overlap);
        if overlap == 0 {
            transaction.delete_resource_secrets(identifier).await?;
        } else {
            let until = taken_until(signs_from, self.access_token_lifetime);
            transaction.end_resource_secrets(identifier, until).await?;
        }
        let event = Event::of(act, Name::ResourceSecretRenewed).on(Noun::Resource, identifier);
        let life = SecretLife { signs_from, ..new_life(identifier, act) };
        let (issued, event) = self.keep(&mut transaction, life, given, event).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view: issued, event, warnings: Vec::new() })
    }

    /// Gives a resource that wants a secret from now on its first one, which signs at once, and takes all from one that wants none any more: what they
    /// signed is worthless then, and a secret that is good for nothing must not lie about.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a secret that was brought for nothing; a failure when the master key is not here.
    pub(super) async fn fit_secrets(
        &self,
        transaction: &mut Transaction,
        (before, resource): (ResourceSigning, &Resource),
        given: Option<SecretBytes>,
        act: &Act,
    ) -> Result<Option<IssuedSecret>, Error> {
        let identifier = &resource.identifier;
        match (before.is_secret(), resource.signing.is_secret()) {
            (false, true) => {
                let event = Event::of(act, Name::ResourceSecretCreated).on(Noun::Resource, identifier);
                let (issued, event) = self.keep(transaction, new_life(identifier, act), given, event).await?;
                transaction.record(&event).await?;
                Ok(Some(issued))
            }
            (_, false) if given.is_some() => {
                let sentence = "a secret is for an API whose tokens are signed with one: --signing-alg HS256";
                Err(Problems::one("secret", sentence).into())
            }
            (true, true) if given.is_some() => {
                let sentence = "it has a secret already: doorward resource new-secret gives it another";
                Err(Problems::one("secret", sentence).into())
            }
            (true, false) => {
                transaction.delete_resource_secrets(identifier).await?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Keeps a secret, sealed with the master key that the database belongs to, and completes the record of it.
    async fn keep(
        &self,
        transaction: &mut Transaction,
        life: SecretLife,
        given: Option<SecretBytes>,
        event: Event,
    ) -> Result<(IssuedSecret, Event), Failure> {
        let Some(Seal { master, sealing, .. }) = &self.seal else {
            return Err(Failure::internal(
                "the secret of an API is sealed with the master key: give it in keys.master_key_file or DOORWARD__KEYS__MASTER_KEY",
            ));
        };
        // Whoever gives the database to another master key waits, or is done.
        transaction.keys_changed().await?;
        transaction.set_master_key_id(&master.id()).await?;
        let sealed_by = transaction.master_key_id().await?.unwrap_or_default();
        if !master.use_key(&sealed_by) {
            return Err(Failure::internal(format!(
                "no secret can be made: the database belongs to the master key {sealed_by}, which the settings do not have"
            )));
        }
        let is_given = given.is_some();
        let bytes = given.unwrap_or_else(|| SecretBytes::of(random::bytes()));
        let secret = ResourceSecret::seal(&life.kid, &life.resource, bytes.as_array(), sealing);
        let (kid, signs_from) = (life.kid.clone(), life.signs_from.to_string());
        transaction.insert_resource_secret(&StoredSecret { life, secret, sealed_by }).await?;
        let event = event.with("kid", kid.as_str()).with("given", is_given).with("signs_from", signs_from.as_str());
        Ok((IssuedSecret { kid, secret: bytes.to_text(), signs_from }, event))
    }
}

/// The life of a secret that signs at once.
fn new_life(resource: &str, act: &Act) -> SecretLife {
    SecretLife {
        kid: format!("{KID_PREFIX}{}", random::id()),
        resource: resource.to_owned(),
        sequence: 0,
        created_at: act.at,
        signs_from: act.at,
        ends_at: None,
    }
}

//! The secrets that APIs share with us, beside the signing keys: read into the ring with them, and sealed anew with them. One that cannot be
//! opened is no secret here: the tokens of its API are refused, made and taken, and nothing else is.

use std::sync::Arc;

use super::SigningKeys;
use crate::failure::Failure;
use crate::storage::{StoredSecret, Transaction};
use crate::tokens::{HeldSecret, ResourceSecret};

impl SigningKeys {
    /// The secrets as this node has them; those that it had before are not opened again.
    pub(super) fn hold_secrets(
        &self,
        stored: &[StoredSecret],
        before: &[HeldSecret],
        ours: &Result<(), Failure>,
    ) -> Vec<HeldSecret> {
        let of = |secret: &StoredSecret| before.iter().find(|held| held.life.kid == secret.life.kid);
        stored.iter().map(|secret| self.hold_secret(secret, of(secret), ours)).collect()
    }

    fn hold_secret(
        &self,
        stored: &StoredSecret,
        before: Option<&HeldSecret>,
        ours: &Result<(), Failure>,
    ) -> HeldSecret {
        let secret = match (ours, before.map(|held| &held.secret)) {
            // What we could open once is worth nothing either: our master key is not to be relied on.
            (Err(why), _) => Err(why.clone()),
            (Ok(()), Some(Ok(known))) => Ok(known.clone()),
            _ => self.open_secret(stored).map(Arc::new),
        };
        if let Err(problem) = &secret
            && before.and_then(|held| held.secret.as_ref().err()).is_none_or(|known| known.detail != problem.detail)
        {
            tracing::error!(%problem, resource = %stored.life.resource, "the secret of an API cannot be used");
        }
        HeldSecret { life: stored.life.clone(), secret }
    }

    fn open_secret(&self, stored: &StoredSecret) -> Result<ResourceSecret, Failure> {
        self.check_seal(&format!("the secret {}", stored.life.kid), &stored.sealed_by)?;
        ResourceSecret::unseal(&stored.life.kid, &stored.life.resource, &stored.secret, &self.sealing_secrets)
    }

    /// Seals every secret with the master key of this id, which is the one in use; tells which were not before.
    pub(super) async fn rewrap_secrets(
        &self,
        transaction: &mut Transaction,
        current: &str,
    ) -> Result<Vec<String>, Failure> {
        let mut kids = Vec::new();
        let stored = transaction.resource_secrets().await?;
        for StoredSecret { life, secret, sealed_by } in stored.iter().filter(|secret| secret.sealed_by != current) {
            let (kid, resource) = (&life.kid, &life.resource);
            self.check_seal(&format!("the secret {kid}"), sealed_by)?;
            let resealed = ResourceSecret::reseal(kid, resource, secret, &self.sealing_secrets).ok_or_else(|| {
                Failure::internal(format!(
                    "the secret {kid} is damaged: make another with `doorward resource new-secret {resource} --overlap 0s`, or \
                     restore it from a backup"
                ))
            })?;
            transaction.rewrap_resource_secret(kid, &resealed, current).await?;
            kids.push(kid.clone());
        }
        Ok(kids)
    }
}

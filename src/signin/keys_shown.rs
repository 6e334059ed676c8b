//! What holds alike of a passkey and of a security key that is shown: the answer is checked, the request for it is good once, and the counter is noted. What
//! a proof comes of it is for [`super::passkeys`] and [`super::security_keys`].

use super::challenges::Challenge;
use super::{Browser, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::passkeys::{Answer, Flaw, Seen};
use crate::protocol::audit::{Act, Actor, Name, Outcome};
use crate::protocol::passkey::{Passkey, Use};
use crate::protocol::rejection::Rejection;
use crate::storage::Transaction;

/// An answer, with what it speaks of.
pub(super) struct Shown {
    pub challenge: Challenge,
    pub answer: Answer,
    pub key: Option<Passkey>,
}

impl SignIns {
    /// What the answer says of this key, being right.
    ///
    /// # Errors
    /// The rejection of such a key; a failure when the database fails.
    pub(super) async fn check_key(
        &self,
        shown: &Shown,
        key: &Passkey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Seen, Error> {
        match self.ceremonies()?.check(&shown.challenge.state, &shown.answer, key) {
            Ok(seen) => Ok(seen),
            Err(Flaw::WentBack) => Err(self.went_back(shown, key, browser, now).await?.into()),
            Err(flaw) => Err(refusal(key.used_as, flaw).into()),
        }
    }

    /// Finds the key again now that its account is held, uses the request up, and notes the counter. `false` when the counter has gone on meanwhile: then
    /// the key [went back](Self::went_back).
    ///
    /// # Errors
    /// The rejection of a key that is gone; [`Rejection::StalePasskeyRequest`]; a failure when the database fails.
    pub(super) async fn use_key(
        &self,
        transaction: &mut Transaction,
        shown: &Shown,
        (key, Seen { counter, is_copied }): (&Passkey, Seen),
        now: Timestamp,
    ) -> Result<bool, Error> {
        let there = transaction.passkey_by_credential(&shown.answer.credential_id).await?;
        if there.is_none_or(|there| there.id != key.id) {
            return Err(refusal(key.used_as, Flaw::Wrong).into());
        }
        if !transaction.use_challenge(&shown.challenge.id, shown.challenge.expires_at()).await? {
            return Err(Rejection::StalePasskeyRequest.into());
        }
        Ok(transaction.use_passkey(key, (counter, is_copied), now).await?)
    }

    /// Uses the request up, and records that a key was shown as a copy of it would be, of which its owner is told. An answer that came before, as a
    /// browser sends it again whose line broke, has the counter of then, and says nothing of a copy: [`Rejection::StalePasskeyRequest`].
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn went_back(
        &self,
        shown: &Shown,
        key: &Passkey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Rejection, Failure> {
        let mut transaction = self.storage.begin().await?;
        if !transaction.use_challenge(&shown.challenge.id, shown.challenge.expires_at()).await? {
            return Ok(Rejection::StalePasskeyRequest);
        }
        let act = Act::by(Actor::Nobody, browser.origin, now);
        transaction.record(&key.event(Name::PasskeyWentBack, &act).ended_in(Outcome::Refused)).await?;
        transaction.commit().await?;
        Ok(refusal(key.used_as, Flaw::WentBack))
    }
}

/// Why a key proves nothing.
pub(super) const fn refusal(used_as: Use, flaw: Flaw) -> Rejection {
    match (used_as, flaw) {
        (Use::Passkey, Flaw::Unverified) => Rejection::UnverifiedPasskey,
        (Use::Passkey, Flaw::WentBack) => Rejection::CopiedPasskey,
        (Use::Passkey, _) => Rejection::WrongPasskey,
        (Use::SecurityKey, Flaw::WentBack) => Rejection::CopiedSecurityKey,
        (Use::SecurityKey, _) => Rejection::WrongSecurityKey,
    }
}

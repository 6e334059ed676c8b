//! A security key at the second step: a proof beside what was proved before, which says that somebody has the key and nothing of who they are. It is shown where
//! a code would do, to whoever is at that step, and nowhere else. It is no secret that could be guessed; who tries all the same is counted by
//! [`super::attempts`] as any other.

use tracing::Instrument;

use super::attempts::{Held, Tried};
use super::challenges::Purpose;
use super::keys_shown::Shown;
use super::second_step::SHOWN;
use super::{Browser, PasskeyRequest, Pending, Progress, ShownPasskey, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::passkeys::Asked;
use crate::protocol::journey::Journey;
use crate::protocol::passkey::Passkey;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::Lack;
use crate::secret::Secret;

impl Shown {
    /// The security key, when it is one of this user, of whom the device speaks too if it names anybody.
    fn key_of(&self, user_id: &str) -> Option<&Passkey> {
        let key = self.key.as_ref().filter(|key| key.is_security_key() && key.user_id == user_id);
        key.filter(|_| self.answer.user_id.as_ref().is_none_or(|said| said == user_id))
    }
}

impl SignIns {
    /// What the browser with this cookie is asked for: a security key of this user. `None` when there is none to be asked for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_for_security_key(
        &self,
        user_id: &str,
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<Option<PasskeyRequest>, Failure> {
        let Some(ceremonies) = &self.passkeys else { return Ok(None) };
        let mut known = self.storage.read().await?.passkeys(user_id).await?;
        known.retain(Passkey::is_security_key);
        if known.is_empty() {
            return Ok(None);
        }
        let Asked { options, state } = ceremonies.ask_for_security_key(&known)?;
        let challenge = self.challenges.seal((Purpose::ShowSecurityKey, cookie), (Some(user_id), state), now);
        Ok(Some(PasskeyRequest { options, challenge }))
    }

    /// Takes a security key as a proof on a journey, of whoever is at its second step. Once it has a place, the attempt is evaluated to its end though the
    /// browser goes away. When what was proved before counts no more, the journey begins anew, and nothing is checked.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where there are no passkeys; [`Rejection::NoSecurityKeyShown`], [`Rejection::StalePasskeyRequest`],
    /// [`Rejection::WrongSecurityKey`], [`Rejection::CopiedSecurityKey`], [`Rejection::TooManyFailures`], [`Rejection::ClosedToStrangers`]; those of
    /// [`SignIns::standing`]; a failure when the database fails: then nobody is signed in.
    pub async fn with_security_key(
        &self,
        journey: Journey,
        shown: &ShownPasskey,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let ceremonies = self.ceremonies()?;
        let pending = self.pending(&journey, browser, now).await?;
        let Some(Pending { user_id, .. }) = pending.filter(|pending| pending.lack == Lack::Code) else {
            return Ok(Progress::Underway(Box::new(Journey { proven: None, ..journey }), None));
        };
        if shown.credential.is_empty() {
            return Err(Rejection::NoSecurityKeyShown.into());
        }
        let opened = self.challenges.open((Purpose::ShowSecurityKey, cookie), &shown.challenge, now);
        let challenge = opened.filter(|challenge| challenge.user_id.as_ref() == Some(&user_id));
        let challenge = challenge.ok_or(Rejection::StalePasskeyRequest)?;
        let answer = ceremonies.read(&shown.credential).map_err(|_| Rejection::WrongSecurityKey)?;
        let mut reader = self.storage.read().await?;
        let key = reader.passkey_by_credential(&answer.credential_id).await?;
        let account = reader.user(&user_id).await?.ok_or(Rejection::WrongSecurityKey)?;
        drop(reader);
        let mut tried = self.look_at(account, browser, now).await?;
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, browser) = (self.clone(), browser.known_as(tried.device.as_deref()));
        let shown = Shown { challenge, answer, key };
        let evaluation = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.accept_beside(journey, (tried, &shown), (&browser, &held), now).await;
            match &outcome {
                Ok(Progress::SignedIn(_)) => {}
                // What was shown was looked at once already.
                Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::StalePasskeyRequest => {
                    sign_ins.give_back(&held).await?;
                }
                Err(Error::Rejected(_)) => sign_ins.count_failure(&held, &browser, now).await?,
                Ok(Progress::Underway(..)) | Err(Error::Failed(_)) => sign_ins.give_back(&held).await?,
            }
            drop(turn);
            outcome
        };
        tokio::spawn(evaluation.in_current_span()).await.map_err(Failure::internal)?
    }

    /// Checks the answer, and goes on in one transaction that holds the account, uses the challenge up and notes the counter.
    async fn accept_beside(
        &self,
        journey: Journey,
        (tried, shown): (Tried, &Shown),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let user_id = tried.account.ok_or(Rejection::WrongSecurityKey)?.user.id;
        let key = shown.key_of(&user_id).ok_or(Rejection::WrongSecurityKey)?;
        let seen = self.check_key(shown, key, browser, now).await?;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?.filter(|account| account.user.is_usable());
        let account = account.ok_or(Rejection::WrongSecurityKey)?;
        if !self.still_holds(&mut transaction, &journey, &account).await? {
            return Ok(Progress::Underway(Box::new(Journey { proven: None, ..journey }), None));
        }
        if !self.use_key(&mut transaction, shown, (key, seen), now).await? {
            drop(transaction);
            return Err(self.went_back(shown, key, browser, now).await?.into());
        }
        // Whoever shows one has not lost them all.
        transaction.end_factor_reset(&user_id, SHOWN, &browser.act(&user_id, now)).await?;
        let journey = journey.proved_by(&user_id, self.proof_by(key, now));
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        if matches!(progress, Progress::SignedIn(_)) {
            held.succeed(&mut transaction, now).await?;
        }
        transaction.commit().await?;
        let owner = (user_id.as_str(), account.sealed_hash());
        Ok(self.made_known(progress, owner, (browser, tried.device.as_deref()), now))
    }
}

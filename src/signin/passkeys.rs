//! Signing in with a passkey: a proof that is two factors at once, whatever it stands beside. It is no secret that could be guessed; who tries all the
//! same is counted by [`super::attempts`] as any other.

use tracing::Instrument;

use super::attempts::{Held, Tried};
use super::challenges::Purpose;
use super::keys_shown::Shown;
use super::second_step::{SHOWN, proven_first};
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::passkeys::{Asked, Ceremonies};
use crate::protocol::journey::Journey;
use crate::protocol::next_step::NextStep;
use crate::protocol::passkey::{Kept, Passkey};
use crate::protocol::proof::{ByPasskey, Proof};
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::secret::{Secret, base64url};
use crate::storage::Reader;

/// A passkey that a page asks for.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// What the browser is asked, as JSON.
    pub options: String,
    /// The same as the form brings it back.
    pub challenge: String,
}

/// What such a form brings.
#[derive(Clone, Debug)]
pub struct ShownPasskey {
    /// What was asked.
    pub challenge: String,
    /// The answer.
    pub credential: String,
}

impl Shown {
    /// The passkey, when it is that of whom the device and the challenge speak. Without a name in the challenge the device must say whose it is.
    fn whose(&self) -> Option<&Passkey> {
        let passkey = self.key.as_ref()?;
        let is_theirs = |id: &String| *id == passkey.user_id;
        let (asked, said) = (self.challenge.user_id.as_ref(), self.answer.user_id.as_ref());
        let is_named = asked.is_some() || said.is_some();
        (is_named && asked.is_none_or(is_theirs) && said.is_none_or(is_theirs)).then_some(passkey)
    }
}

impl SignIns {
    /// Whether people have passkeys here.
    pub fn has_passkeys(&self) -> bool {
        self.policy.passkeys.is_some()
    }

    /// What is proved by a passkey or security key that was shown now. Where makers attest nothing, what one has attested before counts for nothing either.
    pub(super) fn proof_by(&self, passkey: &Passkey, now: Timestamp) -> Proof {
        let proof = passkey.proof(now);
        let may_be_attested = self.policy.passkeys == Some(Kept::InHardware);
        let counting = |by: ByPasskey| ByPasskey { is_attested: by.is_attested && may_be_attested, ..by };
        Proof { passkey: proof.passkey.map(counting), ..proof }
    }

    /// Whether people have passkeys, and somebody has one.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn anybody_has_a_passkey(&self) -> Result<bool, Failure> {
        Ok(self.has_passkeys() && self.storage.read().await?.any_passkey().await?)
    }

    pub(super) fn ceremonies(&self) -> Result<&Ceremonies, Rejection> {
        self.passkeys.as_deref().ok_or(Rejection::NoSuchPage)
    }

    /// Whether a user can sign in with a passkey.
    pub(super) async fn has_passkey(&self, reader: &mut Reader, user_id: &str) -> Result<bool, Failure> {
        Ok(self.has_passkeys() && reader.guards(user_id).await?.passkey.is_some())
    }

    /// What the browser with this cookie is asked for: a passkey of this user whose key is kept so, or anybody's. `None` when there is none to be asked
    /// for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_for_passkey(
        &self,
        whose: Option<(&str, Kept)>,
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<Option<PasskeyRequest>, Failure> {
        let Some(ceremonies) = &self.passkeys else { return Ok(None) };
        let mut known = Vec::new();
        if let Some((user_id, kept)) = whose {
            known = self.storage.read().await?.passkeys(user_id).await?;
            known.retain(|passkey| passkey.is_passkey() && passkey.key.kept() >= kept);
            if known.is_empty() {
                return Ok(None);
            }
        }
        let Asked { options, state } = ceremonies.ask(&known)?;
        let challenge = self.challenges.seal((Purpose::Proof, cookie), (whose.map(|(user_id, _)| user_id), state), now);
        Ok(Some(PasskeyRequest { options, challenge }))
    }

    /// Takes a passkey as a proof on a journey: of whoever it belongs to. Once it has a place, the attempt is evaluated to its end though the browser goes
    /// away.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where there are no passkeys; [`Rejection::NoPasskeyShown`], [`Rejection::StalePasskeyRequest`],
    /// [`Rejection::WrongPasskey`], [`Rejection::UnverifiedPasskey`], [`Rejection::CopiedPasskey`], [`Rejection::TooManyFailures`],
    /// [`Rejection::ClosedToStrangers`], [`Rejection::AccountLeaving`]; a failure when the database fails: then nobody is signed in.
    pub async fn with_passkey(
        &self,
        journey: Journey,
        shown: &ShownPasskey,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let ceremonies = self.ceremonies()?;
        if shown.credential.is_empty() {
            return Err(Rejection::NoPasskeyShown.into());
        }
        let opened = self.challenges.open((Purpose::Proof, cookie), &shown.challenge, now);
        let challenge = opened.ok_or(Rejection::StalePasskeyRequest)?;
        let answer = ceremonies.read(&shown.credential).map_err(|_| Rejection::WrongPasskey)?;
        let mut reader = self.storage.read().await?;
        // A security key is nobody's passkey, whatever its device has checked.
        let key = reader.passkey_by_credential(&answer.credential_id).await?.filter(Passkey::is_passkey);
        let account = match &key {
            Some(passkey) => reader.user(&passkey.user_id).await?,
            None => None,
        };
        drop(reader);
        let mut tried = match account {
            Some(account) => self.look_at(account, browser, now).await?,
            // Nobody's: counted by what was shown, as an address that is nobody's.
            None => self.look(&base64url(&answer.credential_id), browser, now).await?,
        };
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, browser) = (self.clone(), browser.known_as(tried.device.as_deref()));
        let beside = self.lacking_alone(&journey, &browser, now).await?;
        let shown = Shown { challenge, answer, key };
        let evaluation = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.accept((journey, beside), (tried, &shown), (&browser, &held), now).await;
            match &outcome {
                Ok(Progress::SignedIn(_)) => {}
                // What was shown was right, or was looked at once already.
                Err(Error::Rejected(refusal))
                    if matches!(refusal.rejection, Rejection::AccountLeaving | Rejection::StalePasskeyRequest) =>
                {
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

    /// By what somebody is signed in who lacks nothing but a second factor on this journey: a passkey takes the place of none of it then.
    async fn lacking_alone(
        &self,
        journey: &Journey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Option<SignIn>, Error> {
        if proven_first(journey).is_some() {
            return Ok(None);
        }
        let standing = self.standing(journey, browser.cookie.as_ref(), now).await?;
        let lacks = matches!(standing.step, NextStep::SecondFactor(lack) if lack.is_there());
        Ok(standing.sign_in.filter(|_| lacks))
    }

    /// Checks the answer, and goes on in one transaction that holds the account, uses the challenge up and notes the counter. What it is added to is the
    /// sign-in beside the journey, if that is still there.
    async fn accept(
        &self,
        (journey, beside): (Journey, Option<SignIn>),
        (tried, shown): (Tried, &Shown),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let passkey = shown.whose().ok_or(Rejection::WrongPasskey)?;
        let user_id = passkey.user_id.as_str();
        let seen = self.check_key(shown, passkey, browser, now).await?;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(user_id).await?.filter(|account| account.user.disabled_at.is_none());
        let account = account.ok_or(Rejection::WrongPasskey)?;
        // Told to whoever has the passkey, and to nobody else.
        if !account.user.is_usable() {
            return Err(Rejection::AccountLeaving.into());
        }
        if !self.use_key(&mut transaction, shown, (passkey, seen), now).await? {
            drop(transaction);
            return Err(self.went_back(shown, passkey, browser, now).await?.into());
        }
        // Whoever shows one has not lost them all.
        transaction.end_factor_reset(user_id, SHOWN, &browser.act(user_id, now)).await?;
        // What was proved before may count no more, such as a password that is another by now. The passkey is enough by itself.
        let journey = self.with_what_holds(&mut transaction, journey, &account).await?;
        let journey = match &beside {
            Some(beside)
                if beside.user_id == user_id && self.is_live(&mut transaction, beside, browser, now).await? =>
            {
                journey.proved_again(beside)
            }
            _ => journey,
        };
        let journey = journey.proved_by(user_id, self.proof_by(passkey, now));
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        if matches!(progress, Progress::SignedIn(_)) {
            held.succeed(&mut transaction, now).await?;
        }
        transaction.commit().await?;
        let owner = (user_id, account.sealed_hash());
        Ok(self.made_known(progress, owner, (browser, tried.device.as_deref()), now))
    }
}

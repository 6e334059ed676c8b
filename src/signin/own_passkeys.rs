//! Adding passkeys and security keys to one's own account, and taking them away. Both want everything that signs in to the account afresh, as all that changes second
//! factors (`factors.rs`): whoever finds a browser open adds no key of their own.

use super::challenges::Purpose;
use super::factors::{CHANGED, forget_spare_codes};
use super::ways_left::Ways;
use super::{Browser, Enrolled, PasskeyRequest, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::passkeys::{Asked, Ceremonies, Flaw, Owner};
use crate::protocol::audit::{Act, Name};
use crate::protocol::device;
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::passkey::{Kept, MOST, Passkey, PublicKey, Use, name_of};
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::secret::Secret;
use crate::storage::{Account, ProvedBy, Transaction};

/// Why a sign-in or a grant ends that was made by a passkey, or with a security key.
const fn removed(used_as: Use) -> &'static str {
    match used_as {
        Use::Passkey => "passkey removed",
        Use::SecurityKey => "security key removed",
    }
}

/// What the form of a new passkey or security key brings.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// What was asked.
    pub challenge: String,
    /// The answer.
    pub credential: String,
    /// What the person calls it, as typed.
    pub name: String,
}

impl SignIns {
    /// The passkeys and security keys of a person, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_passkeys(&self, user_id: &str) -> Result<Vec<Passkey>, Failure> {
        self.storage.read().await?.passkeys(user_id).await
    }

    /// Asks the browser with this cookie for a new passkey of somebody, whose key must be kept so.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where there are no passkeys; a failure when the database fails.
    pub async fn ask_for_new_passkey(
        &self,
        (owner, kept): (Owner<'_>, Kept),
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<PasskeyRequest, Error> {
        let had = self.own_passkeys(owner.user_id).await?;
        let Asked { options, state } = self.ceremonies()?.ask_for_new(owner, &had, kept)?;
        let challenge = self.challenges.seal((Purpose::AddPasskey, cookie), (Some(owner.user_id), state), now);
        Ok(PasskeyRequest { options, challenge })
    }

    /// Asks the browser with this cookie for a new security key of somebody.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where there are no passkeys, or no second factors; a failure when the database fails.
    pub async fn ask_for_new_security_key(
        &self,
        owner: Owner<'_>,
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<PasskeyRequest, Error> {
        let ceremonies = self.ceremonies_of(Use::SecurityKey)?;
        let had = self.own_passkeys(owner.user_id).await?;
        let Asked { options, state } = ceremonies.ask_for_new_security_key(owner, &had)?;
        let challenge = self.challenges.seal((Purpose::AddSecurityKey, cookie), (Some(owner.user_id), state), now);
        Ok(PasskeyRequest { options, challenge })
    }

    /// The ceremonies, where people add such keys: a security key is a second factor and nothing else.
    fn ceremonies_of(&self, used_as: Use) -> Result<&Ceremonies, Rejection> {
        let are_off = used_as == Use::SecurityKey && !self.has_second_factors();
        if are_off { Err(Rejection::NoSuchPage) } else { self.ceremonies() }
    }

    /// Adds a passkey to the account of whoever is signed in and has just proved that it is them, or must have one before they are signed in. Sign-ins
    /// that were made without a second factor end with the first one, and recovery codes come with it. Having made it they have shown it, so the
    /// sign-in rests on it too.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`]; [`Rejection::SignInNeeded`] when what was proved counts no more; [`Rejection::NoPasskeyShown`],
    /// [`Rejection::StalePasskeyRequest`], [`Rejection::MalformedPasskey`], [`Rejection::UnverifiedPasskey`], [`Rejection::UnwantedPasskey`],
    /// [`Rejection::PasskeyTaken`], [`Rejection::TooManyPasskeys`]; [`Rejection::UnattestedPasskey`]; a failure when the database fails: then nothing has
    /// changed. Where hardware must keep the key and does not, that is [`Rejection::UnattestedPasskey`] too, and whoever has passkeys has it beside them.
    pub async fn add_passkey(
        &self,
        (journey, cookie): (Journey, &Secret),
        new: &NewPasskey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        self.add_key((Use::Passkey, journey, cookie), new, browser, now).await
    }

    /// Adds a security key, as [`SignIns::add_passkey`] does a passkey: it takes the same proofs, and the same comes with it.
    ///
    /// # Errors
    /// As there, where there are second factors; [`Rejection::NoSecurityKeyShown`] and [`Rejection::MalformedSecurityKey`] stand for what is wrong with the
    /// answer.
    pub async fn add_security_key(
        &self,
        (journey, cookie): (Journey, &Secret),
        new: &NewPasskey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        self.add_key((Use::SecurityKey, journey, cookie), new, browser, now).await
    }

    async fn add_key(
        &self,
        (used_as, journey, cookie): (Use, Journey, &Secret),
        new: &NewPasskey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        let ceremonies = self.ceremonies_of(used_as)?;
        let (action, purpose, nothing_shown) = match used_as {
            Use::Passkey => (Action::AddPasskey, Purpose::AddPasskey, Rejection::NoPasskeyShown),
            Use::SecurityKey => (Action::AddSecurityKey, Purpose::AddSecurityKey, Rejection::NoSecurityKeyShown),
        };
        let enrolling = self.enrolling(&journey, &action, browser, now).await?;
        if new.credential.is_empty() {
            return Err(nothing_shown.into());
        }
        let opened = self.challenges.open((purpose, cookie), &new.challenge, now);
        let challenge = opened.filter(|challenge| challenge.user_id.as_ref() == Some(&enrolling.user_id));
        let challenge = challenge.ok_or(Rejection::StalePasskeyRequest)?;
        let made = ceremonies.made((used_as, &challenge.state), &new.credential, now);
        let key = made.map_err(|flaw| refusal(used_as, flaw))?;
        // One that will not do where they are going would lead back here. Whoever has passkeys keeps it all the same: it may have taken the place of
        // one on the same device, which is gone then.
        let will_do = key.kept() >= enrolling.kept;
        let user_id = enrolling.user_id.as_str();
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(user_id).await?.filter(|account| account.user.is_usable());
        let account = account.ok_or(Rejection::SignInNeeded)?;
        let guards = self.still_enrols(&mut transaction, (&journey, &enrolling, &account), browser, now).await?;
        if !transaction.use_challenge(&challenge.id, challenge.expires_at()).await? {
            return Err(Rejection::StalePasskeyRequest.into());
        }
        if !will_do && guards.passkey.is_none() {
            return Err(Rejection::UnattestedPasskey.into());
        }
        let name = name_of(&new.name, &device::name(&browser.user_agent));
        let act = browser.act(user_id, now);
        let passkey = self.keep_passkey(&mut transaction, (user_id, name, (used_as, key)), &act).await?;
        if !will_do {
            transaction.commit().await?;
            return Err(Rejection::UnattestedPasskey.into());
        }
        let this = enrolling.sign_in.as_ref().map(|sign_in| sign_in.id.as_str());
        let codes = self.with_first_factor(&mut transaction, (user_id, this, guards), &act).await?;
        let journey = enrolling.shown(journey).proved_by(user_id, self.proof_by(&passkey, now));
        let device = self.devices.known(browser.device.as_ref(), &account, now);
        let browser = &if this.is_none() { browser.known_as(device.as_deref()) } else { browser.clone() };
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let owner = (user_id, account.sealed_hash());
        let progress = self.made_known(progress, owner, (browser, device.as_deref()), now);
        Ok(Enrolled { progress, codes, whose: account.user.called().to_owned() })
    }

    /// Whether a passkey is to be offered to whoever is signed in by this cookie: somebody who has none, has not said "not now", and could add one at
    /// once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offers_passkey(&self, cookie: &Secret, now: Timestamp) -> Result<bool, Error> {
        let Some(sign_in) = self.current(Some(cookie), now).await? else { return Ok(false) };
        if !self.has_passkeys() || sign_in.guards.passkey.is_some() {
            return Ok(false);
        }
        if self.storage.read().await?.passkeys_declined(&sign_in.user_id).await?.is_some() {
            return Ok(false);
        }
        let goal = Goal::Confirm { user_id: sign_in.user_id.clone(), action: Action::AddPasskey };
        let standing = self.standing_of(&self.journeys.begin(goal, now), Some(sign_in), now).await?;
        Ok(standing.step == NextStep::Finish)
    }

    /// Offers no passkey to this person any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decline_passkeys(&self, user_id: &str, now: Timestamp) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.decline_passkeys(user_id, now).await?;
        transaction.commit().await
    }

    pub(super) async fn keep_passkey(
        &self,
        transaction: &mut Transaction,
        (user_id, name, (used_as, key)): (&str, String, (Use, PublicKey)),
        act: &Act,
    ) -> Result<Passkey, Error> {
        if transaction.passkeys(user_id).await?.len() >= MOST {
            return Err(Rejection::TooManyPasskeys.into());
        }
        let id = random::row_id(act.at);
        let (user_id, created_at) = (user_id.to_owned(), act.at);
        let passkey = Passkey { id, user_id, name, created_at, last_used_at: None, used_as, key };
        if !transaction.insert_passkey(&passkey).await? {
            return Err(Rejection::PasskeyTaken.into());
        }
        transaction.end_factor_reset(&passkey.user_id, CHANGED, act).await?;
        let event = passkey.event(Name::PasskeyAdded, act).with("aaguid", passkey.key.aaguid.to_string());
        let event = event.with("may_be_copied", passkey.key.may_be_copied);
        transaction.record(&event.with("is_attested", passkey.key.is_attested)).await?;
        Ok(passkey)
    }

    /// Calls a passkey or security key of whoever is signed in by another name. What cannot be a name changes nothing, nor does one that is not theirs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_passkey(&self, sign_in: &SignIn, (id, name): (&str, &str)) -> Result<(), Failure> {
        let name = name_of(name, "");
        if name.is_empty() {
            return Ok(());
        }
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        transaction.rename_passkey(id, &sign_in.user_id, &name).await?;
        transaction.commit().await
    }

    /// Takes a passkey or security key of whoever is signed in away, and ends the other sign-ins that were made by it, what they have allowed applications,
    /// and what is under way elsewhere. One that is not theirs is left alone.
    ///
    /// # Errors
    /// [`Rejection::LastSecondFactor`], [`Rejection::LastStrongWayIn`], [`Rejection::LastWayIn`]; a failure when the database fails.
    pub(super) async fn remove_passkey(
        &self,
        transaction: &mut Transaction,
        (sign_in, id): (&SignIn, &str),
        act: &Act,
    ) -> Result<(), Error> {
        let user_id = sign_in.user_id.as_str();
        let Some(account) = transaction.hold_account(user_id).await? else { return Ok(()) };
        let mut own = transaction.passkeys(user_id).await?;
        let Some(place) = own.iter().position(|passkey| passkey.id == id) else { return Ok(()) };
        let lost = own.remove(place);
        match lost.used_as {
            Use::Passkey => self.may_lose_passkey(transaction, &account, &own, act.at).await?,
            Use::SecurityKey => self.may_lose_factor(transaction, user_id, &own, act.at).await?,
        }
        transaction.delete_passkey(id, user_id).await?;
        let this = Some(sign_in.id.as_str());
        forget_spare_codes(transaction, (user_id, this), act).await?;
        transaction.end_factor_reset(user_id, CHANGED, act).await?;
        transaction.end_what_is_pending(user_id).await?;
        transaction.end_all_by(user_id, (ProvedBy::Passkey(id), this), removed(lost.used_as), act).await?;
        transaction.record(&lost.event(Name::PasskeyRemoved, act)).await?;
        Ok(())
    }

    /// Whether an account can do with these of its keys, and the authenticator if it has one, as far as it must have a second factor.
    async fn may_lose_factor(
        &self,
        transaction: &mut Transaction,
        user_id: &str,
        rest: &[Passkey],
        now: Timestamp,
    ) -> Result<(), Error> {
        // Where people have no second factors, nobody shows anything but a passkey.
        let are_on = self.has_second_factors();
        let has_key = rest.iter().any(|key| key.is_passkey() || are_on);
        let has_other = has_key || (are_on && transaction.guards(user_id).await?.authenticator);
        if has_other || !self.must_have_one(transaction, user_id, now).await? {
            return Ok(());
        }
        // Where there are none, a role asks for more than a password.
        Err(if are_on { Rejection::LastSecondFactor } else { Rejection::LastStrongWayIn }.into())
    }

    /// Whether an account can do with the rest of its keys, without the passkey that is to go.
    async fn may_lose_passkey(
        &self,
        transaction: &mut Transaction,
        account: &Account,
        rest: &[Passkey],
        now: Timestamp,
    ) -> Result<(), Error> {
        let user_id = account.user.id.as_str();
        let ways = self.ways_of(transaction, account).await?;
        // What a provider says of somebody is not theirs to count on: it may be less tomorrow.
        let before = Ways { identities: Vec::new(), ..ways.clone() };
        let after = Ways { passkeys: rest.to_vec(), ..before.clone() };
        // First: of a role that demands a passkey nobody is told to add an authenticator.
        if !self.is_enough(transaction, user_id, (&before, &after), now).await? {
            return Err(Rejection::LastStrongWayIn.into());
        }
        self.may_lose_factor(transaction, user_id, rest, now).await?;
        let left = Ways { passkeys: rest.to_vec(), ..ways };
        if self.can_sign_in(&account.user, &left) { Ok(()) } else { Err(Rejection::LastWayIn.into()) }
    }
}

/// Why a passkey or security key is not added.
pub(super) const fn refusal(used_as: Use, flaw: Flaw) -> Rejection {
    match flaw {
        Flaw::Malformed | Flaw::Wrong | Flaw::WentBack | Flaw::Unverified if matches!(used_as, Use::SecurityKey) => {
            Rejection::MalformedSecurityKey
        }
        Flaw::Unverified => Rejection::UnverifiedPasskey,
        Flaw::Unwanted => Rejection::UnwantedPasskey,
        Flaw::Unattested => Rejection::UnattestedPasskey,
        Flaw::Malformed | Flaw::Wrong | Flaw::WentBack => Rejection::MalformedPasskey,
    }
}

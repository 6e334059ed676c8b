//! Registering with a passkey in the place of a password: an account that nobody gets into by guessing or by asking its owner on another site. What the
//! form says is checked before a device is asked for anything, so that none is left with a passkey of no account; and who the account will belong
//! to travels sealed with the challenge.

use super::challenges::{Newcomer, Purpose};
use super::own_passkeys::refusal;
use super::register::Wanted;
use super::{Browser, Declined, Enrolled, NewPasskey, PasskeyRequest, Registration, SignIns};
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::passkeys::{Asked, Owner};
use crate::protocol::device;
use crate::protocol::email;
use crate::protocol::journey::Journey;
use crate::protocol::passkey::{Kept, Use, name_of};
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::Guards;
use crate::protocol::user::{MadeBy, User};
use crate::random;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::Account;

/// A passkey that is asked for before there is an account.
#[derive(Clone, Debug)]
pub struct FirstPasskey {
    /// What the browser is asked.
    pub request: PasskeyRequest,
    /// The address that the account will have, in canonical form.
    pub address: String,
}

impl SignIns {
    /// Asks the browser with this cookie for the passkey of a new account, once name and address are such that it could be made. It counts as an account
    /// that is made.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where there are no passkeys; otherwise as [`SignIns::register`], without anything about passwords.
    pub async fn begin_account(
        &self,
        journey: &Journey,
        form: Registration<'_>,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<FirstPasskey, Declined> {
        self.ceremonies()?;
        let mailed = self.mailed(journey)?;
        let form = Registration { email: mailed.as_ref().map(|mailed| mailed.address.as_str()).or(form.email), ..form };
        let problems = form.problems_of_person();
        if let Some(problem) = problems.first() {
            return Err(Declined { error: problem.into(), problems });
        }
        let address = email::canonical(form.email.unwrap_or_default())?;
        self.rates.take(Door::Registration, browser.network())?;
        if self.storage.read().await?.user_by_email(&address).await?.is_some() {
            return Err(Rejection::EmailTaken.into());
        }
        let newcomer = Newcomer { address, name: form.name.unwrap_or_default().trim().to_owned() };
        Ok(self.ask_newcomer((newcomer, now), cookie, now)?)
    }

    fn ask_newcomer(
        &self,
        (newcomer, since): (Newcomer, Timestamp),
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<FirstPasskey, Error> {
        let user_id = random::row_id(now);
        let owner = Owner { user_id: &user_id, called: &newcomer.address, name: &newcomer.name };
        let Asked { options, state } = self.ceremonies()?.ask_for_new(owner, &[], Kept::Anywhere)?;
        let address = newcomer.address.clone();
        let challenge = self.challenges.seal_for_newcomer(cookie, (&user_id, newcomer), state, since);
        Ok(FirstPasskey { request: PasskeyRequest { options, challenge }, address })
    }

    /// The same asked once more, when the answer was none: it counts as no other account, and has the time that was left. `None` when the question has become too old, or was
    /// another browser's.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where nobody makes an account so; a failure when nothing can be asked.
    pub fn begin_account_again(
        &self,
        former: &str,
        cookie: &Secret,
        now: Timestamp,
    ) -> Result<Option<FirstPasskey>, Error> {
        let opened = self.challenges.open((Purpose::Account, cookie), former, now);
        let asked = opened.and_then(|challenge| Some((challenge.newcomer?, challenge.at)));
        asked.map(|asked| self.ask_newcomer(asked, cookie, now)).transpose()
    }

    /// Makes the account with the passkey; that it was made is the first proof.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`], [`Rejection::NoPasskeyShown`], [`Rejection::StalePasskeyRequest`], [`Rejection::MalformedPasskey`],
    /// [`Rejection::UnverifiedPasskey`], [`Rejection::UnwantedPasskey`], [`Rejection::UnattestedPasskey`], [`Rejection::PasskeyTaken`], [`Rejection::UnknownTicket`],
    /// [`Rejection::EmailTaken`]; a failure when the database fails: then there is no account.
    pub async fn finish_account(
        &self,
        (journey, cookie): (Journey, &Secret),
        new: &NewPasskey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        let ceremonies = self.ceremonies()?;
        let mailed = self.mailed(&journey)?;
        if new.credential.is_empty() {
            return Err(Rejection::NoPasskeyShown.into());
        }
        let opened = self.challenges.open((Purpose::Account, cookie), &new.challenge, now);
        let challenge = opened.ok_or(Rejection::StalePasskeyRequest)?;
        let (Some(user_id), Some(newcomer)) = (challenge.user_id.clone(), challenge.newcomer.clone()) else {
            return Err(Rejection::StalePasskeyRequest.into());
        };
        // The address that was proved may have become another in this browser since.
        if mailed.as_ref().is_some_and(|mailed| mailed.address != newcomer.address) {
            return Err(Rejection::StalePasskeyRequest.into());
        }
        let made = ceremonies.made((Use::Passkey, &challenge.state), &new.credential, now);
        let key = made.map_err(|flaw| refusal(Use::Passkey, flaw))?;
        let mut transaction = self.storage.begin().await?;
        if !transaction.use_challenge(&challenge.id, challenge.expires_at()).await? {
            return Err(Rejection::StalePasskeyRequest.into());
        }
        let account = Account::new(User::new(user_id, MadeBy::Person, now), None);
        let wanted = Wanted { address: newcomer.address, name: newcomer.name, mailed };
        let user = self.insert_newcomer(&mut transaction, (account, wanted), browser, now).await?;
        let (act, called) = (browser.act(&user.id, now), name_of(&new.name, &device::name(&browser.user_agent)));
        let passkey = self.keep_passkey(&mut transaction, (&user.id, called, (Use::Passkey, key)), &act).await?;
        let codes = self.with_first_factor(&mut transaction, (&user.id, None, Guards::default()), &act).await?;
        let journey = journey.without_mail().proved_by(&user.id, self.proof_by(&passkey, now));
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let progress = self.made_known(progress, (&user.id, ""), (browser, None), now);
        Ok(Enrolled { progress, codes, whose: user.called().to_owned() })
    }
}

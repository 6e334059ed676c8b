//! Signing in with a password: the same words, the same status and the same work for every way in which it can fail
//! (OWASP ASVS 6.3.8).

use tracing::Instrument;

use super::attempts::{Held, Tried};
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Verdict, Waiter};
use crate::protocol::journey::Journey;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::{new_password, password_form};
use crate::secret::Secret;
use crate::storage::Account;

/// What a sign-in form brings.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The address as typed.
    pub email: Option<&'a str>,
    /// The password as typed.
    pub password: Option<Secret>,
}

/// An account that can sign in with a password.
struct Found {
    user_id: String,
    /// The hash of its password, as it was read.
    stored: String,
    /// The device, when the account knows it.
    device: Option<String>,
    /// Whether its person has left it.
    is_leaving: bool,
}

impl SignIns {
    /// Takes a password as a proof on a journey. Once it has a place, the attempt is evaluated to its end though the browser goes away,
    /// as it does when a form is sent twice.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`], [`Rejection::MissingEmail`], [`Rejection::MissingPassword`], [`Rejection::PasswordTooLong`], [`Rejection::TooManyFailures`],
    /// [`Rejection::ClosedToStrangers`], [`Rejection::WrongCredentials`], [`Rejection::AccountLeaving`]; a failure when the database or the hasher cannot: then nobody is signed in.
    pub async fn with_password(
        &self,
        journey: Journey,
        attempt: Attempt<'_>,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        if !self.limits.password {
            return Err(Rejection::PasswordsSwitchedOff.into());
        }
        let typed = attempt.email.ok_or(Rejection::MissingEmail)?.to_owned();
        let password = attempt.password.ok_or(Rejection::MissingPassword)?;
        if password_form::stored(password.expose()).chars().count() > new_password::MAX_LENGTH {
            return Err(Rejection::PasswordTooLong.into());
        }
        let mut tried = self.look(&typed, browser, now).await?;
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, browser) = (self.clone(), browser.known_as(tried.device.as_deref()));
        let evaluation = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.evaluate(journey, (tried, &password), (&browser, &held), now).await;
            drop(turn);
            outcome
        };
        tokio::spawn(evaluation.in_current_span()).await.map_err(Failure::internal)?
    }

    /// Evaluates an attempt that has its places, and settles them.
    async fn evaluate(
        &self,
        journey: Journey,
        (tried, password): (Tried, &Secret),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let rank = if tried.device.is_some() { Rank::Known } else { Rank::SignIn };
        let waiter = Waiter::from(browser.network(), rank);
        let device = tried.device;
        let account = tried.account.filter(|account| account.user.disabled_at.is_none());
        let found = account.and_then(|Account { user, password_hash, .. }| {
            Some(Found { is_leaving: !user.is_usable(), stored: password_hash?, user_id: user.id, device })
        });
        // The same work whether or not there is an account.
        let stored = found.as_ref().map(|found| found.stored.as_str());
        let verdict = match self.hasher.verify(password.expose(), stored, waiter).await {
            Ok(verdict) => verdict,
            Err(failure) => {
                self.give_back(held).await?;
                return Err(failure.into());
            }
        };
        let outcome = self.prove(journey, (found, verdict, password), (browser, held), now).await;
        match &outcome {
            Ok(_) => {}
            // The password was right: it guesses nothing.
            Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::AccountLeaving => {
                self.give_back(held).await?;
            }
            Err(Error::Rejected(_)) => self.count_failure(held, browser, now).await?,
            // The password was right, and it was we who could not.
            Err(Error::Failed(_)) => self.give_back(held).await?,
        }
        outcome
    }

    /// Goes on with a right password, in one transaction that gives its places back; refuses any other.
    async fn prove(
        &self,
        journey: Journey,
        (found, verdict, password): (Option<Found>, Verdict, &Secret),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let (Some(found), Verdict::Right | Verdict::RightButOutdated) = (found, verdict) else {
            return Err(Rejection::WrongCredentials.into());
        };
        // Told to whoever knows the password, and to nobody else.
        if found.is_leaving {
            return Err(Rejection::AccountLeaving.into());
        }
        let newer = match verdict {
            // When there is no place for it, the next sign-in does it.
            Verdict::RightButOutdated => {
                self.hasher.hash(password.expose(), Waiter::from(browser.network(), Rank::SignIn)).await.ok()
            }
            _ => None,
        };
        let mut transaction = self.storage.begin().await?;
        // What was read before the hash may have changed during it.
        let confirmed = transaction.confirm_password(&found.user_id, (&found.stored, newer.as_deref()), now).await?;
        let guards = confirmed.ok_or(Rejection::WrongCredentials)?;
        // The password makes nothing good again that was proved on the way before, and has been ended since.
        let before = if journey.proven.is_some() { transaction.user(&found.user_id).await? } else { None };
        let journey = match before {
            Some(account) => self.with_what_holds(&mut transaction, journey, &account).await?,
            None => journey,
        };
        let journey = journey.proved(&found.user_id, Kind::Password, now);
        let progress = self.advance_knowing(&mut transaction, (journey, guards), browser, now).await?;
        match &progress {
            Progress::SignedIn(cookie) if cookie.by_kept_device => held.succeed_here(&mut transaction, now).await?,
            _ => self.count_first_factor(&mut transaction, (guards, held), now).await?,
        }
        transaction.commit().await?;
        let owner = (found.user_id.as_str(), newer.as_deref().unwrap_or(&found.stored));
        Ok(self.made_known(progress, owner, (browser, found.device.as_deref()), now))
    }
}

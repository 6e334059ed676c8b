//! The first password of an account that has none, such as one made through a provider, and doing without one again. Both want a fresh proof
//! by whatever else the account is signed in to: a password that a stranger sets is a way in that stays (OWASP ASVS 6.2, 7.5.1).

use super::ways_left::Ways;
use super::{Browser, Declined, Problems, SignIns, Unlinked};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Waiter};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::user::UserField;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::{Account, ProvedBy, Reader, Transaction};

/// Why what a password gave ends.
const REMOVED: &str = "password removed";
/// Why a request to take second factors away does.
const NEW: &str = "new password";

/// How an account stands to passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// It has one, with this address.
    Has {
        /// The address that it belongs to.
        email: String,
        /// Whether the account can do without it.
        may_go: bool,
    },
    /// It has none, and can have one with this address.
    Lacks {
        /// The address that it will belong to.
        email: String,
    },
    /// It has none, and no address that one could belong to.
    NoAddress,
    /// Nobody signs in with a password here.
    SwitchedOff,
}

impl SignIns {
    /// How the account of whoever is signed in stands to passwords.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; a failure when the database fails.
    pub async fn own_password(&self, user_id: &str, now: Timestamp) -> Result<Owned, Error> {
        if !self.limits.password {
            return Ok(Owned::SwitchedOff);
        }
        let mut reader = self.storage.read().await?;
        let account = reader.user(user_id).await?.ok_or(Rejection::SignInNeeded)?;
        let may_go = self.may_lose_password(&mut reader, &account, now).await?.is_ok();
        Ok(match (account.user.email, account.password_hash) {
            (Some(email), Some(_)) => Owned::Has { email, may_go },
            (Some(email), None) => Owned::Lacks { email },
            (None, _) => Owned::NoAddress,
        })
    }

    /// Whether an account can do without its password, or why not.
    async fn may_lose_password(
        &self,
        reader: &mut Reader,
        account: &Account,
        now: Timestamp,
    ) -> Result<Result<(), Rejection>, Failure> {
        let user_id = account.user.id.as_str();
        let before = self.ways_of(reader, account).await?;
        let after = Ways { password: false, ..before.clone() };
        Ok(if !self.can_sign_in(&account.user, &after) {
            Err(Rejection::LastWayIn)
        } else if self.is_enough(reader, user_id, (&before, &after), now).await? {
            Ok(())
        } else {
            Err(Rejection::LastStrongWayIn)
        })
    }

    /// Whether somebody can sign in through the provider with this id.
    pub(super) fn is_usable(&self, provider: &str) -> bool {
        self.providers.iter().any(|id| id == provider)
    }

    /// Gives the account of whoever is signed in its first password, on a journey on which they have just proved that it is them. What they are
    /// signed in to goes on.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`]; [`Rejection::SignInNeeded`] when the proof is not fresh, or the account is no more;
    /// [`Rejection::AnotherPersonExpected`]; [`Rejection::TooManyRegistrations`] for very many forms; [`Rejection::MissingEmail`] for an account
    /// without an address; [`Rejection::MissingPassword`] for one that has a password; what is wrong with the new one; a failure when the
    /// database or the hasher cannot.
    pub async fn set_password(
        &self,
        (journey, sign_in): (&Journey, SignIn),
        password: Option<Secret>,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Declined> {
        if !self.limits.password {
            return Err(Rejection::PasswordsSwitchedOff.into());
        }
        let (user_id, sign_in_id) = (sign_in.user_id.clone(), sign_in.id.clone());
        if !matches!(journey.goal, Goal::Confirm { action: Action::SetPassword, .. }) {
            return Err(Rejection::SignInNeeded.into());
        }
        match self.standing_of(journey, Some(sign_in), now).await?.step {
            NextStep::Finish => {}
            NextStep::Refuse(rejection) => return Err(rejection.into()),
            _ => return Err(Rejection::SignInNeeded.into()),
        }
        self.rates.take(Door::NewPassword, browser.network())?;
        let account = self.storage.read().await?.user(&user_id).await?.ok_or(Rejection::SignInNeeded)?;
        let email = bare(&account)?;
        let words = self.words.with_person(email, &account.user.name);
        let password = password.unwrap_or_else(|| Secret::presented(""));
        let problems = self.problems_of_password(&password, &words).await?;
        if let Some(problem) = problems.first() {
            return Err(Declined { error: problem.into(), problems });
        }
        let waiter = Waiter::from(browser.network(), Rank::Registration);
        let hash = self.hasher.hash(password.expose(), waiter).await?;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?;
        let account = account.filter(|account| account.user.is_usable());
        let mut account = account.ok_or(Rejection::SignInNeeded)?;
        // What was read before the hash may have changed during it, and whose sign-in was ended meanwhile puts nothing on the account.
        bare(&account)?;
        let held = match &browser.cookie {
            Some(cookie) => transaction.sign_in_by_secret(&cookie.hash()).await?,
            None => None,
        };
        let goes_on = held.is_some_and(|held| held.id == sign_in_id && held.is_live(self.limits.idle, now));
        if !goes_on {
            return Err(Rejection::SignInNeeded.into());
        }
        account.password_hash = Some(hash);
        account.user.updated_at = now;
        transaction.change_user(&account, &[UserField::Password]).await?;
        transaction.forget_tickets(&user_id).await?;
        transaction.end_factor_reset(&user_id, NEW, &browser.act(&user_id, now)).await?;
        let event = Event::of(&browser.act(&user_id, now), Name::UserPasswordChanged).on(Noun::User, &user_id);
        transaction.record(&event.with("first", true)).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes the password of whoever is signed in away, with all that it has signed in to. An account that has none is left alone.
    ///
    /// # Errors
    /// [`Rejection::LastWayIn`], [`Rejection::LastStrongWayIn`]; a failure when the database fails.
    pub(super) async fn remove_password(
        &self,
        transaction: &mut Transaction,
        sign_in: &SignIn,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Unlinked, Error> {
        let user_id = sign_in.user_id.as_str();
        let account = transaction.hold_account(user_id).await?.filter(|account| account.password_hash.is_some());
        let Some(mut account) = account else { return Ok(Unlinked::Others) };
        self.may_lose_password(transaction, &account, now).await??;
        account.password_hash = None;
        account.user.updated_at = now;
        transaction.change_user(&account, &[UserField::Password]).await?;
        transaction.forget_tickets(user_id).await?;
        let act = browser.act(user_id, now);
        transaction.end_factor_reset(user_id, REMOVED, &act).await?;
        transaction.end_all_by(user_id, (ProvedBy::Kind(Kind::Password), None), REMOVED, &act).await?;
        transaction.record(&Event::of(&act, Name::UserPasswordRemoved).on(Noun::User, user_id)).await?;
        Ok(if sign_in.proofs.has(Kind::Password) { Unlinked::This } else { Unlinked::Others })
    }
}

/// The address of an account that has no password.
fn bare(account: &Account) -> Result<&str, Declined> {
    if account.password_hash.is_some() {
        let problems = Problems { current: Some(Rejection::MissingPassword), ..Problems::default() };
        return Err(Declined { error: Rejection::MissingPassword.into(), problems });
    }
    let problems = Problems { email: Some(Rejection::MissingEmail), ..Problems::default() };
    account.user.email.as_deref().ok_or(Declined { error: Rejection::MissingEmail.into(), problems })
}

//! Choosing another password: whoever is signed in shows the current one once more, and it counts as an attempt to sign in
//! (OWASP ASVS 6.2.3). An account without a password has none to show.
//!
//! The browser where it is done has a new sign-in cookie and is known by the new password; no other is known any more
//! (`signin/devices.rs`).

use tracing::Instrument;

use super::attempts::{Held, Tried};
use super::{Browser, Declined, Problems, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Verdict, Waiter};
use crate::protocol::assurance;
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::journey::Goal;
use crate::protocol::new_password;
use crate::protocol::password_form;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::user::UserField;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::Account;

/// Why what the former password gave ends.
const NEW: &str = "new password";

/// What the form brings. Nothing else of it is looked at.
#[derive(Debug)]
pub struct PasswordChange {
    /// The current password as typed.
    pub current: Option<Secret>,
    /// The new one as typed.
    pub new: Option<Secret>,
    /// Whether everything else that the account is signed in to ends with it.
    pub ends_all: bool,
}

/// A change whose new password may be chosen.
struct Choice {
    current: Secret,
    new: Secret,
    ends_all: bool,
}

impl SignIns {
    /// Changes the password of whoever is signed in. Once the attempt has a place, it is done to its end though the browser goes away.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`]; [`Rejection::TooManyRegistrations`] for very many forms; [`Rejection::SignInNeeded`] when the account
    /// or the sign-in is no more; what is wrong with the form; [`Rejection::TooManyFailures`], [`Rejection::ClosedToStrangers`],
    /// [`Rejection::WrongCurrentPassword`]; a failure when the database or the hasher cannot: then nothing has changed.
    pub async fn change_password(
        &self,
        sign_in: &SignIn,
        change: PasswordChange,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Declined> {
        if !self.limits.password {
            return Err(Rejection::PasswordsSwitchedOff.into());
        }
        self.rates.take(Door::NewPassword, browser.network())?;
        let account = self.storage.read().await?.user(&sign_in.user_id).await?.ok_or(Rejection::SignInNeeded)?;
        let choice = self.choice(&account, change).await?;
        let address = account.user.email.filter(|_| account.password_hash.is_some());
        let Some(address) = address else { return Err(wrong()) };
        let mut tried = self.look(&address, browser, now).await?;
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, sign_in, browser) = (self.clone(), sign_in.clone(), browser.clone());
        let changing = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.replace(&sign_in, (tried, choice), (&browser, &held), now).await;
            match &outcome {
                Ok(_) => {}
                // The password was right: it guesses nothing.
                Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
                    sign_ins.give_back(&held).await?;
                }
                Err(Error::Rejected(_)) => sign_ins.count_failure(&held, &browser, now).await?,
                // The password was right, and it was we who could not.
                Err(Error::Failed(_)) => sign_ins.give_back(&held).await?,
            }
            drop(turn);
            outcome
        };
        match tokio::spawn(changing.in_current_span()).await.map_err(Failure::internal)? {
            Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::WrongCurrentPassword => Err(wrong()),
            outcome => Ok(outcome?),
        }
    }

    /// Checks both fields, but for whether the current password is right.
    async fn choice(&self, account: &Account, change: PasswordChange) -> Result<Choice, Declined> {
        let user = &account.user;
        let words = self.words.with_person(user.email.as_deref().unwrap_or_default(), &user.name);
        let fault = new_password::check(change.new.as_ref().map_or("", Secret::expose), &words).err();
        let mut problems = Problems {
            current: change.current.is_none().then_some(Rejection::MissingPassword),
            password: fault.map(|fault| fault.rejection),
            strength: fault.and_then(|fault| fault.strength),
            ..Problems::default()
        };
        if let Some(current) = &change.current
            && password_form::stored(current.expose()).chars().count() > new_password::MAX_LENGTH
        {
            problems.current = Some(Rejection::WrongCurrentPassword);
        }
        if let (None, Some(new)) = (problems.password, &change.new)
            && self.leaked.contains(new.expose()).await?
        {
            problems.password = Some(Rejection::PasswordLeaked);
        }
        match (problems.first(), change.current, change.new) {
            (None, Some(current), Some(new)) => Ok(Choice { current, new, ends_all: change.ends_all }),
            (problem, ..) => Err(Declined { error: problem.unwrap_or(Rejection::MissingPassword).into(), problems }),
        }
    }

    /// Compares the current password and puts the new one in its place, in one transaction with all that ends.
    async fn replace(
        &self,
        sign_in: &SignIn,
        (tried, choice): (Tried, Choice),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let user_id = sign_in.user_id.as_str();
        let is_theirs = |account: &Account| account.user.id == user_id && account.user.is_usable();
        let stored = tried.account.filter(is_theirs).and_then(|account| account.password_hash);
        let rank = if tried.device.is_some() { Rank::Known } else { Rank::SignIn };
        let waiter = || Waiter::from(browser.network(), rank);
        let verdict = self.hasher.verify(choice.current.expose(), stored.as_deref(), waiter()).await?;
        let (Some(stored), Verdict::Right | Verdict::RightButOutdated) = (stored, verdict) else {
            return Err(Rejection::WrongCurrentPassword.into());
        };
        let hash = self.hasher.hash(choice.new.expose(), waiter()).await?;
        let mut transaction = self.storage.begin().await?;
        // What was read before the hashes may have changed during them.
        let held_account = transaction.hold_account(user_id).await?.filter(is_theirs);
        let same = held_account.filter(|account| account.password_hash.as_ref() == Some(&stored));
        let mut account = same.ok_or(Rejection::WrongCurrentPassword)?;
        // And so may the sign-in, which lends the second factor that it was made by to the one that comes of this.
        if !self.is_live(&mut transaction, sign_in, browser, now).await? {
            return Err(Rejection::SignInNeeded.into());
        }
        account.password_hash = Some(hash.clone());
        account.user.updated_at = now;
        transaction.change_user(&account, &[UserField::Password]).await?;
        transaction.forget_tickets(user_id).await?;
        let guards = transaction.guards(user_id).await?;
        self.count_first_factor(&mut transaction, (guards, held), now).await?;
        let act = browser.act(user_id, now);
        transaction.end_factor_reset(user_id, NEW, &act).await?;
        if choice.ends_all {
            transaction.end_access_of_user(user_id, NEW, &act).await?;
        }
        let event = Event::of(&act, Name::UserPasswordChanged).on(Noun::User, user_id);
        transaction.record(&event.with("ended_all", choice.ends_all)).await?;
        // The second factor that they are signed in by counts on, though the sign-in may have ended with all others.
        let second = sign_in.proofs.iter().filter(|proof| assurance::is_second_factor(proof.kind));
        let journey = self.journeys.begin(Goal::Account, now);
        let journey = second.fold(journey, |journey, proof| journey.proved_by(user_id, proof.clone()));
        let journey = journey.proved(user_id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        if let (Progress::SignedIn(cookie), Some(_)) = (&progress, assurance::own_second_factor_at(&sign_in.proofs)) {
            // For no longer than it would have.
            transaction.limit_sign_in(&cookie.sign_in_id, sign_in.expires_at).await?;
        }
        transaction.commit().await?;
        Ok(self.made_known(progress, (user_id, &hash), (browser, tried.device.as_deref()), now))
    }
}

/// The current password is another.
fn wrong() -> Declined {
    let problems = Problems { current: Some(Rejection::WrongCurrentPassword), ..Problems::default() };
    Declined { error: Rejection::WrongCurrentPassword.into(), problems }
}

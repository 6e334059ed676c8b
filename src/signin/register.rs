//! Registering: a person makes an account and is signed in with it. Until mail can be sent, a taken address is told; nothing else is.
//!
//! To ask whether an address is taken costs as much as to make an account: it counts as one before anything is looked up, and who goes away
//! before the answer has made the account all the same.

use tracing::Instrument;

use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Waiter};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::email;
use crate::protocol::journey::Journey;
use crate::protocol::new_password::{self, Strength, Words};
use crate::protocol::proof::Kind;
use crate::protocol::registration::check_name;
use crate::protocol::rejection::Rejection;
use crate::protocol::user::{MadeBy, User};
use crate::random;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::Account;

/// What a registration form brings. Nothing else of it is looked at.
#[derive(Debug)]
pub struct Registration<'a> {
    /// The address as typed.
    pub email: Option<&'a str>,
    /// The name as typed.
    pub name: Option<&'a str>,
    /// The password as typed.
    pub password: Option<Secret>,
}

/// Everything that is wrong with a registration, field by field.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Problems {
    /// With the name.
    pub name: Option<Rejection>,
    /// With the address.
    pub email: Option<Rejection>,
    /// With the current password, where another one is chosen.
    pub current: Option<Rejection>,
    /// With the password.
    pub password: Option<Rejection>,
    /// How early it is guessed, when that is what is wrong.
    pub strength: Option<Strength>,
}

impl Problems {
    /// The first problem, in the order of the form.
    pub fn first(&self) -> Option<Rejection> {
        self.name.or(self.email).or(self.current).or(self.password)
    }
}

/// Why there is no account.
#[derive(Debug)]
pub struct Declined {
    /// What is told first.
    pub error: Error,
    /// Everything that is wrong with the form.
    pub problems: Problems,
}

impl<E: Into<Error>> From<E> for Declined {
    fn from(error: E) -> Self {
        Self { error: error.into(), problems: Problems::default() }
    }
}

impl Registration<'_> {
    /// Checks every field; these are the words of the site, which make a password weak.
    fn problems(&self, site: &Words) -> Problems {
        let name = self.name.map(str::trim).unwrap_or_default();
        let address = email::canonical(self.email.unwrap_or_default());
        let password = self.password.as_ref().map_or("", Secret::expose);
        let words = site.with_person(self.email.unwrap_or_default(), name);
        let wrong = new_password::check(password, &words).err();
        Problems {
            strength: wrong.and_then(|fault| fault.strength),
            name: check_name(name).err(),
            password: wrong.map(|fault| fault.rejection),
            email: address.err(),
            current: None,
        }
    }
}

impl SignIns {
    /// Everything that is wrong with a registration, but for an address that is taken.
    ///
    /// # Errors
    /// When the list of leaked passwords cannot be read.
    async fn problems_of(&self, form: &Registration<'_>) -> Result<Problems, Failure> {
        let mut problems = form.problems(&self.words);
        if let (None, Some(password)) = (problems.password, &form.password)
            && self.leaked.contains(password.expose()).await?
        {
            problems.password = Some(Rejection::PasswordLeaked);
        }
        Ok(problems)
    }

    /// Makes the account; choosing its password is the first proof. Once it counts, it is done to its end though the browser goes away.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`]; [`Rejection::TooManyRegistrations`] for very many forms, the first problem of this one, the same for many accounts, then
    /// [`Rejection::EmailTaken`]; a failure when the database or the hasher cannot.
    pub async fn register(
        &self,
        journey: Journey,
        form: Registration<'_>,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Declined> {
        if !self.limits.password {
            return Err(Rejection::PasswordsSwitchedOff.into());
        }
        self.rates.take(Door::NewPassword, browser.network())?;
        let problems = self.problems_of(&form).await?;
        if let Some(problem) = problems.first() {
            return Err(Declined { error: problem.into(), problems });
        }
        let address = email::canonical(form.email.unwrap_or_default())?;
        let password = form.password.ok_or(Rejection::MissingPassword)?;
        let account = (address, form.name.unwrap_or_default().to_owned(), password);
        self.rates.take(Door::Registration, browser.network())?;
        let (sign_ins, browser) = (self.clone(), browser.clone());
        let making = async move { sign_ins.make_account(journey, account, &browser, now).await };
        Ok(tokio::spawn(making.in_current_span()).await.map_err(Failure::internal)??)
    }

    async fn make_account(
        &self,
        journey: Journey,
        (address, name, password): (String, String, Secret),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        if self.storage.read().await?.user_by_email(&address).await?.is_some() {
            return Err(Rejection::EmailTaken.into());
        }
        let waiter = Waiter::from(browser.network(), Rank::Registration);
        let password_hash = Some(self.hasher.hash(password.expose(), waiter).await?);
        let account = Account { user: newcomer(address, &name, now), password_hash };
        let mut transaction = self.storage.begin().await?;
        if !transaction.insert_user(&account).await? {
            return Err(Rejection::EmailTaken.into());
        }
        let event =
            Event::of(&browser.act(&account.user.id, now), Name::UserRegistered).on(Noun::User, &account.user.id);
        transaction.record(&event).await?;
        let journey = journey.proved(&account.user.id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let password_hash = account.password_hash.as_deref().unwrap_or_default();
        Ok(self.made_known(progress, (&account.user.id, password_hash), (browser, None), now))
    }
}

/// Who makes an account for themselves.
fn newcomer(email: String, name: &str, now: Timestamp) -> User {
    let user = User::new(random::row_id(now), MadeBy::Person, now);
    User { email: Some(email), name: name.trim().to_owned(), ..user }
}

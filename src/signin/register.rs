//! Registering: a person makes an account and is signed in with it. Where mail can be sent the address is proved first (see `tickets.rs`), and whether
//! it is taken is told to its owner alone; where it cannot, a taken address is told; nothing else is.
//!
//! To ask whether an address is taken costs as much as to make an account: it counts as one before anything is looked up, and who goes away
//! before the answer has made the account all the same.

use tracing::Instrument;

use super::recover::proved;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Waiter};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::email;
use crate::protocol::journey::{Journey, Mailed};
use crate::protocol::new_password::{self, Strength, Words};
use crate::protocol::proof::Kind;
use crate::protocol::registration::check_name;
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;
use crate::protocol::user::{EmailAuthority, MadeBy, User};
use crate::random;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::{Account, Transaction};

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

/// An account that is to be made.
pub(super) struct Wanted {
    pub address: String,
    pub name: String,
    /// What has proved the address.
    pub mailed: Option<Mailed>,
}

impl Registration<'_> {
    /// Checks every field; these are the words of the site, which make a password weak.
    fn problems(&self, site: &Words) -> Problems {
        let name = self.name.map(str::trim).unwrap_or_default();
        let password = self.password.as_ref().map_or("", Secret::expose);
        let words = site.with_person(self.email.unwrap_or_default(), name);
        let Problems { name, email, .. } = self.problems_of_person();
        Problems { name, email, ..Problems::of_password(password, &words) }
    }

    /// Checks the name and the address.
    pub(super) fn problems_of_person(&self) -> Problems {
        let name = self.name.map(str::trim).unwrap_or_default();
        let address = email::canonical(self.email.unwrap_or_default());
        Problems { name: check_name(name).err(), email: address.err(), ..Problems::default() }
    }
}

impl Problems {
    /// What is wrong with a password, beside these words.
    fn of_password(password: &str, words: &Words) -> Self {
        let wrong = new_password::check(password, words).err();
        Self {
            strength: wrong.and_then(|fault| fault.strength),
            password: wrong.map(|fault| fault.rejection),
            ..Self::default()
        }
    }
}

impl SignIns {
    /// Everything that is wrong with a registration, but for an address that is taken.
    ///
    /// # Errors
    /// When the list of leaked passwords cannot be read.
    async fn problems_of(&self, form: &Registration<'_>) -> Result<Problems, Failure> {
        self.unless_leaked(form.problems(&self.words), form.password.as_ref()).await
    }

    /// Everything that is wrong with a new password, beside these words.
    ///
    /// # Errors
    /// When the list of leaked passwords cannot be read.
    pub(super) async fn problems_of_password(&self, password: &Secret, words: &Words) -> Result<Problems, Failure> {
        self.unless_leaked(Problems::of_password(password.expose(), words), Some(password)).await
    }

    async fn unless_leaked(&self, problems: Problems, password: Option<&Secret>) -> Result<Problems, Failure> {
        let mut problems = problems;
        if let (None, Some(password)) = (problems.password, password)
            && self.leaked.contains(password.expose()).await?
        {
            problems.password = Some(Rejection::PasswordLeaked);
        }
        Ok(problems)
    }

    /// Makes the account; choosing its password is the first proof. Once it counts, it is done to its end though the browser goes away.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`]; [`Rejection::UnknownTicket`] where addresses are proved first and none was on this journey;
    /// [`Rejection::TooManyRegistrations`] for very many forms, the first problem of this one, the same for many accounts, then
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
        let mailed = self.mailed(&journey)?;
        self.rates.take(Door::NewPassword, browser.network())?;
        let form = Registration { email: mailed.as_ref().map(|mailed| mailed.address.as_str()).or(form.email), ..form };
        let problems = self.problems_of(&form).await?;
        if let Some(problem) = problems.first() {
            return Err(Declined { error: problem.into(), problems });
        }
        let (sign_ins, browser) = (self.clone(), browser.clone());
        let password = form.password.clone().ok_or(Rejection::MissingPassword)?;
        let wanted = Wanted {
            address: email::canonical(form.email.unwrap_or_default())?,
            name: form.name.unwrap_or_default().trim().to_owned(),
            mailed,
        };
        self.rates.take(Door::Registration, browser.network())?;
        let making = async move { sign_ins.make_account(journey, (wanted, password), &browser, now).await };
        Ok(tokio::spawn(making.in_current_span()).await.map_err(Failure::internal)??)
    }

    /// What has proved the address of whoever makes an account on this journey.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`] where addresses are proved first and none was.
    pub(super) fn mailed(&self, journey: &Journey) -> Result<Option<Mailed>, Rejection> {
        let mut ways = [Purpose::Register, Purpose::Invite].into_iter();
        let mailed = ways.find_map(|purpose| proved(journey, purpose).ok());
        if mailed.is_none() && self.proves_addresses { Err(Rejection::UnknownTicket) } else { Ok(mailed) }
    }

    async fn make_account(
        &self,
        journey: Journey,
        (wanted, password): (Wanted, Secret),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        if self.storage.read().await?.user_by_email(&wanted.address).await?.is_some() {
            return Err(Rejection::EmailTaken.into());
        }
        let waiter = Waiter::from(browser.network(), Rank::Registration);
        let password_hash = self.hasher.hash(password.expose(), waiter).await?;
        let mut transaction = self.storage.begin().await?;
        let user = User::new(random::row_id(now), MadeBy::Person, now);
        let new = Account::new(user, Some(password_hash.clone()));
        let user = self.insert_newcomer(&mut transaction, (new, wanted), browser, now).await?;
        let journey = journey.without_mail().proved(&user.id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(self.made_known(progress, (&user.id, &password_hash), (browser, None), now))
    }

    /// Makes the account of a person who has none, as it is wanted.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`] when what proved the address counts no more; [`Rejection::EmailTaken`]; a failure when the database fails.
    pub(super) async fn insert_newcomer(
        &self,
        transaction: &mut Transaction,
        (account, wanted): (Account, Wanted),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<User, Error> {
        let Wanted { address, name, mailed } = wanted;
        let mut user = User { email: Some(address), name, ..account.user };
        if let Some(mailed) = mailed {
            let ticket = transaction.spend_ticket(&mailed.ticket, now).await?.ok_or(Rejection::UnknownTicket)?;
            (user.email_verified, user.email_authority) = (true, EmailAuthority::Mail);
            user.roles = ticket.details.roles;
            if ticket.purpose == Purpose::Invite {
                user.made_by = MadeBy::Invitation;
            }
        }
        let account = Account { user, ..account };
        let user_id = account.user.id.as_str();
        if !transaction.insert_user(&account).await? {
            return Err(Rejection::EmailTaken.into());
        }
        if !account.user.email_verified && self.storage.sends_mail() {
            transaction.await_proof(user_id).await?;
        }
        let event = Event::of(&browser.act(user_id, now), Name::UserRegistered).on(Noun::User, user_id);
        transaction.record(&event.with("invited", account.user.made_by == MadeBy::Invitation)).await?;
        Ok(account.user)
    }
}

//! A first sign-in through a provider: the person makes an account, or says which one is theirs.
//!
//! Nothing merges by itself. When the address that the provider has verified is an account's already, its owner signs in to that account and
//! then says that the two are one. An account that somebody made with an address that they never proved to anybody with authority does not keep its owner
//! out, were it made through another provider that believed them: whoever proves the address through a provider that is the authority for it may
//! have it, with a new account that has nothing of the other, which ends (arXiv 2205.10174, pre-hijacking).

use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Act, Actor, Event, Name, Noun};
use crate::protocol::journey::Journey;
use crate::protocol::proof::Proof;
use crate::protocol::registration::check_name;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::Vouched;
use crate::protocol::user::{EmailAuthority, MadeBy, User};
use crate::random;
use crate::rates::Door;
use crate::storage::{Account, Transaction};

/// What somebody can do who has no account with this identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Make an account.
    New {
        /// The address that it will have: the one that the provider has verified.
        email: Option<String>,
        /// The name that the provider gave.
        name: String,
    },
    /// Sign in to the account that has the address, and link the two.
    Taken {
        /// The address.
        email: String,
        /// Whether it may be taken from that account.
        may_displace: bool,
    },
    /// Nothing: accounts cannot be made by this provider, or not by this person.
    Closed,
}

impl Meeting {
    /// The address that is an account's already.
    pub fn taken(self) -> Option<String> {
        if let Self::Taken { email, .. } = self { Some(email) } else { None }
    }
}

impl SignIns {
    /// What a newcomer can do. Only a verified address says anything of accounts here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn meet(&self, vouched: &Vouched) -> Result<Meeting, Failure> {
        let email = vouched.verified_email();
        let taken = match email {
            Some(email) => self.storage.read().await?.user_by_email(&email.address).await?,
            None => None,
        };
        Ok(match (taken, email) {
            (Some(account), Some(email)) => Meeting::Taken {
                email: email.address.clone(),
                may_displace: vouched.may_register && email.trusted && account.user.may_be_displaced(),
            },
            _ if !vouched.may_register => Meeting::Closed,
            _ => Meeting::New {
                email: email.map(|email| email.address.clone()),
                name: vouched.name.clone().or(vouched.preferred_username.clone()).unwrap_or_default(),
            },
        })
    }

    /// Makes an account for the newcomer of a journey, with this name; `displacing` takes the address from the account that has it.
    ///
    /// # Errors
    /// [`Rejection::MissingPendingRequest`] when there is no newcomer; [`Rejection::ProviderRegistrationClosed`]; what is wrong with
    /// the name; [`Rejection::TooManyRegistrations`], [`Rejection::EmailTaken`], [`Rejection::NotYours`], [`Rejection::IdentityOfAnother`]; a failure
    /// when the database fails.
    pub async fn make_account_of_newcomer(
        &self,
        journey: Journey,
        (name, displacing): (&str, bool),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let vouched = journey.newcomer.clone().ok_or(Rejection::MissingPendingRequest)?;
        if !vouched.may_register {
            return Err(Rejection::ProviderRegistrationClosed.into());
        }
        check_name(name.trim())?;
        self.rates.take(Door::Registration, browser.network())?;
        let user = newcomer(&vouched, name.trim(), now);
        let mut transaction = self.storage.begin().await?;
        if displacing {
            self.displace(&mut transaction, &vouched, browser, now).await?;
        }
        let account = Account { user, password_hash: None };
        if !transaction.insert_user(&account).await? {
            return Err(Rejection::EmailTaken.into());
        }
        let user_id = account.user.id.as_str();
        let event = Event::of(&browser.act(user_id, now), Name::UserRegistered).on(Noun::User, user_id);
        transaction.record(&event.with("provider", vouched.provider.as_str())).await?;
        let identity_id = self.insert_identity(&mut transaction, (user_id, &vouched), browser, now).await?;
        let journey = journey.without_newcomer().proved_by(user_id, Proof::vouched(&vouched, &identity_id, now));
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(progress)
    }

    /// Takes the newcomer's address from the account that has it, which ends with all that hangs on it.
    async fn displace(
        &self,
        transaction: &mut Transaction,
        vouched: &Vouched,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let email = vouched.owned_email().ok_or(Rejection::NotYours)?;
        // Whoever had it may have gone meanwhile.
        let Some(former) = transaction.user_by_email(&email.address).await? else { return Ok(()) };
        let act = Act::by(Actor::Nobody, browser.origin, now);
        if transaction.release_address(&former.user.id, &email.address, &act).await? {
            Ok(())
        } else {
            Err(Rejection::NotYours.into())
        }
    }
}

/// Who makes an account by an identity.
fn newcomer(vouched: &Vouched, name: &str, now: Timestamp) -> User {
    let email_authority = match vouched.verified_email() {
        Some(email) if email.trusted => EmailAuthority::Authority,
        Some(_) => EmailAuthority::Provider,
        None => EmailAuthority::Nobody,
    };
    let email = vouched.verified_email().map(|email| email.address.clone());
    let said = [("picture", &vouched.picture), ("preferred_username", &vouched.preferred_username)];
    let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.as_deref()?.into())));
    User {
        email_verified: email.is_some(),
        email_authority,
        email,
        name: name.to_owned(),
        claims: said.collect(),
        ..User::new(random::row_id(now), MadeBy::Upstream, now)
    }
}

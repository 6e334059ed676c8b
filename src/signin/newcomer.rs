//! A first sign-in through a provider: the person makes an account, or says which one is theirs.
//!
//! Nothing merges by itself. When the address that the provider has verified is an account's already, its owner signs in to that account and
//! then says that the two are one. An account that somebody made with an address that they never proved to anybody with authority does not keep its owner
//! out, were it made through another provider that believed them: whoever proves the address through a provider that is the authority for it may
//! have it, with a new account that has nothing of the other, which ends (arXiv 2205.10174, pre-hijacking).

use super::invited::Invited;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Act, Actor, Event, Name, Noun};
use crate::protocol::journey::Journey;
use crate::protocol::proof::Proof;
use crate::protocol::registration::check_name;
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Ticket;
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
    /// What a newcomer can do on this journey. Only an address that was proved says anything of accounts here: to the provider, or by the link of an
    /// invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn meet(&self, journey: &Journey, vouched: &Vouched, now: Timestamp) -> Result<Meeting, Failure> {
        let mut reader = self.storage.read().await?;
        let invited = Invited::find(&mut reader, journey, vouched, now).await?;
        let may_register = vouched.may_register || invited.is_some();
        let said = vouched.name.clone().or(vouched.preferred_username.clone());
        let (email, name) = match invited.map(|invited| invited.ticket) {
            Some(Ticket { address, details, .. }) => {
                (Some(address), Some(details.name).filter(|name| !name.is_empty()))
            }
            None => (vouched.verified_email().map(|email| email.address.clone()), None),
        };
        let taken = match &email {
            Some(email) => reader.user_by_email(email).await?,
            None => None,
        };
        let owns = |email: &String| vouched.owned_email().is_some_and(|owned| owned.address == *email);
        Ok(match (taken, email) {
            (Some(account), Some(email)) => {
                Meeting::Taken { may_displace: may_register && owns(&email) && account.user.may_be_displaced(), email }
            }
            _ if !may_register => Meeting::Closed,
            (_, email) => Meeting::New { email, name: name.or(said).unwrap_or_default() },
        })
    }

    /// Makes an account for the newcomer of a journey, with this name: the one that they were invited to have, if they were. `displacing` takes the address
    /// from the account that has it.
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
        if !vouched.may_register && !vouched.may_accept {
            return Err(Rejection::ProviderRegistrationClosed.into());
        }
        check_name(name.trim())?;
        self.rates.take(Door::Registration, browser.network())?;
        let mut transaction = self.storage.begin().await?;
        let invited = self.take_invitation(&mut transaction, (&journey, &vouched), now).await?;
        if invited.is_none() && !vouched.may_register {
            return Err(uninvited(&mut transaction, &vouched).await?.into());
        }
        let user = newcomer(&vouched, name.trim(), now);
        let user = if let Some(invited) = invited { invited.account(user) } else { user };
        if displacing {
            self.displace(&mut transaction, (&vouched, &user), browser, now).await?;
        }
        let account = Account::new(user, None);
        if !transaction.insert_user(&account).await? {
            return Err(Rejection::EmailTaken.into());
        }
        let user_id = account.user.id.as_str();
        let event = Event::of(&browser.act(user_id, now), Name::UserRegistered).on(Noun::User, user_id);
        let event = event.with("invited", account.user.made_by == MadeBy::Invitation);
        transaction.record(&event.with("provider", vouched.provider.as_str())).await?;
        let identity_id = self.insert_identity(&mut transaction, (user_id, &vouched), browser, now).await?;
        let journey =
            journey.without_newcomer().without_mail().proved_by(user_id, Proof::vouched(&vouched, &identity_id, now));
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(self.made_known(progress, (user_id, account.sealed_hash()), (browser, None), now))
    }

    /// Takes the address of the new account from the one that has it, which ends with all that hangs on it.
    async fn displace(
        &self,
        transaction: &mut Transaction,
        (vouched, user): (&Vouched, &User),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let owned = vouched.owned_email().filter(|owned| user.email.as_ref() == Some(&owned.address));
        let email = owned.ok_or(Rejection::NotYours)?;
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

/// Why somebody makes no account where the invited alone do: they were not, or have the account by now.
async fn uninvited(transaction: &mut Transaction, vouched: &Vouched) -> Result<Rejection, Failure> {
    let Some(email) = vouched.verified_email() else { return Ok(Rejection::ProviderRegistrationClosed) };
    let is_taken = transaction.user_by_email(&email.address).await?.is_some();
    Ok(if is_taken { Rejection::EmailTaken } else { Rejection::ProviderRegistrationClosed })
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

//! People who leave: an account is closed and goes some days later, comes back, and what is known of its person is written down for them. People do
//! the first by themselves on their pages; here operators do it for them.

use super::role::keep_an_admin;
use super::user::missing;
use super::{Changed, Error, Registry, UserView};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::export::Export;
use crate::protocol::issuer::Issuer;
use crate::protocol::message::Occasion;
use crate::protocol::problem::Problems;
use crate::storage::Departure;

/// The longest time to come back, in seconds: a year.
const MAX_GRACE: i64 = 366 * 86_400;

/// A user is named by an address or an id; one that is not there is an [`Error::Missing`].
impl Registry {
    /// Closes an account, which goes after so many seconds, unless it is brought back until then: by the mail that goes to its address, or by an operator.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time that is too long, or an account that is leaving already.
    pub async fn leave_user(&self, user: &str, grace: i64, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        if !(1..=MAX_GRACE).contains(&grace) {
            return Err(Problems::one("grace", "is a second at least and a year at most".to_owned()).into());
        }
        let id = self.user(user).await?.id;
        let issuer = Issuer::parse(&self.issuer).map_err(Failure::internal)?;
        let departure = Departure { user_id: &id, grace, issuer: &issuer, occasion: Occasion::here(act.at) };
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&id).await?.ok_or_else(|| missing(user))?;
        keep_an_admin(&mut transaction, &account).await?;
        let Some(left) = transaction.leave(departure, act).await? else {
            let why = "is about to be deleted already: doorward user undelete brings it back";
            return Err(Problems::one("user", why.to_owned()).into());
        };
        transaction.commit().await?;
        let warnings = match left.told {
            Some(_) => Vec::new(),
            None => vec!["no mail tells the person: doorward user undelete brings the account back".to_owned()],
        };
        let event = Event::of(act, Name::UserDeletionRequested).on(Noun::User, &id);
        Ok(Changed { view: self.user(&id).await?, event, warnings })
    }

    /// Brings back an account whose person left. One that was switched off stays so.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an account that is not leaving.
    pub async fn return_user(&self, user: &str, act: &Act) -> Result<Changed<UserView>, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        let mut transaction = self.storage.begin().await?;
        if !transaction.stay(&id, None, act).await? {
            return Err(Problems::one("user", "is not about to be deleted".to_owned()).into());
        }
        transaction.commit().await?;
        let event = Event::of(act, Name::UserDeletionWithdrawn).on(Noun::User, &id);
        Ok(Changed { view: self.user(&id).await?, event, warnings: Vec::new() })
    }

    /// All that is known of a person, as they get it on their own pages.
    pub async fn export_user(&self, user: &str, act: &Act) -> Result<Export, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        self.storage.export(&id, &self.issuer, act.at).await?.ok_or_else(|| missing(user))
    }
}

//! Sign-ins: who is signed in, in which browser, and ending that at once on every node.

use serde::Serialize;

use super::{Changed, Error, Registry, commit};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::page::{Listed, Page};
use crate::storage::{SignInEntry, SignInFilter, UserFilter};

/// Why a sign-in or grant ended, in the database and on the account page.
const ENDED: &str = "ended by the operator";

/// Which sign-ins are wanted.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Those of this user alone.
    pub user_id: Option<String>,
    /// Ended and expired ones too.
    pub all: bool,
}

/// A sign-in as every face shows it. Times are RFC 3339.
#[derive(Clone, Debug, Serialize)]
pub struct SignInView {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The person's address, if the account has one.
    pub email: Option<String>,
    /// `live`, `expired` or `ended`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: String,
    /// When the person last authenticated.
    pub auth_time: String,
    /// When it was last used, to the minute.
    pub last_used_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// The browser's name of itself.
    pub user_agent: String,
    /// The network address it came from.
    pub address: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it ended.
    pub end_reason: Option<String>,
}

impl Registry {
    /// A page of the sign-ins, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_ins(&self, which: &Which, page: Page, now: Timestamp) -> Result<Listed<SignInView>, Failure> {
        let live = (!which.all).then_some((self.idle, now));
        let filter = SignInFilter { user_id: which.user_id.as_deref(), live };
        let entries = self.storage.read().await?.sign_ins(&filter, &page).await?;
        Ok(entries.map(|entry| self.view(entry, now)))
    }

    /// Ends a sign-in and what hangs on it; where the person keeps its device, they do no more.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no live one with this id.
    pub async fn end_sign_in(&self, id: &str, act: &Act) -> Result<(), Error> {
        self.administers(act).await?;
        let mut transaction = self.storage.begin().await?;
        // Which records it.
        if !transaction.end_sign_in_and_device(id, ENDED, act).await? {
            return Err(Error::Missing(Noun::SignIn, id.to_owned()));
        }
        Ok(transaction.commit().await?)
    }

    /// Ends all sign-ins, grants and API keys of a person; tells the person's id. `user` is an address or an id.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such person.
    pub async fn end_sign_ins_of_user(&self, user: &str, act: &Act) -> Result<Changed<String>, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        let mut transaction = self.storage.begin().await?;
        transaction.end_everything_of_user(&id, ENDED, act).await?;
        let event = Event::of(act, Name::UserSignedOut).on(Noun::User, &id);
        commit(transaction, &event).await?;
        Ok(Changed { view: id, event, warnings: Vec::new() })
    }

    /// Ends all sign-ins, grants and API keys of everybody, one at a time: what a backup that was put back has brought back. How many people
    /// there are.
    pub async fn end_everything(&self, act: &Act) -> Result<u64, Error> {
        self.administers(act).await?;
        let (mut ended, mut after) = (0, None);
        loop {
            let people = self.users(&UserFilter::default(), Page { after, limit: 500 }).await?;
            for person in &people.items {
                match self.end_sign_ins_of_user(&person.id, act).await {
                    // Deleted meanwhile.
                    Ok(_) | Err(Error::Missing(..)) => ended += 1,
                    Err(error) => return Err(error),
                }
            }
            if people.next.is_none() {
                break;
            }
            after = people.next;
        }
        let mut transaction = self.storage.begin().await?;
        transaction.end_api_keys_of_clients(ENDED, act).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    fn view(&self, entry: SignInEntry, now: Timestamp) -> SignInView {
        let time = |seconds: i64| Timestamp::from_seconds(seconds).to_string();
        SignInView {
            state: match entry.ended_at {
                Some(_) => "ended",
                None if entry.is_live(self.idle, now) => "live",
                None => "expired",
            },
            id: entry.id,
            user_id: entry.user_id,
            email: entry.email,
            created_at: time(entry.created_at),
            auth_time: time(entry.auth_time),
            last_used_at: time(entry.last_used_at),
            expires_at: time(entry.expires_at),
            user_agent: entry.user_agent,
            address: entry.address,
            ended_at: entry.ended_at.map(time),
            end_reason: entry.end_reason,
        }
    }
}

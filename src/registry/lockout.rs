//! Lockouts: who cannot sign in now because too many attempts have failed, and opening an account again at once on every node.

use serde::Serialize;

use super::{Changed, Error, Registry, commit};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::attempts::{FOR_EVER, Kind, SPREAD_FOR};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::page::{Listed, Page};
use crate::storage::{Locked, Slowed};

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Every browser that the account does not know.
    Strangers,
    /// Those of one network.
    StrangersFromNetwork,
    /// One browser that the account knows.
    Device,
    /// A network that tries many accounts: it is slow, not refused.
    Network,
    /// Names that are no account's.
    UnknownNames,
}

/// A lockout as every face shows it. Times are RFC 3339.
#[derive(Clone, Debug, Serialize)]
pub struct LockoutView {
    /// What is refused.
    pub refused: Refused,
    /// The account.
    pub user_id: Option<String>,
    /// Its address.
    pub email: Option<String>,
    /// The network.
    pub network: Option<String>,
    /// Failures in a row; of a network, how many accounts it has failed to sign in to.
    pub failures: Option<i64>,
    /// Until when; `null` until a known browser or `user unlock` clears it.
    pub until: Option<String>,
    /// How many there are of these: 1, but for names that are no account's, which nobody is told.
    pub count: i64,
}

impl From<Locked> for LockoutView {
    fn from(locked: Locked) -> Self {
        let until = Timestamp::from_seconds(locked.closed_until);
        Self {
            refused: match Kind::of(&locked.id) {
                Some(Kind::Pair) => Refused::StrangersFromNetwork,
                Some(Kind::Device) => Refused::Device,
                _ => Refused::Strangers,
            },
            user_id: Some(locked.account),
            email: locked.email,
            network: locked.network,
            failures: Some(locked.in_row),
            until: (until != FOR_EVER).then(|| until.to_string()),
            count: 1,
        }
    }
}

impl From<Slowed> for LockoutView {
    fn from(slowed: Slowed) -> Self {
        Self {
            refused: Refused::Network,
            user_id: None,
            email: None,
            network: Some(slowed.network),
            failures: Some(slowed.spread),
            until: Some(Timestamp::from_seconds(slowed.spread_at).plus(SPREAD_FOR).to_string()),
            count: 1,
        }
    }
}

impl Registry {
    /// A page of the lockouts of accounts, those that end first first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lockouts(&self, page: Page, now: Timestamp) -> Result<Listed<LockoutView>, Failure> {
        Ok(self.storage.read().await?.locked(&page, now).await?.map(LockoutView::from))
    }

    /// What is refused beside accounts: the networks that are slowed down, a thousand at most, and how many names that are no account's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lockouts_beside(&self, now: Timestamp) -> Result<Vec<LockoutView>, Failure> {
        let mut reader = self.storage.read().await?;
        let slowed = reader.slowed_networks(self.attempts.many_accounts, now).await?;
        let mut beside: Vec<LockoutView> = slowed.into_iter().map(LockoutView::from).collect();
        let count = reader.locked_names(now).await?;
        if count > 0 {
            beside.push(LockoutView {
                refused: Refused::UnknownNames,
                user_id: None,
                email: None,
                network: None,
                failures: None,
                until: None,
                count,
            });
        }
        Ok(beside)
    }

    /// Lets everybody try again to sign in to an account; tells the person's id. `user` is an address or an id.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is no such person.
    pub async fn unlock_user(&self, user: &str, act: &Act) -> Result<Changed<String>, Error> {
        self.administers(act).await?;
        let id = self.user(user).await?.id;
        let mut transaction = self.storage.begin().await?;
        transaction.clear_attempts(&id, &self.attempts).await?;
        let event = Event::of(act, Name::UserUnlocked).on(Noun::User, &id);
        commit(transaction, &event).await?;
        Ok(Changed { view: id, event, warnings: Vec::new() })
    }
}

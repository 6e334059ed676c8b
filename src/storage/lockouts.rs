//! Which counters of attempts refuse now, and clearing those of an account: for operators, and for the person whom they concern.

use sqlx::FromRow;

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::attempts::{Kind, Limits, SPREAD_FOR};
use crate::protocol::page::{Cursor, Listed, Page};

statements! {
    LOCKED_AFTER = "SELECT c.id, c.account, u.email, c.network, c.in_row, c.closed_until FROM attempt_counters c \
        JOIN users u ON u.id = c.account WHERE c.closed_until > 0 AND c.closed_until > $4 AND (c.closed_until, c.id) > ($1, $2) \
        ORDER BY c.closed_until, c.id LIMIT $3";
    LOCKED_NAMES = "SELECT COUNT(DISTINCT account) FROM attempt_counters WHERE closed_until > 0 AND closed_until > $1 AND account LIKE '?%'";
    LOCKED_ACCOUNTS = "SELECT COUNT(*) FROM attempt_counters WHERE closed_until > 0 AND closed_until > $1 AND id LIKE 'a %' \
        AND account NOT LIKE '?%'";
    SLOWED_NETWORKS = "SELECT network, spread, spread_at FROM attempt_counters WHERE spread > 0 AND spread_at > $1 AND spread >= $2 \
        AND network IS NOT NULL ORDER BY spread_at, id LIMIT 1000";
    COUNTERS_OF_ACCOUNT = "SELECT id FROM attempt_counters WHERE account = $1 ORDER BY id";
    CLEAR_COUNTER = "UPDATE attempt_counters SET taken = 0, failed = 0, in_row = 0, stop_at = $2, spread = 0, spread_at = 0, closed_until = 0 WHERE id = $1";
    DELETE_COUNTER = "DELETE FROM attempt_counters WHERE id = $1";
    NOTED_ATTEMPTS = "SELECT noted_at, noted_failures, noted_until FROM attempt_counters WHERE id = $1 AND noted_at > 0";
}

/// A counter of an account that refuses now.
#[derive(Clone, Debug, FromRow)]
pub struct Locked {
    /// The counter's name.
    pub id: String,
    /// The id of the account.
    pub account: String,
    /// Its address.
    pub email: Option<String>,
    /// The network, when it is refused from there alone.
    pub network: Option<String>,
    /// Failures in a row.
    pub in_row: i64,
    /// Until when, in seconds.
    pub closed_until: i64,
}

/// A network that is slowed down now.
#[derive(Clone, Debug, FromRow)]
pub struct Slowed {
    /// The network.
    pub network: String,
    /// How many accounts it has tried in vain.
    pub spread: i64,
    /// Since when, in seconds.
    pub spread_at: i64,
}

/// What a person is to be told of attempts of strangers.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Noted {
    /// When the last pause began, in seconds.
    pub noted_at: i64,
    /// How many had failed in a row.
    pub noted_failures: i64,
    /// Until when there could be no more, in seconds.
    pub noted_until: i64,
}

impl Reader {
    /// A page of the counters of accounts that refuse now, those that end first first.
    pub async fn locked(&mut self, page: &Page, now: Timestamp) -> Result<Listed<Locked>, Failure> {
        let (seconds, id, most) = page.bounds();
        let rows = on!(self, |c| sqlx::query_as::<_, Locked>(LOCKED_AFTER)
            .bind(seconds)
            .bind(id)
            .bind(most)
            .bind(now.seconds())
            .fetch_all(c)
            .await)?;
        let place =
            |locked: &Locked| Cursor { at: Timestamp::from_seconds(locked.closed_until), id: locked.id.clone() };
        Ok(Listed::of(rows, page, place))
    }

    /// How many names that are no account's are refused now.
    pub async fn locked_names(&mut self, now: Timestamp) -> Result<i64, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (i64,)>(LOCKED_NAMES).bind(now.seconds()).fetch_one(c).await)?;
        Ok(row.0)
    }

    /// How many accounts are closed to strangers now.
    pub async fn locked_accounts(&mut self, now: Timestamp) -> Result<i64, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (i64,)>(LOCKED_ACCOUNTS).bind(now.seconds()).fetch_one(c).await)?;
        Ok(row.0)
    }

    /// The networks that have tried so many accounts or more within an hour; the first thousand.
    pub async fn slowed_networks(&mut self, accounts: i64, now: Timestamp) -> Result<Vec<Slowed>, Failure> {
        on!(self, |c| sqlx::query_as(SLOWED_NETWORKS)
            .bind(now.minus(SPREAD_FOR).seconds())
            .bind(accounts)
            .fetch_all(c)
            .await)
    }

    /// What the person of an account is to be told of attempts of strangers, by the name of the account's counter.
    pub async fn noted_attempts(&mut self, id: &str) -> Result<Option<Noted>, Failure> {
        on!(self, |c| sqlx::query_as(NOTED_ATTEMPTS).bind(id).fetch_optional(c).await)
    }
}

impl Transaction {
    /// Lets everybody try an account again who was stopped there: on every node at once, for each asks the database. Networks and what they
    /// did elsewhere stay counted.
    pub async fn clear_attempts(&mut self, account: &str, limits: &Limits) -> Result<(), Failure> {
        for id in self.counters_of_account(account).await? {
            let stop_at = Kind::of(&id).map_or(i64::MAX, |kind| limits.first_stop(kind));
            on!(self, |c| sqlx::query(CLEAR_COUNTER).bind(&id).bind(stop_at).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    /// Removes the counters of an account that goes.
    pub(super) async fn delete_attempts(&mut self, account: &str) -> Result<(), Failure> {
        for id in self.counters_of_account(account).await? {
            on!(self, |c| sqlx::query(DELETE_COUNTER).bind(&id).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    /// In the order in which attempts take them.
    async fn counters_of_account(&mut self, account: &str) -> Result<Vec<String>, Failure> {
        let rows = on!(self, |c| sqlx::query_as::<_, (String,)>(COUNTERS_OF_ACCOUNT).bind(account).fetch_all(c).await)?;
        // The database may have another order of letters than we.
        let mut ids: Vec<String> = rows.into_iter().map(|(id,)| id).collect();
        ids.sort();
        Ok(ids)
    }
}

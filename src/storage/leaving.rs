//! Accounts that go: a person leaves and may come back for a while ([`crate::protocol::leaving`]), and what is over goes for good.
//!
//! Whoever leaves is closed in one transaction with the end of all that the account has, the ticket of the way back and the mail that carries it.
//! What goes for good goes in one transaction too, so a node that is killed leaves an account whole or gone, and two nodes at once see the same.

use std::time::Duration;

use super::{Account, GivenLink, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::issuer::Issuer;
use crate::protocol::leaving;
use crate::protocol::message::{About, Carried, LANGUAGE, Occasion};
use crate::protocol::ticket::{Details, Purpose};
use crate::protocol::upstream::Identity;
use crate::random;

statements! {
    LEAVE = "UPDATE users SET delete_after = $2 WHERE id = $1 AND delete_after IS NULL RETURNING id";
    // The address is the one that the link was sent to; an operator needs none.
    STAY = "UPDATE users SET delete_after = NULL WHERE id = $1 AND delete_after > $2 \
        AND (CAST($3 AS TEXT) IS NULL OR email = CAST($3 AS TEXT)) RETURNING id";
    ACCOUNTS_TO_GO = "SELECT id FROM users WHERE delete_after <= $1 ORDER BY delete_after, id LIMIT $2";
}

/// How often it is tried while others give more to what is to go, and how long it waits in between.
pub const TRIES: u32 = 20;
/// See [`TRIES`].
pub const PAUSE: Duration = Duration::from_millis(100);

/// Why everything of an account ends.
const LEFT: &str = "account left";
const DELETED: &str = "account deleted";

/// An account whose person leaves.
#[derive(Debug)]
pub struct Departure<'a> {
    /// Its id.
    pub user_id: &'a str,
    /// How long there is to come back, in seconds.
    pub grace: i64,
    /// Below which address the link of the way back is.
    pub issuer: &'a Issuer,
    /// What led to it, for the mail.
    pub occasion: Occasion,
}

/// An account that was closed.
#[derive(Debug)]
pub struct Left {
    /// When it goes.
    pub delete_after: Timestamp,
    /// Where the way back was sent, if it was.
    pub told: Option<String>,
}

/// An account that is gone.
pub struct Gone {
    /// As it was.
    pub account: Account,
    /// The accounts at providers that signed its person in.
    pub identities: Vec<Identity>,
    /// The record of it.
    pub event: Event,
}

/// What has become of an account that was to go for good.
pub enum Deletion {
    /// It is gone.
    Gone(Box<Gone>),
    /// There is none, or none that was meant.
    Missing,
    /// It stays: nobody else can use the role `admin`.
    LastAdmin,
}

/// Every failure is the database's.
impl Transaction {
    /// Closes an account: everything of it ends, and a mail to its address, where there is one and mail is sent, carries a way back. `None` when there
    /// is no such account, or it was left before: then nothing changes.
    pub async fn leave(&mut self, departure: Departure<'_>, act: &Act) -> Result<Option<Left>, Failure> {
        let Departure { user_id, grace, issuer, occasion } = departure;
        let delete_after = act.at.plus(grace);
        let left = on!(self, |c| sqlx::query_as::<_, (String,)>(LEAVE)
            .bind(user_id)
            .bind(delete_after.seconds())
            .fetch_optional(c)
            .await)?;
        let (Some(_), Some(account)) = (left, self.user(user_id).await?) else { return Ok(None) };
        self.end_everything_of_user(user_id, LEFT, act).await?;
        // What was asked for before opens nothing any more, but for the way back to a former address: that takes the account from whoever left it.
        self.forget_tickets(user_id).await?;
        let told = account.user.email.clone().filter(|_| self.storage.sends_mail());
        if let Some(address) = &told {
            let secret = random::secret();
            let carried = Carried {
                purpose: Purpose::Return,
                link: issuer.link_of(&secret),
                code: None,
                of: Some(leaving::days(grace).to_string()),
            };
            let link = GivenLink {
                purpose: Purpose::Return,
                address,
                user_id: Some(user_id),
                secret: &secret,
                details: Details::default(),
                expires_at: delete_after,
            };
            let language = account.user.locale().unwrap_or(LANGUAGE);
            self.send_link(&link, (About::Ticket(carried), occasion), language, act.at).await?;
        }
        let event = Event::of(act, Name::UserDeletionRequested).on(Noun::User, user_id);
        self.record(&event.with("delete_after", delete_after.to_string())).await?;
        Ok(Some(Left { delete_after, told }))
    }

    /// Brings an account back whose person left, and records it: of which this is the address, when one is given. `false` when there is none that is
    /// leaving, or its time is over.
    pub async fn stay(&mut self, user_id: &str, address: Option<&str>, act: &Act) -> Result<bool, Failure> {
        let stays = on!(self, |c| sqlx::query_as::<_, (String,)>(STAY)
            .bind(user_id)
            .bind(act.at.seconds())
            .bind(address)
            .fetch_optional(c)
            .await)?;
        if stays.is_none() {
            return Ok(false);
        }
        // Who came back needs no other way back.
        self.forget_tickets_after(user_id, Purpose::Return, Timestamp::from_seconds(0)).await?;
        self.record(&Event::of(act, Name::UserDeletionWithdrawn).on(Noun::User, user_id)).await?;
        Ok(true)
    }
}

impl Storage {
    /// Deletes an account for good, with all that hangs on it; applications are told by the back channel that its sign-ins have ended.
    ///
    /// # Errors
    /// When the database fails, or others give more to the account again and again.
    pub async fn delete_for_good(&self, id: &str, act: &Act) -> Result<Deletion, Failure> {
        self.delete_where(id, (DELETED, |_: &Account, _| true), act).await
    }

    /// As [`Storage::delete_for_good`], for this reason, when it fits the account as it is then, with so many identities.
    pub(super) async fn delete_where(
        &self,
        id: &str,
        (reason, fits): (&'static str, impl Fn(&Account, usize) -> bool),
        act: &Act,
    ) -> Result<Deletion, Failure> {
        for _ in 0..TRIES {
            let mut transaction = self.begin().await?;
            let account = transaction.hold_account(id).await?;
            let Some(account) = account else { return Ok(Deletion::Missing) };
            let identities = transaction.identities_of_user(id).await?;
            if !fits(&account, identities.len()) {
                return Ok(Deletion::Missing);
            }
            if transaction.is_last_admin(&account.user).await? {
                return Ok(Deletion::LastAdmin);
            }
            transaction.end_everything_of_user(id, reason, act).await?;
            if transaction.delete_user(id).await? {
                let event = Event::of(act, Name::UserDeleted).on(Noun::User, id);
                let event = if reason == DELETED { event } else { event.with("reason", reason) };
                transaction.record(&event).await?;
                transaction.commit().await?;
                return Ok(Deletion::Gone(Box::new(Gone { account, identities, event })));
            }
            drop(transaction);
            tokio::time::sleep(PAUSE).await;
        }
        Err(in_use())
    }

    /// Deletes the accounts whose person left and did not come back in time, one after the other, at most so many; tells how many went.
    ///
    /// # Errors
    /// When the database fails: the rest goes next time.
    pub async fn delete_left(&self, most: i64, now: Timestamp) -> Result<u64, Failure> {
        let mut reader = self.read_uncounted().await?;
        let ids = on!(reader, |c| sqlx::query_as::<_, (String,)>(ACCOUNTS_TO_GO)
            .bind(now.seconds())
            .bind(most)
            .fetch_all(c)
            .await)?;
        drop(reader);
        let (mut gone, mut failed) = (0, None);
        for (id,) in ids {
            // Another node may have been quicker, or the person came back. One that does not go keeps no other here.
            let is_over = |account: &Account, _| account.user.delete_after.is_some_and(|at| leaving::is_over(at, now));
            match self.delete_where(&id, (LEFT, is_over), &Act::of_system(now)).await {
                Ok(went) => gone += u64::from(matches!(went, Deletion::Gone(_))),
                Err(failure) => failed = Some(failure),
            }
        }
        failed.map_or(Ok(gone), Err)
    }
}

/// That what was to go was given more again and again.
pub fn in_use() -> Failure {
    Failure::unavailable("it is in use at this very moment, again and again: switch it off first, then try again")
}

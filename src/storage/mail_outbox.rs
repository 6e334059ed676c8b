//! The outbox of mails: which are still to be sent, sealed, for a mail may hold what proves an address.
//!
//! A row is written in the transaction of what the mail is about, so that there is the one exactly when there is the other, and nobody who asks
//! for a mail waits for the mail server. A node takes some by a lease, as with the outbox of logouts; a mail that a killed node was sending is
//! sent again, and is the same mail. How many were sent to an address is counted under a keyed hash (`mail_marks`): an address that nobody
//! knows anything of leaves no trace that names it.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{Reader, Storage, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::message::Message;
use crate::protocol::network::ClientNetwork;
use crate::protocol::ticket::Purpose;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::MacKey;

statements! {
    INSERT_MAIL = "INSERT INTO mail_outbox (id, to_address, user_id, about, message, language, created_at, expires_at, due_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)";
    // Whoever counts holds the row until the end of the transaction, so at once asked is one after the other.
    COUNT_MAIL = "INSERT INTO mail_marks (name, count, expires_at) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE SET \
        count = CASE WHEN mail_marks.expires_at <= $3 THEN 1 ELSE mail_marks.count + 1 END, \
        expires_at = CASE WHEN mail_marks.expires_at <= $3 THEN excluded.expires_at ELSE mail_marks.expires_at END \
        RETURNING count";
    MAIL_DUE = "SELECT id FROM mail_outbox WHERE due_at <= $1 AND leased_until <= $1 LIMIT 1";
    TAKE_MAILS = "UPDATE mail_outbox SET leased_until = $2, attempts = attempts + 1 \
        WHERE due_at <= $1 AND leased_until <= $1 AND id IN (SELECT id FROM mail_outbox \
        WHERE due_at <= $1 AND leased_until <= $1 ORDER BY due_at, id LIMIT $3) \
        RETURNING id, message, language, created_at, expires_at, attempts";
    FORGET_MAIL = "DELETE FROM mail_outbox WHERE id = $1 AND attempts = $2";
    POSTPONE_MAIL = "UPDATE mail_outbox SET leased_until = 0, due_at = $3, last_error = $4 WHERE id = $1 AND attempts = $2";
    MAILS_WAITING = "SELECT count(*), min(created_at) FROM mail_outbox";
    LIST_MAILS = "SELECT id, to_address, about, created_at, attempts, due_at, last_error FROM mail_outbox ORDER BY created_at, id LIMIT $1";
    SEALED_MAILS = "SELECT id, message FROM mail_outbox ORDER BY id";
    RESEAL_MAIL = "UPDATE mail_outbox SET message = $2 WHERE id = $1";
    DELETE_MAILS_OF_USER = "DELETE FROM mail_outbox WHERE user_id = $1";
}

/// What the outbox seals with.
const PURPOSE: &str = "mail";
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// That mail is sent here, and how much of it to one address.
#[derive(Debug)]
pub struct Post {
    sealing: SealingKey,
    names: MacKey,
    per_hour: i64,
    per_day: i64,
    per_day_in_all: i64,
    /// The providers' names by their ids.
    providers: BTreeMap<String, String>,
}

impl Post {
    /// Seals under the master key, and counts as the settings say.
    pub fn new(master: &MasterKey, config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            providers: config.upstream.iter().map(|one| (one.id.clone(), one.name.clone())).collect(),
            sealing: master.sealing_key(PURPOSE),
            names: master.mac_key(PURPOSE),
            per_hour: limits.mails_per_hour,
            per_day: limits.mails_per_day,
            per_day_in_all: limits.mails_per_day_in_all,
        }
    }

    fn name(&self, parts: &[&str]) -> String {
        self.names.sign(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())
    }
}

/// A mail that is to be sent.
#[derive(Debug)]
pub struct NewMail<'a> {
    /// What.
    pub message: &'a Message,
    /// Whose account it is about, if it is about one: it goes with the account.
    pub user_id: Option<&'a str>,
    /// From where somebody asked for it, who may be anybody; `None` when it is a consequence, or an operator asked.
    pub asked_from: Option<ClientNetwork>,
    /// The language of its words.
    pub language: &'a str,
    /// When it is worth nothing any more: it is not sent later.
    pub expires_at: Option<Timestamp>,
    /// The time.
    pub now: Timestamp,
}

/// A mail that a node has taken.
#[derive(Clone, Debug)]
pub struct TakenMail {
    /// Its id: the same however often it is sent.
    pub id: String,
    /// What it says; `None` when no master key that is here has sealed it.
    pub message: Option<Message>,
    /// The language of its words.
    pub language: String,
    /// When it was decided on.
    pub created_at: Timestamp,
    /// When it is worth nothing any more.
    pub expires_at: Option<Timestamp>,
    /// How often it has been tried, the present attempt counted.
    pub attempts: i64,
}

/// A mail that waits, without what it says.
#[derive(Clone, Debug, FromRow)]
pub struct WaitingMail {
    /// Its id.
    pub id: String,
    /// To whom.
    pub to_address: String,
    /// What kind of message it is.
    pub about: String,
    /// Since when, in seconds since the epoch.
    pub created_at: i64,
    /// How often it has been tried.
    pub attempts: i64,
    /// When it is tried next, in seconds since the epoch.
    pub due_at: i64,
    /// Why it was not sent the last time.
    pub last_error: Option<String>,
}

#[derive(FromRow)]
struct TakenRow {
    id: String,
    message: Vec<u8>,
    language: String,
    created_at: i64,
    expires_at: Option<i64>,
    attempts: i64,
}

impl Storage {
    /// Says that mail is sent from here on; without that, none is enqueued.
    pub fn send_mail(&self, post: Post) {
        // A second time it is the same.
        let _ = self.post().set(post);
    }

    /// Whether it was said.
    pub fn sends_mail(&self) -> bool {
        self.post().get().is_some()
    }

    /// The name of a provider by its id; the id when there is no such provider any more.
    pub(super) fn provider_name(&self, id: String) -> String {
        self.post()
            .get()
            .and_then(|post| post.providers.get(&id).cloned())
            .filter(|name| !name.is_empty())
            .unwrap_or(id)
    }
}

impl Reader {
    /// Whether a mail is to be sent now.
    pub async fn mail_is_due(&mut self, now: Timestamp) -> Result<bool, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, (String,)>(MAIL_DUE).bind(now.seconds()).fetch_optional(c).await)?;
        Ok(row.is_some())
    }

    /// How many mails wait, and since when the oldest, in seconds.
    pub async fn mails_waiting(&mut self) -> Result<(i64, Option<i64>), Failure> {
        on!(self, |c| sqlx::query_as::<_, (i64, Option<i64>)>(MAILS_WAITING).fetch_one(c).await)
    }

    /// The first so many that wait, the oldest first.
    pub async fn list_mails(&mut self, most: i64) -> Result<Vec<WaitingMail>, Failure> {
        on!(self, |c| sqlx::query_as::<_, WaitingMail>(LIST_MAILS).bind(most).fetch_all(c).await)
    }
}

impl Transaction {
    /// Lets a mail be sent after the commit. `false` when mail is off, or when somebody has asked for it and the address has had its number: from
    /// their network (an IPv4 address, or a /48) in this hour or day, or from everywhere in this day. It does the same for every address. At most
    /// four statements.
    pub async fn enqueue(&mut self, mail: &NewMail<'_>) -> Result<bool, Failure> {
        let storage = self.storage.clone();
        let Some(post) = storage.post().get() else { return Ok(false) };
        let to = mail.message.to.as_str();
        let network = mail.asked_from.map(|network| network.site().to_string());
        // What is refused for this hour counts for no day, and what one network is refused for none of the others. What strangers ask for keeps nothing from
        // whoever is signed in.
        let is_own = mail.message.about.purpose().is_some_and(Purpose::is_asked_by_owner);
        let counts = network.as_deref().map(|network| {
            let whose = if is_own { "own" } else { "asked" };
            [
                (post.name(&["hour", whose, to, network]), HOUR, post.per_hour),
                (post.name(&["day", whose, to, network]), DAY, post.per_day),
                (post.name(&["day", whose, to]), DAY, post.per_day_in_all),
            ]
        });
        for (name, seconds, most) in counts.into_iter().flatten() {
            if self.count_mail(&name, seconds, mail.now).await? > most {
                return Ok(false);
            }
        }
        self.insert_mail(post, mail).await?;
        Ok(true)
    }

    /// As [`Transaction::enqueue`] for what the address's owner is to know whatever else is sent there: so often in an hour for this kind of message about
    /// this account, and counted with no other.
    pub async fn enqueue_so_often(&mut self, mail: &NewMail<'_>, most: i64) -> Result<bool, Failure> {
        let storage = self.storage.clone();
        let Some(post) = storage.post().get() else { return Ok(false) };
        let whose = mail.user_id.unwrap_or(&mail.message.to);
        let name = post.name(&[mail.message.about.kind(), whose]);
        let is_one_more = self.count_mail(&name, HOUR, mail.now).await? <= most;
        if is_one_more {
            self.insert_mail(post, mail).await?;
        }
        Ok(is_one_more)
    }

    /// Counts a mail by this name, and tells how many there were within so many seconds from the first.
    async fn count_mail(&mut self, name: &str, seconds: i64, now: Timestamp) -> Result<i64, Failure> {
        let (count,) = on!(self, |c| sqlx::query_as::<_, (i64,)>(COUNT_MAIL)
            .bind(name)
            .bind(now.plus(seconds).seconds())
            .bind(now.seconds())
            .fetch_one(c)
            .await)?;
        Ok(count)
    }

    async fn insert_mail(&mut self, post: &Post, mail: &NewMail<'_>) -> Result<(), Failure> {
        let id = random::row_id(mail.now);
        let plain = serde_json::to_vec(mail.message).map_err(Failure::internal)?;
        let sealed = post.sealing.seal(id.as_bytes(), &plain);
        on!(self, |c| sqlx::query(INSERT_MAIL)
            .bind(&id)
            .bind(&mail.message.to)
            .bind(mail.user_id)
            .bind(mail.message.about.kind())
            .bind(&sealed)
            .bind(mail.language)
            .bind(mail.now.seconds())
            .bind(mail.expires_at.map(Timestamp::seconds))
            .execute(c)
            .await
            .map(drop))
    }

    /// Takes up to `most` mails that are due, until `leased_until`: nobody else gets them before.
    pub async fn take_mails(
        &mut self,
        now: Timestamp,
        leased_until: Timestamp,
        most: i64,
    ) -> Result<Vec<TakenMail>, Failure> {
        let storage = self.storage.clone();
        let rows = on!(self, |c| sqlx::query_as::<_, TakenRow>(TAKE_MAILS)
            .bind(now.seconds())
            .bind(leased_until.seconds())
            .bind(most)
            .fetch_all(c)
            .await)?;
        let open = |row: TakenRow| {
            let plain = storage.post().get().and_then(|post| post.sealing.open(row.id.as_bytes(), &row.message));
            TakenMail {
                message: plain.and_then(|plain| serde_json::from_slice(&plain).ok()),
                id: row.id,
                language: row.language,
                created_at: Timestamp::from_seconds(row.created_at),
                expires_at: row.expires_at.map(Timestamp::from_seconds),
                attempts: row.attempts,
            }
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// Takes a mail out of the outbox: it was sent, or given up. Nothing happens when another node has taken it since.
    pub async fn forget_mail(&mut self, mail: &TakenMail) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_MAIL).bind(&mail.id).bind(mail.attempts).execute(c).await.map(drop))
    }

    /// Gives a mail back, to be tried again at `due_at`, with what went wrong. Nothing happens when another node has taken it since.
    pub async fn postpone_mail(&mut self, mail: &TakenMail, due_at: Timestamp, why: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(POSTPONE_MAIL)
            .bind(&mail.id)
            .bind(mail.attempts)
            .bind(due_at.seconds())
            .bind(why)
            .execute(c)
            .await
            .map(drop))
    }

    /// Seals every mail with the master key's current half; one that neither half opens is left as it is, and is given up in its time.
    pub async fn reseal_mails(&mut self, master: &MasterKey) -> Result<(), Failure> {
        let key = master.sealing_key(PURPOSE);
        let rows = on!(self, |c| sqlx::query_as::<_, (String, Vec<u8>)>(SEALED_MAILS).fetch_all(c).await)?;
        for (id, message) in rows {
            let Some(plain) = key.open(id.as_bytes(), &message) else { continue };
            let sealed = key.seal(id.as_bytes(), &plain);
            on!(self, |c| sqlx::query(RESEAL_MAIL).bind(&id).bind(&sealed).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    /// What was still to be told of an account is told no more.
    pub async fn delete_mails_of_user(&mut self, user_id: &str) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(DELETE_MAILS_OF_USER).bind(user_id).execute(c).await.map(drop))
    }
}

//! Tickets: what mails carry to prove that their reader may act (see [`crate::protocol::ticket`]).
//!
//! One statement decides each step: that a ticket is proved, by one browser, and that it is spent, once. A newer one for the same takes the place of
//! an older.

use sqlx::FromRow;

use super::rows::{from_json, from_name, json};
use super::{NewMail, Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::message::{About, Message, Occasion};
use crate::protocol::ticket::{Details, Purpose, TO_FINISH, Ticket};
use crate::random;
use crate::secret::{Secret, SecretHash};

/// The columns of a ticket as it stands.
macro_rules! columns {
    () => {
        "id, purpose, address, user_id, details, expires_at, code_mac, journey"
    };
}

statements! {
    FORGET_FORMER_TICKETS = "DELETE FROM tickets WHERE address = $1 AND purpose = $2";
    FORGET_TICKETS_OF_USER = "DELETE FROM tickets WHERE user_id = $1 AND purpose = $2";
    // What was shown already stays with the browser that did, and what an operator gave is taken by no stranger's question.
    FORGET_ASKED_TICKETS = "DELETE FROM tickets WHERE address = $1 AND purpose = $2 AND browser_hash IS NULL AND code_mac IS NOT NULL";
    FORGET_TICKETS_AFTER = "DELETE FROM tickets WHERE user_id = $1 AND purpose = $2 AND expires_at > $3";
    TICKET_OF_USER_AND_ADDRESS = "SELECT MIN(expires_at) FROM tickets WHERE user_id = $1 AND purpose = $2 AND address = $3 AND expires_at > $4";
    LAST_TICKET_OF_USER = "SELECT MAX(expires_at) FROM tickets WHERE user_id = $1 AND purpose = $2";
    INSERT_TICKET = "INSERT INTO tickets (id, purpose, address, user_id, link_hash, code_mac, journey, details, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    TICKET = concat!("SELECT ", columns!(), " FROM tickets WHERE id = $1");
    TICKET_BY_LINK = concat!("SELECT ", columns!(), " FROM tickets WHERE link_hash = $1");
    INVITATION_TO = concat!("SELECT ", columns!(), " FROM tickets WHERE address = $1 AND purpose = 'invite' AND expires_at > $2 \
        ORDER BY expires_at DESC LIMIT 1");
    ACCEPT_INVITATION = "DELETE FROM tickets WHERE id = $1 AND purpose = 'invite' AND expires_at > $2 RETURNING id";
    GIVE_TICKET_TO = "UPDATE tickets SET user_id = $2 WHERE id = $1 AND (user_id IS NULL OR user_id = $2) RETURNING id";
    // Shown again it lasts no longer: else whoever has opened it could keep it for as long as they like.
    PROVE_TICKET = concat!("UPDATE tickets SET browser_hash = $2, expires_at = CASE WHEN browser_hash IS NULL AND expires_at < $4 THEN $4 ELSE expires_at END \
        WHERE id = $1 AND expires_at > $3 AND (browser_hash IS NULL OR browser_hash = $2) RETURNING ", columns!());
    SPEND_TICKET = concat!("DELETE FROM tickets WHERE id = $1 AND expires_at > $2 AND browser_hash IS NOT NULL RETURNING ", columns!());
}

/// A ticket that is to be sent.
pub struct NewTicket<'a> {
    /// Its row id.
    pub id: &'a str,
    /// What for.
    pub purpose: Purpose,
    /// The address that it is sent to, in canonical form.
    pub address: &'a str,
    /// Whose account it concerns, when that is known already.
    pub user_id: Option<&'a str>,
    /// The hash of its link's secret.
    pub link: SecretHash,
    /// The MAC of its code, if it has one.
    pub code: Option<&'a str>,
    /// The journey of the browser that asks, sealed.
    pub journey: Option<&'a str>,
    /// What else is known.
    pub details: &'a Details,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// A link that is given and was asked for on no page: no code comes with it, and no browser waits.
pub struct GivenLink<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The address whose reader it is for, in canonical form.
    pub address: &'a str,
    /// Whose account it concerns, if there is one.
    pub user_id: Option<&'a str>,
    /// Its secret.
    pub secret: &'a Secret,
    /// What else is known.
    pub details: Details,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// A ticket with what proves it.
#[derive(Debug)]
pub struct StoredTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// The MAC of its code, if it has one.
    pub code: Option<String>,
    /// The journey of the browser that asked, sealed.
    pub journey: Option<String>,
}

#[derive(FromRow)]
struct TicketRow {
    id: String,
    purpose: String,
    address: String,
    user_id: Option<String>,
    details: String,
    expires_at: i64,
    code_mac: Option<String>,
    journey: Option<String>,
}

impl TicketRow {
    fn read(self) -> Result<StoredTicket, Failure> {
        let ticket = Ticket {
            purpose: from_name("purpose", &self.purpose)?,
            details: from_json("details", &self.details)?,
            id: self.id,
            address: self.address,
            user_id: self.user_id,
            expires_at: Timestamp::from_seconds(self.expires_at),
        };
        Ok(StoredTicket { ticket, code: self.code_mac, journey: self.journey })
    }
}

impl Reader {
    /// The ticket with this id, whether or not it still holds.
    pub async fn ticket(&mut self, id: &str) -> Result<Option<StoredTicket>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, TicketRow>(TICKET).bind(id).fetch_optional(c).await)?;
        row.map(TicketRow::read).transpose()
    }

    /// The ticket whose link has this secret, whether or not it still holds.
    pub async fn ticket_by_link(&mut self, link: &SecretHash) -> Result<Option<StoredTicket>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, TicketRow>(TICKET_BY_LINK)
            .bind(link.as_bytes())
            .fetch_optional(c)
            .await)?;
        row.map(TicketRow::read).transpose()
    }

    /// The invitation to this address that holds, if there is one.
    pub async fn invitation_to(&mut self, address: &str, now: Timestamp) -> Result<Option<Ticket>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, TicketRow>(INVITATION_TO)
            .bind(address)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(row.map(TicketRow::read).transpose()?.map(|stored| stored.ticket))
    }
}

/// Every failure is the database's.
impl Transaction {
    /// Writes a ticket, in the place of former ones for the same: of this address and purpose, and of this account, if it is known.
    pub async fn insert_ticket(&mut self, new: &NewTicket<'_>) -> Result<(), Failure> {
        let details = json(new.details)?;
        let purpose = new.purpose.as_str();
        match new.user_id {
            Some(_) if !new.purpose.replaces_former() => {}
            // Whoever asks for one to an address of somebody else takes nothing from them.
            Some(user_id) => self.forget_tickets_of_user(user_id, new.purpose).await?,
            None => {
                let former = if new.code.is_some() { FORGET_ASKED_TICKETS } else { FORGET_FORMER_TICKETS };
                on!(self, |c| sqlx::query(former).bind(new.address).bind(purpose).execute(c).await.map(drop))?;
            }
        }
        on!(self, |c| sqlx::query(INSERT_TICKET)
            .bind(new.id)
            .bind(purpose)
            .bind(new.address)
            .bind(new.user_id)
            .bind(new.link.as_bytes())
            .bind(new.code)
            .bind(new.journey)
            .bind(details)
            .bind(new.expires_at.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Writes the ticket of a link that is given, in the place of former ones for the same; its row id.
    pub async fn give_link(&mut self, link: &GivenLink<'_>) -> Result<String, Failure> {
        let id = random::id();
        let ticket = NewTicket {
            id: &id,
            purpose: link.purpose,
            address: link.address,
            user_id: link.user_id,
            link: link.secret.hash(),
            code: None,
            journey: None,
            details: &link.details,
            expires_at: link.expires_at,
        };
        self.insert_ticket(&ticket).await?;
        Ok(id)
    }

    /// As [`Transaction::give_link`], with the mail that carries it, in this language: no flood of mails to the address keeps it out.
    pub async fn send_link(
        &mut self,
        link: &GivenLink<'_>,
        (about, occasion): (About, Occasion),
        language: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let message = Message { to: link.address.to_owned(), about, occasion, ticket: None };
        let mail = NewMail {
            message: &message,
            user_id: link.user_id,
            asked_from: None,
            language,
            expires_at: Some(link.expires_at),
            now,
        };
        self.enqueue(&mail).await?;
        self.give_link(link).await.map(drop)
    }

    /// Notes whose account a ticket concerns, which is known when its mail is sent; `false` when it is gone or somebody else's.
    pub async fn give_ticket_to(&mut self, id: &str, user_id: &str) -> Result<bool, Failure> {
        let given = on!(self, |c| sqlx::query_as::<_, (String,)>(GIVE_TICKET_TO)
            .bind(id)
            .bind(user_id)
            .fetch_optional(c)
            .await)?;
        Ok(given.is_some())
    }

    /// Notes that a browser, by the hash of its cookie, has proved a ticket; when it is the first time there are some minutes to finish from then on. `None` when it does not
    /// hold any more, or another browser has proved it.
    pub async fn prove_ticket(
        &mut self,
        id: &str,
        browser: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<StoredTicket>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, TicketRow>(PROVE_TICKET)
            .bind(id)
            .bind(browser.as_bytes())
            .bind(now.seconds())
            .bind(now.plus(TO_FINISH).seconds())
            .fetch_optional(c)
            .await)?;
        row.map(TicketRow::read).transpose()
    }

    /// Takes a ticket that was proved, once; `None` when it does not hold any more. That this browser has proved it is what its sealed journey says.
    pub async fn spend_ticket(&mut self, id: &str, now: Timestamp) -> Result<Option<Ticket>, Failure> {
        let row = on!(self, |c| sqlx::query_as::<_, TicketRow>(SPEND_TICKET)
            .bind(id)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(row.map(TicketRow::read).transpose()?.map(|stored| stored.ticket))
    }

    /// Takes an invitation, once, whether or not its link was shown; `false` when it does not hold any more. Whose it is must be known.
    pub async fn accept_invitation(&mut self, id: &str, now: Timestamp) -> Result<bool, Failure> {
        let taken = on!(self, |c| sqlx::query_as::<_, (String,)>(ACCEPT_INVITATION)
            .bind(id)
            .bind(now.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(taken.is_some())
    }

    /// Takes all tickets of an account that die with its password.
    pub async fn forget_tickets(&mut self, user_id: &str) -> Result<(), Failure> {
        for purpose in Purpose::ALL.iter().filter(|purpose| purpose.dies_with_password()) {
            self.forget_tickets_of_user(user_id, *purpose).await?;
        }
        Ok(())
    }

    /// Takes the tickets of an account for this purpose that hold longer than until then: they were given later.
    pub async fn forget_tickets_after(
        &mut self,
        user_id: &str,
        purpose: Purpose,
        until: Timestamp,
    ) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_TICKETS_AFTER)
            .bind(user_id)
            .bind(purpose.as_str())
            .bind(until.seconds())
            .execute(c)
            .await
            .map(drop))
    }

    /// Until when a ticket of an account for this purpose may hold, so that none given later holds as short: the usual time, or a second more than
    /// the last. The account must be held.
    pub async fn ticket_holds_until(
        &mut self,
        user_id: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Timestamp, Failure> {
        let (last,) = on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(LAST_TICKET_OF_USER)
            .bind(user_id)
            .bind(purpose.as_str())
            .fetch_one(c)
            .await)?;
        let usual = now.plus(purpose.lifetime());
        Ok(last.map_or(usual, |last| usual.max(Timestamp::from_seconds(last).plus(1))))
    }

    /// Takes the way back of an account to an address that it returns to by itself, and those that were given later: what has happened between is undone
    /// with them. Whether there was one. The account must be held.
    pub async fn forget_way_back(&mut self, user_id: &str, address: &str, now: Timestamp) -> Result<bool, Failure> {
        let purpose = Purpose::Undo;
        let (until,) = on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(TICKET_OF_USER_AND_ADDRESS)
            .bind(user_id)
            .bind(purpose.as_str())
            .bind(address)
            .bind(now.seconds())
            .fetch_one(c)
            .await)?;
        let Some(until) = until else { return Ok(false) };
        self.forget_tickets_after(user_id, purpose, Timestamp::from_seconds(until).minus(1)).await?;
        Ok(true)
    }

    async fn forget_tickets_of_user(&mut self, user_id: &str, purpose: Purpose) -> Result<(), Failure> {
        on!(self, |c| sqlx::query(FORGET_TICKETS_OF_USER)
            .bind(user_id)
            .bind(purpose.as_str())
            .execute(c)
            .await
            .map(drop))
    }
}

//! What is proved by mail: asking for a ticket, its code where it was asked for, its link in the browser that opens it
//! (NIST SP 800-63B-4 §4.2, OWASP ASVS 6.4).
//!
//! Asking is the same work for every address: a ticket and a mail are written before the answer, and whether there is anybody to write to is found
//! out when the mail is sent. A code is a person's secret like any other: who guesses is counted by [`super::attempts`].

use tracing::Instrument;

use super::attempts::Held;
use super::{Browser, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::email;
use crate::protocol::journey::{Action, Goal, Journey, Mailed};
use crate::protocol::message::{About, Carried, Message};
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::Guards;
use crate::protocol::ticket::{Details, Purpose, Ticket};
use crate::random;
use crate::rates::Door;
use crate::sealing::MasterKey;
use crate::secret::{MacKey, Secret, ShortCode};
use crate::storage::{NewMail, NewTicket, StoredTicket};

/// Makes codes checkable.
#[derive(Debug)]
pub(super) struct Tickets(MacKey);

impl Tickets {
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac_key("ticket codes"))
    }

    fn sign(&self, id: &str, code: &ShortCode) -> String {
        self.0.sign(&[id.as_bytes(), code.as_bytes()])
    }

    fn verify(&self, stored: &StoredTicket, code: &ShortCode) -> bool {
        let mac = stored.code.as_deref().unwrap_or_default();
        self.0.verify(&[stored.ticket.id.as_bytes(), code.as_bytes()], mac)
    }
}

/// What is to be proved by mail.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The address as typed.
    pub address: &'a str,
    /// Whose account it concerns, when somebody is signed in.
    pub user_id: Option<&'a str>,
    /// The language of the mail, by its tag.
    pub language: &'a str,
}

impl SignIns {
    /// Sends a link and a code to an address; the journey on which the code is awaited. To whom nothing is sent, that is not told.
    ///
    /// # Errors
    /// [`Rejection::MissingEmail`], [`Rejection::MalformedEmail`], [`Rejection::TooOften`]; a failure when the database fails.
    pub async fn ask_by_mail(
        &self,
        journey: Journey,
        wanted: Wanted<'_>,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Journey, Error> {
        let Wanted { purpose, user_id, .. } = wanted;
        let address = email::canonical(wanted.address)?;
        self.rates.take(Door::Mail, browser.network())?;
        let (id, link, code) = (random::id(), random::secret(), random::short_code());
        let awaited =
            Mailed { ticket: id.clone(), purpose, address: address.clone(), name: String::new(), is_proved: false };
        let journey = journey.mailed(awaited).after_a_rest(now).resumed(random::id());
        let sealed = self.journeys.seal(&journey, cookie);
        let carried = Carried { purpose, link: self.issuer.link_of(&link), code: Some(code.expose()), of: None };
        let message = Message {
            to: address.clone(),
            about: About::Ticket(carried),
            occasion: browser.occasion(now),
            ticket: Some(id.clone()),
        };
        let mail = NewMail {
            message: &message,
            user_id,
            asked_from: Some(browser.network()),
            language: wanted.language,
            expires_at: Some(now.plus(purpose.lifetime())),
            now,
        };
        let ticket = NewTicket {
            id: &id,
            purpose,
            address: &address,
            user_id,
            link: link.hash(),
            code: Some(&self.tickets.sign(&id, &code)),
            journey: Some(&sealed),
            details: &Details::default(),
            expires_at: now.plus(purpose.lifetime()),
        };
        let mut transaction = self.storage.begin().await?;
        // Who has been sent too many gets none, and keeps the last one.
        if transaction.enqueue(&mail).await? {
            transaction.insert_ticket(&ticket).await?;
        }
        transaction.commit().await?;
        Ok(journey)
    }

    /// Takes a code where it was asked for; the journey on which that is proved. Once it has a place, the attempt is evaluated to its end though
    /// the browser goes away.
    ///
    /// # Errors
    /// [`Rejection::MissingPendingRequest`] when none is awaited; [`Rejection::WrongCode`], [`Rejection::TooManyFailures`], [`Rejection::ClosedToStrangers`];
    /// a failure when the database fails: then nothing is proved.
    pub async fn with_code(
        &self,
        journey: Journey,
        typed: &str,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Journey, Error> {
        let awaited = journey.mailed.clone().filter(|mailed| !mailed.is_proved);
        let awaited = awaited.ok_or(Rejection::MissingPendingRequest)?;
        let code = ShortCode::typed(typed).ok_or(Rejection::WrongCode)?;
        let mut tried = self.look(&awaited.address, browser, now).await?;
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, browser, cookie) = (self.clone(), browser.clone(), cookie.clone());
        let evaluation = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.check_code(&awaited, &code, (&held, &cookie), now).await;
            match &outcome {
                Ok(_) => {}
                Err(Error::Rejected(_)) => sign_ins.count_failure(&held, &browser, now).await?,
                Err(Error::Failed(_)) => sign_ins.give_back(&held).await?,
            }
            drop(turn);
            outcome
        };
        let proved = tokio::spawn(evaluation.in_current_span()).await.map_err(Failure::internal)??;
        Ok(proved_on(journey, proved, now))
    }

    async fn check_code(
        &self,
        awaited: &Mailed,
        code: &ShortCode,
        (held, cookie): (&Held, &Secret),
        now: Timestamp,
    ) -> Result<Ticket, Error> {
        let stored = self.storage.read().await?.ticket(&awaited.ticket).await?;
        // The same work whether or not there is one.
        let is_right = match &stored {
            Some(stored) => self.tickets.verify(stored, code),
            None => self.tickets.sign(&awaited.ticket, code).is_empty(),
        };
        if !is_right {
            return Err(Rejection::WrongCode.into());
        }
        let mut transaction = self.storage.begin().await?;
        let proved = transaction.prove_ticket(&awaited.ticket, &cookie.hash(), now).await?;
        let proved = proved.ok_or(Rejection::WrongCode)?;
        let guards = match &proved.ticket.user_id {
            Some(user_id) => transaction.guards(user_id).await?,
            None => Guards::default(),
        };
        self.count_first_factor(&mut transaction, (guards, held), now).await?;
        transaction.commit().await?;
        Ok(proved.ticket)
    }

    /// What a link is for, and to whom it was sent; following it does nothing yet.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`] when there is none, or no more; [`Rejection::ExpiredTicket`]; [`Rejection::ForeignPendingRequest`] for one that is worth something only in the browser that asked for it, when that
    /// has none of these cookies; a failure when the database fails.
    pub async fn ticket_of(&self, link: &Secret, browser: &[Secret], now: Timestamp) -> Result<Ticket, Error> {
        let stored = self.storage.read().await?.ticket_by_link(&link.hash()).await?;
        let stored = stored.ok_or(Rejection::UnknownTicket)?;
        if now >= stored.ticket.expires_at {
            return Err(Rejection::ExpiredTicket.into());
        }
        if stored.ticket.purpose.acts_where_asked() && self.asked_on(&stored, browser, now).is_none() {
            return Err(Rejection::ForeignPendingRequest.into());
        }
        Ok(stored.ticket)
    }

    /// The journey of the browser that asked for a ticket, when it has one of these cookies.
    fn asked_on(&self, stored: &StoredTicket, browser: &[Secret], now: Timestamp) -> Option<Journey> {
        self.journeys.open(stored.journey.as_deref()?, browser, now).ok().map(|opened| opened.journey)
    }

    /// Takes a link as shown by the browser with this cookie; the journey on which that is proved: the one that asked when it was this browser, and
    /// otherwise one of its own.
    ///
    /// # Errors
    /// As [`SignIns::ticket_of`], and [`Rejection::TicketOfAnotherBrowser`].
    pub async fn with_link(&self, link: &Secret, cookie: &Secret, now: Timestamp) -> Result<Journey, Error> {
        let here = std::slice::from_ref(cookie);
        let ticket = self.ticket_of(link, here, now).await?;
        let mut transaction = self.storage.begin().await?;
        let proved = transaction.prove_ticket(&ticket.id, &cookie.hash(), now).await?;
        let proved = proved.ok_or(Rejection::TicketOfAnotherBrowser)?;
        transaction.commit().await?;
        let journey = self.asked_on(&proved, here, now);
        let journey = journey.unwrap_or_else(|| self.journeys.begin(Goal::Account, now));
        Ok(proved_on(journey, proved.ticket, now))
    }
}

/// The journey with a ticket that was proved. What gives an account an address is confirmed by its person.
fn proved_on(journey: Journey, ticket: Ticket, now: Timestamp) -> Journey {
    let Ticket { id, purpose, address, user_id, details, .. } = ticket;
    let goal = match (purpose, user_id) {
        (Purpose::Verify | Purpose::Change, Some(user_id)) => {
            Goal::Confirm { user_id, action: Action::TakeAddress(id.clone()) }
        }
        _ => journey.goal.clone(),
    };
    let mailed = Mailed { ticket: id, purpose, address, name: details.name, is_proved: true };
    Journey { goal, ..journey }.mailed(mailed).after_a_rest(now)
}

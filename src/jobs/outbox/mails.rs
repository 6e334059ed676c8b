//! Sends the mails that wait.
//!
//! What a mail says of an address is decided here, when it is sent, and not when it was asked for ([`About::when_sent`]): so whoever asks gets the
//! same answer after the same work, whatever the address is. What is worth nothing any more is not sent.
//!
//! [`About::when_sent`]: crate::protocol::message::About::when_sent

use super::{Outcome, Round};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::mail::{Mailer, Outbound};
use crate::protocol::mailbox::is_first_proof;
use crate::protocol::message::{About, Message};
use crate::protocol::ticket::Purpose;
use crate::storage::{Storage, TakenMail, Transaction};

/// The mails.
#[derive(Clone, Debug)]
pub struct Mails {
    /// Where they lie.
    pub storage: Storage,
    /// Sends them.
    pub mailer: Mailer,
}

impl Mails {
    /// What a message is now that it is sent; `None` when nothing is to be said.
    async fn decided(&self, message: Message) -> Result<Option<Message>, Failure> {
        if !message.about.depends_on_address() {
            return Ok(Some(message));
        }
        let account = self.storage.read_uncounted().await?.user_by_email(&message.to).await?;
        let finds = message.about.finds_account();
        // Whoever is shut out, or leaves, gets no new password, and does not come in.
        let account = account.filter(|account| !finds || account.user.is_usable());
        let is_taken = account.is_some();
        if let (Some(account), Some(ticket), true) = (&account, &message.ticket, finds) {
            // It opens that account and no other, whoever has the address when it is used.
            let mut transaction = self.storage.begin().await?;
            if !transaction.give_ticket_to(ticket, &account.user.id).await? {
                // A newer one was asked for meanwhile.
                return Ok(None);
            }
            transaction.commit().await?;
        }
        let is_first = account.is_some_and(|account| is_first_proof(&account.user));
        let about = match message.about.clone().when_sent(is_taken) {
            Some(About::Ticket(carried)) if carried.purpose == Purpose::SignIn && is_first => {
                Some(About::FirstSignIn(carried))
            }
            about => about,
        };
        Ok(about.map(|about| Message { about, ..message }))
    }
}

impl Round for Mails {
    type Item = TakenMail;
    /// A mail server is one, and takes few at once from one place.
    const MOST: usize = 4;
    const LEASE: i64 = 120;

    fn storage(&self) -> &Storage {
        &self.storage
    }

    async fn is_due(&self, now: Timestamp) -> Result<bool, Failure> {
        self.storage.read_uncounted().await?.mail_is_due(now).await
    }

    async fn take(&self, transaction: &mut Transaction, now: Timestamp, most: i64) -> Result<Vec<TakenMail>, Failure> {
        transaction.take_mails(now, now.plus(Self::LEASE), most).await
    }

    async fn send(&self, mail: &TakenMail, now: Timestamp) -> Result<Outcome, Failure> {
        if mail.expires_at.is_some_and(|at| at <= now) {
            return Ok(Outcome::Pointless);
        }
        let Some(message) = mail.message.clone() else {
            return Err(Failure::internal("no master key that is here has sealed it"));
        };
        let Some(message) = self.decided(message).await? else { return Ok(Outcome::Pointless) };
        let outbound = Outbound { id: &mail.id, at: mail.created_at, message: &message, language: &mail.language };
        self.mailer.send(outbound).await?;
        Ok(Outcome::Delivered)
    }

    fn attempts(mail: &TakenMail) -> i64 {
        mail.attempts
    }

    async fn forget(&self, transaction: &mut Transaction, mail: &TakenMail) -> Result<(), Failure> {
        transaction.forget_mail(mail).await
    }

    async fn postpone(
        &self,
        transaction: &mut Transaction,
        mail: &TakenMail,
        due_at: Timestamp,
        why: &Failure,
    ) -> Result<(), Failure> {
        transaction.postpone_mail(mail, due_at, &why.detail).await
    }

    fn complain(mail: &TakenMail, failure: &Failure, given_up: bool) {
        let (id, attempts) = (mail.id.as_str(), mail.attempts);
        if given_up {
            tracing::warn!(mail = id, attempts, %failure, "a mail was not sent");
        } else {
            tracing::info!(mail = id, attempts, %failure, "a mail could not be sent");
        }
    }
}

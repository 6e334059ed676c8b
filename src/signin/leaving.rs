//! A person leaves, or comes back: the account is closed and a mail brings it back for some days; where no mail can, it goes for good
//! ([`crate::protocol::leaving`]). And what is known of them, for them.

use super::{Browser, Proceed, SignIns};
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::export::Export;
use crate::protocol::journey::Journey;
use crate::protocol::leaving::{self, GRACE};
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::ticket::Purpose;
use crate::secret::Secret;
use crate::storage::{Deletion, Departure};

/// For how long it counts that somebody wanted to leave, in seconds: what is left open in a tab, or found in its history, is asked anew.
const MEANT_FOR: i64 = 3600;

impl SignIns {
    /// Closes the account of whoever is signed in; for good when they were told so, and there is no way back. Where they go next.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; [`Rejection::LastAdmin`]; a failure when the database fails.
    pub(super) async fn give_up(
        &self,
        (journey, sign_in): (&Journey, &SignIn),
        for_good: bool,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Proceed, Error> {
        if now >= journey.request_came_at().plus(MEANT_FOR) {
            return Ok(Proceed::Account);
        }
        let user_id = &sign_in.user_id;
        let act = browser.act(user_id, now);
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(user_id).await?.ok_or(Rejection::SignInNeeded)?;
        // Ended between the look and now: by the same form sent twice, or by whoever it belongs to.
        let is_live = transaction.sign_ins_of_user(user_id).await?.iter().any(|entry| entry.id == sign_in.id);
        if !is_live {
            return Ok(Proceed::SignedOut);
        }
        if transaction.is_last_admin(&account.user).await? {
            return Err(Rejection::LastAdmin.into());
        }
        if for_good && !leaving::has_way_back(&account.user, self.storage.sends_mail()) {
            drop(transaction);
            return match self.storage.delete_for_good(user_id, &act).await? {
                Deletion::Gone(_) | Deletion::Missing => Ok(Proceed::Left(None)),
                Deletion::LastAdmin => Err(Rejection::LastAdmin.into()),
            };
        }
        let departure = Departure { user_id, grace: GRACE, issuer: &self.issuer, occasion: browser.occasion(now) };
        let left = transaction.leave(departure, &act).await?;
        transaction.commit().await?;
        Ok(left.map_or(Proceed::SignedOut, |left| Proceed::Left(Some(left.delete_after))))
    }

    /// Brings an account back by the link that was sent to its address.
    ///
    /// # Errors
    /// As [`SignIns::ticket_of`], and [`Rejection::TicketOfAnotherBrowser`].
    pub async fn keep_account(
        &self,
        link: &Secret,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<(), Error> {
        let ticket = self.ticket_of(link, std::slice::from_ref(cookie), now).await?;
        let user_id = ticket.user_id.filter(|_| ticket.purpose == Purpose::Return).ok_or(Rejection::UnknownTicket)?;
        let mut transaction = self.storage.begin().await?;
        // The account before its tickets, as everywhere.
        transaction.hold_user(&user_id).await?;
        transaction.prove_ticket(&ticket.id, &cookie.hash(), now).await?.ok_or(Rejection::TicketOfAnotherBrowser)?;
        transaction.spend_ticket(&ticket.id, now).await?.ok_or(Rejection::UnknownTicket)?;
        if !transaction.stay(&user_id, Some(&ticket.address), &browser.act(&user_id, now)).await? {
            return Err(Rejection::UnknownTicket.into());
        }
        transaction.commit().await?;
        Ok(())
    }

    /// All that is known of whoever is signed in.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when there is no such account any more; a failure when the database fails.
    pub async fn export(&self, sign_in: &SignIn, now: Timestamp) -> Result<Export, Error> {
        let export = self.storage.export(&sign_in.user_id, self.issuer.as_str(), now).await?;
        Ok(export.ok_or(Rejection::SignInNeeded)?)
    }
}

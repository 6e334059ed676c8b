//! Proving who one is by a mail that was read: a fresh proof for what is sensitive. NIST SP 800-63B-4 §3.1.3.1 takes no mailbox for an authenticator out of
//! band: here it is one only where it gives the account anyway ([`crate::protocol::mailbox`]).
//!
//! The ticket is asked for and shown as any other (`tickets.rs`); what it is worth is decided here, when it is spent. It makes nobody signed in who
//! is not: it proves anew who is at a browser that is signed in already.

use super::recover::proved;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::mailbox::proves_afresh;
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;
use crate::protocol::upstream::Identity;
use crate::storage::Account;

impl SignIns {
    /// The address to which a code can be sent that confirms what this user does; `None` when none does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mailbox_of(&self, user_id: &str) -> Result<Option<String>, Failure> {
        if !self.by_mail.is_on {
            return Ok(None);
        }
        let mut reader = self.storage.read().await?;
        let Some(account) = reader.user(user_id).await? else { return Ok(None) };
        let identities = reader.identities_of_user(user_id).await?;
        Ok(if self.confirms_by_mail(&account, &identities) { account.user.email } else { None })
    }

    /// Takes the ticket that was proved on a journey as a proof of who is at the browser.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`] when it does not hold any more, the account has another address by now, or a mail proves nothing of it;
    /// [`Rejection::SignInNeeded`] when the browser is not signed in any more; a failure when the database fails.
    pub async fn with_mailbox(&self, journey: Journey, browser: &Browser, now: Timestamp) -> Result<Progress, Error> {
        let mailed = proved(&journey, Purpose::Confirm)?;
        let Goal::Confirm { user_id, .. } = &journey.goal else { return Err(Rejection::UnknownTicket.into()) };
        let user_id = user_id.clone();
        let mut transaction = self.storage.begin().await?;
        let ticket = transaction.spend_ticket(&mailed.ticket, now).await?;
        ticket.filter(|ticket| ticket.user_id.as_ref() == Some(&user_id)).ok_or(Rejection::UnknownTicket)?;
        let account = self.owned(&mut transaction, &user_id, &mailed.address).await?;
        let identities = transaction.identities_of_user(&user_id).await?;
        if !self.confirms_by_mail(&account, &identities) {
            return Err(Rejection::UnknownTicket.into());
        }
        let current = match &browser.cookie {
            Some(cookie) => transaction.sign_in_by_secret(&cookie.hash()).await?,
            None => None,
        };
        let current = current.filter(|current| current.user_id == user_id && current.is_live(self.limits.idle, now));
        let current = current.ok_or(Rejection::SignInNeeded)?;
        let journey = journey.without_mail();
        // What the sign-in came by it still hangs on: it ends with that.
        let journey = match current.proofs.bond() {
            Some(bond) => journey.proved_by(&user_id, bond),
            None => journey,
        };
        let journey = journey.proved(&user_id, Kind::Mail, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(progress)
    }

    fn confirms_by_mail(&self, account: &Account, identities: &[Identity]) -> bool {
        let tells_when = identities.iter().any(|identity| self.timed.contains(&identity.provider));
        proves_afresh(self.by_mail, &account.user, account.has_password(), tells_when)
    }
}

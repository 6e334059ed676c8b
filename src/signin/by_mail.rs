//! Proving who one is by a mail that was read: to sign in, where that is switched on (`[sign_in] email`), and as a fresh proof of what is sensitive.
//! NIST SP 800-63B-4 §3.1.3.1 takes no mailbox for an authenticator out of band: here it is one only where it gives the account anyway
//! ([`crate::protocol::mailbox`]).
//!
//! The ticket is asked for and shown as any other (`tickets.rs`); what it is worth is decided here, when it is spent. One that confirms makes nobody
//! signed in who is not: it proves anew who is at a browser that is signed in already.

use super::factors::forget_factors_since;
use super::recover::unlink_since;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::mailbox::{is_first_proof, is_way_in, proves_afresh};
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;
use crate::protocol::upstream::Identity;
use crate::protocol::user::{EmailAuthority, User, UserField};
use crate::storage::{Account, Transaction};

/// Why everything of an account ends.
const CLAIMED: &str = "address proved";

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

    /// Whether the person of this account can sign in by a mail alone.
    pub fn is_way_in(&self, user: &User) -> bool {
        is_way_in(self.by_mail, user)
    }

    /// Takes the ticket that was proved on a journey as a proof of who is at the browser: to sign in, or to confirm what is sensitive.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`] when it does not hold any more, the account has another address by now, or a mail proves nothing of it;
    /// [`Rejection::SignInNeeded`] when something is to be confirmed, and the browser is not signed in any more; a failure when the database fails.
    pub async fn with_mailbox(&self, journey: Journey, browser: &Browser, now: Timestamp) -> Result<Progress, Error> {
        let mailed = journey.mailed.clone().filter(|mailed| mailed.is_proved && mailed.purpose.identifies());
        let mailed = mailed.ok_or(Rejection::UnknownTicket)?;
        let mut transaction = self.storage.begin().await?;
        let user_id = transaction.ticket(&mailed.ticket).await?.and_then(|stored| stored.ticket.user_id);
        let user_id = user_id.ok_or(Rejection::UnknownTicket)?;
        // The account before its tickets, as everywhere.
        let mut account = self.owned(&mut transaction, &user_id, &mailed.address).await?;
        let ticket = transaction.spend_ticket(&mailed.ticket, now).await?.ok_or(Rejection::UnknownTicket)?;
        let journey = self.with_what_holds(&mut transaction, journey.without_mail(), &account).await?;
        let journey = if ticket.purpose == Purpose::Confirm {
            self.confirming(&mut transaction, (journey, &account), browser, now).await?
        } else {
            if !self.by_mail.signs_in {
                return Err(Rejection::UnknownTicket.into());
            }
            self.claim(&mut transaction, &mut account, &browser.act(&user_id, now)).await?;
            journey
        };
        let kind = if self.by_mail.signs_in { Kind::Mail } else { Kind::Mailbox };
        let journey = journey.proved(&user_id, kind, now);
        let device = self.devices.known(browser.device.as_ref(), &account, now);
        let browser = &browser.known_as(device.as_deref());
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let owner = (user_id.as_str(), account.sealed_hash());
        Ok(self.made_known(progress, owner, (browser, device.as_deref()), now))
    }

    /// The journey to something that the person of this account may confirm so. What their sign-in came by it still hangs on: it ends with that.
    async fn confirming(
        &self,
        transaction: &mut Transaction,
        (journey, account): (Journey, &Account),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Journey, Error> {
        let user_id = account.user.id.as_str();
        let is_goal = matches!(&journey.goal, Goal::Confirm { user_id: whose, .. } if whose == user_id);
        let identities = transaction.identities_of_user(user_id).await?;
        if !is_goal || !self.confirms_by_mail(account, &identities) {
            return Err(Rejection::UnknownTicket.into());
        }
        let current = match &browser.cookie {
            Some(cookie) => transaction.sign_in_by_secret(&cookie.hash()).await?,
            None => None,
        };
        let current = current.filter(|current| current.user_id == user_id && current.is_live(self.limits.idle, now));
        let current = current.ok_or(Rejection::SignInNeeded)?;
        // Where a mail signs nobody in it is added to what did: applications are told no more than before.
        if !self.by_mail.signs_in {
            return Ok(current.proofs.iter().fold(journey, |journey, proof| journey.proved_by(user_id, proof.clone())));
        }
        Ok(match current.proofs.bond() {
            Some(bond) => journey.proved_by(user_id, bond),
            None => journey,
        })
    }

    /// Notes that the address of an account, which is held, is its person's. Whoever is the first to show that leaves none of the ways in that others may
    /// have put there, and nothing that came of them.
    async fn claim(&self, transaction: &mut Transaction, account: &mut Account, act: &Act) -> Result<(), Failure> {
        let user_id = account.user.id.clone();
        let mut changed = vec![UserField::EmailVerified];
        if is_first_proof(&account.user) {
            transaction.end_everything_of_user(&user_id, CLAIMED, act).await?;
            unlink_since(transaction, &user_id, Timestamp::from_seconds(0), act).await?;
            forget_factors_since(transaction, &user_id, Timestamp::from_seconds(0), act).await?;
            transaction.forget_tickets(&user_id).await?;
            account.password_hash = None;
            changed.push(UserField::Password);
        } else if account.user.email_verified {
            return Ok(());
        }
        account.user.email_verified = true;
        account.user.email_authority = EmailAuthority::Mail;
        account.user.updated_at = act.at;
        transaction.change_user(account, &changed).await?;
        let event = Event::of(act, Name::UserAddressProved).on(Noun::User, &user_id);
        transaction.record(&event.with("changed", false)).await
    }

    fn confirms_by_mail(&self, account: &Account, identities: &[Identity]) -> bool {
        let tells_when = identities.iter().any(|identity| self.timed.contains(&identity.provider));
        proves_afresh(self.by_mail, &account.user, account.has_password(), tells_when)
    }
}

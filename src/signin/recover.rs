//! What follows a proof by mail: a new password, and an account that gets an address or is taken back to a former one.
//!
//! A new password ends everything that the former one gave, as a mail that its owner reads opens an account that guessing had closed
//! (NIST SP 800-63B-4 §4.2.2). Whoever reaches an account by its address for the first time, when nobody had shown before that the address is
//! theirs, leaves none of the ways in that others may have put there.

use tracing::Instrument;

use super::factors::forget_factors_since;
use super::register::Declined;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::password::{Rank, Waiter};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::journey::{Goal, Journey, Mailed};
use crate::protocol::mailbox::is_first_proof;
use crate::protocol::message::{About, Carried, LANGUAGE};
use crate::protocol::proof::Kind;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::ticket::{Details, Purpose};
use crate::protocol::user::{EmailAuthority, UserField};
use crate::random;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::{Account, GivenLink, Transaction};

/// Why everything of an account ends.
const RESET: &str = "password reset";
const RESTORED: &str = "address restored";
/// Why a request to take second factors away does.
const MOVED: &str = "address changed";

impl SignIns {
    /// Gives the account of a proved ticket a new password, and signs its person in with it. Everything else of the account ends.
    ///
    /// # Errors
    /// [`Rejection::PasswordsSwitchedOff`], [`Rejection::TooManyRegistrations`] for very many forms, what is wrong with the password,
    /// [`Rejection::UnknownTicket`] when the ticket does not hold any more, or the account has another address now; a failure when the database or the
    /// hasher cannot.
    pub async fn reset_password(
        &self,
        journey: Journey,
        password: Option<Secret>,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Declined> {
        if !self.limits.password {
            return Err(Rejection::PasswordsSwitchedOff.into());
        }
        let mailed = proved(&journey, Purpose::Reset)?;
        self.rates.take(Door::NewPassword, browser.network())?;
        let mut reader = self.storage.read().await?;
        let ticket = reader.ticket(&mailed.ticket).await?.ok_or(Rejection::UnknownTicket)?.ticket;
        let user_id = ticket.user_id.ok_or(Rejection::UnknownTicket)?;
        let account = reader.user(&user_id).await?.ok_or(Rejection::UnknownTicket)?;
        drop(reader);
        let words = self.words.with_person(&mailed.address, &account.user.name);
        let password = password.unwrap_or_else(|| Secret::presented(""));
        let problems = self.problems_of_password(&password, &words).await?;
        if let Some(problem) = problems.first() {
            return Err(Declined { error: problem.into(), problems });
        }
        let (sign_ins, browser) = (self.clone(), browser.clone());
        let making =
            async move { sign_ins.put_password(journey, (&mailed, &user_id), (&password, &browser), now).await };
        Ok(tokio::spawn(making.in_current_span()).await.map_err(Failure::internal)??)
    }

    async fn put_password(
        &self,
        journey: Journey,
        (mailed, user_id): (&Mailed, &str),
        (password, browser): (&Secret, &Browser),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let waiter = Waiter::from(browser.network(), Rank::Registration);
        let hash = self.hasher.hash(password.expose(), waiter).await?;
        let mut transaction = self.storage.begin().await?;
        // The account before its tickets, as whoever forgets them all: in the other order both would wait for each other.
        let mut account = self.owned(&mut transaction, user_id, &mailed.address).await?;
        transaction.spend_ticket(&mailed.ticket, now).await?.ok_or(Rejection::UnknownTicket)?;
        let act = browser.act(user_id, now);
        transaction.end_everything_of_user(user_id, RESET, &act).await?;
        if is_first_proof(&account.user) {
            unlink_since(&mut transaction, user_id, Timestamp::from_seconds(0), &act).await?;
            forget_factors_since(&mut transaction, user_id, Timestamp::from_seconds(0), &act).await?;
        }
        account.password_hash = Some(hash.clone());
        account.user.email_verified = true;
        account.user.email_authority = EmailAuthority::Mail;
        account.user.updated_at = now;
        transaction.change_user(&account, &[UserField::Password, UserField::EmailVerified]).await?;
        transaction.forget_tickets(user_id).await?;
        // With a second factor that is for whoever shows it: a mailbox alone gives nobody as many guesses as they like.
        let guards = transaction.guards(user_id).await?;
        if !(self.has_second_factors() && guards.are_any(self.has_passkeys())) {
            transaction.clear_attempts(user_id, self.attempt_limits()).await?;
        }
        transaction.record(&Event::of(&act, Name::UserPasswordReset).on(Noun::User, user_id)).await?;
        // Everything has just been ended, and so has what was proved on the way before.
        let journey = Journey { proven: None, ..journey.without_mail() }.proved(user_id, Kind::Password, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        Ok(self.made_known(progress, (user_id, &hash), (browser, None), now))
    }

    /// The account, held, when it can be used and still has the address.
    pub(super) async fn owned(
        &self,
        transaction: &mut Transaction,
        user_id: &str,
        address: &str,
    ) -> Result<Account, Error> {
        let account = transaction.hold_account(user_id).await?;
        let account = account.filter(|Account { user, .. }| user.is_usable() && user.email.as_deref() == Some(address));
        Ok(account.ok_or(Rejection::UnknownTicket)?)
    }

    /// Gives the account of whoever is signed in the address that a ticket has proved: the one that it has already, or another. The former one
    /// is told, and can take the account back for a while; not so when the account returns to where it could have been taken back to.
    ///
    /// # Errors
    /// [`Rejection::UnknownTicket`], [`Rejection::EmailTaken`]; a failure when the database fails.
    pub(super) async fn take_address(
        &self,
        transaction: &mut Transaction,
        (sign_in, ticket): (&SignIn, &str),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let user_id = &sign_in.user_id;
        let ticket = transaction.spend_ticket(ticket, now).await?;
        let ticket =
            ticket.filter(|ticket| ticket.user_id.as_ref() == Some(user_id)).ok_or(Rejection::UnknownTicket)?;
        let account = transaction.hold_account(user_id).await?.filter(|account| account.user.is_usable());
        let mut account = account.ok_or(Rejection::UnknownTicket)?;
        // An address that nobody has shown to be theirs may be anybody's: it takes nothing back.
        let former =
            account.user.email.clone().filter(|former| account.user.email_verified && *former != ticket.address);
        let has_moved = account.user.email.as_deref() != Some(ticket.address.as_str());
        // The address was changed between asking and now: what was asked for was to show that it is the account's.
        if ticket.purpose == Purpose::Verify && has_moved {
            return Err(Rejection::UnknownTicket.into());
        }
        account.user.email = Some(ticket.address.clone());
        account.user.email_verified = true;
        account.user.email_authority = EmailAuthority::Mail;
        account.user.updated_at = now;
        if !transaction.change_user(&account, &[UserField::Email, UserField::EmailVerified]).await? {
            return Err(Rejection::EmailTaken.into());
        }
        // What was sent to the former address gives nobody this account any more.
        transaction.forget_tickets(user_id).await?;
        let act = browser.act(user_id, now);
        if has_moved {
            // The mailbox that confirmed it is the account's no more.
            transaction.end_factor_reset(user_id, MOVED, &act).await?;
        }
        let event = Event::of(&act, Name::UserAddressProved).on(Noun::User, user_id);
        let event = event.with("changed", has_moved);
        transaction.record(&event).await?;
        // Who goes back to where they were is not taken from there by whoever had taken them away.
        let is_return = has_moved && transaction.forget_way_back(user_id, &ticket.address, now).await?;
        match former {
            Some(former) if is_return => {
                transaction.alert_former(&former, sign_in.locale.as_deref(), &event).await?;
            }
            Some(former) => self.tell_former(transaction, (sign_in, &former, &ticket.address), browser, now).await?,
            None => {}
        }
        Ok(())
    }

    /// Tells a former address that the account has another one, with a way back.
    async fn tell_former(
        &self,
        transaction: &mut Transaction,
        (sign_in, former, address): (&SignIn, &str, &str),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let user_id = sign_in.user_id.as_str();
        let secret = random::secret();
        let carried = Carried {
            purpose: Purpose::Undo,
            link: self.issuer.link_of(&secret),
            code: None,
            of: Some(address.to_owned()),
        };
        let link = GivenLink {
            purpose: Purpose::Undo,
            address: former,
            user_id: Some(user_id),
            secret: &secret,
            details: Details::default(),
            expires_at: transaction.ticket_holds_until(user_id, Purpose::Undo, now).await?,
        };
        let language = sign_in.locale.as_deref().unwrap_or(LANGUAGE);
        transaction.send_link(&link, (About::Ticket(carried), browser.occasion(now)), language, now).await
    }

    /// Takes an account back to a former address, by the link that was sent there: everything of it ends, what was linked to it is so no more,
    /// and a new password must be chosen, on the journey that comes back. Second factors go that were set up since `[recovery] wait` before the change. Where
    /// nobody has a password, what was linked or set up before the change stays.
    ///
    /// # Errors
    /// As [`SignIns::ticket_of`]; [`Rejection::TicketOfAnotherBrowser`]; [`Rejection::EmailTaken`] when another account has shown that the address is its own by now;
    /// [`Rejection::LastWayIn`] when nothing would be left to sign in by; a failure when the database fails.
    pub async fn restore_address(
        &self,
        link: &Secret,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Journey, Error> {
        let ticket = self.ticket_of(link, std::slice::from_ref(cookie), now).await?;
        let user_id = ticket.user_id.filter(|_| ticket.purpose == Purpose::Undo).ok_or(Rejection::UnknownTicket)?;
        let mut transaction = self.storage.begin().await?;
        // The account before its tickets, as everywhere.
        let account = transaction.hold_account(&user_id).await?.filter(|account| account.user.disabled_at.is_none());
        transaction.prove_ticket(&ticket.id, &cookie.hash(), now).await?.ok_or(Rejection::TicketOfAnotherBrowser)?;
        transaction.spend_ticket(&ticket.id, now).await?.ok_or(Rejection::UnknownTicket)?;
        let mut account = account.ok_or(Rejection::UnknownTicket)?;
        let act = browser.act(&user_id, now);
        // Whoever took the account may have given it up as well.
        if account.user.delete_after.is_some() && !transaction.stay(&user_id, None, &act).await? {
            return Err(Rejection::UnknownTicket.into());
        }
        transaction.end_everything_of_user(&user_id, RESTORED, &act).await?;
        // Whoever had the account may have linked what is theirs; its owner links their own again, and keeps it where there is no other way in.
        let changed_at = ticket.expires_at.minus(Purpose::Undo.lifetime());
        let has_another = self.limits.password || self.by_mail.signs_in;
        let since = if has_another { Timestamp::from_seconds(0) } else { changed_at };
        let kept = unlink_since(&mut transaction, &user_id, since, &act).await?;
        // They may have put a factor on it first. One that was there for longer than a mailbox takes to have it removed is the owner's.
        let since = if has_another { changed_at.minus(self.recovery.wait) } else { changed_at };
        forget_factors_since(&mut transaction, &user_id, since, &act).await?;
        if !has_another && kept == 0 && !self.has_passkey(&mut transaction, &user_id).await? {
            return Err(Rejection::LastWayIn.into());
        }
        // Whoever has used the free address since, and never showed that it is theirs, keeps nobody from it.
        if let Some(holder) = transaction.user_by_email(&ticket.address).await? {
            let is_own = holder.user.id == user_id;
            if !is_own && !transaction.release_address(&holder.user.id, &ticket.address, &act).await? {
                return Err(Rejection::EmailTaken.into());
            }
        }
        account.user.email = Some(ticket.address.clone());
        account.user.email_verified = true;
        account.user.email_authority = EmailAuthority::Mail;
        account.user.updated_at = now;
        account.password_hash = None;
        let fields = [UserField::Email, UserField::EmailVerified, UserField::Password];
        if !transaction.change_user(&account, &fields).await? {
            return Err(Rejection::EmailTaken.into());
        }
        transaction.forget_tickets(&user_id).await?;
        // Whoever came by the account later does not take it back so.
        transaction.forget_tickets_after(&user_id, Purpose::Undo, ticket.expires_at).await?;
        transaction.record(&Event::of(&act, Name::UserAddressRestored).on(Noun::User, &user_id)).await?;
        if !self.limits.password {
            transaction.commit().await?;
            return Ok(self.journeys.begin(Goal::Account, now));
        }
        // The same browser goes on to choose a password, and none but it.
        let never_sent = GivenLink {
            purpose: Purpose::Reset,
            address: &ticket.address,
            user_id: Some(&user_id),
            secret: &random::secret(),
            details: Details::default(),
            expires_at: now.plus(Purpose::Reset.lifetime()),
        };
        let id = transaction.give_link(&never_sent).await?;
        transaction.prove_ticket(&id, &cookie.hash(), now).await?;
        transaction.commit().await?;
        let address = ticket.address;
        let mailed = Mailed { ticket: id, purpose: Purpose::Reset, address, name: String::new(), is_proved: true };
        Ok(self.journeys.begin(Goal::Account, now).mailed(mailed))
    }
}

/// Takes from an account that is held the accounts at providers that were linked since then; tells how many it keeps.
pub(super) async fn unlink_since(
    transaction: &mut Transaction,
    user_id: &str,
    since: Timestamp,
    act: &Act,
) -> Result<usize, Failure> {
    let identities = transaction.identities_of_user(user_id).await?;
    let (later, kept): (Vec<_>, Vec<_>) = identities.into_iter().partition(|identity| identity.created_at >= since);
    for identity in &later {
        transaction.delete_identity(&identity.id, user_id, act).await?;
    }
    Ok(kept.len())
}

/// The ticket for this purpose that was proved on a journey.
pub(super) fn proved(journey: &Journey, purpose: Purpose) -> Result<Mailed, Rejection> {
    let mailed = journey.mailed.clone().filter(|mailed| mailed.is_proved && mailed.purpose == purpose);
    mailed.ok_or(Rejection::UnknownTicket)
}

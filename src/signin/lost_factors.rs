//! Whoever has lost every second factor: a request that is confirmed by mail, waits while everybody is told who may stop it, and then takes them
//! away ([`crate::protocol::factor_reset`]).
//!
//! All of it but the links of mails is for whoever has given the first proof on the very journey: a browser that somebody finds open asks for nothing,
//! and nobody else learns whether there is a request. A request ends with whatever shows that its person is not locked out, or may not be the one
//! who asks: a second factor that is shown or set up, another password, another address, the end of everything.

use super::second_step::proven_first;
use super::{Browser, Pending, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::factor_reset::{FactorReset, Stage};
use crate::protocol::journey::Journey;
use crate::protocol::message::{About, Carried, LANGUAGE, Message, Occasion};
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::ticket::{Details, Purpose};
use crate::random;
use crate::rates::Door;
use crate::secret::Secret;
use crate::storage::{Account, GivenLink, NewMail, NewTicket, Reader, Transaction};

/// Why a request ended.
const BY_LINK: &str = "stopped by a link";
const BY_PERSON: &str = "stopped by the person";

/// What whoever is at the second step can do about having lost every second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostFactors {
    /// Nothing here: it is switched off, or they have not given the first proof on this journey.
    Nothing,
    /// Ask whoever runs the server: no mail can be sent, nobody has shown that the address is theirs, or a role of theirs takes a passkey.
    AskOperator,
    /// Ask for a mail that begins a request.
    MayAsk,
    /// Wait until then.
    Waits(Timestamp),
    /// Have them taken away, until then.
    MayRemove(Timestamp),
}

impl SignIns {
    /// Whether people have lost second factors taken away by themselves.
    fn resets_factors(&self) -> bool {
        self.recovery.second_factor && (self.has_second_factors() || self.has_passkeys())
    }

    /// What can be done on a journey about the second factors of this account.
    pub(super) async fn lost(
        &self,
        reader: &mut Reader,
        (journey, account): (&Journey, &Account),
        now: Timestamp,
    ) -> Result<LostFactors, Failure> {
        if !self.resets_factors() || proven_first(journey).is_none() {
            return Ok(LostFactors::Nothing);
        }
        // Whoever has a role for which nothing but a passkey will do has it on the word of more than a mailbox and a day.
        let demands = self.directory.role_demands_within(reader).await?;
        let demanded = demands.on(&account.user.all_roles());
        let best = self.policy.best_without_passkey(account.has_password(), now);
        if demanded.is_some_and(|demand| !demand.is_met_by(&best)) {
            return Ok(LostFactors::AskOperator);
        }
        let reset = reader.factor_reset(&account.user.id).await?;
        Ok(match reset.map(|reset| (reset.stage(now), reset)) {
            Some((Stage::Waiting, reset)) => LostFactors::Waits(reset.opens_at),
            Some((Stage::Open, reset)) => LostFactors::MayRemove(reset.lapses_at()),
            Some((Stage::Lapsed, _)) | None if self.by_mail.is_on && has_proved_address(account) => LostFactors::MayAsk,
            Some((Stage::Lapsed, _)) | None => LostFactors::AskOperator,
        })
    }

    /// Sends the link that begins a request to the address of whoever is at the second step; `false` when there is nothing to ask for, as where a
    /// request is under way. To whom nothing is sent, having been sent too much, that is not told.
    ///
    /// # Errors
    /// [`Rejection::TooOften`]; those of [`SignIns::pending`].
    pub async fn ask_to_reset_factors(
        &self,
        journey: &Journey,
        (browser, language): (&Browser, &str),
        now: Timestamp,
    ) -> Result<bool, Error> {
        let pending = self.pending(journey, browser, now).await?;
        let Some(Pending { user_id, .. }) = pending.filter(|pending| pending.lost == LostFactors::MayAsk) else {
            return Ok(false);
        };
        self.rates.take(Door::Mail, browser.network())?;
        let purpose = Purpose::ResetFactors;
        let (id, link, expires_at) = (random::id(), random::secret(), now.plus(purpose.lifetime()));
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?.filter(has_proved_address);
        let Some(account) = account else { return Ok(false) };
        let Some(address) = &account.user.email else { return Ok(false) };
        if !self.still_holds(&mut transaction, journey, &account).await? {
            return Ok(false);
        }
        let carried = Carried { purpose, link: self.issuer.link_of(&link), code: None, of: None };
        let message = Message {
            to: address.clone(),
            about: About::Ticket(carried),
            occasion: browser.occasion(now),
            ticket: Some(id.clone()),
        };
        let mail = NewMail {
            message: &message,
            user_id: Some(&user_id),
            asked_from: Some(browser.network()),
            language,
            expires_at: Some(expires_at),
            now,
        };
        let ticket = NewTicket {
            id: &id,
            purpose,
            address,
            user_id: Some(&user_id),
            link: link.hash(),
            code: None,
            journey: None,
            details: &Details::default(),
            expires_at,
        };
        // Who has been sent too many gets none, and keeps the last one.
        if transaction.enqueue(&mail).await? {
            transaction.insert_ticket(&ticket).await?;
            let event = Event::of(&browser.act(&user_id, now), Name::FactorResetAsked).on(Noun::User, &user_id);
            transaction.record(&event).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Begins the request whose link was sent, and tells everybody; until when it waits. One that is under way goes on as it is.
    ///
    /// # Errors
    /// As [`SignIns::ticket_of`], and [`Rejection::TicketOfAnotherBrowser`].
    pub async fn begin_factor_reset(
        &self,
        link: &Secret,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let ticket = self.ticket_of(link, std::slice::from_ref(cookie), now).await?;
        let is_meant = ticket.purpose == Purpose::ResetFactors && self.resets_factors() && self.by_mail.is_on;
        let user_id = ticket.user_id.filter(|_| is_meant).ok_or(Rejection::UnknownTicket)?;
        let mut transaction = self.storage.begin().await?;
        let account = self.owned(&mut transaction, &user_id, &ticket.address).await?;
        transaction.prove_ticket(&ticket.id, &cookie.hash(), now).await?.ok_or(Rejection::TicketOfAnotherBrowser)?;
        transaction.spend_ticket(&ticket.id, now).await?.ok_or(Rejection::UnknownTicket)?;
        if !has_proved_address(&account) || !transaction.guards(&user_id).await?.are_any(true) {
            return Err(Rejection::UnknownTicket.into());
        }
        let mut reset = FactorReset::new(now, self.recovery.wait);
        if transaction.begin_factor_reset(&user_id, &reset).await? {
            let event = Event::of(&browser.act(&user_id, now), Name::FactorResetBegan).on(Noun::User, &user_id);
            transaction.record(&event.with("opens_at", reset.opens_at.to_string())).await?;
            self.tell_everywhere(&mut transaction, (&account, &reset), browser, now).await?;
        } else {
            reset = transaction.factor_reset(&user_id).await?.unwrap_or(reset);
        }
        transaction.commit().await?;
        Ok(reset.opens_at)
    }

    /// Tells every address of which somebody has shown that it is the person's, each with a link that stops it as long as it can be used. From where it
    /// was asked for, and with what, is told to the account's own address alone.
    async fn tell_everywhere(
        &self,
        transaction: &mut Transaction,
        (account, reset): (&Account, &FactorReset),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let user = &account.user;
        for address in transaction.proved_addresses(&user.id, now).await? {
            let secret = random::secret();
            let purpose = Purpose::KeepFactors;
            let of = Some(reset.opens_at.seconds().to_string());
            let carried = Carried { purpose, link: self.issuer.link_of(&secret), code: None, of };
            let link = GivenLink {
                purpose,
                address: &address,
                user_id: Some(&user.id),
                secret: &secret,
                details: Details::default(),
                expires_at: reset.lapses_at(),
            };
            let is_own = user.email.as_ref() == Some(&address);
            let occasion = if is_own { browser.occasion(now) } else { Occasion::here(now) };
            let language = user.locale().unwrap_or(LANGUAGE);
            transaction.send_link(&link, (About::Ticket(carried), occasion), language, now).await?;
        }
        Ok(())
    }

    /// Stops a request by a link that was sent to one of the person's addresses.
    ///
    /// # Errors
    /// As [`SignIns::ticket_of`], and [`Rejection::TicketOfAnotherBrowser`].
    pub async fn keep_factors(
        &self,
        link: &Secret,
        (browser, cookie): (&Browser, &Secret),
        now: Timestamp,
    ) -> Result<(), Error> {
        let ticket = self.ticket_of(link, std::slice::from_ref(cookie), now).await?;
        let user_id = ticket.user_id.filter(|_| ticket.purpose == Purpose::KeepFactors);
        let user_id = user_id.ok_or(Rejection::UnknownTicket)?;
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&user_id).await?;
        transaction.prove_ticket(&ticket.id, &cookie.hash(), now).await?.ok_or(Rejection::TicketOfAnotherBrowser)?;
        transaction.spend_ticket(&ticket.id, now).await?.ok_or(Rejection::UnknownTicket)?;
        if !transaction.end_factor_reset(&user_id, BY_LINK, &browser.act(&user_id, now)).await? {
            return Err(Rejection::UnknownTicket.into());
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Stops a request of the account that this browser is signed in to. One that is there no more is left alone.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when the sign-in has just ended; a failure when the database fails.
    pub async fn stop_factor_reset(&self, sign_in: &SignIn, browser: &Browser, now: Timestamp) -> Result<(), Error> {
        let user_id = sign_in.user_id.as_str();
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(user_id).await?;
        if !self.is_live(&mut transaction, sign_in, browser, now).await? {
            return Err(Rejection::SignInNeeded.into());
        }
        transaction.end_factor_reset(user_id, BY_PERSON, &browser.act(user_id, now)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The request that is under way for whoever is signed in, if there is one: from when on it can be used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn factor_reset_opens(&self, sign_in: &SignIn, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        if !sign_in.guards.are_any(true) {
            return Ok(None);
        }
        let reset = self.storage.read().await?.factor_reset(&sign_in.user_id).await?;
        Ok(reset.filter(|reset| reset.stage(now) != Stage::Lapsed).map(|reset| reset.opens_at))
    }

    /// Takes every second factor of whoever is at the second step away, by a request that has waited, and goes on without. Once: when another was quicker,
    /// or what was proved before counts no more, the journey begins anew.
    ///
    /// # Errors
    /// [`Rejection::FactorResetNotOpen`]; those of [`SignIns::pending`]; a failure when the database fails: then nothing has changed.
    pub async fn remove_lost_factors(
        &self,
        journey: Journey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let anew = |journey| Ok(Progress::Underway(Box::new(Journey { proven: None, ..journey }), None));
        let pending = self.pending(&journey, browser, now).await?.filter(|pending| pending.lack.is_there());
        let Some(Pending { user_id, lost, .. }) = pending else { return anew(journey) };
        if !matches!(lost, LostFactors::MayRemove(_)) {
            return Err(Rejection::FactorResetNotOpen.into());
        }
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?.filter(|account| account.user.is_usable());
        let Some(account) = account else { return anew(journey) };
        if !self.still_holds(&mut transaction, &journey, &account).await?
            || !transaction.use_factor_reset(&user_id, now).await?
        {
            return anew(journey);
        }
        transaction.reset_factors(&user_id, true, &browser.act(&user_id, now)).await?;
        let device = self.devices.known(browser.device.as_ref(), &account, now);
        let browser = &browser.known_as(device.as_deref());
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let owner = (user_id.as_str(), account.sealed_hash());
        Ok(self.made_known(progress, owner, (browser, device.as_deref()), now))
    }
}

/// Whether somebody has shown that the address of an account is its person's.
fn has_proved_address(account: &Account) -> bool {
    account.user.is_usable() && account.user.email_verified && account.user.email.is_some()
}

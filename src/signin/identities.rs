//! Signing in by an identity, and linking and unlinking one: what a provider has vouched for meets the accounts here.
//!
//! An identity is found by issuer and subject alone. Nobody is signed in, and nothing is linked, because an address is the same
//! (OpenID Connect Core §5.7).

use super::ways_left::Ways;
use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::proof::Proof;
use crate::protocol::registration::check_name;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::protocol::upstream::{Synced, Vouched, is_last_way_in};
use crate::protocol::user::{EmailAuthority, UserField};
use crate::random;
use crate::storage::{Account, Transaction};

/// Whom a browser has come back as.
#[derive(Debug)]
pub enum Met {
    /// Somebody with an account here.
    Known(Progress),
    /// Somebody whose identity is nobody's here: the journey, which has them as its newcomer.
    Newcomer(Box<Journey>),
}

/// What unlinking an identity has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// Nothing of the sign-in that did it.
    Others,
    /// That sign-in too, which was made by the identity.
    This,
}

impl SignIns {
    /// Takes what a provider has vouched for as a proof on a journey.
    ///
    /// # Errors
    /// [`Rejection::AnotherPersonExpected`] when somebody in particular is to confirm something; [`Rejection::AccountSwitchedOff`], [`Rejection::AccountLeaving`]; a
    /// failure when the database fails.
    pub async fn with_identity(
        &self,
        journey: Journey,
        vouched: Vouched,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Met, Error> {
        let mut transaction = self.storage.begin().await?;
        let known = transaction.identity(&vouched.issuer, &vouched.subject).await?;
        if let Goal::Confirm { user_id, .. } = &journey.goal
            && known.as_ref().is_none_or(|identity| identity.user_id != *user_id)
        {
            return Err(Rejection::AnotherPersonExpected.into());
        }
        let Some(identity) = known else {
            return Ok(Met::Newcomer(Box::new(journey.introducing(vouched))));
        };
        let account = transaction.hold_account(&identity.user_id).await?;
        let mut account = usable(account)?;
        if !transaction.use_identity(&identity, &vouched, &browser.act(&identity.user_id, now)).await? {
            return Ok(Met::Newcomer(Box::new(journey.introducing(vouched))));
        }
        if let Some(email) = vouched.owned_email() {
            transaction.verify_address(&account.user.id, &email.address, EmailAuthority::Authority, now).await?;
        }
        bring_up_to_date(&mut transaction, &mut account, &vouched, &browser.act(&identity.user_id, now)).await?;
        let journey = self.with_what_holds(&mut transaction, journey, &account).await?;
        let journey = journey.proved_by(&account.user.id, Proof::vouched(&vouched, &identity.id, now));
        let device = self.devices.known(browser.device.as_ref(), &account, now);
        let browser = &browser.known_as(device.as_deref());
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let owner = (account.user.id.as_str(), account.sealed_hash());
        Ok(Met::Known(self.made_known(progress, owner, (browser, device.as_deref()), now)))
    }

    /// Links what a provider has vouched for to the account of whoever set out for that then, on this journey: also by what guards the account now, which
    /// may be more.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when they had not proved enough by then; those of [`SignIns::link`].
    pub async fn link_as_set_out(
        &self,
        sign_in: &SignIn,
        (journey, then): (&Journey, Timestamp),
        vouched: &Vouched,
        (browser, now): (&Browser, Timestamp),
    ) -> Result<(), Error> {
        match self.standing_of(journey, Some(sign_in.clone()), then).await?.step {
            NextStep::Finish => self.link(sign_in, vouched, browser, now).await,
            _ => Err(Rejection::SignInNeeded.into()),
        }
    }

    /// Links what a provider has vouched for to the account of whoever is signed in. One that is linked to it already is left as it is.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when they are signed in no more, or the account is guarded by something else by now;
    /// [`Rejection::IdentityOfAnother`]; [`Rejection::AccountSwitchedOff`], [`Rejection::AccountLeaving`]; a failure when the database fails.
    pub async fn link(
        &self,
        sign_in: &SignIn,
        vouched: &Vouched,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let user_id = &sign_in.user_id;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(user_id).await?;
        usable(account)?;
        // What was read before waiting for the account may have changed.
        let is_live = self.is_live(&mut transaction, sign_in, browser, now).await?;
        if !is_live || transaction.guards(user_id).await? != sign_in.guards {
            return Err(Rejection::SignInNeeded.into());
        }
        self.insert_identity(&mut transaction, (user_id, vouched), browser, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// As [`SignIns::link`], in a transaction that holds the user; tells the identity's row id.
    pub(super) async fn insert_identity(
        &self,
        transaction: &mut Transaction,
        (user_id, vouched): (&str, &Vouched),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<String, Error> {
        let identity = vouched.identity(random::row_id(now), user_id, now);
        if !transaction.insert_identity(&identity, &browser.act(user_id, now)).await? {
            let there = transaction.identity(&vouched.issuer, &vouched.subject).await?;
            let own = there.filter(|there| there.user_id == user_id).ok_or(Rejection::IdentityOfAnother)?;
            return Ok(own.id);
        }
        if let Some(email) = vouched.owned_email() {
            transaction.verify_address(user_id, &email.address, EmailAuthority::Authority, now).await?;
        }
        Ok(identity.id)
    }

    /// Unlinks an identity of whoever is signed in, and ends the sign-ins that were made by it. One that is not theirs is left alone.
    ///
    /// # Errors
    /// [`Rejection::LastWayIn`], [`Rejection::LastStrongWayIn`]; a failure when the database fails.
    pub(super) async fn unlink(
        &self,
        transaction: &mut Transaction,
        (sign_in, identity_id): (&SignIn, &str),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Unlinked, Error> {
        let user_id = &sign_in.user_id;
        let Some(account) = transaction.hold_account(user_id).await? else { return Ok(Unlinked::Others) };
        let before = self.ways_of(transaction, &account).await?;
        let identities = &before.identities;
        if identities.iter().all(|identity| identity.id != identity_id) {
            return Ok(Unlinked::Others);
        }
        let has_other = self.can_sign_in(&account.user, &Ways { identities: Vec::new(), ..before.clone() });
        if is_last_way_in(identity_id, identities, has_other, |provider| self.is_usable(provider)) {
            return Err(Rejection::LastWayIn.into());
        }
        let mut after = before.clone();
        after.identities.retain(|identity| identity.id != identity_id);
        if !self.is_enough(transaction, user_id, (&before, &after), now).await? {
            return Err(Rejection::LastStrongWayIn.into());
        }
        transaction.delete_identity(identity_id, user_id, &browser.act(user_id, now)).await?;
        let is_this = sign_in.proofs.identity().is_some_and(|by| by.id == identity_id);
        Ok(if is_this { Unlinked::This } else { Unlinked::Others })
    }
}

/// What a sign-in brings up to date of an account, as configured, and records by its name alone; what the provider does not say, or says in a way that
/// we do not take, stays.
async fn bring_up_to_date(
    transaction: &mut Transaction,
    account: &mut Account,
    vouched: &Vouched,
    act: &Act,
) -> Result<(), Failure> {
    let (mut changed, mut names) = (Vec::new(), Vec::new());
    for synced in &vouched.sync {
        match (synced, &vouched.name, &vouched.picture) {
            (Synced::Name, Some(name), _) if check_name(name).is_ok() && account.user.name != *name => {
                account.user.name.clone_from(name);
                changed.push(UserField::Name);
                names.push(synced.as_str());
            }
            (Synced::Picture, _, Some(picture)) => {
                let picture = serde_json::Value::from(picture.as_str());
                if account.user.claims.get("picture") != Some(&picture) {
                    account.user.claims.insert("picture".to_owned(), picture);
                    changed.push(UserField::Claims);
                    names.push(synced.as_str());
                }
            }
            _ => {}
        }
    }
    if !changed.is_empty() {
        account.user.updated_at = act.at;
        transaction.change_user(account, &changed).await?;
        let event = Event::of(act, Name::UserChanged).on(Noun::User, &account.user.id);
        transaction.record(&event.with("provider", vouched.provider.as_str()).with("fields", names)).await?;
    }
    Ok(())
}

/// The account, when it can be used.
fn usable(account: Option<Account>) -> Result<Account, Rejection> {
    let account = account.filter(|account| account.user.disabled_at.is_none()).ok_or(Rejection::AccountSwitchedOff)?;
    if account.user.is_usable() { Ok(account) } else { Err(Rejection::AccountLeaving) }
}

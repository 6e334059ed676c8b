//! Who gets a second factor, on which journey, and whether they still do once their account is held: one rule for authenticators, passkeys and security keys.

use super::{Browser, Progress, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::assurance;
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::passkey::Kept;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::{Guards, Lack};
use crate::protocol::sign_in::SignIn;
use crate::storage::{Account, Transaction};

/// What came of setting one up.
#[derive(Debug)]
pub struct Enrolled {
    /// How far the proof has brought the journey.
    pub progress: Progress,
    /// The recovery codes that came with the first factor: seen this once.
    pub codes: Option<Vec<RecoveryCode>>,
    /// What its person is called.
    pub whose: String,
}

/// Who gets a second factor.
pub(super) struct Enrolling {
    pub user_id: String,
    /// By which they are signed in; `None` for whoever must have one first.
    pub sign_in: Option<SignIn>,
    /// By what the account was guarded when it was looked at. What has come since, such as in another tab, is to be shown first, and not replaced.
    former: Guards,
    /// How well the key of a passkey must be kept to do where they are going.
    pub kept: Kept,
    /// Whether what they are signed in by counts on this journey as if it were proved there.
    counts_here: bool,
}

impl Enrolling {
    /// The journey on which they have proved again what they are signed in by, if they are and it counts there.
    pub fn shown(&self, journey: Journey) -> Journey {
        match &self.sign_in {
            Some(sign_in) if self.counts_here => journey.proved_again(sign_in),
            Some(_) | None => journey,
        }
    }
}

impl SignIns {
    /// Who gets a second factor on a journey: whoever must have one before they are signed in, and whoever is on the way to this action and has
    /// proved all that it takes. A passkey is also added on the way to anything else, by whoever could go and add it now.
    pub(super) async fn enrolling(
        &self,
        journey: &Journey,
        action: &Action,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolling, Error> {
        let is_passkey = *action == Action::AddPasskey;
        let wanted = |lack| match lack {
            Lack::Enrolment => Some(Kept::Anywhere),
            Lack::FirstPasskey(kept) if is_passkey => Some(kept),
            _ => None,
        };
        let pending = self.pending(journey, browser, now).await?;
        if let Some((pending, kept)) = pending.and_then(|one| wanted(one.lack).map(|kept| (one, kept))) {
            let has_proved_here = journey.proven.as_ref().is_some_and(|proven| assurance::identifies(&proven.proofs));
            let sign_in = if has_proved_here {
                None
            } else {
                let current = self.current(browser.cookie.as_ref(), now).await?;
                Some(current.filter(|one| one.user_id == pending.user_id).ok_or(Rejection::SignInNeeded)?)
            };
            return Ok(Enrolling {
                user_id: pending.user_id,
                sign_in,
                former: pending.guards,
                kept,
                counts_here: true,
            });
        }
        let sign_in = self.current(browser.cookie.as_ref(), now).await?.ok_or(Rejection::SignInNeeded)?;
        let is_asked_for = matches!(&journey.goal, Goal::Confirm { action: own, .. } if own == action);
        let asked = if is_asked_for {
            journey.clone()
        } else if is_passkey || *action == Action::AddSecurityKey {
            // What was proved on another journey counts as long as it is fresh.
            self.journeys.begin(Goal::Confirm { user_id: sign_in.user_id.clone(), action: action.clone() }, now)
        } else {
            return Err(Rejection::SignInNeeded.into());
        };
        match self.standing_of(&asked, Some(sign_in.clone()), now).await?.step {
            NextStep::Finish => {
                let (user_id, kept) = (sign_in.user_id.clone(), Kept::Anywhere);
                let former = sign_in.guards;
                // Fresh enough to add one may be too old for what an application asks.
                let is_for_this = sign_in.journey_id.as_deref() == Some(journey.id.as_str());
                let counts_here = is_for_this || journey.request().is_none();
                Ok(Enrolling { user_id, sign_in: Some(sign_in), former, kept, counts_here })
            }
            NextStep::Refuse(rejection) => Err(rejection.into()),
            _ => Err(Rejection::SignInNeeded.into()),
        }
    }

    /// By what the account is guarded now that it is held, when whoever gets a second factor still may.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`]; a failure when the database fails.
    pub(super) async fn still_enrols(
        &self,
        transaction: &mut Transaction,
        (journey, enrolling, account): (&Journey, &Enrolling, &Account),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Guards, Error> {
        let goes_on = match &enrolling.sign_in {
            Some(sign_in) => self.is_live(transaction, sign_in, browser, now).await?,
            None => self.still_holds(transaction, journey, account).await?,
        };
        let guards = transaction.guards(&account.user.id).await?;
        let still_may = enrolling.former == guards;
        if goes_on && still_may { Ok(guards) } else { Err(Rejection::SignInNeeded.into()) }
    }

    /// Whether the browser still has this sign-in: it may have been ended since it was looked at.
    pub(super) async fn is_live(
        &self,
        transaction: &mut Transaction,
        sign_in: &SignIn,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let Some(cookie) = &browser.cookie else { return Ok(false) };
        let held = transaction.sign_in_by_secret(&cookie.hash()).await?;
        Ok(held.is_some_and(|held| held.id == sign_in.id && held.is_live(self.limits.idle, now)))
    }
}

//! The second step of a sign-in: a code of the authenticator, or a recovery code, beside what was proved before. Both are a person's secret like a
//! password, and who guesses is counted by [`super::attempts`] with all that is guessed of the account (OWASP ASVS 6.3.1 and 6.5.1).
//!
//! Until it is done nobody is signed in: what was proved travels in the sealed journey, and hangs on the password that the account had then, on the
//! identity that was used, and on that since then nobody has ended everything or taken away what could be shown.

use tracing::Instrument;
use zeroize::Zeroizing;

use super::attempts::{Held, Tried};
use super::{Browser, LostFactors, Progress, SignIns, Standing};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::assurance;
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::authenticator::Seed;
use crate::protocol::journey::{Journey, Proven};
use crate::protocol::next_step::{self, Before, NextStep, Signing};
use crate::protocol::proof::Kind;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::{FactorKind, Guards, Lack};
use crate::protocol::sign_in::SignIn;
use crate::secret::{MacKey, Secret, base64url, sha256};
use crate::storage::{Account, Factor, Transaction};

/// Why a request to take second factors away ends.
pub(super) const SHOWN: &str = "second factor shown";

/// What somebody shows as a second factor, as typed.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A code of the authenticator.
    Code(Secret),
    /// A recovery code.
    RecoveryCode(Secret),
}

/// Somebody who has proved who they are, and lacks a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Who.
    pub user_id: String,
    /// What the person is called: by the address, or by the name without one.
    pub called: String,
    /// What they lack.
    pub lack: Lack,
    /// The person's name, empty where it is not known.
    pub name: String,
    /// Whether there are recovery codes left.
    pub has_recovery_codes: bool,
    /// By what the account is guarded.
    pub guards: Guards,
    /// What they can do when they have lost all that they could show.
    pub lost: LostFactors,
}

impl SignIns {
    /// Who is at the second step of a journey: whoever has proved on it who they are, or is signed in, and lacks a second factor. `None` when
    /// nobody is, or what was proved counts no more.
    ///
    /// # Errors
    /// Those of [`SignIns::standing`].
    pub async fn pending(
        &self,
        journey: &Journey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Option<Pending>, Error> {
        let standing = self.standing(journey, browser.cookie.as_ref(), now).await?;
        let Some((user_id, lack, guards)) = self.lacking(journey, &standing, now).await? else { return Ok(None) };
        let mut reader = self.storage.read().await?;
        let Some(account) = reader.user(&user_id).await?.filter(|account| account.user.is_usable()) else {
            return Ok(None);
        };
        if proven_first(journey).is_some_and(|proven| !holds(proven, &account)) {
            return Ok(None);
        }
        let factors = reader.factors(&user_id).await?;
        let has_recovery_codes = factors.iter().any(|factor| factor.left.is_some_and(|left| left > 0));
        let lost = self.lost(&mut reader, (journey, &account), now).await?;
        let (called, name) = (account.user.called().to_owned(), account.user.name);
        Ok(Some(Pending { called, name, user_id, lack, has_recovery_codes, guards, lost }))
    }

    /// Who lacks what, and by what the account was guarded when that was decided.
    async fn lacking(
        &self,
        journey: &Journey,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Option<(String, Lack, Guards)>, Failure> {
        let Some(proven) = proven_first(journey) else {
            return Ok(match (&standing.sign_in, standing.step) {
                (Some(SignIn { user_id, guards, .. }), NextStep::SecondFactor(lack)) => {
                    Some((user_id.clone(), lack, *guards))
                }
                _ => None,
            });
        };
        let mut reader = self.storage.read().await?;
        let guards = reader.guards(&proven.user_id).await?;
        let policy = self.policy_for(&mut reader, &proven.user_id).await?;
        // Whoever has come here shows a code, though the device be kept by now in another tab.
        let before = Before { sign_in: standing.sign_in.as_ref(), kept: None };
        Ok(match next_step::signs_in(journey, before, guards, &policy, now) {
            // Only who has just proved anything here sets one up: a provider may have asked them long ago.
            Signing::Lacks(lack) if !lack.is_there() && !self.is_fresh(proven, now) => None,
            Signing::Lacks(lack) => Some((proven.user_id.clone(), lack, guards)),
            Signing::Nobody | Signing::In(_) => None,
        })
    }

    /// Whether anything was proved here lately. Nobody is signed in by it yet, so a code counts for a first proof whose time is a provider's.
    fn is_fresh(&self, proven: &Proven, now: Timestamp) -> bool {
        let shown_at = assurance::own_second_factor_at(&proven.proofs);
        let proved_at = shown_at.max(Some(assurance::identified_at(&proven.proofs.as_known())));
        proved_at.is_some_and(|at| now < at.plus(self.policy.fresh))
    }

    /// Takes a second factor as a proof on a journey, and keeps the device when the person chooses that and is signed in by it. Once it has a place, the
    /// attempt is evaluated to its end though the browser goes away. When what was proved before counts no more, the journey begins anew, and nothing is
    /// compared.
    ///
    /// # Errors
    /// [`Rejection::WrongSecondFactor`], [`Rejection::WrongRecoveryCode`], [`Rejection::TooManyFailures`], [`Rejection::ClosedToStrangers`]; those of
    /// [`SignIns::standing`]; a failure when the database fails: then nobody is signed in.
    pub async fn with_second_factor(
        &self,
        journey: Journey,
        (shown, keeps): (Shown, bool),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let pending = self.pending(&journey, browser, now).await?;
        // A recovery code also does where only a passkey would: for whoever has lost theirs.
        let takes = |pending: &Pending| match shown {
            Shown::Code(_) => pending.lack == Lack::Code,
            Shown::RecoveryCode(_) => pending.lack.is_there(),
        };
        let Some(Pending { user_id, .. }) = pending.filter(takes) else {
            return Ok(Progress::Underway(Box::new(Journey { proven: None, ..journey }), None));
        };
        let account = self.storage.read().await?.user(&user_id).await?;
        let account = account.ok_or_else(|| shown.refusal())?;
        let mut tried = self.look_at_code(account, browser, now).await?;
        let turn = self.lines.turn(tried.line(self.attempt_limits())).await?;
        let (sign_ins, browser) = (self.clone(), browser.known_as(tried.device.as_deref()));
        let evaluation = async move {
            let held = sign_ins.reserve(&mut tried, turn.has_waited, now).await?;
            let outcome = sign_ins.check(journey, (tried, &shown, keeps), (&browser, &held), now).await;
            match &outcome {
                Ok(Progress::SignedIn(_)) => {}
                Err(Error::Rejected(_)) => {
                    sign_ins.count_failure(&held, &browser, now).await?;
                    sign_ins.doubt_device(&user_id, &browser, now).await?;
                }
                Ok(Progress::Underway(..)) | Err(Error::Failed(_)) => sign_ins.give_back(&held).await?,
            }
            drop(turn);
            outcome
        };
        tokio::spawn(evaluation.in_current_span()).await.map_err(Failure::internal)?
    }

    /// Compares, uses up and goes on, in one transaction that holds the account.
    async fn check(
        &self,
        journey: Journey,
        (tried, shown, keeps): (Tried, &Shown, bool),
        (browser, held): (&Browser, &Held),
        now: Timestamp,
    ) -> Result<Progress, Error> {
        let user_id = tried.account.ok_or_else(|| shown.refusal())?.user.id;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?.filter(|account| account.user.is_usable());
        let account = account.ok_or_else(|| shown.refusal())?;
        if !self.still_holds(&mut transaction, &journey, &account).await? {
            return Ok(Progress::Underway(Box::new(Journey { proven: None, ..journey }), None));
        }
        let factors = transaction.factors(&user_id).await?;
        let kind = match shown {
            Shown::Code(typed) => self.use_code(&mut transaction, (&factors, typed.expose()), now).await?,
            Shown::RecoveryCode(typed) => {
                self.use_recovery_code(&mut transaction, (&factors, typed.expose()), now).await?
            }
        };
        let kind = kind.ok_or_else(|| shown.refusal())?;
        // Whoever shows one has not lost them all.
        transaction.end_factor_reset(&user_id, SHOWN, &browser.act(&user_id, now)).await?;
        if kind == Kind::RecoveryCode {
            let left = factors.iter().find_map(|factor| factor.left).unwrap_or_default() - 1;
            let event = Event::of(&browser.act(&user_id, now), Name::RecoveryCodeUsed).on(Noun::User, &user_id);
            transaction.record(&event.with("left", left)).await?;
        }
        let journey = journey.proved(&user_id, kind, now);
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        let mut device = tried.device;
        if let Progress::SignedIn(cookie) = &progress {
            held.succeed(&mut transaction, now).await?;
            if keeps && self.keeps_devices().is_some() {
                let what = (user_id.as_str(), cookie, shown.kind());
                device = Some(self.keep_device(&mut transaction, what, browser, now).await?);
            }
        }
        transaction.commit().await?;
        let owner = (user_id.as_str(), account.sealed_hash());
        Ok(self.made_known(progress, owner, (browser, device.as_deref()), now))
    }

    /// The journey with what was proved on it before, when that still counts, and otherwise without.
    pub(super) async fn with_what_holds(
        &self,
        transaction: &mut Transaction,
        journey: Journey,
        account: &Account,
    ) -> Result<Journey, Failure> {
        let holds = self.still_holds(transaction, &journey, account).await?;
        Ok(if holds { journey } else { Journey { proven: None, ..journey } })
    }

    /// Whether what was proved on a journey before still counts: the account has the same password, and the identity that was used.
    pub(super) async fn still_holds(
        &self,
        transaction: &mut Transaction,
        journey: &Journey,
        account: &Account,
    ) -> Result<bool, Failure> {
        let Some(proven) = proven_first(journey) else { return Ok(true) };
        let Some(by) = proven.proofs.identity() else { return Ok(holds(proven, account)) };
        let identities = transaction.identities_of_user(&account.user.id).await?;
        Ok(holds(proven, account) && identities.iter().any(|identity| identity.id == by.id))
    }

    async fn use_code(
        &self,
        transaction: &mut Transaction,
        (factors, typed): (&[Factor], &str),
        now: Timestamp,
    ) -> Result<Option<Kind>, Failure> {
        let Some((factor, secret)) = self.opened(factors, FactorKind::Authenticator)? else { return Ok(None) };
        let step = Seed::from_bytes(&secret).and_then(|seed| seed.step_of(typed, now));
        let Some(step) = step else { return Ok(None) };
        let is_first = transaction.use_time_step(&factor.id, step, now).await?;
        Ok(is_first.then_some(Kind::Totp))
    }

    async fn use_recovery_code(
        &self,
        transaction: &mut Transaction,
        (factors, typed): (&[Factor], &str),
        now: Timestamp,
    ) -> Result<Option<Kind>, Failure> {
        let Some((factor, secret)) = self.opened(factors, FactorKind::RecoveryCodes)? else { return Ok(None) };
        let Some(code) = RecoveryCode::typed(typed) else { return Ok(None) };
        let Some(mac) = checkable(&secret, &code) else { return Ok(None) };
        let is_first = transaction.use_recovery_code(&factor.id, &mac, now).await?;
        Ok(is_first.then_some(Kind::RecoveryCode))
    }

    /// The factor of this kind with its secret. One that cannot be opened is told to whoever runs the server, and to nobody else.
    fn opened<'a>(&self, factors: &'a [Factor], kind: FactorKind) -> Result<Option<Opened<'a>>, Failure> {
        let Some(factor) = factors.iter().find(|factor| factor.kind == kind) else { return Ok(None) };
        let secret = self.factors.seal.open(factor).ok_or_else(|| {
            Failure::internal(format!("the second factor {} cannot be opened with the master key", factor.id))
        })?;
        Ok(Some((factor, secret)))
    }
}

/// A factor with its secret.
type Opened<'a> = (&'a Factor, Zeroizing<Vec<u8>>);

impl Shown {
    const fn kind(&self) -> FactorKind {
        match self {
            Self::Code(_) => FactorKind::Authenticator,
            Self::RecoveryCode(_) => FactorKind::RecoveryCodes,
        }
    }

    fn refusal(&self) -> Rejection {
        match self {
            Self::Code(_) => Rejection::WrongSecondFactor,
            Self::RecoveryCode(_) => Rejection::WrongRecoveryCode,
        }
    }
}

/// What was proved on a journey, when it says who it is.
pub(super) fn proven_first(journey: &Journey) -> Option<&Proven> {
    journey.proven.as_ref().filter(|proven| assurance::identifies(&proven.proofs))
}

/// Whether the account is as it was when the proof was given that hangs on it.
fn holds(proven: &Proven, account: &Account) -> bool {
    proven.hangs_on.as_ref() == Some(&hangs_on(account))
}

/// What proofs that were given now hang on: the password, and that everything has not been ended since.
pub(super) fn hangs_on(account: &Account) -> String {
    let ends = account.access_ends.to_string();
    let parts = [account.user.id.as_bytes(), account.sealed_hash().as_bytes(), ends.as_bytes()];
    base64url(&sha256(&parts.join(&0)))
}

/// A recovery code as the key of its set makes it checkable.
pub(super) fn checkable(key: &[u8], code: &RecoveryCode) -> Option<String> {
    let key: &[u8; 32] = key.try_into().ok()?;
    Some(MacKey::new(key).sign(&[code.as_bytes()]))
}

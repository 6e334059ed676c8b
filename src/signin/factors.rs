//! Setting up an authenticator and doing without it, and the recovery codes that come with the first second factor. All of it wants everything that
//! signs in to the account afresh, the second factor too (NIST SP 800-63B-4 §4.1.2 and §4.6, OWASP ASVS 6.4.4 and 7.5.1).
//!
//! A seed is offered before it is kept: it travels sealed in the form, for one person and browser, until a right code shows that the app has it.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Browser, Enrolled, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::assurance;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::authenticator::Seed;
use crate::protocol::journey::{Action, Journey};
use crate::protocol::passkey::Passkey;
use crate::protocol::proof::{Kind, Proofs};
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::{FactorKind, Guards, SecondFactor};
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{Secret, base64url, from_base64url};
use crate::storage::{Factor, FactorSeal, NewFactor, ProvedBy, Reader, Transaction};

/// How long an offered seed may be taken, in seconds.
const OFFERED_FOR: i64 = 1800;
/// Why a sign-in ends that was made without a second factor.
const SECOND_FACTOR: &str = "second factor";
/// Why a sign-in or a grant ends that rests on a code of an authenticator that is the account's no more.
const GONE: &str = "authenticator replaced or removed";
/// Why a sign-in or a grant ends that rests on a recovery code, where the codes go with the last second factor.
const CODES_GONE: &str = "recovery codes removed";
/// Why a request to take second factors away ends: it was for those that the account had.
pub(super) const CHANGED: &str = "second factors changed";

/// What second factors are kept and offered with.
#[derive(Debug)]
pub(super) struct Factors {
    pub seal: FactorSeal,
    offers: SealingKey,
    /// For codes that are being shown.
    pub codes: SealingKey,
}

impl Factors {
    pub fn new(master: &MasterKey) -> Self {
        Self {
            seal: FactorSeal::new(master),
            offers: master.sealing_key("offered authenticators"),
            codes: master.sealing_key("shown recovery codes"),
        }
    }
}

/// A seed that is offered.
#[derive(Debug)]
pub struct Offer {
    /// The seed.
    pub seed: Seed,
    /// The same as the form brings it back.
    pub sealed: String,
}

#[derive(Serialize, Deserialize)]
struct Offered {
    seed: Zeroizing<Vec<u8>>,
    at: Timestamp,
}

/// What the form of an offer brings.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The offer.
    pub offer: String,
    /// The code as typed.
    pub code: Secret,
}

/// How an account stands to second factors.
#[derive(Debug)]
pub struct OwnFactors {
    /// The authenticator.
    pub authenticator: Option<Factor>,
    /// The recovery codes.
    pub recovery_codes: Option<Factor>,
    /// The passkeys and security keys, where people have them.
    pub passkeys: Vec<Passkey>,
    /// Whether the account can do without the authenticator.
    pub may_go: bool,
}

impl SignIns {
    /// Whether people have second factors here.
    pub fn has_second_factors(&self) -> bool {
        self.policy.second_factor != SecondFactor::Off
    }

    /// Whether everybody has one here.
    pub fn requires_second_factor(&self) -> bool {
        self.policy.second_factor == SecondFactor::Required
    }

    /// The second factors of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_factors(&self, user_id: &str, now: Timestamp) -> Result<OwnFactors, Failure> {
        let (mut authenticator, mut recovery_codes) = (None, None);
        let mut reader = self.storage.read().await?;
        for factor in reader.factors(user_id).await? {
            match factor.kind {
                FactorKind::Authenticator => authenticator = Some(factor),
                FactorKind::RecoveryCodes => recovery_codes = Some(factor),
            }
        }
        let passkeys = if self.has_passkeys() { reader.passkeys(user_id).await? } else { Vec::new() };
        let may_go = self.may_lose_authenticator(&mut reader, user_id, now).await?;
        Ok(OwnFactors { authenticator, recovery_codes, passkeys, may_go })
    }

    /// Whether a person must have a second factor: as everybody, where it is required, or by a role of theirs that demands more than a password.
    pub(super) async fn must_have_one(
        &self,
        reader: &mut Reader,
        user_id: &str,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let policy = self.policy_for(reader, user_id).await?;
        let by_password = Proofs::of(Kind::Password, now);
        let by_role = policy.demanded.is_some_and(|demand| !demand.is_met_by(&by_password));
        Ok(self.requires_second_factor() || by_role)
    }

    /// Whether an account can do without its authenticator, as far as it must have a second factor.
    async fn may_lose_authenticator(
        &self,
        reader: &mut Reader,
        user_id: &str,
        now: Timestamp,
    ) -> Result<bool, Failure> {
        let rest = Guards { authenticator: false, ..reader.guards(user_id).await? };
        Ok(rest.are_any(self.has_passkeys()) || !self.must_have_one(reader, user_id, now).await?)
    }

    /// A new seed for this person in the browser with this cookie.
    pub fn offer_authenticator(&self, user_id: &str, cookie: &Secret, now: Timestamp) -> Offer {
        let seed = Seed::of(random::bytes());
        let offered = Offered { seed: Zeroizing::new(seed.as_bytes().to_vec()), at: now };
        let plain = Zeroizing::new(serde_json::to_vec(&offered).unwrap_or_default());
        let sealed = base64url(&self.factors.offers.seal(&bound_to(user_id, cookie), &plain));
        Offer { seed, sealed }
    }

    /// The seed of an offer, when it was made for this person and browser and is not too old; then the same seed may be offered again.
    pub fn offered(&self, sealed: &str, user_id: &str, cookie: &Secret, now: Timestamp) -> Option<Seed> {
        let sealed = from_base64url(sealed)?;
        let plain = self.factors.offers.open(&bound_to(user_id, cookie), &sealed)?;
        let offered: Offered = serde_json::from_slice(&plain).ok()?;
        if now >= offered.at.plus(OFFERED_FOR) {
            return None;
        }
        Seed::from_bytes(&offered.seed)
    }

    /// Gives an account the authenticator that was offered, in the place of a former one, when the code is right: to whoever is signed in and has
    /// just proved that it is them, or to whoever must have one before they are signed in. Sign-ins that were made without a second factor end
    /// with the first one; with a former authenticator ends in other browsers what its codes have signed in and allowed applications.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`] where people have no second factors; [`Rejection::SignInNeeded`] when what was proved counts no more;
    /// [`Rejection::StaleOffer`], [`Rejection::WrongFirstCode`]; those of [`SignIns::standing`]; a failure when the database fails: then nothing has changed.
    pub async fn set_authenticator(
        &self,
        (journey, cookie): (Journey, &Secret),
        enrolment: &Enrolment,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Enrolled, Error> {
        if !self.has_second_factors() {
            return Err(Rejection::NoSuchPage.into());
        }
        let enrolling = self.enrolling(&journey, &Action::SetAuthenticator, browser, now).await?;
        let (user_id, sign_in) = (enrolling.user_id.clone(), enrolling.sign_in.as_ref());
        let seed = self.offered(&enrolment.offer, &user_id, cookie, now).ok_or(Rejection::StaleOffer)?;
        let step = seed.step_of(enrolment.code.expose(), now).ok_or(Rejection::WrongFirstCode)?;
        let mut transaction = self.storage.begin().await?;
        let account = transaction.hold_account(&user_id).await?.filter(|account| account.user.is_usable());
        let account = account.ok_or(Rejection::SignInNeeded)?;
        let guards = self.still_enrols(&mut transaction, (&journey, &enrolling, &account), browser, now).await?;
        let is_replaced = guards.authenticator;
        let act = browser.act(&user_id, now);
        self.keep_authenticator(&mut transaction, (&user_id, &seed, step), is_replaced, &act).await?;
        let this = sign_in.map(|sign_in| sign_in.id.as_str());
        if is_replaced {
            end_what_codes_gave(&mut transaction, (&user_id, this), &act).await?;
        }
        let codes = self.with_first_factor(&mut transaction, (&user_id, this, guards), &act).await?;
        let journey = enrolling.shown(journey).proved(&user_id, Kind::Totp, now);
        let device = self.devices.known(browser.device.as_ref(), &account, now);
        // Whoever is signed in already is no news.
        let browser = &if sign_in.is_none() { browser.known_as(device.as_deref()) } else { browser.clone() };
        let progress = self.advance(&mut transaction, journey, browser, now).await?;
        transaction.commit().await?;
        let owner = (user_id.as_str(), account.sealed_hash());
        let progress = self.made_known(progress, owner, (browser, device.as_deref()), now);
        Ok(Enrolled { progress, codes, whose: account.user.called().to_owned() })
    }

    /// Keeps an authenticator with the step of the code that was shown for it.
    async fn keep_authenticator(
        &self,
        transaction: &mut Transaction,
        (user_id, seed, step): (&str, &Seed, i64),
        is_replaced: bool,
        act: &Act,
    ) -> Result<(), Failure> {
        let id = random::id();
        let new = NewFactor {
            id: &id,
            user_id,
            kind: FactorKind::Authenticator,
            secret: seed.as_bytes(),
            last_step: step,
            at: act.at,
        };
        transaction.end_factor_reset(user_id, CHANGED, act).await?;
        transaction.keep_factor(&self.factors.seal, &new).await?;
        let event = Event::of(act, Name::AuthenticatorAdded).on(Noun::User, user_id);
        transaction.record(&event.with("replaced", is_replaced)).await
    }

    /// What comes with the first second factor: the end of the sign-ins that were made without one, and recovery codes where there are none.
    pub(super) async fn with_first_factor(
        &self,
        transaction: &mut Transaction,
        (user_id, this, former): (&str, Option<&str>, Guards),
        act: &Act,
    ) -> Result<Option<Vec<RecoveryCode>>, Failure> {
        if !self.has_second_factors() {
            return Ok(None);
        }
        let is_first = !former.are_any(self.has_passkeys());
        if is_first {
            end_sign_ins_without(transaction, (user_id, this), act).await?;
        }
        // Also with a later one, where the first came while people had none.
        let has_codes = transaction.factors(user_id).await?.iter().any(|factor| factor.left.is_some());
        Ok(if has_codes { None } else { Some(self.keep_codes(transaction, (user_id, is_first), act).await?) })
    }

    /// Takes the authenticator of whoever is signed in away, and the recovery codes with the last second factor; ends in other browsers what its codes
    /// have signed in and allowed applications. An account that has none is left alone.
    ///
    /// # Errors
    /// [`Rejection::LastSecondFactor`]; a failure when the database fails.
    pub(super) async fn remove_authenticator(
        &self,
        transaction: &mut Transaction,
        sign_in: &SignIn,
        act: &Act,
    ) -> Result<(), Error> {
        let user_id = sign_in.user_id.as_str();
        transaction.hold_user(user_id).await?;
        if !self.may_lose_authenticator(transaction, user_id, act.at).await? {
            return Err(Rejection::LastSecondFactor.into());
        }
        if transaction.forget_factor(user_id, FactorKind::Authenticator).await? {
            forget_spare_codes(transaction, (user_id, Some(&sign_in.id)), act).await?;
            transaction.end_factor_reset(user_id, CHANGED, act).await?;
            end_what_codes_gave(transaction, (user_id, Some(&sign_in.id)), act).await?;
            transaction.record(&Event::of(act, Name::AuthenticatorRemoved).on(Noun::User, user_id)).await?;
        }
        Ok(())
    }
}

/// Takes the second factors away that were set up since then, of an account that comes to its owner.
pub(super) async fn forget_factors_since(
    transaction: &mut Transaction,
    user_id: &str,
    since: Timestamp,
    act: &Act,
) -> Result<(), Failure> {
    let factors = transaction.factors(user_id).await?;
    let later = factors.iter().filter(|factor| factor.created_at >= since);
    let later: Vec<FactorKind> = later.map(|factor| factor.kind).collect();
    for kind in &later {
        transaction.forget_factor(user_id, *kind).await?;
    }
    if later.contains(&FactorKind::Authenticator) {
        transaction.record(&Event::of(act, Name::AuthenticatorRemoved).on(Noun::User, user_id)).await?;
    }
    for passkey in transaction.passkeys(user_id).await?.iter().filter(|passkey| passkey.created_at >= since) {
        transaction.delete_passkey(&passkey.id, user_id).await?;
        transaction.record(&passkey.event(Name::PasskeyRemoved, act)).await?;
    }
    forget_spare_codes(transaction, (user_id, None), act).await
}

/// Takes the recovery codes away that stand in for no second factor any more, and ends what they gave but for this sign-in: whoever sets up another second
/// factor would leave in whoever came by one of the former codes.
pub(super) async fn forget_spare_codes(
    transaction: &mut Transaction,
    (user_id, this): (&str, Option<&str>),
    act: &Act,
) -> Result<(), Failure> {
    let are_spare = !transaction.guards(user_id).await?.are_any(true);
    if are_spare && transaction.forget_factor(user_id, FactorKind::RecoveryCodes).await? {
        transaction.end_all_by(user_id, (ProvedBy::Kind(Kind::RecoveryCode), this), CODES_GONE, act).await?;
    }
    Ok(())
}

/// Ends the sign-ins of a person but this one that were made without a second factor.
async fn end_sign_ins_without(
    transaction: &mut Transaction,
    (user_id, this): (&str, Option<&str>),
    act: &Act,
) -> Result<(), Failure> {
    for entry in transaction.sign_ins_of_user(user_id).await? {
        if Some(entry.id.as_str()) != this && assurance::second_factor_at(&entry.proofs()?).is_none() {
            transaction.end_sign_in(&entry.id, SECOND_FACTOR, act).await?;
        }
    }
    Ok(())
}

/// Ends what the codes of an authenticator that goes have signed in and allowed applications, but for this sign-in, and what they are halfway to.
async fn end_what_codes_gave(
    transaction: &mut Transaction,
    (user_id, this): (&str, Option<&str>),
    act: &Act,
) -> Result<(), Failure> {
    transaction.end_what_is_pending(user_id).await?;
    transaction.end_all_by(user_id, (ProvedBy::Kind(Kind::Totp), this), GONE, act).await
}

/// For whom an offer is: a person in a browser.
fn bound_to(user_id: &str, cookie: &Secret) -> Vec<u8> {
    [user_id.as_bytes(), cookie.hash().as_bytes()].concat()
}

//! From proofs to a sign-in: a new row or a new cookie value, as soon as nothing is missing and never before.
//!
//! When the same person authenticates again in the same browser, the row goes on under a new cookie value: `sid` stays what clients know,
//! and their refresh tokens stay bound to it. For anybody else the old row ends.

use super::second_step::hangs_on;
use super::{SignIns, devices};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::assurance;
use crate::protocol::audit::{Act, Actor, Event, Name, Noun, Origin};
use crate::protocol::device;
use crate::protocol::journey::{Journey, Proven};
use crate::protocol::message::Occasion;
use crate::protocol::network::ClientNetwork;
use crate::protocol::next_step::{self, Before, Signing};
use crate::protocol::second_factor::{Guards, Lack};
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::secret::Secret;
use crate::storage::{NewSignIn, Transaction};

/// How the account that is being signed in to knows a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Acquaintance {
    /// It was not looked up.
    #[default]
    NotAsked,
    /// It does not know it.
    Stranger,
    /// It knows it as the device of this name.
    Known(String),
}

impl Acquaintance {
    /// The name of the device, when the account knows it.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::NotAsked | Self::Stranger => None,
            Self::Known(name) => Some(name),
        }
    }
}

/// What is known of the browser that sent a request.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The network address in words, for the list of sign-ins; `unknown` when the trusted proxies do not tell it.
    pub address: String,
    /// Where the request came from, for the audit record.
    pub origin: Origin,
    /// Its name of itself, cut to 300 bytes.
    pub user_agent: String,
    /// The value of its sign-in cookie.
    pub cookie: Option<Secret>,
    /// The value of its cookie of known devices.
    pub device: Option<Secret>,
    /// How the account that is being signed in to knows it.
    pub here: Acquaintance,
}

impl Browser {
    /// The network it comes from.
    pub fn network(&self) -> ClientNetwork {
        ClientNetwork::of(self.origin.address)
    }

    /// The browser as the device of this name, if the account that is being signed in to knows it.
    pub(super) fn known_as(&self, device: Option<&str>) -> Self {
        let here = device.map_or(Acquaintance::Stranger, |name| Acquaintance::Known(name.to_owned()));
        Self { here, ..self.clone() }
    }

    /// What led to a mail: the person at it, or whoever says so.
    pub(super) fn occasion(&self, now: Timestamp) -> Occasion {
        Occasion { at: now, network: Some(self.network().to_string()), device: Some(device::name(&self.user_agent)) }
    }

    /// The person with this account acts in it.
    pub(super) fn act(&self, user_id: &str, now: Timestamp) -> Act {
        Act::by(Actor::User(user_id.to_owned()), self.origin, now)
    }
}

/// The cookie of a sign-in.
#[derive(Debug)]
pub struct NewCookie {
    /// Of which sign-in it is, by its id.
    pub sign_in_id: String,
    /// Its value.
    pub value: Secret,
    /// How long the browser is to keep it, in seconds.
    pub lifetime: i64,
    /// The new value of the cookie of known devices, which is kept for [`super::KNOWN_FOR`].
    pub device: Option<Secret>,
    /// Whether a second factor was shown for it, and not lent.
    pub has_shown: bool,
    /// Whether a device that the person keeps stood in for the second factor.
    pub by_kept_device: bool,
    /// What the device is called from now on, when it stood in or something was shown in it: a copy of its former cookie stands in for nothing more.
    pub renamed: Option<String>,
}

/// How far a proof has brought a journey.
#[derive(Debug)]
pub enum Progress {
    /// Nothing is missing: its person is signed in.
    SignedIn(NewCookie),
    /// More must be proved: the journey as it now stands, and what it lacks of a second factor when the first was proved.
    Underway(Box<Journey>, Option<Lack>),
}

impl SignIns {
    /// Goes on after a proof, in the transaction that holds its user: signs the person in when nothing is missing.
    pub(super) async fn advance(
        &self,
        transaction: &mut Transaction,
        journey: Journey,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Failure> {
        let guards = match &journey.proven {
            Some(proven) => transaction.guards(&proven.user_id).await?,
            None => Guards::default(),
        };
        self.advance_knowing(transaction, (journey, guards), browser, now).await
    }

    /// As [`SignIns::advance`], where it is known by what else the account is guarded.
    pub(super) async fn advance_knowing(
        &self,
        transaction: &mut Transaction,
        (journey, guards): (Journey, Guards),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Progress, Failure> {
        let former = match &browser.cookie {
            Some(cookie) => transaction.sign_in_by_secret(&cookie.hash()).await?,
            None => None,
        };
        let live = former.as_ref().filter(|former| former.is_live(self.limits.idle, now));
        let policy = match &journey.proven {
            Some(proven) => self.policy_for(transaction, &proven.user_id).await?,
            None => self.policy,
        };
        let before = Before { sign_in: live, kept: None };
        let mut signing = next_step::signs_in(&journey, before, guards, &policy, now);
        let mut kept = None;
        // Nobody else's sign-in reads more than it did.
        if matches!(signing, Signing::Lacks(Lack::Code))
            && let Some((device, policy)) = self.kept_here(transaction, (&journey, &policy), browser, now).await?
        {
            signing = next_step::signs_in(&journey, Before { kept: Some(&device), ..before }, guards, &policy, now);
            kept = Some(device);
        }
        match signing {
            Signing::In(proven) => {
                let says_who = journey.proven.as_ref().is_some_and(|given| assurance::identifies(&given.proofs));
                let from = (former, kept.is_some(), browser);
                let mut signed_in = self.sign_in(transaction, (&journey.id, &proven, says_who), from, now).await?;
                let shown = journey.proven.as_ref().and_then(|given| assurance::own_second_factor_at(&given.proofs));
                // One of before is lent, also where it is given on the journey by whoever changes the password.
                signed_in.has_shown = shown == Some(now);
                if guards.are_any(true) {
                    let noted = (&*proven.user_id, &signed_in);
                    signed_in.renamed = self.note_sign_in(transaction, noted, browser, now).await?;
                }
                Ok(Progress::SignedIn(signed_in))
            }
            Signing::Lacks(lack) => {
                let journey = pending(transaction, journey, now).await?;
                Ok(Progress::Underway(Box::new(journey), Some(lack)))
            }
            Signing::Nobody => {
                // A second factor beside which nothing stands any more, the sign-in having ended since the page was drawn, would hang on nothing.
                let proven = journey.proven.filter(|given| assurance::own_second_factor_at(&given.proofs).is_none());
                Ok(Progress::Underway(Box::new(Journey { proven, ..journey }), None))
            }
        }
    }

    /// Makes a browser known to the account that was just signed in there, whose stored password is this one, or empty without one.
    pub(super) fn made_known(
        &self,
        progress: Progress,
        (user_id, hash): (&str, &str),
        (browser, device): (&Browser, Option<&str>),
        now: Timestamp,
    ) -> Progress {
        match progress {
            Progress::SignedIn(cookie) => {
                let device = cookie.renamed.as_deref().or(device);
                let gets_another = cookie.has_shown && !device.is_some_and(devices::is_proved);
                let proved = gets_another.then(devices::proved_name);
                let device = proved.as_deref().or(device);
                let device = self.devices.remember(browser.device.as_ref(), (user_id, hash), device, now);
                Progress::SignedIn(NewCookie { device: Some(device), ..cookie })
            }
            underway @ Progress::Underway(..) => underway,
        }
    }

    async fn sign_in(
        &self,
        transaction: &mut Transaction,
        (journey_id, proven, says_who): (&str, &Proven, bool),
        (former, by_kept_device, browser): (Option<SignIn>, bool, &Browser),
        now: Timestamp,
    ) -> Result<NewCookie, Failure> {
        let value = random::secret();
        let goes_on =
            former.as_ref().filter(|former| former.user_id == proven.user_id && former.is_live(self.limits.idle, now));
        let fresh_id = random::row_id(now);
        let by = proven.proofs.identity();
        let act = browser.act(&proven.user_id, now);
        // Who adds to what signed them in has not signed in anew, nor has whoever was lent the second factor by it, nor whoever comes back from a provider that
        // could say when they signed in there, and does not: that ends when it would have.
        let is_anew = |former: &SignIn| assurance::are_anew(&proven.proofs.as_known(), &former.proofs);
        let lends = goes_on.filter(|former| !is_anew(former));
        let ends = lends.map(|former| former.expires_at);
        let new = NewSignIn {
            id: goes_on.map_or(fresh_id.as_str(), |former| former.id.as_str()),
            secret_hash: value.hash(),
            user_id: &proven.user_id,
            act: &act,
            expires_at: ends.unwrap_or_else(|| now.plus(self.limits.absolute)),
            journey_id,
            user_agent: &browser.user_agent,
            address: &browser.address,
            proofs: &proven.proofs,
            identity_id: by.map(|by| by.id.as_str()),
            upstream_sid: by.and_then(|by| by.sid.as_deref()),
        };
        let is_renewed = goes_on.is_some() && transaction.renew_sign_in(&new).await?;
        if !is_renewed {
            if let Some(former) = &former {
                transaction.end_sign_in(&former.id, "another sign-in", &act).await?;
            }
            transaction.insert_sign_in(&NewSignIn { id: &fresh_id, ..new }).await?;
            let others = (fresh_id.as_str(), self.limits.per_person - 1);
            transaction.end_sign_ins_beyond(&proven.user_id, others, "too many sign-ins", &act).await?;
        }
        let id = if is_renewed { new.id } else { fresh_id.as_str() };
        let event = Event::of(&act, Name::SignInSucceeded).on(Noun::SignIn, id);
        let methods: Vec<&str> = proven.proofs.iter().map(|proof| proof.kind.as_str()).collect();
        let event = event.with("methods", methods).with("renewed", is_renewed);
        // Whoever has the sign-in already is no news, but for what it lends to whoever says who they are.
        let is_news = browser.here == Acquaintance::Stranger && (!is_renewed || (lends.is_some() && says_who));
        let event = if is_news { event.with("new_device", true) } else { event };
        transaction.record(&if by_kept_device { event.with("kept_device", true) } else { event }).await?;
        Ok(NewCookie {
            sign_in_id: id.to_owned(),
            value,
            lifetime: self.limits.absolute,
            device: None,
            has_shown: false,
            by_kept_device,
            renamed: None,
        })
    }

    /// Ends a sign-in of this browser. Signing out twice is no error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, sign_in: &SignIn, browser: &Browser, now: Timestamp) -> Result<(), Failure> {
        let mut transaction = self.storage.begin().await?;
        transaction.end_sign_in(&sign_in.id, "signed out", &browser.act(&sign_in.user_id, now)).await?;
        transaction.commit().await
    }
}

/// The journey of whoever is still to show a second factor: what they have proved hangs on the password that the account has now, and they have
/// as long for it as for the first. A sign-in that was made on the journey before, whosever it is and whether or not its cookie comes along, gains no time by
/// that: what is still to come is not what it was made for.
async fn pending(transaction: &mut Transaction, journey: Journey, now: Timestamp) -> Result<Journey, Failure> {
    let Some(proven) = journey.proven.clone() else { return Ok(journey) };
    let journey = journey.renamed(random::id());
    let account = transaction.user(&proven.user_id).await?;
    let proven = Proven { hangs_on: account.as_ref().map(hangs_on), ..proven };
    Ok(Journey { proven: Some(proven), ..journey }.after_a_rest(now))
}

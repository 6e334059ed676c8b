//! The devices that people keep: keeping one, what it lends, and ending that. Which device a browser is, its sealed cookie says (`devices.rs`): of another
//! account, or from before another password, it is a stranger, and no row is looked for.
//!
//! A right password on such a device signs in, and so opens the counter of its own failures again, and no other. Whoever has the device and the password
//! could guess at codes between two sign-ins for as long as they like; so a few wrong codes end that it is kept ([`kept_device::MOST_WRONG_CODES`]).

use super::authenticate::Acquaintance;
use super::{Browser, NewCookie, SignIns, devices};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Event, Name, Noun};
use crate::protocol::demand::{Demand, highest};
use crate::protocol::device;
use crate::protocol::factor_reset::Stage;
use crate::protocol::journey::Journey;
use crate::protocol::kept_device::{self, KeptDevice};
use crate::protocol::next_step::Policy;
use crate::protocol::second_factor::FactorKind;
use crate::protocol::sign_in::SignIn;
use crate::storage::Transaction;

/// Why a device is kept no more.
const BY_THE_PERSON: &str = "ended by the person";
const WRONG_CODES: &str = "wrong codes";

/// A kept device, as the list shows it.
#[derive(Clone, Debug)]
pub struct OwnDevice {
    /// The device.
    pub kept: KeptDevice,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl SignIns {
    /// For how many days people may keep a device; `None` where they do not.
    pub fn keeps_devices(&self) -> Option<i64> {
        Some(self.limits.keep_device_days).filter(|days| *days > 0 && self.has_second_factors())
    }

    /// The devices that whoever is signed in keeps, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_devices(
        &self,
        sign_in: &SignIn,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Vec<OwnDevice>, Failure> {
        if self.keeps_devices().is_none() {
            return Ok(Vec::new());
        }
        let mut reader = self.storage.read().await?;
        let mut kept = reader.kept_devices(&sign_in.user_id).await?;
        kept.retain(|kept| kept.holds(self.policy.keep_device, now));
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let account = reader.user(&sign_in.user_id).await?;
        let this = account.and_then(|account| self.devices.known(browser.device.as_ref(), &account, now));
        let this = this.map(|name| kept_device::hash_of(&name));
        Ok(kept.into_iter().map(|kept| OwnDevice { is_this: this.as_ref() == Some(&kept.hash), kept }).collect())
    }

    /// Ends that whoever is signed in keeps the device with this hash. One that is not theirs is left alone. It takes no fresh proof: nothing is opened
    /// by it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_device(
        &self,
        sign_in: &SignIn,
        hash: &str,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(&sign_in.user_id).await?;
        if let Some(user_agent) = transaction.end_kept_device(&sign_in.user_id, hash).await? {
            let event = Event::of(&browser.act(&sign_in.user_id, now), Name::DeviceEnded);
            let event = event.on(Noun::User, &sign_in.user_id).with("device", device::name(&user_agent));
            transaction.record(&event.with("reason", BY_THE_PERSON)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps the device on which this was shown just now, by which it was signed in; gives it a name that no older cookie has, and tells it.
    pub(super) async fn keep_device(
        &self,
        transaction: &mut Transaction,
        (user_id, cookie, shown): (&str, &NewCookie, FactorKind),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let former = cookie.renamed.as_deref().or(browser.here.name());
        if let Some(former) = former {
            transaction.end_kept_device(user_id, &kept_device::hash_of(former)).await?;
        }
        let name = cookie.renamed.clone().unwrap_or_else(devices::proved_name);
        let kept = KeptDevice {
            user_id: user_id.to_owned(),
            hash: kept_device::hash_of(&name),
            sign_in_id: cookie.sign_in_id.clone(),
            shown,
            kept_at: now,
            last_used_at: None,
            expires_at: now.plus(self.policy.keep_device),
            user_agent: browser.user_agent.clone(),
        };
        transaction.keep_device(&kept).await?;
        let event = Event::of(&browser.act(user_id, now), Name::DeviceKept).on(Noun::User, user_id);
        let event = event.with("device", device::name(&browser.user_agent));
        transaction.record(&event.with("expires_at", kept.expires_at.to_string())).await?;
        Ok(name)
    }

    /// Notes the sign-in that is in this browser now, where the person keeps it: whoever ends that sign-in by hand ends that it is kept. One that has
    /// just stood in for a code gets another name, which comes back: of two browsers with the same cookie, one having been copied, the next is asked for
    /// the code. So does one in which a second factor was shown just now, and not before ([`devices::proved_name`]).
    pub(super) async fn note_sign_in(
        &self,
        transaction: &mut Transaction,
        (user_id, cookie): (&str, &NewCookie),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let Acquaintance::Known(name) = &browser.here else { return Ok(None) };
        if self.keeps_devices().is_none() {
            return Ok(None);
        }
        let renamed = if cookie.by_kept_device {
            Some(devices::renamed(name))
        } else {
            (cookie.has_shown && !devices::is_proved(name)).then(devices::proved_name)
        };
        let hash = kept_device::hash_of(name);
        let new_hash = renamed.as_deref().map_or_else(|| hash.clone(), kept_device::hash_of);
        let lent_at = cookie.by_kept_device.then_some(now);
        transaction.sign_in_on_kept_device((user_id, &hash), (&cookie.sign_in_id, &new_hash), lent_at).await?;
        Ok(renamed)
    }

    /// The device that somebody is at who lacks nothing but a code on this journey, if they keep it; and all that is demanded there, for it stands in for
    /// no more than that takes.
    pub(super) async fn kept_here(
        &self,
        transaction: &mut Transaction,
        (journey, policy): (&Journey, &Policy),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Option<(KeptDevice, Policy)>, Failure> {
        let (Some(proven), Acquaintance::Known(name)) = (&journey.proven, &browser.here) else { return Ok(None) };
        if self.keeps_devices().is_none() {
            return Ok(None);
        }
        let kept = transaction.kept_device(&proven.user_id, &kept_device::hash_of(name)).await?;
        let Some(kept) = kept else { return Ok(None) };
        // Somebody says that the factors are lost: whoever shows one ends that, so its owner is asked.
        let reset = transaction.factor_reset(&proven.user_id).await?;
        if reset.is_some_and(|reset| reset.stage(now) != Stage::Lapsed) {
            return Ok(None);
        }
        // Nobody has gone on to the application yet, so what it demands was not asked about.
        let client = match journey.request() {
            Some(request) => transaction.client(&request.client_id).await?,
            None => None,
        };
        let by_client = client.and_then(|client| client.metadata.acr.as_deref().map(Demand::of));
        Ok(Some((kept, Policy { demanded: highest([policy.demanded, by_client]), ..*policy })))
    }

    /// Counts a wrong code that was typed in this browser, when the account knows it: after a few it is kept no more.
    pub(super) async fn doubt_device(&self, user_id: &str, browser: &Browser, now: Timestamp) -> Result<(), Failure> {
        let Acquaintance::Known(name) = &browser.here else { return Ok(()) };
        if self.keeps_devices().is_none() {
            return Ok(());
        }
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(user_id).await?;
        if transaction.count_wrong_code(user_id, &kept_device::hash_of(name)).await? {
            let event = Event::of(&browser.act(user_id, now), Name::DeviceEnded).on(Noun::User, user_id);
            let event = event.with("device", device::name(&browser.user_agent));
            transaction.record(&event.with("reason", WRONG_CODES)).await?;
        }
        transaction.commit().await
    }
}

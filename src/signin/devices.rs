//! The devices that an account was signed in from before: what strangers do to the account does not stop them.
//!
//! A browser keeps one cookie with an entry for each of the accounts that were signed in there, six at most: a name that tells us for whom
//! it is, the device's own name, when it was given, and our seal over these, the account and the stored hash of its password. So an entry is
//! worth nothing for another account, nothing after 400 days without a sign-in, and nothing once the password has changed: the owner drives
//! out whoever had it. An account without a password has the seal of none. It signs nobody in. All that it gives is attempts of its own, of which a few failures in a row take it away
//! (`[limits] forget_device_after`), and that a sign-in is no news to its owner, by a password or through a provider; and where the person keeps the device,
//! that the code is not asked for there (`kept_devices.rs`).

use crate::clock::Timestamp;
use crate::random;
use crate::sealing::MasterKey;
use crate::secret::{MacKey, Secret};
use crate::storage::Account;

/// How long a device is known after its last sign-in, in seconds; browsers keep no cookie for longer.
pub const KNOWN_FOR: i64 = 400 * 86_400;
/// What the name of a device begins with in which its person has shown a second factor: no other name does. A name for that follows, and its own.
const PROVED: &str = "+";
/// How many accounts a browser remembers.
const MOST: usize = 6;

/// Tells known devices, and makes devices known.
#[derive(Debug)]
pub(super) struct Devices(MacKey);

/// An entry of the cookie.
struct Entry<'a> {
    whose: &'a str,
    device: &'a str,
    given_at: &'a str,
    seal: &'a str,
}

impl<'a> Entry<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let entry = Self { whose: parts.next()?, device: parts.next()?, given_at: parts.next()?, seal: parts.next()? };
        parts.next().is_none().then_some(entry)
    }
}

/// A name for a device in which its person has just shown a second factor.
pub(super) fn proved_name() -> String {
    format!("{PROVED}{}{PROVED}{}", random::id(), random::id())
}

/// Another name for a device, which no older cookie has. Whether a second factor was shown in it stays, and so does what codes are counted for.
pub(super) fn renamed(name: &str) -> String {
    let fresh = random::id();
    shown_as(name).map_or_else(|| fresh.clone(), |shown| format!("{PROVED}{shown}{PROVED}{fresh}"))
}

/// Whether its person has shown a second factor in the device with this name. Whoever has but their password has made it known by what somebody's sign-in lent
/// them, or before there was a second factor.
pub(super) fn is_proved(name: &str) -> bool {
    shown_as(name).is_some()
}

/// What the codes are counted for that are typed in a device in which its person has shown a second factor, under whichever of its names; `None` of any other.
pub(super) fn shown_as(name: &str) -> Option<&str> {
    name.strip_prefix(PROVED).and_then(|names| names.split(PROVED).next())
}

impl Devices {
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac_key("known devices"))
    }

    /// The name of the device, when the account knows it.
    pub fn known(&self, cookie: Option<&Secret>, account: &Account, now: Timestamp) -> Option<String> {
        let user_id = account.user.id.as_str();
        let hash = account.sealed_hash();
        let entries = cookie?.expose().split('~').take(MOST).filter_map(Entry::read);
        let is_known = |entry: &Entry<'_>| {
            let is_fresh = entry.given_at.parse().is_ok_and(|at| now < Timestamp::from_seconds(at).plus(KNOWN_FOR));
            is_fresh && self.0.verify(&parts(user_id, hash, (entry.device, entry.given_at)), entry.seal)
        };
        let mut known = entries.filter(is_known);
        known.next().map(|entry| entry.device.to_owned())
    }

    /// The cookie of a browser in which this person has just signed in, whose account has this stored password. `device` is the name that it
    /// is known by already.
    pub fn remember(
        &self,
        cookie: Option<&Secret>,
        (user_id, hash): (&str, &str),
        device: Option<&str>,
        now: Timestamp,
    ) -> Secret {
        let fresh = random::id();
        let (device, given_at) = (device.unwrap_or(&fresh), now.seconds().to_string());
        let whose = self.0.sign(&[b"whose", user_id.as_bytes()]);
        let whose = whose.get(..12).unwrap_or_default();
        let seal = self.0.sign(&parts(user_id, hash, (device, &given_at)));
        let mut entries = vec![format!("{whose}.{device}.{given_at}.{seal}")];
        let former = cookie.map(Secret::expose).unwrap_or_default();
        let others = former.split('~').filter(|text| Entry::read(text).is_some_and(|entry| entry.whose != whose));
        entries.extend(others.take(MOST - 1).filter(|text| text.len() < 200).map(str::to_owned));
        Secret::presented(entries.join("~"))
    }
}

fn parts<'a>(user_id: &'a str, hash: &'a str, (device, given_at): (&'a str, &'a str)) -> [&'a [u8]; 5] {
    [b"device", user_id.as_bytes(), hash.as_bytes(), device.as_bytes(), given_at.as_bytes()]
}

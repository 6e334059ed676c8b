//! A browser's errand to a provider: what it was sent for is remembered for ten minutes, for that browser, and used once (RFC 9700 §4.7.1).
//!
//! The `state` that it comes back with is a random secret, of which a row has the hash; with it the hash of the browser's own
//! cookie, and the rest sealed: the provider, nonce and `code_verifier`, what for, and the journey. Each tab has a row of its own, so none takes
//! another's place, and one statement decides who uses it: that is why it is no session of the browser's (tower-sessions keeps one record that is read,
//! changed and written as a whole, and tells the time by the wall clock). It is the one row that a stranger may cause: so many at once for each network, and so many in all.

use serde::{Deserialize, Serialize};

use super::{Browser, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::journey::Journey;
use crate::protocol::network::ClientNetwork;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::Errand;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::Secret;
use crate::storage::NewErrand;

/// How long a browser may be away, in seconds.
const LIFETIME: i64 = 600;
/// How many errands of one network are remembered at once, those that are done included: of an IPv4 address or an IPv6 /48, since one customer
/// may have all of that. A network in which many people share an address (`[limits] trusted_networks`), and those that the proxies do not tell,
/// have no such limit.
const MOST_OF_NETWORK: i64 = 200;
/// How many errands are remembered at once: at eight kilobytes at most for each, a few hundred megabytes.
const MOST: i64 = 50_000;

/// Seals what is remembered.
#[derive(Debug)]
pub(super) struct Errands(SealingKey);

impl Errands {
    pub fn new(master: &MasterKey) -> Self {
        Self(master.sealing_key("errands"))
    }
}

/// What a browser goes to a provider for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// So that its person proves who they are.
    SignIn,
    /// So that the account there is linked to this user's.
    Link {
        /// The user.
        user_id: String,
        /// When they set out: what guards the account had been proved by then.
        at: Timestamp,
    },
}

/// A browser that is back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Returned {
    /// What it went with.
    pub errand: Errand,
    /// What for.
    pub purpose: Purpose,
    /// On which journey.
    pub journey: Journey,
}

/// Why a browser that comes from a provider cannot go on as if it had been sent there.
#[derive(Debug)]
pub struct Stray {
    /// Why.
    pub error: Error,
    /// The journey on which it was, if it is known and this browser's.
    pub journey: Option<Box<Journey>>,
}

impl<E: Into<Error>> From<E> for Stray {
    fn from(error: E) -> Self {
        Self { error: error.into(), journey: None }
    }
}

impl SignIns {
    /// A new `state` for a browser that is to go to a provider.
    pub fn new_state(&self) -> Secret {
        random::secret()
    }

    /// Remembers what a browser with this cookie of its own is sent for.
    ///
    /// # Errors
    /// [`Rejection::TooManyErrands`]; a failure when the database fails.
    pub async fn leave(
        &self,
        (state, cookie): (&Secret, &Secret),
        what: &Returned,
        browser: &Browser,
        now: Timestamp,
    ) -> Result<(), Error> {
        let network = browser.network().site();
        let plain = serde_json::to_vec(what).map_err(Failure::internal)?;
        // By a reader: whoever is refused takes nothing from those who write.
        let away = self.storage.read().await?.away(&network.to_string(), now).await?;
        let has_a_limit = network != ClientNetwork::Unknown && !self.counting.trusts(browser);
        if (has_a_limit && away.of_network >= MOST_OF_NETWORK) || away.of_all >= MOST {
            return Err(Rejection::TooManyErrands.for_seconds(LIFETIME.unsigned_abs()).into());
        }
        let errand = NewErrand {
            state: state.hash(),
            browser: cookie.hash(),
            network: &network.to_string(),
            data: &self.errands.0.seal(state.hash().as_bytes(), &plain),
            expires_at: now.plus(LIFETIME),
        };
        let mut transaction = self.storage.begin().await?;
        transaction.insert_errand(&errand).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What the browser with these cookies of its own was sent to this provider for: once, and by one request alone.
    ///
    /// # Errors
    /// [`Rejection::UnknownErrand`] for a state that is none, another browser's or another provider's: then it stays as it is;
    /// [`Rejection::ExpiredErrand`], [`Rejection::UsedErrand`]; a failure when the database fails.
    pub async fn come_back(
        &self,
        (provider, state): (&str, &Secret),
        cookies: &[Secret],
        now: Timestamp,
    ) -> Result<Returned, Stray> {
        let hash = state.hash();
        let stored = self.storage.read().await?.errand(&hash).await?.ok_or(Rejection::UnknownErrand)?;
        if !cookies.iter().any(|cookie| cookie.hash().as_bytes() == stored.browser) {
            return Err(Rejection::UnknownErrand.into());
        }
        let plain = self.errands.0.open(hash.as_bytes(), &stored.data);
        let read = plain.and_then(|plain| serde_json::from_slice::<Returned>(&plain).ok());
        let returned = read.filter(|read| read.errand.provider == provider).ok_or(Rejection::UnknownErrand)?;
        let stray = |rejection: Rejection, journey| Err(Stray { error: rejection.into(), journey: Some(journey) });
        if now >= stored.expires_at {
            return stray(Rejection::ExpiredErrand, Box::new(returned.journey));
        }
        let mut transaction = self.storage.begin().await?;
        if !transaction.use_errand(&hash, now).await? {
            return stray(Rejection::UsedErrand, Box::new(returned.journey));
        }
        transaction.commit().await?;
        let journey = returned.journey.after_a_rest(now);
        let journey = match returned.purpose {
            Purpose::SignIn => journey.resumed(random::id()),
            // With what was proved they set out: no mail and no other provider is asked for on the way.
            Purpose::Link { .. } => journey,
        };
        Ok(Returned { journey, ..returned })
    }
}

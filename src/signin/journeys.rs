//! The journey on its way through the pages: sealed, ten minutes, for one browser (RFC 9700 §4.7.1).
//!
//! It is no row but a text that only we can read, in the address of the next page and in a hidden field of its form. So a million
//! requests of strangers cost no storage.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::rejection::Rejection;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{Secret, base64url, from_base64url};

/// How long a journey may take, in seconds.
const LIFETIME: i64 = 600;
/// What the seal is bound to: the form of the text, so that another form never opens.
const FORM: &[u8] = b"journey 1";

/// Begins, seals and opens journeys.
#[derive(Debug)]
pub struct Journeys(SealingKey);

#[derive(Serialize, Deserialize)]
struct Sealed {
    browser: String,
    journey: Journey,
}

impl Journeys {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self(master.sealing_key("journeys"))
    }

    /// A journey that begins now.
    pub fn begin(&self, goal: Goal, now: Timestamp) -> Journey {
        Journey { id: random::id(), started_at: now, goal, proven: None }
    }

    /// Seals a journey for a browser: base64url, at most half as long again as the request that it is to answer.
    pub fn seal(&self, journey: &Journey, browser: &Secret) -> String {
        let sealed = Sealed { browser: browser_name(browser), journey: journey.clone() };
        // Plain data always has a JSON form; if it had none the text would open as forged.
        let plain = serde_json::to_vec(&sealed).unwrap_or_default();
        base64url(&self.0.seal(FORM, &plain))
    }

    /// Opens what a browser brought back.
    ///
    /// # Errors
    /// [`Rejection::ForgedPendingRequest`], [`Rejection::ForeignPendingRequest`], [`Rejection::ExpiredPendingRequest`].
    pub fn open(&self, text: &str, browser: Option<&Secret>, now: Timestamp) -> Result<Journey, Rejection> {
        let plain = from_base64url(text).and_then(|sealed| self.0.open(FORM, &sealed));
        let sealed: Option<Sealed> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let Sealed { browser: owner, journey } = sealed.ok_or(Rejection::ForgedPendingRequest)?;
        if browser.map(browser_name) != Some(owner) {
            return Err(Rejection::ForeignPendingRequest);
        }
        if now < journey.started_at.plus(LIFETIME) { Ok(journey) } else { Err(Rejection::ExpiredPendingRequest) }
    }
}

fn browser_name(browser: &Secret) -> String {
    base64url(browser.hash().as_bytes())
}

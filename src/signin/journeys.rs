//! The journey on its way through the pages: sealed, for one browser (RFC 9700 §4.7.1).
//!
//! It is no row but a text that only we can read, in the address of the next page and in a hidden field of its form. So a million
//! requests of strangers cost no storage.
//!
//! After ten minutes it begins anew: what was proved and agreed on the way counts no more, the request is the same. After a day it
//! leads nowhere: by then the application has forgotten it, and what came of it may have been cleaned away.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::rejection::Rejection;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{Secret, base64url, from_base64url};

/// How long a journey may take before it begins anew, in seconds.
const LIFETIME: i64 = 600;
/// How long after its request it may begin anew, in seconds: never longer than a code is remembered (`storage/cleanup.rs`).
const WORTH: i64 = 86_400;
/// What the seal is bound to: the form of the text, so that another form never opens.
const FORM: &[u8] = b"journey 2";

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
        Journey { id: random::id(), first: None, started_at: now, goal, proven: None, newcomer: None, mailed: None }
    }

    /// Seals a journey for a browser: base64url, at most half as long again as the request that it is to answer.
    pub fn seal(&self, journey: &Journey, browser: &Secret) -> String {
        let sealed = Sealed { browser: browser_name(browser), journey: journey.clone() };
        // Plain data always has a JSON form; if it had none the text would open as forged.
        let plain = serde_json::to_vec(&sealed).unwrap_or_default();
        base64url(&self.0.seal(FORM, &plain))
    }

    /// Opens what a browser brought back: the journey, begun anew when it has become too old.
    ///
    /// # Errors
    /// [`Lost`]: [`Rejection::ForgedPendingRequest`], [`Rejection::ForeignPendingRequest`], [`Rejection::ExpiredPendingRequest`],
    /// [`Rejection::CookiesBlocked`].
    pub fn open(&self, text: &str, browser: &[Secret], now: Timestamp) -> Result<Opened, Lost> {
        let plain = from_base64url(text).and_then(|sealed| self.0.open(FORM, &sealed));
        let sealed: Option<Sealed> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let Some(Sealed { browser: owner, journey }) = sealed else {
            return Err(Lost { rejection: Rejection::ForgedPendingRequest, journey: None });
        };
        let lost = |rejection| Err(Lost { rejection, journey: Some(Box::new(journey.clone())) });
        let is_fresh = now < journey.started_at.plus(LIFETIME);
        if now >= journey.request_came_at().plus(WORTH) {
            return lost(Rejection::ExpiredPendingRequest);
        }
        if !browser.iter().any(|one| browser_name(one) == owner) {
            // Whoever was given a cookie a moment ago and has none does not keep them.
            let keeps_none = browser.is_empty() && is_fresh;
            return lost(if keeps_none { Rejection::CookiesBlocked } else { Rejection::ForeignPendingRequest });
        }
        Ok(if is_fresh {
            Opened { journey, is_anew: false }
        } else {
            Opened { journey: journey.anew(random::id(), now), is_anew: true }
        })
    }
}

/// A journey that a browser brought back.
#[derive(Debug)]
pub struct Opened {
    /// The journey.
    pub journey: Journey,
    /// Whether it has begun anew: then it must be sealed again.
    pub is_anew: bool,
}

/// A journey that cannot go on.
#[derive(Debug)]
pub struct Lost {
    /// Why.
    pub rejection: Rejection,
    /// Where it led, if it is one of ours: for saying so, not for going there.
    pub journey: Option<Box<Journey>>,
}

fn browser_name(browser: &Secret) -> String {
    base64url(browser.hash().as_bytes())
}

//! The pending request on its way through the pages: sealed, ten minutes, for one browser (RFC 9700 §4.7.1).
//!
//! It is no row but a text that only we can read, in the address of the next page and in a hidden field of its form. So a million
//! requests of strangers cost no storage.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::protocol::authorization_request::{AuthorizationRequest, PendingRequest};
use crate::protocol::rejection::Rejection;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{Secret, base64url, from_base64url};

/// How long a sign-in may take, in seconds.
const LIFETIME: i64 = 600;
/// What the seal is bound to: the form of the text, so that another form never opens.
const FORM: &[u8] = b"pending request 1";

/// Seals and opens pending requests.
#[derive(Debug)]
pub struct PendingRequests(SealingKey);

#[derive(Serialize, Deserialize)]
struct Sealed {
    browser: String,
    pending: PendingRequest,
}

impl PendingRequests {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self(master.sealing_key("pending requests"))
    }

    /// A request that begins now.
    pub fn begin(&self, request: AuthorizationRequest, now: Timestamp) -> PendingRequest {
        PendingRequest { id: random::id(), started_at: now, request }
    }

    /// Seals a request for a browser: base64url, at most half as long again as the request.
    pub fn seal(&self, pending: &PendingRequest, browser: &Secret) -> String {
        let sealed = Sealed { browser: browser_name(browser), pending: pending.clone() };
        // Plain data always has a JSON form; if it had none the text would open as forged.
        let plain = serde_json::to_vec(&sealed).unwrap_or_default();
        base64url(&self.0.seal(FORM, &plain))
    }

    /// Opens what a browser brought back.
    ///
    /// # Errors
    /// [`Rejection::ForgedPendingRequest`], [`Rejection::ForeignPendingRequest`], [`Rejection::ExpiredPendingRequest`].
    pub fn open(&self, text: &str, browser: Option<&Secret>, now: Timestamp) -> Result<PendingRequest, Rejection> {
        let plain = from_base64url(text).and_then(|sealed| self.0.open(FORM, &sealed));
        let sealed: Option<Sealed> = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let sealed = sealed.ok_or(Rejection::ForgedPendingRequest)?;
        if browser.map(browser_name).as_deref() != Some(sealed.browser.as_str()) {
            return Err(Rejection::ForeignPendingRequest);
        }
        match now < sealed.pending.started_at.plus(LIFETIME) {
            true => Ok(sealed.pending),
            false => Err(Rejection::ExpiredPendingRequest),
        }
    }
}

fn browser_name(browser: &Secret) -> String {
    base64url(browser.hash().as_bytes())
}

//! The challenges of passkeys and security keys on their way through the pages: sealed in the form, for one browser and purpose, for ten minutes, and answered once
//! (WebAuthn §13.4.3).
//!
//! Whoever looks at a page is a stranger, so a challenge is no row before it is answered. Then one statement says whether it is for the first time.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::secret::{Secret, base64url, from_base64url};

/// How long a challenge may be answered, in seconds.
const LIFETIME: i64 = 600;

/// What a challenge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To prove who somebody is.
    Proof,
    /// To show a security key beside what was proved.
    ShowSecurityKey,
    /// To add a passkey.
    AddPasskey,
    /// To add a security key.
    AddSecurityKey,
    /// To make an account with one.
    Account,
}

/// Seals challenges, and opens them.
#[derive(Debug)]
pub(super) struct Challenges(SealingKey);

/// A challenge that a browser was given.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Challenge {
    /// By which it is known when it was answered.
    pub id: String,
    /// Who is to answer it; `None` for whoever they are.
    pub user_id: Option<String>,
    /// What the answer is checked against.
    pub state: String,
    /// Whose account is made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomer: Option<Newcomer>,
    /// When it was first asked.
    pub at: Timestamp,
}

/// Somebody who has no account yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Newcomer {
    /// Their address in canonical form.
    pub address: String,
    /// Their name.
    pub name: String,
}

impl Challenge {
    /// When it is too old to be answered.
    pub fn expires_at(&self) -> Timestamp {
        self.at.plus(LIFETIME)
    }
}

impl Challenges {
    pub fn new(master: &MasterKey) -> Self {
        Self(master.sealing_key("passkey challenges"))
    }

    /// A challenge for the browser with this cookie, to be answered by this user or by anybody.
    pub fn seal(
        &self,
        (purpose, cookie): (Purpose, &Secret),
        (user_id, state): (Option<&str>, String),
        now: Timestamp,
    ) -> String {
        let user_id = user_id.map(str::to_owned);
        self.seal_whole((purpose, cookie), &Challenge { id: random::id(), user_id, state, newcomer: None, at: now })
    }

    /// A challenge for the browser with this cookie, to be answered by somebody who will be this user.
    pub fn seal_for_newcomer(
        &self,
        cookie: &Secret,
        (user_id, newcomer): (&str, Newcomer),
        state: String,
        at: Timestamp,
    ) -> String {
        let (id, user_id, newcomer) = (random::id(), Some(user_id.to_owned()), Some(newcomer));
        self.seal_whole((Purpose::Account, cookie), &Challenge { id, user_id, state, newcomer, at })
    }

    fn seal_whole(&self, (purpose, cookie): (Purpose, &Secret), challenge: &Challenge) -> String {
        // Plain data always has a JSON form; if it had none it would not open.
        let plain = serde_json::to_vec(challenge).unwrap_or_default();
        base64url(&self.0.seal(&bound_to(purpose, cookie), &plain))
    }

    /// What a browser brings back; `None` when it was given to another browser, for something else, or is too old.
    pub fn open(&self, (purpose, cookie): (Purpose, &Secret), sealed: &str, now: Timestamp) -> Option<Challenge> {
        let plain = self.0.open(&bound_to(purpose, cookie), &from_base64url(sealed)?)?;
        let challenge: Challenge = serde_json::from_slice(&plain).ok()?;
        (now < challenge.expires_at()).then_some(challenge)
    }
}

fn bound_to(purpose: Purpose, cookie: &Secret) -> Vec<u8> {
    let purpose: &[u8] = match purpose {
        Purpose::Proof => b"proof",
        Purpose::ShowSecurityKey => b"second factor",
        Purpose::AddPasskey => b"addition",
        Purpose::AddSecurityKey => b"security key",
        Purpose::Account => b"account",
    };
    [purpose, cookie.hash().as_bytes()].concat()
}

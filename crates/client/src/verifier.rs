//! The verifier: rules, and the keys of an issuer that are always at hand.

mod build;
mod key_place;
mod keys;
mod refresh;

use std::sync::Arc;

pub use build::{Discovery, VerifierBuilder};

use tokio::task::AbortHandle;

use crate::claims::Claims;
use crate::clock::Clock;
use crate::jws::Jws;
use crate::refusal::{Refusal, Unavailable, VerifyError};
use crate::rules::Rules;
use keys::{Kept, Keys};
use refresh::Begun;

/// Verifies the access tokens of one issuer for one API. A copy shares the keys.
///
/// The keys of the issuer are read anew before they are out of date (`max-age` of the answer), and when a token names one that is not known, together by
/// all who wait for it and at most every 10 seconds. While the issuer cannot be reached the former ones go on, for as long as
/// [`VerifierBuilder::keep_keys_for`] says. A token whose key is known is never held up by any of this.
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    rules: Rules,
    keys: Arc<Keys>,
    clock: Clock,
    /// What reads the keys anew before they are out of date.
    background: Option<AbortHandle>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(background) = &self.background {
            background.abort();
        }
    }
}

impl Verifier {
    /// Begins a verifier of the tokens of this issuer, such as `https://login.example.org`: its address as it stands in `iss`, byte for byte.
    pub fn discover(issuer: impl Into<String>) -> Discovery {
        Discovery::new(issuer.into())
    }

    /// What a token says, when it is one for this API.
    ///
    /// # Errors
    /// [`VerifyError::Refused`] with what is wrong with it; [`VerifyError::Unavailable`] when that cannot be said, because the issuer's keys cannot be had
    /// within a second.
    pub async fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
        let token = Jws::parse(token)?;
        match self.by_kept(&token) {
            Some(decided) => Ok(decided?),
            None => self.by_others(&token).await,
        }
    }

    /// The issuer whose tokens it verifies.
    pub fn issuer(&self) -> &str {
        self.0.rules.issuer()
    }

    /// Now by its clock, in seconds since 1970.
    #[cfg(feature = "tower")]
    pub(crate) fn now(&self) -> i64 {
        self.0.clock.now()
    }

    /// The answer by the keys that are at hand, when some count and its own is among them.
    fn by_kept(&self, token: &Jws<'_>) -> Option<Result<Claims, Refusal>> {
        let shared = &*self.0;
        let kept = shared.keys.kept();
        let kept = kept.as_deref().filter(|kept| shared.keys.count(kept))?;
        match shared.rules.verify(token, &kept.set, shared.clock.now()) {
            Err(Refusal::UnknownKey) => None,
            decided => Some(decided),
        }
    }

    /// The answer when no key that is at hand decides: by those that the issuer has now.
    async fn by_others(&self, token: &Jws<'_>) -> Result<Claims, VerifyError> {
        let claimed = token.claimed();
        if claimed.as_ref().is_some_and(|claimed| claimed.iss != self.issuer()) {
            // No key of ours can make that right.
            return Err(Refusal::Issuer.into());
        }
        let keys = &self.0.keys;
        let before = keys.kept().as_deref().map(|kept| kept.at);
        match keys.begin() {
            Begun::Running(done) => {
                keys.wait(done).await;
                match self.by_kept(token) {
                    Some(decided) => Ok(decided?),
                    None if keys.kept().as_deref().map(|kept| kept.at) > before => Err(Refusal::UnknownKey.into()),
                    None => Err(keys.unavailable().into()),
                }
            }
            Begun::TooSoon(retry_after) => match keys.kept().as_deref().filter(|kept| keys.count(kept)) {
                // When it says that it is older than the keys, its key would be among them.
                Some(Kept { date, .. }) if !keys.last_failed() && claimed.is_none_or(|claimed| claimed.iat < *date) => {
                    Err(Refusal::UnknownKey.into())
                }
                _ => Err(Unavailable { retry_after }.into()),
            },
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Verifier").field(&self.0.rules).finish()
    }
}

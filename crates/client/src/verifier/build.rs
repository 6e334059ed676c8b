//! How a verifier is made: nothing is left out that it needs, by type.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use super::keys::Keys;
use super::{Shared, Verifier, refresh};
use crate::address;
use crate::algorithm::Algorithm;
use crate::build_error::BuildError;
use crate::clock::Clock;
use crate::http::{Http, sender};
use crate::rules::{Rules, TokenType};

/// For how long keys count that could not be read anew, unless it is said otherwise.
const KEEP_FOR: Duration = Duration::from_secs(24 * 3600);

/// A verifier that does not know yet for which API: there is none without.
#[derive(Clone, Debug)]
pub struct Discovery {
    issuer: String,
}

impl Discovery {
    pub(super) fn new(issuer: String) -> Self {
        Self { issuer }
    }

    /// The API whose tokens count: its identifier as it stands in `aud`, byte for byte.
    pub fn audience(self, audience: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder {
            rules: Rules::new(self.issuer, audience),
            http: None,
            clock: Clock::system(),
            keep_for: KEEP_FOR,
            key_set_at: None,
        }
    }
}

/// A verifier in the making.
#[derive(Clone)]
pub struct VerifierBuilder {
    rules: Rules,
    http: Option<Arc<dyn Http>>,
    clock: Clock,
    keep_for: Duration,
    key_set_at: Option<String>,
}

impl VerifierBuilder {
    /// Tokens for this API count, too.
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.rules = self.rules.or_audience(audience);
        self
    }

    /// Only these algorithms count; otherwise [`Algorithm::USUAL`].
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.rules = self.rules.algorithms(algorithms);
        self
    }

    /// Tokens have this type; otherwise `at+jwt`.
    pub fn token_type(mut self, token_type: TokenType) -> Self {
        self.rules = self.rules.token_type(token_type);
        self
    }

    /// How far the clocks here and there may be apart; otherwise 30 seconds.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules = self.rules.leeway(leeway);
        self
    }

    /// Tokens that are bound to a key count ([`Rules::take_key_bound`]).
    pub fn take_key_bound(mut self) -> Self {
        self.rules = self.rules.take_key_bound();
        self
    }

    /// Sends by this; otherwise by [`Reqwest`](crate::Reqwest), if the feature is on.
    pub fn http(mut self, http: impl Http) -> Self {
        self.http = Some(Arc::new(http));
        self
    }

    /// Another clock than that of the system.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// For how long keys count that could not be read anew, counted from when they were read; otherwise a day. After that, and never before, every
    /// token is answered by [`Unavailable`](crate::Unavailable).
    pub fn keep_keys_for(mut self, duration: Duration) -> Self {
        self.keep_for = duration;
        self
    }

    /// Where the key set is, of an issuer that does not say so itself.
    pub fn key_set_at(mut self, address: impl Into<String>) -> Self {
        self.key_set_at = Some(address.into());
        self
    }

    /// Reads the keys of the issuer, and is ready.
    ///
    /// # Errors
    /// When an address is neither `https` nor on this machine, and when the keys cannot be read now.
    pub async fn build(self) -> Result<Verifier, BuildError> {
        let keys = self.keys()?;
        keys.first(keys.clock.steady());
        keys.read(keys.clock.steady())
            .await
            .map_err(|error| BuildError::new(format!("the keys of {} cannot be read: {error}", keys.issuer)))?;
        Ok(self.with(keys))
    }

    /// Is ready at once, whether the issuer is there or not: until its keys could be read, every token is answered by
    /// [`Unavailable`](crate::Unavailable).
    ///
    /// # Errors
    /// When an address is neither `https` nor on this machine.
    pub fn build_lazily(self) -> Result<Verifier, BuildError> {
        let keys = self.keys()?;
        Ok(self.with(keys))
    }

    fn keys(&self) -> Result<Arc<Keys>, BuildError> {
        let issuer = self.rules.issuer().to_owned();
        address::of_metadata(&issuer).ok_or_else(|| BuildError::address(&issuer))?;
        let checked = |text: &String| address::checked(text).ok_or_else(|| BuildError::address(text));
        let fixed = self.key_set_at.as_ref().map(checked).transpose()?;
        Ok(Arc::new(Keys {
            issuer,
            is_fixed: fixed.is_some(),
            address: Mutex::new(fixed),
            http: sender(self.http.clone())?,
            clock: self.clock.clone(),
            keep_for: self.keep_for,
            kept: ArcSwapOption::empty(),
            gate: Mutex::default(),
            rests_until: 0.into(),
            failed: false.into(),
        }))
    }

    fn with(self, keys: Arc<Keys>) -> Verifier {
        let clock = self.clock;
        let background = Handle::try_current()
            .ok()
            .map(|runtime| runtime.spawn(refresh::keep_fresh(Arc::downgrade(&keys), clock.clone())).abort_handle());
        Verifier(Arc::new(Shared { rules: self.rules, keys, clock, background }))
    }
}

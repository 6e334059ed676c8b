//! The key ring: the signing keys of this node, replaced as a whole when they change.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::jwks::Jwks;
use super::key::SigningKey;
use crate::clock::Timestamp;
use crate::failure::Failure;

/// The keys in memory. Cheap to clone; all clones see the same keys.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<ArcSwap<Keys>>);

#[derive(Debug)]
struct Keys {
    keys: Vec<Arc<SigningKey>>,
    jwks: Arc<Jwks>,
}

impl KeyRing {
    /// A ring of these keys, in the order in which they begin to sign.
    pub fn new(keys: Vec<Arc<SigningKey>>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Keys::new(keys))))
    }

    /// Replaces the keys.
    pub fn replace(&self, keys: Vec<Arc<SigningKey>>) {
        self.0.store(Arc::new(Keys::new(keys)));
    }

    /// The key with this name.
    pub fn find(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.0.load().keys.iter().find(|key| key.kid() == kid).cloned()
    }

    /// The key that signs now: the youngest whose time has come.
    ///
    /// # Errors
    /// When there is none.
    pub fn signing_key(&self, now: Timestamp) -> Result<Arc<SigningKey>, Failure> {
        let keys = self.0.load();
        let due = keys.keys.iter().rev().find(|key| key.signs_from() <= now);
        due.cloned().ok_or_else(|| Failure::internal("there is no signing key whose time has come"))
    }

    /// The published keys.
    pub fn jwks(&self) -> Arc<Jwks> {
        self.0.load().jwks.clone()
    }
}

impl Keys {
    fn new(keys: Vec<Arc<SigningKey>>) -> Self {
        let jwks = Arc::new(Jwks::render(keys.iter().map(Arc::as_ref)));
        Self { keys, jwks }
    }
}

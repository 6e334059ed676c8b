//! The key ring: the signing keys of this node, replaced as a whole when they change. What each is good for, and when, is decided in
//! `protocol/key_life.rs`. Beside them, and as fresh, the secrets that APIs share with us: their lives are in `protocol/resource_secret.rs`, and
//! nothing that is published is made of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;

use super::jwks::Jwks;
use super::key::SigningKey;
use super::public_key::PublicKey;
use super::resource_secret::{HeldSecret, ResourceSecret};
use super::verified::Verified;
use super::verify::VerifiedToken;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_life::{KeyLife, is_fresh, signer};
use crate::protocol::resource_secret::{self, SecretLife};
use crate::secret::SecretHash;

/// The keys in memory. Cheap to clone; all clones see the same keys.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<Ring>);

#[derive(Debug)]
struct Ring {
    keys: ArcSwap<Keys>,
    confirmed: AtomicI64,
    verified: Verified,
}

/// A key as this node has it.
#[derive(Clone, Debug)]
pub struct HeldKey {
    /// Its life.
    pub life: KeyLife,
    /// Its public half, or why it cannot be read.
    pub public: Result<Arc<PublicKey>, Failure>,
    /// Its private half; or why there is none.
    pub private: Result<Arc<SigningKey>, Failure>,
}

#[derive(Debug)]
struct Keys {
    held: Vec<HeldKey>,
    lives: Vec<KeyLife>,
    jwks: ArcSwap<Jwks>,
    secrets: Vec<HeldSecret>,
    secret_lives: Vec<SecretLife>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new(Vec::new(), Timestamp::from_seconds(0))
    }
}

impl KeyRing {
    /// A ring of these keys and no secrets, as they were known at `now`.
    pub fn new(held: Vec<HeldKey>, now: Timestamp) -> Self {
        let keys = ArcSwap::from_pointee(Keys::new(held, Vec::new(), now));
        Self(Arc::new(Ring { keys, confirmed: AtomicI64::new(now.seconds()), verified: Verified::default() }))
    }

    /// Replaces the keys and secrets by what was known at `now`.
    pub fn replace(&self, held: Vec<HeldKey>, secrets: Vec<HeldSecret>, now: Timestamp) {
        self.0.keys.store(Arc::new(Keys::new(held, secrets, now)));
        self.confirm(now);
    }

    /// Says that the keys were still the same at `now`.
    pub fn confirm(&self, now: Timestamp) {
        self.0.confirmed.store(now.seconds(), Ordering::SeqCst);
    }

    /// Whether the keys were known not long ago: otherwise nothing is signed.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        is_fresh(Timestamp::from_seconds(self.0.confirmed.load(Ordering::SeqCst)), now)
    }

    /// The keys as this node has them, in the order in which they were made.
    pub fn held(&self) -> Vec<HeldKey> {
        self.0.keys.load().held.clone()
    }

    /// The secrets of APIs as this node has them, in the order in which they were made.
    pub fn held_secrets(&self) -> Vec<HeldSecret> {
        self.0.keys.load().secrets.clone()
    }

    /// The lives of all keys.
    pub fn lives(&self) -> Vec<KeyLife> {
        self.0.keys.load().lives.clone()
    }

    /// Of each algorithm its name, and for how many seconds its key has signed.
    pub fn ages(&self, now: Timestamp) -> Vec<(&'static str, i64)> {
        let lives = self.lives();
        let age = |algorithm: Algorithm| {
            let life = signer(&lives, algorithm.as_str(), now)?;
            Some((algorithm.as_str(), now.seconds().saturating_sub(life.signs_from.seconds())))
        };
        Algorithm::ALL.iter().copied().filter_map(age).collect()
    }

    /// The key that signs now with the first algorithm of the list for which a key has begun to.
    ///
    /// # Errors
    /// When there is none, when this node cannot open it, or when the node's knowledge is too old.
    pub fn signing_key(
        &self,
        algorithms: impl Iterator<Item = Algorithm>,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, Failure> {
        self.check_fresh(now)?;
        let keys = self.0.keys.load();
        let none = || Failure::internal("there is no signing key whose time has come");
        let life = algorithms.filter_map(|a| signer(&keys.lives, a.as_str(), now)).next().ok_or_else(none)?;
        keys.held.iter().find(|key| key.life.kid == life.kid).ok_or_else(none)?.private.clone()
    }

    /// The secret that signs the access tokens of this API now. When this node cannot open it none does: an older one never comes back.
    ///
    /// # Errors
    /// When there is none, when this node cannot open it, or when the node's knowledge is too old.
    pub(super) fn signing_secret(&self, resource: &str, now: Timestamp) -> Result<Arc<ResourceSecret>, Failure> {
        self.check_fresh(now)?;
        let keys = self.0.keys.load();
        let none = || Failure::unavailable(format!("there is no secret to sign the tokens of {resource} with"));
        let life = resource_secret::signer(&keys.secret_lives, resource, now).ok_or_else(none)?;
        keys.secrets.iter().find(|secret| secret.life.kid == life.kid).ok_or_else(none)?.secret.clone()
    }

    /// The secret of this name under which an access token may stand now.
    pub(super) fn secret(&self, kid: &str, now: Timestamp) -> Option<Arc<ResourceSecret>> {
        let keys = self.0.keys.load();
        let found = keys.secrets.iter().find(|secret| secret.life.kid == kid && secret.life.is_taken(now))?;
        found.secret.clone().ok()
    }

    fn check_fresh(&self, now: Timestamp) -> Result<(), Failure> {
        if self.is_fresh(now) {
            return Ok(());
        }
        Err(Failure::unavailable("the signing keys were not brought up to date for too long to sign with"))
    }

    /// The public key of this name under which an access token may stand now.
    pub(super) fn published(&self, kid: &str, now: Timestamp) -> Option<Arc<PublicKey>> {
        let keys = self.0.keys.load();
        let key = keys.held.iter().find(|key| key.life.kid == kid)?;
        key.public.clone().ok().filter(|_| key.life.standing(&keys.lives, now).published)
    }

    /// The claims of a token whose signature was found right lately, when its key is published now as it was.
    pub(super) fn verified(&self, hash: &SecretHash, now: Timestamp) -> Option<VerifiedToken> {
        self.0.verified.get(hash, |kid| self.published(kid, now))
    }

    /// Keeps in mind what a key that is published vouches for.
    pub(super) fn keep_verified(&self, hash: &SecretHash, by: (&str, Arc<PublicKey>), claims: &VerifiedToken) {
        self.0.verified.keep(hash, by, claims);
    }

    /// The public key of this name under which a hint may stand.
    pub(super) fn known(&self, kid: &str) -> Option<Arc<PublicKey>> {
        let keys = self.0.keys.load();
        let key = keys.held.iter().find(|key| key.life.kid == kid)?;
        key.public.clone().ok().filter(|_| key.life.revoked_at.is_none())
    }

    /// The published keys now.
    pub fn jwks(&self, now: Timestamp) -> Arc<Jwks> {
        let keys = self.0.keys.load();
        let jwks = keys.jwks.load_full();
        if jwks.holds_at(now) {
            return jwks;
        }
        let rendered = Arc::new(Jwks::render(&keys.held, &keys.lives, now));
        keys.jwks.store(rendered.clone());
        rendered
    }
}

impl Keys {
    fn new(held: Vec<HeldKey>, secrets: Vec<HeldSecret>, now: Timestamp) -> Self {
        let lives: Vec<KeyLife> = held.iter().map(|key| key.life.clone()).collect();
        let jwks = ArcSwap::from_pointee(Jwks::render(&held, &lives, now));
        let secret_lives = secrets.iter().map(|secret| secret.life.clone()).collect();
        Self { held, lives, jwks, secrets, secret_lives }
    }
}

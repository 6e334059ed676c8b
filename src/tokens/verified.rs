//! Access tokens whose signatures were found right lately, so that one that is shown again and again costs one look at a key.
//!
//! Nothing else is remembered: whoever finds a token here asks again whether its key is still published, whether its time is right and what the database
//! says of it. It is found by its SHA-256, so nobody can find one that they do not have.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;

use super::public_key::PublicKey;
use super::verify::VerifiedToken;
use crate::secret::SecretHash;

/// How many there are at most: 1 MB, as long as usual ones are,
const MOST: usize = 1024;
/// and how long each is, as it is shown, in bytes.
pub(super) const LONGEST: usize = 4096;

/// The last ones, by their hashes.
pub(super) struct Verified(Mutex<LruCache<Box<[u8]>, Found>>);

/// What a signature vouches for.
struct Found {
    kid: String,
    key: Arc<PublicKey>,
    claims: VerifiedToken,
}

impl Default for Verified {
    fn default() -> Self {
        // It takes room as it fills.
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verified(..)")
    }
}

impl Verified {
    /// The claims of a token that was kept, when the key that it names is still the one that signed it: `find` gives the published key of a name.
    pub(super) fn get(
        &self,
        hash: &SecretHash,
        find: impl FnOnce(&str) -> Option<Arc<PublicKey>>,
    ) -> Option<VerifiedToken> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(hash.as_bytes())?;
        find(&found.kid).filter(|key| Arc::ptr_eq(key, &found.key))?;
        Some(found.claims.clone())
    }

    /// Keeps the claims of a token that the key with this name has signed.
    pub(super) fn keep(&self, hash: &SecretHash, (kid, key): (&str, Arc<PublicKey>), claims: &VerifiedToken) {
        let found = Found { kid: kid.to_owned(), key, claims: claims.clone() };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(hash.as_bytes().into(), found);
    }
}

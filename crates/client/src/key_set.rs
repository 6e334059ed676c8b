//! The keys of an issuer (RFC 7517 §5), read key by key: one that is broken does not spoil the others.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::algorithm::Algorithm;
use crate::jws::Jws;
use crate::public_key::{Jwk, PublicKey};
use crate::refusal::Refusal;
use crate::strict::Object;

/// The public keys of an issuer, ready to verify.
#[derive(Debug, Default)]
pub struct KeySet {
    by_id: HashMap<String, Vec<PublicKey>>,
    nameless: Vec<PublicKey>,
    skipped: usize,
}

/// The text is not a key set at all. A set with broken keys is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKeySet;

impl std::fmt::Display for NotAKeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this is not a key set")
    }
}

impl std::error::Error for NotAKeySet {}

impl KeySet {
    /// Reads a set. Keys that are broken, encrypt, or verify nothing that is known here are left out.
    ///
    /// # Errors
    /// When it is no JSON object with an array `keys`.
    pub fn parse(json: &[u8]) -> Result<Self, NotAKeySet> {
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let Object(set) = serde_json::from_slice::<Object<Set<'_>>>(json).map_err(|_| NotAKeySet)?;
        let mut read = Self::default();
        for text in set.keys {
            let Ok(Object(jwk)) = serde_json::from_str::<Object<Jwk>>(text.get()) else {
                read.skipped += 1;
                continue;
            };
            let keys = jwk.public_keys();
            if keys.is_empty() {
                read.skipped += 1;
                continue;
            }
            match jwk.kid {
                Some(kid) => read.by_id.entry(kid).or_default().extend(keys),
                None => read.nameless.extend(keys),
            }
        }
        Ok(read)
    }

    /// How many keys were left out.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Whether nothing can be verified with it.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.nameless.is_empty()
    }

    /// The key that a token names. One that names none means the only key of its algorithm.
    ///
    /// `allowed` says which algorithms count.
    ///
    /// # Errors
    /// [`Refusal::Algorithm`] when the token's is not allowed, or is not that of the key; [`Refusal::UnknownKey`].
    pub fn find(&self, token: &Jws<'_>, allowed: &[Algorithm]) -> Result<&PublicKey, Refusal> {
        let algorithm = Algorithm::named(token.algorithm()).filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or(Refusal::Algorithm)?;
        let fits = |key: &&PublicKey| key.algorithm() == algorithm;
        let Some(kid) = token.key_id() else {
            let mut all = self.by_id.values().flatten().chain(&self.nameless).filter(fits);
            let only = all.next().ok_or(Refusal::UnknownKey)?;
            return if all.next().is_none() { Ok(only) } else { Err(Refusal::UnknownKey) };
        };
        let named = self.by_id.get(kid).ok_or(Refusal::UnknownKey)?;
        named.iter().find(fits).ok_or(Refusal::Algorithm)
    }
}

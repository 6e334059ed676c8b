//! The master key and what is derived from it: authenticated encryption (AES-256-GCM) and MAC keys, one for each purpose.
//!
//! Every purpose gets its own key by HKDF-SHA-256 (RFC 5869) with the purpose as `info`, so a text sealed for one can never be
//! opened as another. Sealing keys are used for short-lived texts and for a handful of key records: random 96-bit nonces
//! stay far below their bound.
//!
//! When the master key changes, the former one is accepted beside it for a while. Which of the two makes new texts is what the
//! database says: all nodes of one database hold that one, whether they were started before the change or after it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::random;
use crate::secret::{MacKey, Secret, base64url, from_base64url, sha256};

/// The installation's master key: 32 bytes. Everything that must stay readable only to us hangs on it. May hold the former one too.
/// All clones share the one copy in memory, which is wiped with the last of them.
#[derive(Clone)]
pub struct MasterKey {
    /// The current one, and after it the former one if there is one.
    keys: Vec<Arc<Zeroizing<[u8; 32]>>>,
    in_use: InUse,
}

/// Which of the keys makes new texts: its place in the list. Shared by all that was derived.
type InUse = Arc<AtomicUsize>;

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self::alone(&Zeroizing::new(random::bytes()))
    }

    fn alone(key: &[u8; 32]) -> Self {
        // Written where it stays: no copy is left behind by a move.
        let mut place = Arc::new(Zeroizing::new([0; 32]));
        if let Some(place) = Arc::get_mut(&mut place) {
            place.copy_from_slice(key);
        }
        Self { keys: vec![place], in_use: InUse::default() }
    }

    /// This key, with a former one that is accepted too.
    #[must_use]
    pub fn accepting(mut self, former: &Self) -> Self {
        self.keys.extend(former.keys.first().cloned());
        self
    }

    /// Lets the key with this id make new texts from now on, here and in all that was derived; `false` when it is neither of them.
    pub fn use_key(&self, id: &str) -> bool {
        let at = self.ids().position(|known| known == id);
        if let Some(at) = at {
            self.in_use.store(at, Ordering::SeqCst);
        }
        at.is_some()
    }

    /// The ids of the current key and, after it, of the former one.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| base64url(&sha256(derive(key.as_slice(), "id").as_slice())[..12]))
    }

    /// Reads the form of the configuration: 32 bytes in base64url, surrounding white space ignored. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(from_base64url(text.trim().trim_end_matches('='))?);
        Some(Self::alone(bytes.as_slice().try_into().ok()?))
    }

    /// The text for the key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.keys.first().map(|key| base64url(key.as_slice())).unwrap_or_default())
    }

    /// A public name of the current key, which says nothing about it: tells in the database which key sealed a record.
    pub fn id(&self) -> String {
        self.ids().next().unwrap_or_default()
    }

    /// The sealing key for one purpose.
    pub fn sealing_key(&self, purpose: &'static str) -> SealingKey {
        let keys = self.keys.iter().map(|key| aead_key(&derive(key.as_slice(), purpose)));
        SealingKey { keys: keys.collect(), in_use: self.in_use.clone() }
    }

    /// The MAC key for one purpose.
    pub fn mac_key(&self, purpose: &'static str) -> MacKey {
        let keys: Vec<_> = self.keys.iter().map(|key| derive(key.as_slice(), purpose)).collect();
        MacKey::of(keys.iter().map(|key| &**key), self.in_use.clone())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

#[expect(clippy::expect_used, reason = "the only error is a length over 255 hashes; 32 bytes are one")]
fn derive(secret: &[u8], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, b"doorward")
        .extract(secret)
        .expand(&[purpose.as_bytes()], Bytes32)
        .and_then(|okm| okm.fill(out.as_mut_slice()))
        .expect("HKDF gives 32 bytes");
    out
}

#[expect(clippy::expect_used, reason = "the only error is a wrong key length; it is 32 by type")]
fn aead_key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("a key of 32 bytes"))
}

/// Seals and opens texts for one purpose.
pub struct SealingKey {
    keys: Vec<LessSafeKey>,
    in_use: InUse,
}

impl SealingKey {
    /// The key that a secret of 256 random bits gives for one purpose: only who presents the secret can open what it sealed.
    pub fn from_secret(secret: &Secret, purpose: &'static str) -> Self {
        let key = aead_key(&derive(secret.expose().as_bytes(), purpose));
        Self { keys: vec![key], in_use: InUse::default() }
    }

    /// Encrypts: nonce, ciphertext and tag in one piece, `plain.len() + 28` bytes. `bound_to` must be the same at opening.
    ///
    /// # Panics
    /// Never for texts under 64 GiB.
    #[expect(clippy::expect_used, reason = "AES-GCM fails only over 64 GiB")]
    pub fn seal(&self, bound_to: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; 12] = random::bytes();
        let mut body = plain.to_vec();
        self.keys[self.in_use.load(Ordering::SeqCst)]
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut body)
            .expect("the text is short");
        [nonce.as_slice(), body.as_slice()].concat()
    }

    /// Decrypts; `None` when it was not sealed by this key for this purpose and binding, or was changed.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_first_chunk::<12>()?;
        self.keys.iter().find_map(|key| {
            let mut body = Zeroizing::new(body.to_vec());
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let length = key.open_in_place(nonce, Aad::from(bound_to), &mut body).ok()?.len();
            body.truncate(length);
            Some(body)
        })
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_only_under_its_key_purpose_and_binding() {
        let master = MasterKey::generate();
        let key = master.sealing_key("a");
        let sealed = key.seal(b"browser", b"text");
        assert_eq!(key.open(b"browser", &sealed).unwrap().as_slice(), b"text");
        assert!(key.open(b"other", &sealed).is_none());
        assert!(master.sealing_key("b").open(b"browser", &sealed).is_none());
        assert!(MasterKey::generate().sealing_key("a").open(b"browser", &sealed).is_none());
        assert!(key.open(b"browser", &sealed[..5]).is_none());
    }

    #[test]
    fn a_former_master_key_opens_and_the_one_in_use_seals() {
        let (old, new) = (MasterKey::generate(), MasterKey::generate());
        let both = new.clone().accepting(&old);
        let (sealing, mac) = (both.sealing_key("a"), both.mac_key("a"));
        assert!(both.use_key(&old.id()));
        let (sealed, tag) = (sealing.seal(b"", b"text"), mac.sign(&[b"text"]));
        assert!(old.sealing_key("a").open(b"", &sealed).is_some() && old.mac_key("a").verify(&[b"text"], &tag));
        assert!(both.use_key(&new.id()));
        assert!(sealing.open(b"", &sealed).is_some() && mac.verify(&[b"text"], &tag));
        let (sealed, tag) = (sealing.seal(b"", b"text"), mac.sign(&[b"text"]));
        assert!(new.sealing_key("a").open(b"", &sealed).is_some() && new.mac_key("a").verify(&[b"text"], &tag));
        assert!(old.sealing_key("a").open(b"", &sealed).is_none() && !old.mac_key("a").verify(&[b"text"], &tag));
        assert!(!both.use_key(&MasterKey::generate().id()));
    }

    #[test]
    fn a_master_key_is_read_back_as_it_was_written() {
        let key = MasterKey::generate();
        assert_eq!(MasterKey::parse(&format!("{}\n", key.to_text().as_str())).unwrap().id(), key.id());
        assert!(MasterKey::parse("c2hvcnQ").is_none());
    }
}

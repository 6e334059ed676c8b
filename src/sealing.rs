//! The master key and what is derived from it: authenticated encryption (AES-256-GCM) and MAC keys, one for each purpose.
//!
//! Every purpose gets its own key by HKDF-SHA-256 (RFC 5869) with the purpose as `info`, so a text sealed for one can never be
//! opened as another. Sealing keys are used for short-lived texts and for a handful of key records: random 96-bit nonces
//! stay far below their bound.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::random;
use crate::secret::{MacKey, Secret, base64url, from_base64url, sha256};

/// The installation's master key: 32 bytes. Everything that must stay readable only to us hangs on it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self(Zeroizing::new(random::bytes()))
    }

    /// Reads the form of the configuration: 32 bytes in base64url, surrounding white space ignored. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(from_base64url(text.trim().trim_end_matches('='))?);
        let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(key)))
    }

    /// The text for the key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(base64url(self.0.as_slice()))
    }

    /// A public name of the key, which says nothing about it: tells in the database which key sealed a record.
    pub fn id(&self) -> String {
        base64url(&sha256(self.derive("id").as_slice())[..12])
    }

    /// The sealing key for one purpose.
    pub fn sealing_key(&self, purpose: &'static str) -> SealingKey {
        SealingKey::new(&self.derive(purpose))
    }

    /// The MAC key for one purpose.
    pub fn mac_key(&self, purpose: &'static str) -> MacKey {
        MacKey::new(&self.derive(purpose))
    }

    fn derive(&self, purpose: &'static str) -> Zeroizing<[u8; 32]> {
        derive(self.0.as_slice(), purpose)
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

/// Seals and opens texts for one purpose.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    #[expect(clippy::expect_used, reason = "the only error is a wrong key length; it is 32 by type")]
    fn new(bytes: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("a key of 32 bytes")))
    }

    /// The key that a secret of 256 random bits gives for one purpose: only who presents the secret can open what it sealed.
    pub fn from_secret(secret: &Secret, purpose: &'static str) -> Self {
        Self::new(&derive(secret.expose().as_bytes(), purpose))
    }

    /// Encrypts: nonce, ciphertext and tag in one piece, `plain.len() + 28` bytes. `bound_to` must be the same at opening.
    ///
    /// # Panics
    /// Never for texts under 64 GiB.
    #[expect(clippy::expect_used, reason = "AES-GCM fails only over 64 GiB")]
    pub fn seal(&self, bound_to: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; 12] = random::bytes();
        let mut body = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut body)
            .expect("the text is short");
        [nonce.as_slice(), body.as_slice()].concat()
    }

    /// Decrypts; `None` when it was not sealed by this key for this purpose and binding, or was changed.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_first_chunk::<12>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length =
            self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound_to), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
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
    fn a_master_key_is_read_back_as_it_was_written() {
        let key = MasterKey::generate();
        assert_eq!(MasterKey::parse(&format!("{}\n", key.to_text().as_str())).unwrap().id(), key.id());
        assert!(MasterKey::parse("c2hvcnQ").is_none());
    }
}

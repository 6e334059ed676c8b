//! Secrets and their hashes as types: neither can be printed, logged or compared by accident.
//!
//! Only SHA-256 hashes of the secrets that we hand out are ever stored: each carries 256 random bits, for which a plain
//! hash is right (a slow one is for passwords, see `password.rs`). What is shorter than that is not a [`Secret`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// A secret that we made or were shown: a code, a token, a client secret, a cookie value. Text, at most a few hundred bytes.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes what was presented. Nothing is checked: the hash decides.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself: for the one answer that hands it out, never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The SHA-256 under which it is stored.
    pub fn hash(&self) -> SecretHash {
        SecretHash(sha256(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The SHA-256 of a [`Secret`], 32 bytes; compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// What is compared where there is no hash. Nobody knows a secret of it.
    pub const NONE: Self = Self([0; 32]);

    /// The 32 bytes, for the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the 32 bytes back; `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// The letters of a [`ShortCode`]: consonants alone, so that no word comes of them, and none that is taken for a digit.
pub const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters it has.
pub const CODE_LENGTH: usize = 8;

/// A secret that a person can type: eight consonants, 34 random bits. Too few for a plain hash: it is kept as a [`MacKey`] makes it, and who
/// guesses is counted.
#[derive(Clone)]
pub struct ShortCode(Zeroizing<String>);

impl ShortCode {
    /// A code of these letters.
    pub(crate) fn of(letters: [u8; CODE_LENGTH]) -> Self {
        Self(Zeroizing::new(letters.map(char::from).iter().collect()))
    }

    /// What a person typed: large or small letters, with any spaces and hyphens. `None` when that cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        let is_filler = |letter: char| letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}');
        let mut letters = Zeroizing::new(String::with_capacity(CODE_LENGTH));
        for letter in text.chars().filter(|letter| !is_filler(*letter)) {
            let letter = letter.to_ascii_uppercase();
            let is_one = u8::try_from(letter).is_ok_and(|byte| CODE_LETTERS.contains(&byte));
            if !is_one || letters.len() == CODE_LENGTH {
                return None;
            }
            letters.push(letter);
        }
        (letters.len() == CODE_LENGTH).then_some(Self(letters))
    }

    /// The eight letters, for a [`MacKey`].
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// As a person reads it, in two groups: for the one message that hands it out.
    pub fn expose(&self) -> String {
        let (first, second) = self.0.split_at(CODE_LENGTH / 2);
        format!("{first}-{second}")
    }
}

impl fmt::Debug for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShortCode(..)")
    }
}

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-1 of the bytes: for lists that others publish in it, and for nothing that must hold.
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut out = [0; 20];
    out.copy_from_slice(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    out
}

/// SHA-512 of the bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    out.copy_from_slice(digest::digest(&digest::SHA512, bytes).as_ref());
    out
}

/// Base64url without padding (RFC 4648 §5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends base64url without padding to a text.
pub fn append_base64url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Reads base64url without padding; `None` when it is anything else.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// An HMAC-SHA-256 key. Signs and checks short texts such as CSRF tokens.
#[derive(Clone)]
pub struct MacKey {
    keys: Vec<hmac::Key>,
    in_use: Arc<AtomicUsize>,
}

impl MacKey {
    /// A key from 32 bytes that were derived for this one purpose.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self::of([bytes].into_iter(), Arc::default())
    }

    /// Several keys that are all good for checking; the one at the place `in_use` signs.
    pub(crate) fn of<'a>(keys: impl Iterator<Item = &'a [u8; 32]>, in_use: Arc<AtomicUsize>) -> Self {
        Self { keys: keys.map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, bytes)).collect(), in_use }
    }

    /// The tag over all parts, each preceded by its length so that no two lists of parts collide; base64url.
    pub fn sign(&self, parts: &[&[u8]]) -> String {
        sign_with(&self.keys[self.in_use.load(Ordering::SeqCst)], parts)
    }

    /// Whether `tag` is the tag over the parts, in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &str) -> bool {
        let all = self.keys.iter().map(|key| sign_with(key, parts).as_bytes().ct_eq(tag.as_bytes()));
        all.fold(Choice::from(0), |found, this| found | this).into()
    }
}

fn sign_with(key: &hmac::Key, parts: &[&[u8]]) -> String {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    base64url(context.sign().as_ref())
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_and_its_hash_print_nothing() {
        let secret = Secret::presented("correct horse");
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(..) SecretHash(..)");
    }

    #[test]
    fn a_code_is_read_as_people_type_it_and_as_nothing_else() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk\n", "B-C-D-F-G-H-J-K", "BCDF\u{2011}GHJK"] {
            let code = ShortCode::typed(typed).expect(typed);
            assert_eq!((code.expose().as_str(), format!("{code:?}").as_str()), ("BCDF-GHJK", "ShortCode(..)"));
        }
        for other in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ0", "\u{412}CDFGHJK", "BCDF_GHJK"] {
            assert!(ShortCode::typed(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_mac_keeps_its_parts_apart() {
        let key = MacKey::new(&[7; 32]);
        assert_ne!(key.sign(&[b"ab", b"c"]), key.sign(&[b"a", b"bc"]));
        assert!(key.verify(&[b"ab", b"c"], &key.sign(&[b"ab", b"c"])));
        assert!(!key.verify(&[b"ab", b"c"], "x"));
    }
}

//! `[keys]`: the master key, or where it lies; what the signing keys are, and when they change.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::Mistakes;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_schedule::Rhythm;
use crate::sealing::MasterKey;

/// `[keys]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// 32 bytes in base64url; empty when not given.
    pub master_key: SecretSetting,
    /// A file that holds them; empty when not given.
    pub master_key_file: PathBuf,
    /// The master key before, while both are accepted; empty when not given.
    pub former_master_key: SecretSetting,
    /// A file that holds it; empty when not given.
    pub former_master_key_file: PathBuf,
    /// What is signed with unless a client or a resource wants something else.
    pub algorithm: Algorithm,
    /// The size of new RSA keys: 2048, 3072 or 4096 bits.
    pub rsa_bits: u32,
    /// How long a key signs, in seconds.
    pub rotation_interval: i64,
    /// How long before its first signature a key is published, in seconds.
    pub publication_lead: i64,
    /// How long verifiers may keep the key set and the metadata, in seconds.
    pub jwks_max_age: i64,
}

impl KeysConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.note(one_key("keys.master_key", &self.master_key, &self.master_key_file));
        mistakes.note(one_key("keys.former_master_key", &self.former_master_key, &self.former_master_key_file));
        if ![2048, 3072, 4096].contains(&self.rsa_bits) {
            mistakes.add(format!("keys.rsa_bits is {}, but must be 2048, 3072 or 4096", self.rsa_bits));
        }
        mistakes.within("keys.jwks_max_age", self.jwks_max_age, 0, 3600);
        mistakes.within("keys.publication_lead", self.publication_lead, 0, 366 * 86_400);
        mistakes.within("keys.rotation_interval", self.rotation_interval, 600, 10 * 366 * 86_400);
        mistakes.note(self.rhythm().check());
    }

    /// Wipes the master keys out of the settings: to be called when they have been read.
    pub fn forget_secrets(&mut self) {
        (self.master_key, self.former_master_key) = (SecretSetting::default(), SecretSetting::default());
    }

    /// When keys change.
    pub const fn rhythm(&self) -> Rhythm {
        Rhythm { interval: self.rotation_interval, lead: self.publication_lead, max_age: self.jwks_max_age }
    }
}

/// Checks a master key that can be given in two ways.
fn one_key(name: &str, inline: &SecretSetting, file: &Path) -> Result<(), String> {
    match (inline.expose(), file.as_os_str().is_empty()) {
        ("", _) => Ok(()),
        (_, false) => Err(format!("{name} and {name}_file are both given: give one")),
        (text, true) if MasterKey::parse(text).is_none() => {
            Err(format!("{name} must be 32 bytes in base64url (43 characters)"))
        }
        (_, true) => Ok(()),
    }
}

/// A setting that is never shown, and wiped when it is dropped.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretSetting(Zeroizing<String>);

impl SecretSetting {
    /// One that was read elsewhere, such as from a file.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretSetting(..)")
    }
}

impl Serialize for SecretSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() { "" } else { "..." })
    }
}

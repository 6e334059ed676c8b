//! `[keys]`: the master key, or where it lies.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::sealing::MasterKey;

/// `[keys]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// 32 bytes in base64url; empty when not given.
    pub master_key: SecretSetting,
    /// A file that holds them; empty when not given.
    pub master_key_file: PathBuf,
}

impl KeysConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let inline = !self.master_key.expose().is_empty();
        if inline && !self.master_key_file.as_os_str().is_empty() {
            return Err("keys.master_key and keys.master_key_file are both given: give one".to_owned());
        }
        match inline && MasterKey::parse(self.master_key.expose()).is_none() {
            true => Err("keys.master_key must be 32 bytes in base64url (43 characters)".to_owned()),
            false => Ok(()),
        }
    }
}

/// A setting that is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct SecretSetting(Zeroizing<String>);

impl SecretSetting {
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

//! `[passkeys]`: which devices people may use, and what is asked of their makers. Whether they use any says `sign_in.passkeys`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::mistakes::Mistakes;
use crate::protocol::passkey::{Aaguid, Attestation};

/// `[passkeys]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeysConfig {
    /// The makes of devices whose passkeys are taken; all when there is none.
    pub authenticators: Vec<Aaguid>,
    /// Whether makers attest what their devices are.
    pub attestation: Attestation,
    /// A PEM file of the root certificates of makers whose devices keep keys in hardware; empty when there is none.
    pub attestation_roots: PathBuf,
}

impl PasskeysConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if self.attestation != Attestation::None && self.attestation_roots.as_os_str().is_empty() {
            mistakes.add(format!(
                "passkeys.attestation is \"{}\", but passkeys.attestation_roots is empty: give the file with the root certificates of the makers whose \
                 devices are trusted",
                self.attestation
            ));
        }
    }
}

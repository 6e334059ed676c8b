//! `[server.tls]`: the certificate that the server shows, when it speaks TLS itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[server.tls]`. Both files, or none.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// A PEM file: the certificate, then those that lead to its root.
    pub cert: PathBuf,
    /// A PEM file: the certificate's private key.
    pub key: PathBuf,
}

impl TlsConfig {
    /// Whether the server speaks TLS itself.
    pub fn is_on(&self) -> bool {
        !self.cert.as_os_str().is_empty()
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if self.cert.as_os_str().is_empty() != self.key.as_os_str().is_empty() {
            mistakes.add("server.tls needs both cert and key, or neither");
        }
    }
}

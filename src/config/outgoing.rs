//! `[outgoing]`: what the guarded HTTP client may call.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[outgoing]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutgoingConfig {
    /// `host:port` pairs that may have private addresses.
    pub allow: Vec<String>,
    /// A PEM file of further certificate authorities; empty when none.
    pub ca: PathBuf,
}

impl OutgoingConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        let has_port =
            |host: &String| host.rsplit_once(':').is_some_and(|(h, p)| !h.is_empty() && p.parse::<u16>().is_ok());
        for host in self.allow.iter().filter(|host| !has_port(host)) {
            mistakes.add(format!("outgoing.allow: '{host}' must be written host:port"));
        }
    }
}

//! `[metrics]`: where numbers are given to Prometheus.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[metrics]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// An address with a port; empty when nobody counts.
    pub listen: String,
}

impl MetricsConfig {
    /// Whether numbers are counted and given.
    pub fn is_on(&self) -> bool {
        !self.listen.is_empty()
    }

    /// Whether others than this machine may reach them.
    pub(super) fn is_exposed(&self) -> bool {
        self.listen.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback())
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if self.is_on() && self.listen.parse::<SocketAddr>().is_err() {
            mistakes.add(format!(
                "metrics.listen is '{}', but must be an address and a port such as 127.0.0.1:9464",
                self.listen
            ));
        }
    }
}

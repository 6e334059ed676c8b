//! `[telemetry]`: who is told of traces.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Mistakes;

/// `[telemetry]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// The address of a collector that speaks OTLP over HTTP, without `/v1/traces`; empty when nobody is told.
    pub otlp: String,
    /// Of the traces that begin here, the part that is told: 0 to 1.
    pub sample: f64,
}

impl TelemetryConfig {
    /// Whether somebody is told.
    pub fn is_on(&self) -> bool {
        !self.otlp.is_empty()
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        let is_http = |url: Url| matches!(url.scheme(), "http" | "https") && url.query().is_none();
        if self.is_on() && !Url::parse(&self.otlp).is_ok_and(is_http) {
            mistakes.add(format!("telemetry.otlp is '{}', but must be a URL such as http://127.0.0.1:4318", self.otlp));
        }
        if !(0.0..=1.0).contains(&self.sample) {
            mistakes.add(format!("telemetry.sample is {}, but must be from 0 to 1", self.sample));
        }
    }
}

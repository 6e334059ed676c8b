//! `[log]`: how the log is written.

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[log]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: String,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if !["error", "warn", "info", "debug", "trace"].contains(&self.level.as_str()) {
            mistakes.add(format!("log.level is '{}', but must be error, warn, info, debug or trace", self.level));
        }
    }
}

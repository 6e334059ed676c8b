//! `[audit]`: how long the record of what happened is kept, and where else it goes.

use serde::{Deserialize, Serialize};

use super::Mistakes;

/// `[audit]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// How long rows are kept, in seconds; 0: for ever.
    pub retention: i64,
    /// Whether each event is also a line of JSON on standard output.
    pub stdout: bool,
}

impl AuditConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if self.retention != 0 {
            mistakes.within("audit.retention", self.retention, 86_400, 100 * 366 * 86_400);
        }
    }
}

//! `[registration]`: whether people make accounts for themselves.

use serde::{Deserialize, Serialize};

/// `[registration]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Whether they can.
    pub enabled: bool,
    /// Whether the address is proved before there is an account, where mail can be sent.
    pub prove_address: bool,
    /// After how many days an account ends whose address was never proved; 0 for never.
    pub unproven_days: u32,
}

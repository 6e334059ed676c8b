//! `[tokens]`: how long codes and tokens live.

use serde::{Deserialize, Serialize};

use super::within;

/// `[tokens]`, in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// A code.
    pub code_lifetime: i64,
    /// An access token.
    pub access_token_lifetime: i64,
    /// An ID token.
    pub id_token_lifetime: i64,
}

impl TokensConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        within("tokens.code_lifetime", self.code_lifetime, 1, 600)?;
        within("tokens.access_token_lifetime", self.access_token_lifetime, 10, 86_400)?;
        within("tokens.id_token_lifetime", self.id_token_lifetime, 10, 86_400)
    }
}

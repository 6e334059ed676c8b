//! `[tokens]`: how long codes and tokens live.

use serde::{Deserialize, Serialize};

use super::Mistakes;
use crate::protocol::refresh::RETRY;

/// `[tokens]`; times in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokensConfig {
    /// A code.
    pub code_lifetime: i64,
    /// An access token.
    pub access_token_lifetime: i64,
    /// An ID token.
    pub id_token_lifetime: i64,
    /// The longest pause between two uses of a grant's refresh tokens.
    pub refresh_idle: i64,
    /// The longest life of a grant with refresh tokens.
    pub refresh_absolute: i64,
    /// What the reuse of a refresh token ends.
    pub on_reuse: OnReuse,
}

/// What ends when a refresh token is used again (RFC 9700 §4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnReuse {
    /// Every sign-in and grant of its user.
    User,
    /// The grant it belongs to.
    Grant,
}

impl TokensConfig {
    /// The longest lifetime of a signed token, in seconds.
    pub fn longest(&self) -> i64 {
        self.access_token_lifetime.max(self.id_token_lifetime)
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.within("tokens.code_lifetime", self.code_lifetime, 1, 600);
        // Not shorter than a lost answer can be asked for again: that one must still be worth something.
        mistakes.within("tokens.access_token_lifetime", self.access_token_lifetime, RETRY, 86_400);
        mistakes.within("tokens.id_token_lifetime", self.id_token_lifetime, 10, 86_400);
        mistakes.within("tokens.refresh_idle", self.refresh_idle, 60, 31_536_000);
        mistakes.within("tokens.refresh_absolute", self.refresh_absolute, 60, 31_536_000);
    }
}

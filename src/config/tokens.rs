//! `[tokens]`: how long codes and tokens live, and what ID tokens say.

use serde::{Deserialize, Serialize};

use super::Mistakes;
use crate::protocol::on_reuse::OnReuse;
use crate::protocol::refresh::RETRY;

/// The longest that any setting lets a signed token live, in seconds.
pub const LONGEST_LIFETIME: i64 = 86_400;

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
    /// Whether ID tokens carry what the scopes `profile`, `email` and `roles` release.
    pub id_token_claims: bool,
    /// How long after the first use of a refresh token its answer may be superseded, while nobody has used it.
    pub lost_answer: i64,
    /// What the reuse of a refresh token of the operator's own clients ends.
    pub on_reuse: OnReuse,
}

impl TokensConfig {
    /// The longest lifetime of a signed token, in seconds.
    pub fn longest(&self) -> i64 {
        self.access_token_lifetime.max(self.id_token_lifetime)
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.within("tokens.code_lifetime", self.code_lifetime, 1, 600);
        // Not shorter than a lost answer can be asked for again: that one must still be worth something.
        mistakes.within("tokens.access_token_lifetime", self.access_token_lifetime, RETRY, LONGEST_LIFETIME);
        mistakes.within("tokens.id_token_lifetime", self.id_token_lifetime, 10, LONGEST_LIFETIME);
        mistakes.within("tokens.refresh_idle", self.refresh_idle, 60, 31_536_000);
        mistakes.within("tokens.refresh_absolute", self.refresh_absolute, 60, 31_536_000);
        // Not longer than clean-up keeps a token that has expired.
        mistakes.within("tokens.lost_answer", self.lost_answer, 0, 86_400);
    }
}

//! A sign-in: one browser's authenticated session, and when it ends by itself (NIST SP 800-63B-4 §2.2.3).

use super::assurance;
use super::proof::Proofs;
use super::second_factor::Guards;
use crate::clock::Timestamp;

/// One browser's authenticated session.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// A row id; the `sid` of ID tokens. Not the cookie.
    pub id: String,
    /// Who is signed in.
    pub user_id: String,
    /// The user's e-mail address, if the account has one.
    pub email: Option<String>,
    /// The user's name.
    pub name: String,
    /// Every role of the user, as [`User::all_roles`](super::user::User::all_roles) tells them.
    pub roles: Vec<String>,
    /// The language that the user wants to be spoken to: their claim `locale` (OpenID Connect Core §5.1).
    pub locale: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// How the person last authenticated.
    pub proofs: Proofs,
    /// The id of the journey on which the person last authenticated.
    pub journey_id: Option<String>,
    /// By what else the account is guarded now.
    pub guards: Guards,
}

impl SignIn {
    /// What the person is called where one line is to say who is signed in: by the address, or by the name without one.
    pub fn called(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.name)
    }

    /// When the person last authenticated.
    pub fn auth_time(&self) -> Timestamp {
        assurance::auth_time(&self.proofs)
    }

    /// Whether it still holds, `idle` seconds being the longest pause between two uses.
    pub fn is_live(&self, idle: i64, now: Timestamp) -> bool {
        now < self.expires_at && now < self.last_used_at.plus(idle)
    }
}

/// How far `last_used_at` may lag behind, in seconds: a use within that time writes nothing.
pub const USE_IS_NOTED_AFTER: i64 = 60;

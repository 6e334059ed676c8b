//! Logout tokens of providers (OpenID Connect Back-Channel Logout §2.6): each is taken once, and whose sign-ins it means.

use super::{Reader, Transaction, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;

statements! {
    // Beside the names of our own tokens that were revoked, which none of these can be: what is worth nothing from now on.
    USE_LOGOUT_TOKEN = "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING RETURNING jti";
    IDENTITIES_OF_SESSION = "SELECT DISTINCT i.id, i.user_id FROM sign_ins s JOIN identities i ON i.id = s.identity_id \
        WHERE s.upstream_sid = $1 AND i.issuer = $2 AND s.ended_at IS NULL ORDER BY i.user_id, i.id";
}

impl Transaction {
    /// Takes a logout token by its name, which holds the issuer's; `false` when it was taken before. Nothing of it is known any more when it has
    /// expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_logout_token(&mut self, name: &str, expires_at: Timestamp) -> Result<bool, Failure> {
        let used = on!(self, |c| sqlx::query_as::<_, (String,)>(USE_LOGOUT_TOKEN)
            .bind(name)
            .bind(expires_at.seconds())
            .fetch_optional(c)
            .await)?;
        Ok(used.is_some())
    }
}

impl Reader {
    /// The identities that have signed in by this session at the provider, and are so still, each with whose it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identities_of_session(&mut self, issuer: &str, sid: &str) -> Result<Vec<(String, String)>, Failure> {
        on!(self, |c| sqlx::query_as::<_, (String, String)>(IDENTITIES_OF_SESSION)
            .bind(sid)
            .bind(issuer)
            .fetch_all(c)
            .await)
    }
}

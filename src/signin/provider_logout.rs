//! A provider says that somebody's session there has ended (OpenID Connect Back-Channel Logout §2.7): the sign-ins that came of it end here, too.

use super::SignIns;
use crate::failure::Error;
use crate::protocol::audit::Act;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream_token::LogoutToken;
use crate::secret::{base64url, sha256};

/// Why a sign-in ended, in the database and on the account page.
const ENDED: &str = "signed out at the provider";

impl SignIns {
    /// Ends the sign-ins that a checked logout token means. Who has none is none of the provider's business: that is no error (§2.8).
    ///
    /// # Errors
    /// [`Rejection::ReplayedLogoutToken`]; when the database fails.
    pub async fn end_for_provider(&self, token: &LogoutToken, act: &Act) -> Result<(), Error> {
        let mut transaction = self.storage.begin().await?;
        // Which names a provider gives its tokens is its own affair: ours hold its issuer, and are all of one length.
        let name = base64url(&sha256(format!("{}\n{}", token.issuer, token.jti).as_bytes()));
        if !transaction.use_logout_token(&name, token.expires_at).await? {
            return Err(Rejection::ReplayedLogoutToken.into());
        }
        let sid = token.sid.as_deref();
        let identities = match (&token.subject, sid) {
            (Some(subject), _) => {
                let identity = transaction.identity(&token.issuer, subject).await?;
                identity.into_iter().map(|identity| (identity.id, identity.user_id)).collect()
            }
            (None, Some(sid)) => transaction.identities_of_session(&token.issuer, sid).await?,
            (None, None) => Vec::new(),
        };
        for (id, user_id) in &identities {
            transaction.hold_user(user_id).await?;
            transaction.end_sign_ins_of_identity((id, sid), ENDED, act).await?;
            // Nobody comes in by that session who was still to show a second factor, as far as the token names them: by its session alone nobody is found who
            // is not signed in.
            transaction.end_what_is_pending(user_id).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

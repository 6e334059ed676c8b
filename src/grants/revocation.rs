//! Revocation (RFC 7009): a refresh token ends its grant, an access token ends alone. Whatever else is named was no token of this client,
//! and that is all the same to it.

use super::{Grants, TokenRequest};
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;
use crate::tokens::VerifiedToken;

impl Grants {
    /// Revokes the token that the request names, when it is the client's.
    ///
    /// # Errors
    /// [`Rejection::MissingTokenParameter`]; a failure when the database fails: then nothing is revoked.
    pub async fn revoke(&self, request: TokenRequest<'_>) -> Result<(), Error> {
        let TokenRequest { client, params, keys, now, .. } = request;
        let token = Secret::presented(params.single("token")?.ok_or(Rejection::MissingTokenParameter)?);
        if let Ok(verified) = VerifiedToken::verify_of_any_api(&token, keys, &self.issuer, now) {
            if verified.client_id == client.client_id {
                let mut transaction = self.storage.begin().await?;
                transaction.revoke_access_token(&verified.jti, Timestamp::from_seconds(verified.exp)).await?;
                transaction.commit().await?;
            }
            return Ok(());
        }
        let known = self.storage.read().await?.refresh_token(&token.hash()).await?;
        if let Some((_, grant)) = known.filter(|(_, grant)| grant.client_id == client.client_id) {
            let mut transaction = self.storage.begin().await?;
            transaction.end_grant(&grant.id, "revoked by the application", &request.act()).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

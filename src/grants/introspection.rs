//! Introspection (RFC 7662): whether a token holds, told to its own client and to the clients that its resource names.

use super::{Grants, TokenRequest};
use crate::failure::{Error, Failure};
use crate::protocol::client::AuthMethod;
use crate::protocol::confirmation::token_type;
use crate::protocol::introspection::{ActiveToken, Introspection, may_know};
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;
use crate::tokens::VerifiedToken;

impl Grants {
    /// Tells of the token that the request names.
    ///
    /// # Errors
    /// [`Rejection::PublicClientIntrospects`], [`Rejection::MissingTokenParameter`]; a failure when the database fails.
    pub async fn introspect(&self, request: TokenRequest<'_>) -> Result<Introspection, Error> {
        if request.client.auth_method == AuthMethod::None {
            return Err(Rejection::PublicClientIntrospects.into());
        }
        let token = Secret::presented(request.params.single("token")?.ok_or(Rejection::MissingTokenParameter)?);
        let found = match VerifiedToken::verify(&token, &self.ring, &self.issuer, request.now) {
            Ok(verified) => self.active_access_token(verified, request).await?,
            Err(_) => self.active_refresh_token(&token, request).await?,
        };
        Ok(found.map_or(Introspection::INACTIVE, |active| Introspection::Active(Box::new(active))))
    }

    async fn active_access_token(
        &self,
        token: VerifiedToken,
        TokenRequest { client, now, .. }: TokenRequest<'_>,
    ) -> Result<Option<ActiveToken>, Failure> {
        let resources = self.directory.resources().await?;
        if !may_know(client, &token.client_id, &token.aud, &resources) {
            return Ok(None);
        }
        let owner_holds = self.directory.client(&token.client_id).await?.is_some_and(|owner| owner.is_enabled());
        let mut reader = self.storage.read().await?;
        let revoked = reader.is_revoked(&token.jti).await?;
        let grant_holds = match &token.gid {
            Some(id) => reader.grant(id).await?.is_some_and(|grant| grant.holds(self.idle, now)),
            None => true,
        };
        Ok((owner_holds && grant_holds && !revoked).then(|| ActiveToken {
            active: true,
            iss: self.issuer.as_str().to_owned(),
            sub: token.sub,
            aud: token.aud,
            client_id: token.client_id,
            scope: token.scope,
            exp: token.exp,
            iat: token.iat,
            token_type: Some(token_type(token.cnf.as_ref())),
            jti: Some(token.jti),
            gid: token.gid,
            cnf: token.cnf,
        }))
    }

    async fn active_refresh_token(
        &self,
        token: &Secret,
        TokenRequest { client, now, .. }: TokenRequest<'_>,
    ) -> Result<Option<ActiveToken>, Failure> {
        let mut reader = self.storage.read().await?;
        let Some(known) = reader.refresh_token(&token.hash()).await? else { return Ok(None) };
        let usable = known.client_id == client.client_id && known.replaced.is_none() && now < known.expires_at;
        let Some(grant) = reader.grant(&known.grant_id).await?.filter(|grant| usable && grant.holds(self.idle, now))
        else {
            return Ok(None);
        };
        Ok(Some(ActiveToken {
            active: true,
            iss: self.issuer.as_str().to_owned(),
            sub: grant.user_id,
            aud: self.issuer.as_str().to_owned(),
            client_id: grant.client_id,
            scope: grant.scopes,
            exp: known.expires_at.seconds(),
            iat: known.created_at.seconds(),
            token_type: None,
            jti: None,
            gid: Some(grant.id),
            cnf: grant.confirmation,
        }))
    }
}

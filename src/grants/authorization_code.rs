//! The authorization code grant (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).
//!
//! One statement consumes the code; then pure rules decide. What fails after that has burnt the code, and the burning is
//! committed. A replay of a code that was redeemed ends the grant.

use super::{Grants, TokenRequest};
use crate::failure::Error;
use crate::protocol::authorization::Authorization;
use crate::protocol::code::{self, Consumed, IssuedCode};
use crate::protocol::confirmation::bound_to;
use crate::protocol::grant_type::GrantType;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::{self, Resource};
use crate::random;
use crate::secret::Secret;
use crate::storage::Transaction;

impl Grants {
    pub(super) async fn authorization_code(&self, request: TokenRequest<'_>) -> Result<Authorization, Error> {
        let TokenRequest { client, params, now, .. } = request;
        let hash = Secret::presented(params.single("code")?.ok_or(Rejection::MissingCode)?).hash();
        let resources = self.directory.resources().await?;
        let mut transaction = self.storage.begin().await?;
        let decided = match transaction.consume_code(&hash, &client.client_id, now).await? {
            Consumed::Never => return Err(Rejection::UnknownCode.into()),
            Consumed::Foreign => return Err(Rejection::ForeignCode.into()),
            Consumed::Before { redeemed_grant: None } => return Err(Rejection::BurntCode.into()),
            Consumed::Before { redeemed_grant: Some(grant) } => {
                transaction.end_grant(&grant, "code replayed", now).await?;
                Err(Rejection::ReplayedCode.into())
            }
            Consumed::Now(code) => self.decide(&mut transaction, &code, request, &resources).await,
        };
        match decided {
            Ok(authorization) => {
                transaction.code_redeemed(&hash, now).await?;
                transaction.commit().await?;
                Ok(authorization)
            }
            Err(Error::Rejected(rejection)) => {
                transaction.commit().await?;
                Err(rejection.into())
            }
            Err(failure) => Err(failure),
        }
    }

    /// What a code that was consumed just now is good for.
    async fn decide(
        &self,
        transaction: &mut Transaction,
        code: &IssuedCode,
        TokenRequest { client, params, confirmation, now }: TokenRequest<'_>,
        resources: &[Resource],
    ) -> Result<Authorization, Error> {
        code::check(code, params, now)?;
        let grant = transaction
            .grant(&code.grant_id)
            .await?
            .filter(|grant| grant.holds(self.idle, now))
            .ok_or(Rejection::EndedGrant)?;
        let confirmation = bound_to(grant.confirmation.as_ref(), confirmation)?.cloned();
        let audience = resource::audience(params, &grant.resources, self.issuer.as_str())?;
        let id_token = self.authentication(transaction, &grant, &grant.scopes, code.nonce.clone()).await?;
        let refresh_token = if client.may_use(GrantType::RefreshToken) {
            self.first_refresh_token(transaction, &grant, now).await?
        } else {
            None
        };
        transaction.use_grant(&grant.id, now).await?;
        Ok(Authorization {
            scopes: grant.scopes.for_audience(&audience, resources),
            client_id: grant.client_id,
            subject: grant.user_id,
            grant_id: Some(grant.id),
            audience,
            roles: grant.roles,
            jti: random::id(),
            issued_at: now,
            lifetime: self.lifetimes.access_token_lifetime,
            confirmation,
            id_token,
            refresh_token,
        })
    }
}

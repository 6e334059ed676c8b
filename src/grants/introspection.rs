//! Introspection (RFC 7662): whether a token holds, told to its own client and to the clients that its resource names.

use super::{Access, Grants, TokenRequest};
use crate::failure::{Error, Failure};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::api_key::{self, PresentedKey};
use crate::protocol::assurance::Assurance;
use crate::protocol::audience::Audience;
use crate::protocol::client::{AuthMethod, Client};
use crate::protocol::confirmation::token_type;
use crate::protocol::introspection::{ActiveToken, Introspection, may_know};
use crate::protocol::refresh::State;
use crate::protocol::rejection::Rejection;
use crate::protocol::role::Holder;
use crate::protocol::signed_introspection;
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
        if api_key::is_meant(token.expose()) {
            let presented = PresentedKey::read(&token);
            let found = match &presented {
                Some(key) => self.active_api_key(key, (request.client, request.origin), request.now).await?,
                None => None,
            };
            return Ok(told(found));
        }
        let found = match VerifiedToken::verify_of_any_api(&token, request.keys, &self.issuer, request.now) {
            Ok(verified) => self.active_access_token(verified, request).await?,
            Err(_) => self.active_refresh_token(&token, request).await?,
        };
        Ok(told(found))
    }

    /// What answers for this client are signed with, when it wants them signed: what to try, best first.
    ///
    /// # Errors
    /// A failure when the database fails.
    pub async fn signs_answers(&self, caller: &Client) -> Result<impl Iterator<Item = Algorithm>, Failure> {
        let choice = signed_introspection::algorithm(caller, &self.directory.resources().await?);
        Ok(choice.preference(self.default_algorithm))
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
        let Access { token, grant } = match self.standing(token, now).await {
            Ok(access) => access,
            Err(Error::Rejected(_)) => return Ok(None),
            Err(Error::Failed(failure)) => return Err(failure),
        };
        // What it is no longer for asks in vain.
        if !may_know(client, &token.client_id, &token.aud, &resources) {
            return Ok(None);
        }
        // Of the grant, and not what the token says of it: an older one says nothing, and one that a secret signed may say anything.
        let assurance = grant.map(|grant| Assurance::of(&grant.proofs, &grant.claims));
        Ok(Some(ActiveToken {
            active: true,
            iss: self.issuer.as_str().to_owned(),
            sub: token.sub,
            aud: token.aud,
            client_id: token.client_id,
            scope: token.scope,
            roles: token.roles,
            exp: token.exp,
            iat: token.iat,
            token_type: Some(token_type(token.cnf.as_ref())),
            jti: Some(token.jti),
            dwk_id: token.gid.clone().filter(|id| api_key::is_id(id)),
            gid: token.gid,
            cnf: token.cnf,
            auth_time: assurance.as_ref().map(|assurance| assurance.auth_time.seconds()),
            acr: assurance.and_then(|assurance| assurance.acr),
        }))
    }

    async fn active_refresh_token(
        &self,
        token: &Secret,
        TokenRequest { client, now, .. }: TokenRequest<'_>,
    ) -> Result<Option<ActiveToken>, Failure> {
        let resources = self.directory.resources().await?;
        let known = self.storage.read().await?.refresh_token(&token.hash()).await?;
        let Some((token, grant)) = known.filter(|(token, grant)| {
            let usable = matches!(token.state, State::Current) && now < token.expires_at;
            usable && grant.client_id == client.client_id && grant.holds(self.idle, now)
        }) else {
            return Ok(None);
        };
        let roles = grant.user.all_roles();
        let assurance = Assurance::of(&grant.proofs, &grant.claims);
        Ok(Some(ActiveToken {
            active: true,
            iss: self.issuer.as_str().to_owned(),
            sub: grant.user.id,
            aud: Audience::of(self.issuer.as_str()),
            client_id: grant.client_id,
            scope: self.allowed(client, &resources, Holder::Person(&roles)).scopes(&grant.scopes),
            roles: Vec::new(),
            exp: token.expires_at.seconds(),
            iat: token.created_at.seconds(),
            token_type: None,
            jti: None,
            gid: Some(grant.id),
            dwk_id: None,
            cnf: grant.confirmation,
            auth_time: Some(assurance.auth_time.seconds()),
            acr: assurance.acr,
        }))
    }
}

fn told(found: Option<ActiveToken>) -> Introspection {
    found.map_or(Introspection::INACTIVE, |active| Introspection::Active(Box::new(active)))
}

//! Does this access hold? The one answer for a presented access token: userinfo, introspection and whatever else takes our tokens ask here
//! (RFC 9068 §4, RFC 7662 §4). The signature says what was given; one statement says what of it still holds. What a secret signed may have been
//! written by the API that has it, too: of that counts only what was given indeed.

use super::Grants;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::protocol::allowed::Allowed;
use crate::protocol::api_key;
use crate::protocol::audience::Audience;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::grant::Grant;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::resource_signing::SignedBy;
use crate::protocol::role::{self, Holder};
use crate::secret::Secret;
use crate::tokens::{KeyRing, VerifiedToken};

/// An access that holds.
#[derive(Debug)]
pub struct Access {
    /// What was given: client, subject, scopes, audience, key.
    pub token: VerifiedToken,
    /// The person's grant that it came of, with the user as the account is now; `None` when the client acts for itself, and of an API key.
    pub grant: Option<Grant>,
}

/// What our resource asks of an access.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// Its identifier: must be in the audience of the token.
    pub audience: &'a str,
    /// The key that the request has proved to hold, if it did (RFC 9449 §7.1).
    pub confirmation: Option<&'a Confirmation>,
}

impl Grants {
    /// The token, when it is an access token of ours that has not expired; `keys` are fresh ones. Whether it holds, [`Grants::access`] says.
    ///
    /// # Errors
    /// Those of [`VerifiedToken::verify`].
    pub fn verified(&self, token: &Secret, keys: &KeyRing, now: Timestamp) -> Result<VerifiedToken, Rejection> {
        VerifiedToken::verify(token, keys, &self.issuer, now)
    }

    /// The access that the token gives at our own resource, whose scope is `openid`.
    ///
    /// # Errors
    /// [`Rejection::WrongAudience`], [`Rejection::BoundTokenAsBearer`], [`Rejection::TokenWithoutOpenid`], then [`Rejection::RevokedToken`],
    /// [`Rejection::TokenOfEndedGrant`]; a failure when the database fails.
    pub async fn access(&self, token: VerifiedToken, demand: Demand<'_>, now: Timestamp) -> Result<Access, Error> {
        demand.is_for(&token)?;
        if token.cnf.is_some() && token.cnf.as_ref() != demand.confirmation {
            return Err(Rejection::BoundTokenAsBearer.into());
        }
        Demand::is_met_by(&token)?;
        let access = self.standing(token, now).await?;
        demand.is_for(&access.token)?;
        Demand::is_met_by(&access.token)?;
        Ok(access)
    }

    /// What a verified token was given for, as far as it still holds: of its scopes, resources and roles those that are still allowed.
    ///
    /// # Errors
    /// [`Rejection::RevokedToken`], [`Rejection::TokenOfEndedGrant`]; a failure when the database fails.
    pub(super) async fn standing(&self, token: VerifiedToken, now: Timestamp) -> Result<Access, Error> {
        if let Some(id) = token.gid.clone().filter(|id| api_key::is_id(id)) {
            return self.standing_of_key(token, &id, now).await;
        }
        let client = self.directory.client(&token.client_id).await?;
        let (grant, revoked) = match &token.gid {
            Some(id) => {
                let found = self.storage.read().await?.grant_of_access(id, &token.jti).await?;
                let (grant, revoked) = found.ok_or(Rejection::TokenOfEndedGrant)?;
                (Some(grant), revoked)
            }
            None => (None, self.storage.read().await?.is_revoked(&token.jti).await?),
        };
        if revoked {
            return Err(Rejection::RevokedToken.into());
        }
        let client = client.filter(|client| client.is_enabled()).ok_or(Rejection::TokenOfEndedGrant)?;
        let era = grant.as_ref().map_or(client.era, |grant| grant.client_era);
        if era != token.era || grant.as_ref().is_some_and(|grant| !grant.holds(self.idle, now)) {
            return Err(Rejection::TokenOfEndedGrant.into());
        }
        let token = if token.signed_by == SignedBy::Secret { as_given(token, grant.as_ref())? } else { token };
        let resources = self.directory.resources().await?;
        let roles = grant.as_ref().map_or_else(|| client.metadata.roles.clone(), |grant| grant.user.all_roles());
        let holder = if grant.is_some() { Holder::Person(&roles) } else { Holder::Service(&roles) };
        let token = narrowed(token, self.allowed(&client, &resources, holder))?;
        Ok(Access { token, grant })
    }

    /// The same for a token that an API key was traded for: it holds as long as the key does, for what the key may do now.
    async fn standing_of_key(&self, mut token: VerifiedToken, id: &str, now: Timestamp) -> Result<Access, Error> {
        let found = self.storage.read().await?.api_key_standing(id, &token.jti).await?;
        let found = found.ok_or(Rejection::TokenOfEndedGrant)?;
        if found.revoked {
            return Err(Rejection::RevokedToken.into());
        }
        let access = self.key_access(found, now).await?;
        let resources = self.directory.resources().await?;
        let is_of_key = token.client_id == access.key.id && token.sub == access.subject;
        let is_for_api = token.aud == Audience::of(&access.key.resource);
        if !is_of_key || !is_for_api || !token.signed_by.counts_at(&access.key.resource, &resources) {
            return Err(Rejection::TokenOfEndedGrant.into());
        }
        token.scope = token.scope.filter(|scope| access.scopes.contains(scope));
        token.roles.retain(|role| access.holder().holds(role));
        token.roles = role::seen(std::mem::take(&mut token.roles), &token.aud, &resources);
        Ok(Access { token, grant: None })
    }
}

impl Demand<'_> {
    fn is_for(&self, token: &VerifiedToken) -> Result<(), Rejection> {
        if token.aud.contains(self.audience) { Ok(()) } else { Err(Rejection::WrongAudience) }
    }

    fn is_met_by(token: &VerifiedToken) -> Result<(), Refusal> {
        if token.scope.contains("openid") { Ok(()) } else { Err(Rejection::TokenWithoutOpenid.needing(["openid"])) }
    }
}

/// What of a token that a secret signed was given: it is its grant's, or its client's own, and has no scope that was not granted.
fn as_given(mut token: VerifiedToken, grant: Option<&Grant>) -> Result<VerifiedToken, Rejection> {
    let is_given = match grant {
        Some(grant) => {
            let is_for = |identifier: &String| grant.resources.contains(identifier);
            (token.sub == grant.user.id && token.client_id == grant.client_id)
                && token.aud.identifiers().iter().all(is_for)
        }
        None => token.sub == token.client_id,
    };
    if !is_given {
        return Err(Rejection::TokenOfEndedGrant);
    }
    token.scope = token.scope.filter(|scope| grant.is_none_or(|grant| grant.scopes.contains(scope)));
    Ok(token)
}

/// What is left of a token: of its scopes, resources and roles those that are still allowed. A resource that wants its tokens signed otherwise
/// takes it no more.
fn narrowed(mut token: VerifiedToken, allowed: Allowed<'_>) -> Result<VerifiedToken, Rejection> {
    let resources = allowed.resources;
    let counts = |identifier: &str| allowed.resource(identifier) && token.signed_by.counts_at(identifier, resources);
    token.aud = token.aud.filter(counts).ok_or(Rejection::TokenOfEndedGrant)?;
    let identifiers = token.aud.identifiers();
    token.scope = allowed.scopes(&token.scope).for_resources(identifiers, resources, allowed.holder);
    token.roles.retain(|role| allowed.holder.holds(role));
    token.roles = role::seen(std::mem::take(&mut token.roles), &token.aud, resources);
    Ok(token)
}

//! The client credentials grant (RFC 6749 §4.4): a service acts for itself. Touches no database once its client is in memory.

use super::{Granted, Grants, TokenRequest};
use crate::failure::Error;
use crate::protocol::audience;
use crate::protocol::authorization::Authorization;
use crate::protocol::resource::Resource;
use crate::protocol::role::{self, Holder};
use crate::protocol::scope;
use crate::random;

impl Grants {
    pub(super) fn client_credentials(
        &self,
        request: TokenRequest<'_>,
        resources: &[Resource],
    ) -> Result<Granted, Error> {
        let TokenRequest { client, params, confirmation, now, .. } = request;
        let issuer = self.issuer.as_str();
        let scopes = scope::requested_for_itself(params, client, resources)?;
        let requested = audience::requested(params, &scopes, client, resources, issuer)?;
        let audience = audience::decide(params, &scopes, &requested, resources, issuer)?;
        let authorization = Authorization {
            client_id: client.client_id.clone(),
            era: client.era,
            subject: client.client_id.clone(),
            grant_id: None,
            scopes: scopes.for_resources(audience.identifiers(), resources, Holder::Service(&client.metadata.roles)),
            roles: role::seen(client.metadata.roles.clone(), &audience, resources),
            audience,
            jti: random::token_id(),
            issued_at: now,
            lifetime: self.lifetimes.access_token_lifetime,
            confirmation: confirmation.cloned(),
            assurance: None,
            id_token: None,
            refresh_token: None,
        };
        let signers = self.signers(request, resources, &authorization)?;
        Ok(Granted { authorization, signers })
    }
}

//! The token endpoint's decisions: one file per grant type, one way in, one value out. And what is decided about tokens afterwards:
//! whether an access holds, introspection and revocation.
//!
//! A new grant type is a file here with a function that returns what is [`Granted`], a line in [`Grants::redeem`], and a row of
//! [`GrantType`]. It decides, then chooses the signers, then writes: when it returns, only signing is left.

mod access;
mod api_key;
mod authorization_code;
mod client_credentials;
mod failed_client;
mod introspection;
mod refresh_token;
mod revocation;

pub use access::{Access, Demand};
pub use api_key::KeyTrade;
pub use refresh_token::REUSED;

use crate::clock::Timestamp;
use crate::config::{Config, TokensConfig};
use crate::failure::{Error, Failure};
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::allowed::Allowed;
use crate::protocol::assurance::Assurance;
use crate::protocol::audit::{Act, Actor, Origin};
use crate::protocol::authorization::{Authentication, Authorization};
use crate::protocol::claims;
use crate::protocol::client::Client;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::grant::Grant;
use crate::protocol::grant_type::GrantType;
use crate::protocol::issuer::Issuer;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::Resource;
use crate::protocol::role::Holder;
use crate::protocol::scope::ScopeSet;
use crate::storage::{Directory, Storage};
use crate::telemetry::numbers;
use crate::tokens::{Algorithms, KeyRing, Signers};

/// The grant types, with all that they decide from.
#[derive(Clone, Debug)]
pub struct Grants {
    storage: Storage,
    directory: Directory,
    issuer: Issuer,
    lifetimes: TokensConfig,
    default_algorithm: Algorithm,
    /// The longest pause between two uses of a sign-in, in seconds.
    idle: i64,
}

/// A token request of an authenticated client.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The client.
    pub client: &'a Client,
    /// What it sent.
    pub params: &'a Params,
    /// The signing keys, fresh ones ([`crate::app::App::fresh_keys`]).
    pub keys: &'a KeyRing,
    /// The key that it has proved to hold, if it did. Nothing checks such a proof yet (DPoP, RFC 9449).
    pub confirmation: Option<&'a Confirmation>,
    /// Where the request came from.
    pub origin: Origin,
    /// Now.
    pub now: Timestamp,
}

/// A decided token request: everything is written, and only signing is left, which asks nobody.
#[derive(Debug)]
pub struct Granted {
    /// Who may do what.
    pub authorization: Authorization,
    /// What signs it.
    pub signers: Signers,
}

impl TokenRequest<'_> {
    /// The client of the request acts.
    fn act(&self) -> Act {
        Act::by(Actor::Client(self.client.client_id.clone()), self.origin, self.now)
    }
}

impl Grants {
    /// Grant types over this storage.
    pub fn new(storage: Storage, directory: Directory, issuer: Issuer, config: &Config) -> Self {
        let lifetimes = config.tokens.clone();
        let default_algorithm = config.keys.algorithm;
        Self { storage, directory, issuer, lifetimes, default_algorithm, idle: config.sign_in.idle }
    }

    /// Decides a token request (RFC 6749 §3.2). When it returns, everything is written and committed;
    /// only signing is left.
    ///
    /// # Errors
    /// The rejection of the rule that is broken, after what it must record is committed; or a failure, with nothing done.
    pub async fn redeem(&self, request: TokenRequest<'_>) -> Result<Granted, Error> {
        let named = request.params.single("grant_type")?.ok_or(Rejection::MissingGrantType)?;
        let grant_type: GrantType = named.parse().map_err(|_| Rejection::UnknownGrantType)?;
        if !request.client.may_use(grant_type) {
            return Err(Rejection::GrantTypeNotAllowed.into());
        }
        let resources = self.directory.resources().await?;
        let granted = match grant_type {
            GrantType::AuthorizationCode => self.authorization_code(request, &resources).await,
            GrantType::ClientCredentials => self.client_credentials(request, &resources),
            GrantType::RefreshToken => self.refresh_token(request, &resources).await,
        }?;
        numbers::tokens(grant_type.as_str());
        Ok(granted)
    }

    /// The keys that will sign what is granted: the access token's as its resource wants it, the ID token's as the client does. Chosen
    /// before anything is written, so that a key that is missing costs nobody a code.
    fn signers(
        &self,
        request: TokenRequest<'_>,
        resources: &[Resource],
        authorization: &Authorization,
    ) -> Result<Signers, Failure> {
        self.signers_for((request.keys, request.now), resources, authorization, request.client.id_token_algorithm)
    }

    fn signers_for(
        &self,
        (keys, now): (&KeyRing, Timestamp),
        resources: &[Resource],
        authorization: &Authorization,
        id_token: AlgorithmChoice,
    ) -> Result<Signers, Failure> {
        let resource = resources.iter().find(|resource| authorization.audience.contains(&resource.identifier));
        let algorithms = Algorithms {
            access_token: resource.map(|resource| resource.signing).unwrap_or_default(),
            access_token_type: resource.map(|resource| resource.token_type).unwrap_or_default(),
            id_token,
            default: self.default_algorithm,
        };
        Signers::choose(keys, algorithms, authorization, now)
    }

    /// What the client may have now.
    fn allowed<'a>(&'a self, client: &'a Client, resources: &'a [Resource], holder: Holder<'a>) -> Allowed<'a> {
        Allowed { client, resources, issuer: self.issuer.as_str(), holder }
    }

    /// What an ID token beside an access token with these scopes says to the client; `None` without `openid`.
    fn authentication(
        &self,
        client: &Client,
        grant: &Grant,
        scopes: &ScopeSet,
        nonce: Option<String>,
    ) -> Option<Authentication> {
        let releases = client.metadata.id_token_claims.unwrap_or(self.lifetimes.id_token_claims);
        scopes.contains("openid").then(|| Authentication {
            assurance: Assurance::of(&grant.proofs, &grant.claims),
            sid: grant.sign_in_id.clone(),
            nonce,
            claims: claims::id_token(&grant.user, scopes, &grant.claims, releases),
            lifetime: self.lifetimes.id_token_lifetime,
        })
    }
}

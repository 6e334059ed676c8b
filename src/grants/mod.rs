//! The token endpoint's decisions: one file per grant type, one way in, one value out. And what is decided about tokens afterwards:
//! introspection and revocation.
//!
//! A new grant type is a value of [`GrantType`] with its row, a file here with a function that returns an [`Authorization`], and a line in
//! [`Grants::redeem`].

mod authorization_code;
mod client_credentials;
mod introspection;
mod refresh_token;
mod revocation;

pub use refresh_token::REUSED;

use crate::clock::Timestamp;
use crate::config::{Config, TokensConfig};
use crate::failure::{Error, Failure};
use crate::protocol::assurance::Assurance;
use crate::protocol::authorization::{Authentication, Authorization};
use crate::protocol::client::Client;
use crate::protocol::confirmation::Confirmation;
use crate::protocol::grant::Grant;
use crate::protocol::grant_type::GrantType;
use crate::protocol::issuer::Issuer;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::scope::ScopeSet;
use crate::storage::{Directory, Reader, Storage};
use crate::tokens::KeyRing;

/// The grant types, with all that they decide from.
#[derive(Clone, Debug)]
pub struct Grants {
    storage: Storage,
    directory: Directory,
    ring: KeyRing,
    issuer: Issuer,
    lifetimes: TokensConfig,
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
    /// The key that it has proved to hold, if it did. Nothing checks such a proof yet (DPoP, RFC 9449).
    pub confirmation: Option<&'a Confirmation>,
    /// Now.
    pub now: Timestamp,
}

impl Grants {
    /// Grant types over this storage.
    pub fn new(storage: Storage, directory: Directory, ring: KeyRing, issuer: Issuer, config: &Config) -> Self {
        Self { storage, directory, ring, issuer, lifetimes: config.tokens.clone(), idle: config.sign_in.idle }
    }

    /// Decides a token request (RFC 6749 §3.2). When it returns, everything is written and committed;
    /// only signing is left.
    ///
    /// # Errors
    /// The rejection of the rule that is broken, after what it must record is committed; or a failure, with nothing done.
    pub async fn redeem(&self, request: TokenRequest<'_>) -> Result<Authorization, Error> {
        let named = request.params.single("grant_type")?.ok_or(Rejection::MissingGrantType)?;
        let grant_type: GrantType = named.parse().map_err(|_| Rejection::UnknownGrantType)?;
        if !request.client.may_use(grant_type) {
            return Err(Rejection::GrantTypeNotAllowed.into());
        }
        match grant_type {
            GrantType::AuthorizationCode => self.authorization_code(request).await,
            GrantType::ClientCredentials => self.client_credentials(request).await,
            GrantType::RefreshToken => self.refresh_token(request).await,
        }
    }

    /// What an ID token beside an access token with these scopes says; `None` without `openid`.
    async fn authentication(
        &self,
        reader: &mut Reader,
        grant: &Grant,
        scopes: &ScopeSet,
        nonce: Option<String>,
    ) -> Result<Option<Authentication>, Failure> {
        if !scopes.contains("openid") {
            return Ok(None);
        }
        let claims = match grant.claims.wants_user_in_id_token() {
            true => reader.user(&grant.user_id).await?.map(|account| grant.claims.in_id_token(&account.user)),
            false => None,
        };
        Ok(Some(Authentication {
            assurance: Assurance::of(&grant.proofs, &grant.claims),
            sid: grant.sign_in_id.clone(),
            nonce,
            claims: claims.unwrap_or_default(),
            lifetime: self.lifetimes.id_token_lifetime,
        }))
    }
}

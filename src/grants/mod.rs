//! The token endpoint's decisions: one file per grant type, one way in, one value out.
//!
//! A new grant type is a file here with a function that returns an [`Authorization`], and a line in [`Grants::redeem`].

mod authorization_code;
mod client_credentials;

use crate::clock::Timestamp;
use crate::config::TokensConfig;
use crate::failure::Error;
use crate::protocol::authorization::Authorization;
use crate::protocol::client::Client;
use crate::protocol::issuer::Issuer;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::storage::{Directory, Storage};

/// The grant types, with all that they decide from.
#[derive(Clone, Debug)]
pub struct Grants {
    storage: Storage,
    directory: Directory,
    issuer: Issuer,
    lifetimes: TokensConfig,
}

/// A token request of an authenticated client.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The client.
    pub client: &'a Client,
    /// What it sent.
    pub params: &'a Params,
    /// Now.
    pub now: Timestamp,
}

impl Grants {
    /// Grant types over this storage.
    pub fn new(storage: Storage, directory: Directory, issuer: Issuer, lifetimes: TokensConfig) -> Self {
        Self { storage, directory, issuer, lifetimes }
    }

    /// Decides a token request (RFC 6749 §3.2). When it returns, everything is written and committed;
    /// only signing is left.
    ///
    /// # Errors
    /// The rejection of the rule that is broken, after what it must record is committed; or a failure, with nothing done.
    pub async fn redeem(&self, request: TokenRequest<'_>) -> Result<Authorization, Error> {
        let has_users = request.client.client_type.has_users();
        match (request.params.single("grant_type")?.ok_or(Rejection::MissingGrantType)?, has_users) {
            ("authorization_code", true) => self.authorization_code(request).await,
            ("client_credentials", false) => self.client_credentials(request).await,
            ("authorization_code" | "client_credentials", _) => Err(Rejection::GrantTypeNotAllowed.into()),
            _ => Err(Rejection::UnknownGrantType.into()),
        }
    }
}

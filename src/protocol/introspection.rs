//! What is said of a token to who may know (RFC 7662 §2.2): everything, or that it is not active and nothing else.

use serde::Serialize;

use super::audience::Audience;
use super::client::Client;
use super::confirmation::Confirmation;
use super::resource::Resource;
use super::scope::ScopeSet;

/// The answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// The token holds, and the caller may know.
    Active(Box<ActiveToken>),
    /// Anything else.
    Inactive {
        /// Always false.
        active: bool,
    },
}

/// A token that holds.
#[derive(Debug, Serialize)]
pub struct ActiveToken {
    /// Always true.
    pub active: bool,
    /// The issuer.
    pub iss: String,
    /// The user, or the client itself.
    pub sub: String,
    /// The audience; a refresh token's is the issuer, an API key's the one API that it is for.
    pub aud: Audience,
    /// The client it was given to; an API key is one by itself.
    pub client_id: String,
    /// Its scopes.
    pub scope: ScopeSet,
    /// The roles of its user, as far as the token says them and the user still has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// When it expires, in seconds since the epoch.
    pub exp: i64,
    /// When it was given, in seconds since the epoch.
    pub iat: i64,
    /// `Bearer` or `DPoP` for an access token; a refresh token and an API key have no such type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// An access token's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The grant it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// The API key that it is, or was traded for; a name of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dwk_id: Option<String>,
    /// The key that it is bound to (RFC 9449 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// When the person had authenticated, in seconds since the epoch (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How well: the context class, when one is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
}

impl Introspection {
    /// Not active.
    pub const INACTIVE: Self = Self::Inactive { active: false };
}

/// Whether a client may know of an access token: the one it was given to, or one that the token's resource names.
pub fn may_know(caller: &Client, owner: &str, audience: &Audience, resources: &[Resource]) -> bool {
    let named = |resource: &Resource| resource.introspectors.contains(&caller.client_id);
    let is_for = |resource: &Resource| audience.contains(&resource.identifier);
    caller.client_id == owner || resources.iter().any(|resource| is_for(resource) && named(resource))
}

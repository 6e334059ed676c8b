//! What introspection answers as a JWT (RFC 9701): for an API that must prove later, or to somebody else, what it was told.
//!
//! It can be taken for no other token (§8.1): its type is its own, and it has neither `sub` nor `exp`, which stand in what it tells.

use serde::Serialize;

use super::algorithm::AlgorithmChoice;
use super::client::Client;
use super::introspection::Introspection;
use super::resource::Resource;
use crate::clock::Timestamp;

/// The type in the header (§5).
pub const TYPE: &str = "token-introspection+jwt";
/// The media type of the answer, by which it is asked for (§4).
pub const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The claims (§5).
#[derive(Debug, Serialize)]
pub struct SignedIntrospection<'a> {
    /// The issuer.
    iss: &'a str,
    /// The client that asked.
    aud: &'a str,
    /// When it was told, in seconds since the epoch.
    iat: i64,
    /// What it was told.
    token_introspection: &'a Introspection,
}

impl Introspection {
    /// The claims that tell it to the client that asked.
    pub fn told_to<'a>(&'a self, client_id: &'a str, issuer: &'a str, now: Timestamp) -> SignedIntrospection<'a> {
        SignedIntrospection { iss: issuer, aud: client_id, iat: now.seconds(), token_introspection: self }
    }
}

/// What the answers for a client are signed with, whatever token it asks about: as the API wants its tokens for which the client may ask, the
/// first of them whose tokens a published key signs; or, when there is none, as the client wants its ID tokens. Never with a secret: what could
/// be written by its reader would show nothing.
pub fn algorithm(caller: &Client, resources: &[Resource]) -> AlgorithmChoice {
    let asks_for = |resource: &&Resource| resource.introspectors.contains(&caller.client_id);
    let mut public = resources.iter().filter(asks_for).filter_map(|resource| resource.signing.public());
    public.next().unwrap_or(caller.id_token_algorithm)
}

//! What of a grant is still allowed: what the operator has narrowed since, of a client or of an API, counts with the next token and wherever
//! a token is asked about (RFC 6749 §3.3, RFC 7662 §2.2), and so does what roles permit. What is allowed again later is there again.

use super::client::Client;
use super::rejection::Rejection;
use super::resource::Resource;
use super::role::Holder;
use super::scope::{self, ScopeSet};

/// What a client may have now.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    /// The client.
    pub client: &'a Client,
    /// All registered resources.
    pub resources: &'a [Resource],
    /// The issuer, which every client may name.
    pub issuer: &'a str,
    /// Whose roles decide.
    pub holder: Holder<'a>,
}

impl Allowed<'_> {
    /// Those of the scopes that the client may ask for, that are still there, and that the holder's roles permit.
    pub fn scopes(&self, granted: &ScopeSet) -> ScopeSet {
        granted.filter(|token| scope::may_ask(token, self.client, self.resources, self.holder))
    }

    /// Whether a token may be for this resource.
    pub fn resource(&self, identifier: &str) -> bool {
        let is_registered = || self.resources.iter().any(|resource| resource.identifier == identifier);
        identifier == self.issuer || (self.client.may_name(identifier) && is_registered())
    }

    /// Those of the resources granted that a token may be for.
    ///
    /// # Errors
    /// [`Rejection::ResourceNotAllowed`] when there were some, and none is left.
    pub fn resources(&self, granted: &[String]) -> Result<Vec<String>, Rejection> {
        let left: Vec<String> = granted.iter().filter(|identifier| self.resource(identifier)).cloned().collect();
        if left.is_empty() && !granted.is_empty() { Err(Rejection::ResourceNotAllowed) } else { Ok(left) }
    }
}

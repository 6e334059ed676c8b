//! Consent: what a user has allowed a client.

use super::authorization_request::AuthorizationRequest;
use super::scope::ScopeSet;

/// A remembered consent.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The scopes allowed.
    pub scopes: ScopeSet,
    /// The resources allowed.
    pub resources: Vec<String>,
    /// The id of the last journey on which the person was asked.
    pub confirmed_request: String,
}

impl Consent {
    /// Whether it allows everything that the request asks for.
    pub fn covers(&self, request: &AuthorizationRequest) -> bool {
        request.scopes_to_allow().is_within(&self.scopes)
            && request.resources.iter().all(|asked| self.resources.contains(asked))
    }
}

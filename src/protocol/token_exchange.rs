//! Token exchange (RFC 8693), as far as it goes here: the holder of an API key trades it for an access token. The key is the one credential of the
//! request, so no client authenticates beside it.

use super::api_key::{self, PresentedKey};
use super::params::Params;
use super::rejection::{Refusal, Rejection};
use super::resource;
use super::scope::{self, ScopeSet};
use crate::secret::Secret;

/// The grant type (RFC 8693 §2.1). No client is registered for it.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of what is given (RFC 8693 §3).
pub const ISSUED: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What a request may want to get: both names are of what is given.
const WANTED: [&str; 2] = [ISSUED, "urn:ietf:params:oauth:token-type:jwt"];

/// The key that the request presents, before anybody is asked about it.
///
/// # Errors
/// [`Rejection::ClientBesideApiKey`], [`Rejection::MissingSubjectToken`], [`Rejection::UnknownSubjectTokenType`], [`Rejection::ActorToken`],
/// [`Rejection::UnknownRequestedTokenType`], [`Rejection::MalformedApiKey`].
pub fn presented(params: &Params, has_authorization: bool) -> Result<PresentedKey, Rejection> {
    let subject_token = params.single("subject_token")?.ok_or(Rejection::MissingSubjectToken)?;
    if params.single("subject_token_type")? != Some(api_key::TOKEN_TYPE) {
        return Err(Rejection::UnknownSubjectTokenType);
    }
    if params.single("actor_token")?.or(params.single("actor_token_type")?).is_some() {
        return Err(Rejection::ActorToken);
    }
    if params.single("requested_token_type")?.is_some_and(|wanted| !WANTED.contains(&wanted)) {
        return Err(Rejection::UnknownRequestedTokenType);
    }
    let key = PresentedKey::read(&Secret::presented(subject_token)).ok_or(Rejection::MalformedApiKey)?;
    // Who names a client names the key's own.
    let is_another = params.single("client_id")?.is_some_and(|client_id| client_id != key.id);
    let has_secret = ["client_secret", "client_assertion"].iter().any(|name| !matches!(params.single(name), Ok(None)));
    if has_authorization || has_secret || is_another {
        return Err(Rejection::ClientBesideApiKey);
    }
    Ok(key)
}

/// The scopes of the access token: those that the request names, none beyond what the key allows now, or all of these. It is for the one API
/// that the key is for, whether or not the request says so, by `resource` or by `audience`.
///
/// # Errors
/// [`Rejection::ApiKeyForAnotherResource`], [`Rejection::MalformedResource`]; those of [`scope::narrowed`].
pub fn wanted(params: &Params, identifier: &str, allowed: &ScopeSet) -> Result<ScopeSet, Refusal> {
    let named = params.all("resource").chain(params.all("audience"));
    if let Some(other) = named.into_iter().find(|named| *named != identifier) {
        return Err(resource::unknown(other, Rejection::ApiKeyForAnotherResource).into());
    }
    scope::narrowed(params, allowed)
}

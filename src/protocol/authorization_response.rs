//! The authorization response: a code or an error, with `state` and `iss`, to a verified target in the way that the request named
//! (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response Mode §2).

use std::fmt;

use url::form_urlencoded::Serializer;

use super::authorization_request::RedirectTarget;
use super::rejection::Refusal;
use super::response_mode::ResponseMode;
use crate::secret::Secret;

/// A response, ready for the browser to carry it.
pub enum AuthorizationResponse {
    /// By a redirect to this address.
    Redirect(String),
    /// By a form that the browser posts.
    FormPost {
        /// Where to.
        action: String,
        /// Its fields.
        fields: Vec<(&'static str, String)>,
    },
}

/// The response that brings the code to the client.
pub fn with_code(target: &RedirectTarget, issuer: &str, code: &Secret) -> AuthorizationResponse {
    response(target, issuer, &[("code", code.expose())])
}

/// The response that brings an error to the client.
pub fn with_error(target: &RedirectTarget, issuer: &str, refusal: &Refusal) -> AuthorizationResponse {
    let words = refusal.description();
    let error = [("error", refusal.rejection.code().as_str()), ("error_description", words.as_ref())];
    response(target, issuer, &error)
}

/// The response that tells the client of a failure of ours.
pub fn with_failure(target: &RedirectTarget, issuer: &str, passing: bool) -> AuthorizationResponse {
    let code = if passing { "temporarily_unavailable" } else { "server_error" };
    response(target, issuer, &[("error", code)])
}

fn response(target: &RedirectTarget, issuer: &str, parameters: &[(&'static str, &str)]) -> AuthorizationResponse {
    let state = target.state().map(|state| ("state", state));
    let fields = parameters.iter().copied().chain(state).chain([("iss", issuer)]);
    let uri = target.redirect_uri();
    let separator = match (target.mode(), uri.split_once('?')) {
        (ResponseMode::FormPost, _) => {
            let fields = fields.map(|(name, value)| (name, value.to_owned())).collect();
            return AuthorizationResponse::FormPost { action: uri.to_owned(), fields };
        }
        (ResponseMode::Fragment, _) => "#",
        (ResponseMode::Query, None) => "?",
        (ResponseMode::Query, Some((_, ""))) => "",
        (ResponseMode::Query, Some(_)) => "&",
    };
    let encoded = Serializer::new(String::new()).extend_pairs(fields).finish();
    AuthorizationResponse::Redirect(format!("{uri}{separator}{encoded}"))
}

impl fmt::Debug for AuthorizationResponse {
    /// Only how it travels: it may hold a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(..)",
            Self::FormPost { .. } => "FormPost(..)",
        })
    }
}

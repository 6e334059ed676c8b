//! The authorization response: a code or an error, with `state` and `iss`, to a verified target (RFC 6749 §4.1.2, RFC 9207).

use url::form_urlencoded::Serializer;

use super::authorization_request::RedirectTarget;
use super::rejection::Rejection;
use crate::secret::Secret;

/// The address that brings the code to the client.
pub fn with_code(target: &RedirectTarget, issuer: &str, code: &Secret) -> String {
    address(target, issuer, &[("code", code.expose())])
}

/// The address that brings an error to the client.
pub fn with_error(target: &RedirectTarget, issuer: &str, rejection: Rejection) -> String {
    let error = [("error", rejection.code().as_str()), ("error_description", rejection.description())];
    address(target, issuer, &error)
}

/// The address that tells the client of a failure of ours.
pub fn with_failure(target: &RedirectTarget, issuer: &str, passing: bool) -> String {
    let code = if passing { "temporarily_unavailable" } else { "server_error" };
    address(target, issuer, &[("error", code)])
}

fn address(target: &RedirectTarget, issuer: &str, parameters: &[(&str, &str)]) -> String {
    let uri = target.redirect_uri();
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let mut query = Serializer::new(String::new());
    query.extend_pairs(parameters);
    if let Some(state) = target.state() {
        query.append_pair("state", state);
    }
    query.append_pair("iss", issuer);
    format!("{uri}{separator}{}", query.finish())
}

//! DNS rebinding: a server on plain http answers only to the loopback names of its own port, since any web page can bring a browser
//! to send it a foreign name. An https issuer needs no such guard: the certificate is the guard.

use axum::extract::{Request, State};
use axum::http::{header, uri::Authority};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::error::JsonError;
use crate::protocol::rejection::Rejection;

pub(in crate::http) async fn only_ours(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.issuer.is_secure() || is_loopback_name(&request) {
        true => next.run(request).await,
        false => JsonError::from(Rejection::WrongHost).into_response(),
    }
}

/// Whether the request names this machine, by the one `Host` that it carries.
pub(in crate::http) fn is_loopback_name(request: &Request) -> bool {
    let mut named = request.headers().get_all(header::HOST).iter();
    let authority = match (request.uri().authority(), named.next(), named.next()) {
        (_, _, Some(_)) => None,
        (Some(authority), ..) => Some(authority.clone()),
        (None, host, None) => host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok()),
    };
    // A user name has no place in a host (RFC 9110 §7.2).
    let authority = authority.filter(|authority| !authority.as_str().contains('@'));
    authority.is_some_and(|authority| matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]"))
}

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
    let name = match (request.uri().authority(), named.next(), named.next()) {
        (_, _, Some(_)) => return false,
        (Some(authority), ..) => authority.host().to_owned(),
        (None, Some(host), None) => match host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) {
            Some(authority) => authority.host().to_owned(),
            None => return false,
        },
        (None, None, None) => return false,
    };
    matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]")
}

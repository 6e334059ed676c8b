//! DNS rebinding: a server on plain http answers only to the loopback names of its own port, since any web page can bring a browser
//! to send it a foreign name. An https issuer needs no such guard: the certificate is the guard.

use axum::extract::Request;
use axum::http::{header, uri::Authority};

/// The hosts that a server answers to.
#[derive(Clone, Debug)]
pub(in crate::http) enum Hosts {
    /// Any: TLS, here or at the proxy, has seen to it.
    Any,
    /// This machine by name or address, with any port.
    Loopback,
    /// This one, port included.
    #[cfg(feature = "demo")]
    Exactly(String),
}

impl Hosts {
    /// Whether the request is for one of them, by the one `Host` that it carries.
    pub fn include(&self, request: &Request) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => {
                authority(request).is_some_and(|host| matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]"))
            }
            #[cfg(feature = "demo")]
            Self::Exactly(own) => authority(request).is_some_and(|host| host.as_str() == own),
        }
    }
}

/// The host that the request names, if it names one.
fn authority(request: &Request) -> Option<Authority> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let authority = match (request.uri().authority(), named.next(), named.next()) {
        (_, _, Some(_)) => None,
        (Some(authority), ..) => Some(authority.clone()),
        (None, host, None) => host.and_then(|host| Authority::try_from(host.as_bytes()).ok()),
    };
    // A user name has no place in a host (RFC 9110 §7.2).
    authority.filter(|authority| !authority.as_str().contains('@'))
}

//! Redirect URIs: what may be registered, and which request matches (RFC 9700 §4.1.3, RFC 8252 §7 and §8.4).
//!
//! A requested URI is compared byte for byte with the registered ones. The one exception is the port of a native client's
//! loopback URI. Parsing serves registration and that exception, never the comparison.

use url::{Host, Url};

use super::client::{Client, ClientType};
use super::rejection::Rejection;

/// The longest URI that can be registered, in bytes.
pub const MAX_LENGTH: usize = 2000;

/// Whether the client may have this redirect URI.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn registrable(uri: &str, client_type: ClientType) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("the redirect URI '{}' {why}", uri.escape_debug()));
    if uri.len() > MAX_LENGTH || !uri.bytes().all(|b| b.is_ascii_graphic()) || uri.contains(['*', '\\']) {
        return refuse("must be plain ASCII without '*', '\\' and spaces, and at most 2000 bytes long");
    }
    let Ok(url) = Url::parse(uri) else { return refuse("is not an absolute URI") };
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("must have no fragment and no user name");
    }
    if url.as_str() != uri && url.as_str() != format!("{uri}/") {
        return refuse(&format!("is not in its normal form, which is '{url}'"));
    }
    match (url.scheme(), client_type) {
        ("https", _) => Ok(()),
        ("http", ClientType::Native) if loopback_literal(&url) => Ok(()),
        ("http", ClientType::Native) => refuse("may use http only with the literal 127.0.0.1 or [::1]"),
        ("http", _) if is_loopback(&url) => Ok(()),
        ("http", _) => refuse("may use http only to this machine (localhost, 127.0.0.1, [::1])"),
        (scheme, ClientType::Native) if scheme.contains('.') && !url.has_host() => Ok(()),
        (scheme, ClientType::Native) if scheme.contains('.') => Ok(()),
        (_, ClientType::Native) => refuse("needs a scheme with a dot in it, such as com.example.app"),
        _ => refuse("must use https"),
    }
}

/// Whether the client may be sent to the URI.
///
/// # Errors
/// [`Rejection::UnregisteredRedirectUri`].
pub fn registered(requested: &str, client: &Client) -> Result<(), Rejection> {
    let matches = |registered: &String| {
        registered == requested
            || (client.client_type == ClientType::Native && same_but_for_loopback_port(registered, requested))
    };
    if client.redirect_uris.iter().any(matches) { Ok(()) } else { Err(Rejection::UnregisteredRedirectUri) }
}

/// What a Content-Security-Policy must list so that a form's redirect may go there: an origin, or a scheme for private-use ones.
pub fn form_action_source(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => "'none'".to_owned(),
    }
}

/// Where a browser will go, in words for a person: the host, or the scheme for private-use ones.
pub fn destination(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) => url.host_str().map_or_else(|| format!("{}:", url.scheme()), str::to_owned),
        Err(_) => String::new(),
    }
}

/// The serialized origin of an http or https URI; `None` for other schemes.
pub fn origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    matches!(url.scheme(), "https" | "http").then(|| url.origin().ascii_serialization())
}

/// Whether the host is this machine, by name or by address.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn loopback_literal(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "[::1]"))
}

fn same_but_for_loopback_port(registered: &str, requested: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].iter().any(|prefix| {
        match (registered.strip_prefix(prefix), requested.strip_prefix(prefix)) {
            (Some(registered), Some(requested)) => match (without_port(registered), without_port(requested)) {
                (Some(registered), Some(requested)) => registered == requested,
                _ => false,
            },
            _ => false,
        }
    })
}

/// Cuts `:port` off what follows a host; `None` when what follows is neither a port nor a path or query.
fn without_port(rest: &str) -> Option<&str> {
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            after[..digits].parse::<u16>().ok()?;
            &after[digits..]
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_uris_can_be_registered() {
        use ClientType::{Native, Spa, Web};
        for (uri, kind) in [
            ("https://rp.test/cb", Web),
            ("https://rp.test", Spa),
            ("https://rp.test/cb?a=1", Web),
            ("http://localhost:3000/cb", Spa),
            ("http://127.0.0.1/cb", Native),
            ("http://[::1]:4000/cb", Native),
            ("com.example.app:/cb", Native),
            ("com.example.app://cb", Native),
        ] {
            assert_eq!(registrable(uri, kind), Ok(()), "{uri}");
        }
        for (uri, kind) in [
            ("http://rp.test/cb", Web),
            ("https://rp.test/cb#f", Web),
            ("https://u@rp.test/cb", Web),
            ("https://*.rp.test/cb", Web),
            ("https://rp.test/./cb", Web),
            ("HTTPS://rp.test/cb", Web),
            ("https://rp.test:443/cb", Web),
            ("javascript:alert(1)", Native),
            ("data:text/html,x", Native),
            ("myapp:/cb", Native),
            ("com.example.app:/cb", Web),
            ("http://localhost/cb", Native),
            ("/cb", Web),
            ("https://rp.test/a b", Web),
            ("https:rp.test\\@evil", Web),
        ] {
            assert!(registrable(uri, kind).is_err(), "{uri}");
        }
        assert!(registrable(&format!("https://rp.test/{}", "a".repeat(2000)), Web).is_err());
    }

    #[test]
    fn only_the_port_of_a_loopback_uri_may_differ() {
        let same = same_but_for_loopback_port;
        assert!(same("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
        assert!(same("http://[::1]:1/cb?x", "http://[::1]:65535/cb?x"));
        for other in [
            "http://127.0.0.1:5000/cb2",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:1@evil.test/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://localhost:5000/cb",
            "https://127.0.0.1:5000/cb",
            "http://[::1]/cb",
        ] {
            assert!(!same("http://127.0.0.1/cb", other), "{other}");
        }
    }
}

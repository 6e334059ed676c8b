//! Redirect URIs: what may be registered, and which request matches (RFC 9700 §4.1.3, RFC 8252 §7 and §8.4).
//!
//! A native application may use `http://localhost`, though a literal address is better (RFC 8252 §8.3): many tools use nothing else. It may also
//! have a scheme of its own without a dot in it (against §7.1), which then stands in its registration. Nobody can prove to be such an
//! application, so consent is asked each time ([`next_step`](super::next_step)).
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
    if matches!(url.scheme(), "https" | "http") && !has_plain_host(&url) {
        return refuse("must name its host by letters, digits, '-', '.' and '_', or by an address");
    }
    match (url.scheme(), client_type) {
        ("https", _) => Ok(()),
        ("http", ClientType::Native) if has_free_port(&url) => Ok(()),
        ("http", ClientType::Native) => refuse("may use http only with 127.0.0.1, [::1] or localhost"),
        ("http", _) if is_loopback(&url) => Ok(()),
        ("http", _) => refuse("may use http only to this machine (localhost, 127.0.0.1, [::1])"),
        (scheme, ClientType::Native) if is_taken(scheme) => refuse("has a scheme that no application has to itself"),
        (_, ClientType::Native) => Ok(()),
        _ => refuse("must use https"),
    }
}

/// Schemes that browsers or the system take care of themselves: never an application's own.
const TAKEN: &[&str] = &[
    "about",
    "blob",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "mailto",
    "sms",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];
/// What such schemes begin with.
const TAKEN_PREFIXES: &[&str] = &["chrome", "ms-"];

/// Whether a scheme, in small letters, is one that no application has to itself.
pub(super) fn is_taken(scheme: &str) -> bool {
    TAKEN.contains(&scheme) || TAKEN_PREFIXES.iter().any(|prefix| scheme.starts_with(prefix))
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
        Ok(url) if matches!(url.scheme(), "https" | "http") && !has_plain_host(&url) => "'none'".to_owned(),
        Ok(url) if matches!(url.scheme(), "https" | "http") => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => "'none'".to_owned(),
    }
}

/// Whether the host is a name as they are in use, or an address. URLs allow others, in which a policy would find the end of its list.
fn has_plain_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Where a browser will go, in words for a person: the host, or the scheme for private-use ones, whose host could be anybody's name.
pub fn destination(uri: &str) -> String {
    match Url::parse(uri) {
        Ok(url) if matches!(url.scheme(), "https" | "http") => url.host_str().unwrap_or_default().to_owned(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

/// Where a browser finds the application itself, as far as its registration tells: the origin of the redirect URI that a request named, or
/// else of the first registered one, with `/`. A native application is not found by a browser.
pub fn home(client: &Client, requested: Option<&str>) -> Option<String> {
    let named = requested.filter(|uri| registered(uri, client).is_ok());
    let uris = named.into_iter().chain(client.redirect_uris.iter().map(String::as_str));
    let mut origins =
        uris.filter_map(origin).filter(|_| client.client_type != ClientType::Native && client.is_enabled());
    origins.next().map(|origin| format!("{origin}/"))
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

/// Whether what is sent to the client there goes to an application on the person's own device, where any other can claim to be it: a native
/// client, or a single-page app at a loopback address (RFC 8252 §8.6).
pub fn is_on_device(client: &Client, uri: &str) -> bool {
    match client.client_type {
        ClientType::Native => true,
        ClientType::Spa => Url::parse(uri).is_ok_and(|url| is_loopback(&url)),
        ClientType::Web | ClientType::Service => false,
    }
}

/// The hosts of a native client's URIs whose port is free.
const FREE_PORT: &[&str] = &["127.0.0.1", "[::1]", "localhost"];

fn has_free_port(url: &Url) -> bool {
    url.host_str().is_some_and(|host| FREE_PORT.contains(&host))
}

fn same_but_for_loopback_port(registered: &str, requested: &str) -> bool {
    let rest = |uri: &'_ str, host: &str| {
        uri.strip_prefix("http://").and_then(|rest| rest.strip_prefix(host)).and_then(without_port).map(str::to_owned)
    };
    FREE_PORT.iter().any(|host| rest(registered, host).is_some_and(|known| rest(requested, host) == Some(known)))
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
    use crate::clock::Timestamp;

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
            ("http://localhost/cb", Native),
            ("http://localhost:7777/cb", Native),
            ("cursor://anysphere.cursor-retrieval/oauth/callback", Native),
            ("myapp:/cb", Native),
        ] {
            assert_eq!(registrable(uri, kind), Ok(()), "{uri}");
        }
        for (uri, kind) in [
            ("http://rp.test/cb", Web),
            ("https://rp.test/cb#f", Web),
            ("https://u@rp.test/cb", Web),
            ("https://*.rp.test/cb", Web),
            ("https://rp.test;script-src/cb", Web),
            ("https://rp.test,evil.test/cb", Web),
            ("https://rp'.test/cb", Native),
            ("https://rp.test/./cb", Web),
            ("HTTPS://rp.test/cb", Web),
            ("https://rp.test:443/cb", Web),
            ("com.example.app:/cb", Web),
            ("myapp:/cb", Spa),
            ("http://localhost.evil.test/cb", Native),
            ("http://127.0.0.2/cb", Native),
            ("/cb", Web),
            ("https://rp.test/a b", Web),
            ("https:rp.test\\@evil", Web),
        ] {
            assert!(registrable(uri, kind).is_err(), "{uri}");
        }
        assert!(registrable(&format!("https://rp.test/{}", "a".repeat(2000)), Web).is_err());
        let prefixed = ["chrome", "chrome-extension", "chromeos", "ms-settings", "ms-word"];
        for scheme in TAKEN.iter().chain(&prefixed) {
            for rest in ["x", "//host/path", "/path"] {
                assert!(registrable(&format!("{scheme}:{rest}"), Native).is_err(), "{scheme}:{rest}");
            }
        }
    }

    #[test]
    fn a_private_scheme_is_shown_and_never_what_it_takes_for_a_host() {
        assert_eq!(destination("https://rp.test/cb"), "rp.test");
        assert_eq!(destination("cursor://accounts.google.com/cb"), "cursor:");
        assert_eq!(destination("com.example.app:/cb"), "com.example.app:");
    }

    #[test]
    fn the_home_of_an_application_is_a_registered_address() {
        let mut client = Client::new("c".to_owned(), ClientType::Web, Timestamp::from_seconds(0));
        assert_eq!(home(&client, None), None);
        client.redirect_uris = vec!["https://rp.test/cb?x".to_owned(), "https://other.test:8443/cb".to_owned()];
        assert_eq!(home(&client, None).as_deref(), Some("https://rp.test/"));
        assert_eq!(home(&client, Some("https://other.test:8443/cb")).as_deref(), Some("https://other.test:8443/"));
        assert_eq!(home(&client, Some("https://evil.test/cb")).as_deref(), Some("https://rp.test/"));
        client.disabled_at = Some(Timestamp::from_seconds(1));
        assert_eq!(home(&client, None), None);
        let mut native = Client::new("n".to_owned(), ClientType::Native, Timestamp::from_seconds(0));
        native.redirect_uris = vec!["http://127.0.0.1/cb".to_owned(), "com.example.app:/cb".to_owned()];
        assert_eq!(home(&native, Some("http://127.0.0.1:7777/cb")), None);
    }

    #[test]
    fn only_the_port_of_a_loopback_uri_may_differ() {
        let same = same_but_for_loopback_port;
        assert!(same("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
        assert!(same("http://[::1]:1/cb?x", "http://[::1]:65535/cb?x"));
        assert!(same("http://localhost/cb", "http://localhost:5000/cb"));
        for other in ["http://127.0.0.1:5000/cb", "http://localhost:1@evil.test/cb", "http://localhost.evil.test/cb"] {
            assert!(!same("http://localhost/cb", other), "{other}");
        }
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

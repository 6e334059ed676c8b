//! The issuer: our own name, and every address below it (RFC 8414 §2). It comes from the configuration, never from a request.
//!
//! An issuer may have a path (`https://example.org/auth`): then all that is ours lies below it. Who writes a link, a redirect or a cookie needs a
//! [`Place`] or the [`Base`], and gets either from here alone, so none can forget the path.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::redirect_uri::is_loopback;
use crate::secret::Secret;

/// The longest path, in bytes: it stands in each of our addresses, and those must pass through proxies.
const LONGEST_PATH: usize = 100;
/// What operators ask for at the bare host, whatever the path is: no issuer's path.
const TAKEN: [&str; 2] = ["/healthz", "/readyz"];

/// The issuer URL, without a trailing slash. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    url: Arc<str>,
    origin: Arc<str>,
    base: Base,
    secure: bool,
}

/// Where our own addresses begin on their host: the issuer's path, empty or such as `/auth`. Clones share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base(Arc<str>);

/// An address of ours as our own pages and redirects name it: a path that begins with the issuer's, perhaps with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

impl Issuer {
    /// Takes an https URL, or an http one whose host is this machine, perhaps with a path. No query, fragment or user name, and no slash
    /// at the end.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| format!("'{text}' is not a URL such as https://login.example.org"))?;
        let origin = url.origin().ascii_serialization();
        let path = if text == origin { "" } else { url.path() };
        if text.ends_with('/') {
            return Err(format!("'{text}' must not end with a slash"));
        }
        if text != format!("{origin}{path}") {
            return Err(format!(
                "'{text}' must be a plain origin in lower case such as https://login.example.org, perhaps with a path"
            ));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(format!("'{text}' must use https: plain http is only for this machine (localhost)")),
            _ => return Err(format!("'{text}' must use https")),
        }
        let base = Base::parse(path).map_err(|why| format!("'{text}' {why}"))?;
        Ok(Self { url: text.into(), origin: origin.into(), base, secure: url.scheme() == "https" })
    }

    /// The URL as it stands in `iss`.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The origin, as browsers send it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it is https: cookies get a prefix and `Secure`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where our own addresses begin.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// A place of ours; `path` begins with a slash.
    pub fn place(&self, path: &str) -> Place {
        self.base.place(path)
    }

    /// The address that a mail carries: its page acts for whoever shows this secret.
    pub fn link_of(&self, ticket: &Secret) -> String {
        self.address(&format!("/mail?ticket={}", ticket.expose()))
    }

    /// An address below the issuer; `path` begins with a slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Base {
    /// Takes a path that means the same to every proxy, browser and router: no escapes, no dots that lead elsewhere.
    fn parse(path: &str) -> Result<Self, String> {
        let is_plain = |segment: &str| {
            segment.starts_with(|c: char| c.is_ascii_alphanumeric())
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        };
        if path.len() > LONGEST_PATH {
            return Err(format!("has a path that is longer than {LONGEST_PATH} bytes"));
        }
        if !path.split('/').skip(1).all(is_plain) {
            return Err("has a path with more than letters, digits and -._~ in its parts".to_owned());
        }
        if TAKEN.iter().any(|taken| path == *taken || path.starts_with(&format!("{taken}/"))) {
            return Err("has a path that health checks use".to_owned());
        }
        Ok(Self(path.into()))
    }

    /// A place of ours; `path` begins with a slash.
    pub fn place(&self, path: &str) -> Place {
        Place(format!("{}{path}", self.0))
    }

    /// The path: empty, or with a slash at its beginning and none at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the issuer has its host to itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl Place {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_plain_https_origin_or_this_machine_perhaps_with_a_path() {
        for (fine, path) in [
            ("https://login.example.org", ""),
            ("https://a.test:8443", ""),
            ("http://localhost:8000", ""),
            ("http://127.0.0.1:1", ""),
            ("http://[::1]:1", ""),
            ("https://a.test/auth", "/auth"),
            ("https://a.test:8443/Auth/realms/one-two_3~4.5", "/Auth/realms/one-two_3~4.5"),
            ("http://localhost:8000/x", "/x"),
            ("https://a.test/healthz2", "/healthz2"),
        ] {
            let issuer = Issuer::parse(fine).expect(fine);
            assert_eq!((issuer.as_str(), issuer.base().as_str()), (fine, path));
            assert_eq!(issuer.origin(), fine.strip_suffix(path).unwrap());
            assert_eq!(issuer.place("/login?x=1").as_str(), format!("{path}/login?x=1"));
            assert_eq!(issuer.address("/token"), format!("{fine}/token"));
        }
        for refused in [
            "http://login.example.org",
            "https://a.test/",
            "https://a.test/auth/",
            "https://a.test//auth",
            "https://a.test/a//b",
            "https://a.test/a/../b",
            "https://a.test/.well-known",
            "https://a.test/a b",
            "https://a.test/%61",
            "https://a.test/a;b",
            "https://a.test/{a}",
            "https://a.test/ä",
            "https://a.test/healthz",
            "https://a.test/readyz/x",
            "https://a.test/auth?x",
            "https://a.test/auth#x",
            "https://a.test?x",
            "https://u@a.test",
            "https://u@a.test/auth",
            "ftp://a.test",
            "a.test",
            "HTTPS://a.test",
            "https://A.test/auth",
            "https://a.test:443",
            "http://localhost.evil.test",
        ] {
            assert!(Issuer::parse(refused).is_err(), "{refused}");
        }
        assert!(Issuer::parse(&format!("https://a.test/{}", "a".repeat(99))).is_ok());
        assert!(Issuer::parse(&format!("https://a.test/{}", "a".repeat(100))).is_err());
    }
}

//! The issuer: our own name, and every address below it (RFC 8414 §2). It comes from the configuration, never from a request.

use std::sync::Arc;

use url::Url;

use super::redirect_uri::is_loopback;

/// The issuer URL, without a trailing slash. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    url: Arc<str>,
    origin: Arc<str>,
    secure: bool,
}

impl Issuer {
    /// Takes an https URL, or an http one whose host is this machine. No path, query, fragment or user name.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| format!("'{text}' is not a URL such as https://login.example.org"))?;
        let bare =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if !bare || url.path() != "/" || text.ends_with('/') || url.as_str() != format!("{text}/") {
            return Err(format!("'{text}' must be a plain origin in lower case such as https://login.example.org"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(format!("'{text}' must use https: plain http is only for this machine (localhost)")),
            _ => return Err(format!("'{text}' must use https")),
        }
        let origin = url.origin().ascii_serialization().into();
        Ok(Self { url: text.into(), origin, secure: url.scheme() == "https" })
    }

    /// The URL as it stands in `iss`.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The origin, as browsers send it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it is https: cookies get the `__Host-` prefix and `Secure`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// An address below the issuer; `path` begins with a slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_plain_https_origin_or_this_machine() {
        for fine in [
            "https://login.example.org",
            "https://a.test:8443",
            "http://localhost:8000",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert_eq!(Issuer::parse(fine).unwrap().as_str(), fine);
        }
        for refused in [
            "http://login.example.org",
            "https://a.test/",
            "https://a.test/path",
            "https://a.test?x",
            "https://u@a.test",
            "ftp://a.test",
            "a.test",
            "HTTPS://a.test",
            "https://a.test:443",
            "http://localhost.evil.test",
        ] {
            assert!(Issuer::parse(refused).is_err(), "{refused}");
        }
    }
}

//! What may be asked, and what an issuer may point to.

use http::Uri;

use crate::http::is_allowed;

/// The address, when it may be asked: `https`, or `http` on this machine.
pub(crate) fn checked(text: &str) -> Option<Uri> {
    text.parse::<Uri>().ok().filter(|uri| is_allowed(uri) && !text.contains('#'))
}

/// The address that an issuer points to: never from `https` to this machine.
pub(crate) fn pointed_to(issuer: &str, text: &str) -> Option<Uri> {
    let from = checked(issuer)?;
    checked(text).filter(|to| to.scheme() == from.scheme() || to.scheme_str() == Some("https"))
}

/// The address of its metadata (OpenID Connect Discovery §4): the path is added to that of the issuer.
pub(crate) fn of_metadata(issuer: &str) -> Option<Uri> {
    if issuer.contains(['?', '#']) {
        return None;
    }
    checked(&format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_lies_below_the_issuer() {
        let of = |issuer| of_metadata(issuer).map(|uri| uri.to_string());
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(of("https://login.example.org"), at("https://login.example.org/.well-known/openid-configuration"));
        assert_eq!(of("https://login.example.org/"), at("https://login.example.org/.well-known/openid-configuration"));
        assert_eq!(of("https://example.org/a"), at("https://example.org/a/.well-known/openid-configuration"));
        for wrong in ["http://login.example.org", "https://example.org?a", "https://example.org/#a", "example.org", ""]
        {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_issuer_points_to_no_plain_http() {
        let (https, here) = ("https://login.example.org", "http://127.0.0.1:8000");
        assert!(pointed_to(https, "https://keys.example.org/jwks").is_some());
        assert!(pointed_to(https, "http://127.0.0.1/jwks").is_none());
        assert!(pointed_to(https, "https://keys.example.org/jwks#x").is_none());
        assert!(pointed_to(here, "http://127.0.0.1:8000/jwks").is_some());
        assert!(pointed_to(here, "http://10.0.0.1/jwks").is_none());
    }
}

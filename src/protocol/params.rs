//! Request parameters: strict form decoding, and no parameter twice (RFC 6749 §3.1, §3.2 and Appendix B).
//!
//! A parameter without a value counts as omitted. Refused are broken percent encoding, bytes that are not UTF-8, and control
//! characters. Only `resource` may repeat (RFC 8707 §2).

use std::borrow::Cow;

use percent_encoding::percent_decode;
use url::form_urlencoded::byte_serialize;

use super::rejection::{Refusal, Rejection};

/// The parameters of requests and forms that this server reads or that are standard: only of these is said which one is at fault.
pub const KNOWN: &[&str] = &[
    // Authorization and logout (RFC 6749, RFC 7636, RFC 8707, OpenID Connect Core, RP-Initiated Logout).
    "acr_values",
    "claims",
    "claims_locales",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "domain_hint",
    "id_token_hint",
    "login_hint",
    "logout_hint",
    "max_age",
    "nonce",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "registration",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
    // The endpoints of clients and of tokens (RFC 6749, RFC 6750, RFC 7009, RFC 7521, RFC 7662, RFC 8693), and of providers (Back-Channel Logout).
    "access_token",
    "actor_token",
    "actor_token_type",
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_secret",
    "code",
    "error",
    "iss",
    "user",
    "code_verifier",
    "grant_type",
    "logout_token",
    "refresh_token",
    "requested_token_type",
    "subject_token",
    "subject_token_type",
    "token",
    "token_type_hint",
    // What a browser brings back from a provider (RFC 6749, RFC 9207).
    "error",
    "iss",
    "user",
    // Our own pages.
    "as",
    "before",
    "can_passkey",
    "challenge",
    "choose",
    "codes",
    "credential",
    "csrf",
    "current_password",
    "decision",
    "keep_device",
    "displace",
    "email",
    "end_all",
    "expires",
    "for_good",
    "from",
    "id",
    "locale",
    "name",
    "nickname",
    "offer",
    "password",
    "picture",
    "provider",
    "ticket",
    "website",
    "word",
    "zoneinfo",
];

/// A parameter that may stand once is given more than once. Becomes [`Rejection::RepeatedParameter`]; as a [`Refusal`], it names the
/// parameter when that is one of the [`KNOWN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated(Option<&'static str>);

impl From<Repeated> for Refusal {
    fn from(repeated: Repeated) -> Self {
        repeated.0.map_or_else(|| Rejection::RepeatedParameter.into(), |name| Rejection::RepeatedParameter.of(name))
    }
}

impl From<Repeated> for Rejection {
    /// Without the name: for the rules that run when [`Params::refuse_repeated`] has spoken.
    fn from(_: Repeated) -> Self {
        Self::RepeatedParameter
    }
}

/// The decoded parameters of one request, in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Decodes a query string or a form body.
    ///
    /// # Errors
    /// [`Rejection::MalformedParameters`].
    pub fn parse(encoded: &[u8]) -> Result<Self, Rejection> {
        encoded
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
                Ok((decode(name)?, decode(value)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of a parameter that may stand once; `None` when it is missing or empty.
    ///
    /// # Errors
    /// [`Repeated`].
    pub fn single(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Repeated(Some(name)));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// All values of a parameter that may repeat, empty ones left out.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, v)| n == name && !v.is_empty()).map(|(_, value)| value.as_str())
    }

    /// All parameters, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameters as a query string, in the order they came.
    pub fn to_query(&self) -> String {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pairs: Vec<String> =
            self.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        pairs.join("&")
    }

    /// Refuses any repeated parameter but `resource`.
    ///
    /// # Errors
    /// [`Repeated`].
    pub fn refuse_repeated(&self) -> Result<(), Repeated> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).filter(|n| *n != "resource").collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Repeated(KNOWN.iter().copied().find(|known| *known == pair[0]))),
            None => Ok(()),
        }
    }
}

/// One name or value, decoded.
///
/// # Errors
/// [`Rejection::MalformedParameters`].
pub(super) fn decode(part: &[u8]) -> Result<String, Rejection> {
    // As nearly all of them are: printable ASCII that stands for itself.
    if part.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'%' | b'+')) {
        return Ok(String::from_utf8_lossy(part).into_owned());
    }
    let spaced: Cow<'_, [u8]> = if part.contains(&b'+') {
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        part.into()
    };
    let broken = spaced.iter().enumerate().any(|(at, byte)| {
        *byte == b'%' && !spaced.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let text = percent_decode(&spaced).decode_utf8().map_err(|_| Rejection::MalformedParameters)?;
    if broken || text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(Rejection::MalformedParameters);
    }
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_strictly() {
        let params = Params::parse(b"a=1+2%26&b=&c&resource=x&resource=y&=z").unwrap();
        assert_eq!(params.single("a").unwrap(), Some("1 2&"));
        assert_eq!(params.single("b").unwrap(), None);
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(params.refuse_repeated(), Ok(()));
        for broken in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%00", "%00=a", "a=\u{7}"] {
            assert_eq!(Params::parse(broken.as_bytes()).unwrap_err(), Rejection::MalformedParameters, "{broken}");
        }
        assert_eq!(Params::parse(b"\xff=1").unwrap_err(), Rejection::MalformedParameters);
    }

    #[test]
    fn a_parameter_may_not_repeat() {
        let params = Params::parse(b"a=1&a=1&b=2").unwrap();
        assert_eq!(params.single("a"), Err(Repeated(Some("a"))));
        assert_eq!(params.refuse_repeated(), Err(Repeated(None)));
        assert_eq!(Params::parse(b"b=1&scope=&scope=x").unwrap().refuse_repeated(), Err(Repeated(Some("scope"))));
    }
}

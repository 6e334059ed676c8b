//! How a request carries its credential (RFC 6750 §2): one header, once; never the address.

use http::{HeaderMap, Uri, header};

use crate::refusal::Refusal;

/// The longest API key, in bytes.
#[cfg(feature = "api-key")]
const LONGEST_KEY: usize = 512;

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential<'a> {
    Token(&'a str),
    #[cfg(feature = "api-key")]
    Key(&'a str),
}

/// Reads the one credential of a request. An API key counts where `keys` says so; elsewhere its header means nothing.
pub(crate) fn of<'a>(headers: &'a HeaderMap, uri: &Uri, keys: bool) -> Result<Credential<'a>, Refusal> {
    let in_query = uri.query().into_iter().flat_map(|query| query.split('&'));
    if in_query.into_iter().any(|pair| pair.split('=').next() == Some("access_token")) {
        return Err(Refusal::InAddress);
    }
    let mut tokens = headers.get_all(header::AUTHORIZATION).iter();
    let given = tokens.next();
    if tokens.next().is_some() {
        return Err(Refusal::Several);
    }
    #[cfg(feature = "api-key")]
    if keys {
        let mut all = headers.get_all("x-api-key").iter();
        if let Some(key) = all.next() {
            if given.is_some() || all.next().is_some() {
                return Err(Refusal::Several);
            }
            return key.to_str().ok().filter(|key| is_key(key)).map(Credential::Key).ok_or(Refusal::Malformed);
        }
    }
    #[cfg(not(feature = "api-key"))]
    let _ = keys;
    let value = given.ok_or(Refusal::Missing)?;
    bearer(value.as_bytes()).map(Credential::Token).ok_or(Refusal::Malformed)
}

fn bearer(value: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let is_b64token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let fine = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(is_b64token);
    fine.then_some(token)
}

/// Visible characters, and no dot: what has dots may be a token, and tokens are no keys.
#[cfg(feature = "api-key")]
fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &[u8])], uri: &str) -> Result<String, Refusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_bytes(value).unwrap());
        }
        of(&map, &uri.parse().unwrap(), true).map(|credential| format!("{credential:?}"))
    }

    #[test]
    fn a_token_comes_in_one_header_alone() {
        assert_eq!(read(&[("authorization", b"Bearer abc")], "/").unwrap(), "Token(\"abc\")");
        assert_eq!(read(&[("authorization", b"bEARER abc")], "/?access_tokens=1").unwrap(), "Token(\"abc\")");
        assert_eq!(read(&[], "/"), Err(Refusal::Missing));
        let twice: &[(&str, &[u8])] = &[("authorization", b"Bearer abc"), ("authorization", b"Bearer abc")];
        assert_eq!(read(twice, "/"), Err(Refusal::Several));
        for uri in ["/?access_token=abc", "/?a=b&access_token=", "/?access_token"] {
            assert_eq!(read(&[("authorization", b"Bearer abc")], uri), Err(Refusal::InAddress));
            assert_eq!(read(&[], uri), Err(Refusal::InAddress));
        }
        let wrong: [&[u8]; 8] =
            [b"Bearer", b"Bearer ", b"Bearer  abc", b"Bearer a b", b"Basic YTpi", b"Bearer \xe9", b"DPoP abc", b"abc"];
        for value in wrong {
            assert_eq!(read(&[("authorization", value)], "/"), Err(Refusal::Malformed), "{value:?}");
        }
    }

    #[cfg(feature = "api-key")]
    #[test]
    fn a_key_comes_alone_and_is_no_token() {
        assert_eq!(read(&[("x-api-key", b"dwk_abc")], "/").unwrap(), "Key(\"dwk_abc\")");
        for value in [&b""[..], b" ", b"a b", b"eyJh.eyJh.AAAA", b"a\xe9", &[b'a'; 513]] {
            assert_eq!(read(&[("x-api-key", value)], "/"), Err(Refusal::Malformed), "{value:?}");
        }
        let pairs: [&[(&str, &[u8])]; 2] =
            [&[("x-api-key", b"a"), ("x-api-key", b"a")], &[("x-api-key", b"a"), ("authorization", b"Bearer a")]];
        for pair in pairs {
            assert_eq!(read(pair, "/"), Err(Refusal::Several));
        }
        // Where keys do not count, the header is as any other.
        let mut map = HeaderMap::new();
        map.insert("x-api-key", "a".parse().unwrap());
        assert_eq!(of(&map, &"/".parse().unwrap(), false), Err(Refusal::Missing));
    }
}

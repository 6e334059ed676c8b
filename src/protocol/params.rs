//! Request parameters: strict form decoding, and no parameter twice (RFC 6749 §3.1, §3.2 and Appendix B).
//!
//! A parameter without a value counts as omitted. Refused are broken percent encoding, bytes that are not UTF-8, and control
//! characters. Only `resource` may repeat (RFC 8707 §2).

use std::borrow::Cow;

use percent_encoding::percent_decode;
use url::form_urlencoded::byte_serialize;

use super::rejection::Rejection;

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
    /// [`Rejection::RepeatedParameter`].
    pub fn single(&self, name: &str) -> Result<Option<&str>, Rejection> {
        let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(Rejection::RepeatedParameter);
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
    /// [`Rejection::RepeatedParameter`].
    pub fn refuse_repeated(&self) -> Result<(), Rejection> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).filter(|n| *n != "resource").collect();
        names.sort_unstable();
        match names.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(Rejection::RepeatedParameter),
            false => Ok(()),
        }
    }
}

fn decode(part: &[u8]) -> Result<String, Rejection> {
    let spaced: Cow<'_, [u8]> = match part.contains(&b'+') {
        true => part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect(),
        false => part.into(),
    };
    let broken = spaced.iter().enumerate().any(|(at, byte)| {
        *byte == b'%' && !spaced.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let text = percent_decode(&spaced).decode_utf8().map_err(|_| Rejection::MalformedParameters)?;
    match broken || text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        true => Err(Rejection::MalformedParameters),
        false => Ok(text.into_owned()),
    }
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
        assert_eq!(params.single("a"), Err(Rejection::RepeatedParameter));
        assert_eq!(params.refuse_repeated(), Err(Rejection::RepeatedParameter));
    }
}

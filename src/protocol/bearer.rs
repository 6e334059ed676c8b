//! How a request carries its access token: the header, or the form body of a POST; never the address (RFC 6750 §2, OAuth 2.1 §5.1).

use super::params::Params;
use super::rejection::{Refusal, Rejection};
use crate::secret::Secret;

/// Reads the token of a request from its `Authorization` headers, its query and its form body.
///
/// # Errors
/// [`Rejection::MissingToken`], [`Rejection::MalformedBearer`], [`Rejection::SeveralTokens`], [`Rejection::TokenInQuery`],
/// [`Rejection::RepeatedParameter`].
pub fn token(authorization: &[&[u8]], query: &Params, body: &Params) -> Result<Secret, Refusal> {
    if query.all("access_token").next().is_some() {
        return Err(Rejection::TokenInQuery.into());
    }
    match (authorization, body.single("access_token")?) {
        ([], None) => Err(Rejection::MissingToken.into()),
        ([], Some(token)) => Ok(Secret::presented(token)),
        ([header], None) => Ok(header_token(header).ok_or(Rejection::MalformedBearer)?),
        _ => Err(Rejection::SeveralTokens.into()),
    }
}

fn header_token(header: &[u8]) -> Option<Secret> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let is_b64token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    let fine = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(is_b64token);
    fine.then(|| Secret::presented(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_by_header_or_body_and_by_one_of_them() {
        let none = Params::default();
        let body = Params::parse(b"access_token=abc").unwrap();
        assert_eq!(token(&[b"Bearer abc"], &none, &none).unwrap().expose(), "abc");
        assert_eq!(token(&[], &none, &body).unwrap().expose(), "abc");
        assert_eq!(token(&[], &none, &none).unwrap_err(), Rejection::MissingToken);
        assert_eq!(token(&[], &body, &none).unwrap_err(), Rejection::TokenInQuery);
        assert_eq!(token(&[b"Bearer abc"], &none, &body).unwrap_err(), Rejection::SeveralTokens);
        assert_eq!(token(&[b"Bearer a", b"Bearer b"], &none, &none).unwrap_err(), Rejection::SeveralTokens);
        for malformed in [&b"Bearer"[..], b"Bearer ", b"bearer  x", b"Basic YTpi", b"Bearer \xe9", b"Bearer a b"] {
            assert_eq!(token(&[malformed], &none, &none).unwrap_err(), Rejection::MalformedBearer);
        }
    }
}

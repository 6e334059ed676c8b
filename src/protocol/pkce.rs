//! Proof key for code exchange, S256 only (RFC 7636), and which clients may do without (RFC 9700 §2.1.1; OAuth 2.1, "Authorization Code
//! Injection").

use subtle::ConstantTimeEq;

use super::named::named;
use super::params::Params;
use super::rejection::Rejection;
use super::scope::ScopeSet;
use crate::secret::{base64url, from_base64url, sha256};

/// What keeps a stolen code from being redeemed in somebody else's session with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkceMode {
    /// PKCE, in every request. The only mode of a public client.
    Required,
    /// PKCE; or OpenID Connect's `nonce`, which the client finds again in its ID token: then the request asks for `openid`.
    Nonce,
    /// Whatever the client does for itself.
    Optional,
}

named!(PkceMode { Required = "required", Nonce = "nonce", Optional = "optional" });

/// A code challenge: the SHA-256 of a verifier in base64url, 43 characters.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Takes a challenge as it was stored; it was checked when it came.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads `code_challenge` and `code_challenge_method` of an authorization request for these scopes. `plain` is refused.
///
/// # Errors
/// [`Rejection::MissingCodeChallenge`] and [`Rejection::MissingChallengeAndNonce`] where the mode forbids that,
/// [`Rejection::MethodWithoutChallenge`], [`Rejection::MalformedCodeChallenge`], [`Rejection::WrongChallengeMethod`].
pub fn challenge(params: &Params, mode: PkceMode, scopes: &ScopeSet) -> Result<Option<CodeChallenge>, Rejection> {
    let method = params.single("code_challenge_method")?;
    let Some(text) = params.single("code_challenge")? else {
        if method.is_some() {
            return Err(Rejection::MethodWithoutChallenge);
        }
        let has_nonce = scopes.contains("openid") && params.single("nonce")?.is_some();
        return match mode {
            PkceMode::Required => Err(Rejection::MissingCodeChallenge),
            PkceMode::Nonce if !has_nonce => Err(Rejection::MissingChallengeAndNonce),
            PkceMode::Nonce | PkceMode::Optional => Ok(None),
        };
    };
    if method != Some("S256") {
        return Err(Rejection::WrongChallengeMethod);
    }
    if from_base64url(text).is_some_and(|bytes| bytes.len() == 32) {
        Ok(Some(CodeChallenge(text.to_owned())))
    } else {
        Err(Rejection::MalformedCodeChallenge)
    }
}

/// Checks the verifier of a token request against the challenge of its authorization request (RFC 7636 §4.6).
///
/// # Errors
/// [`Rejection::MissingVerifier`], [`Rejection::WrongVerifier`], and [`Rejection::UnexpectedVerifier`] when there was no challenge:
/// without that a code could be stripped of its protection (RFC 9700 §4.8.2).
pub fn verify(challenge: Option<&CodeChallenge>, verifier: Option<&str>) -> Result<(), Rejection> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Rejection::UnexpectedVerifier),
        (Some(_), None) => Err(Rejection::MissingVerifier),
        (Some(challenge), Some(verifier)) => {
            let hash = base64url(&sha256(verifier.as_bytes()));
            let well_formed = (43..=128).contains(&verifier.len());
            if well_formed && bool::from(hash.as_bytes().ct_eq(challenge.0.as_bytes())) {
                Ok(())
            } else {
                Err(Rejection::WrongVerifier)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_verifies_and_its_neighbours_do_not() {
        let challenge = CodeChallenge(CHALLENGE.into());
        assert_eq!(verify(Some(&challenge), Some(VERIFIER)), Ok(()));
        assert_eq!(verify(Some(&challenge), Some(&VERIFIER[1..])), Err(Rejection::WrongVerifier));
        assert_eq!(verify(Some(&challenge), Some(CHALLENGE)), Err(Rejection::WrongVerifier));
        assert_eq!(verify(Some(&challenge), None), Err(Rejection::MissingVerifier));
        assert_eq!(verify(None, Some(VERIFIER)), Err(Rejection::UnexpectedVerifier));
        assert_eq!(verify(None, None), Ok(()));
    }

    #[test]
    fn a_challenge_is_s256_and_43_characters() {
        for mode in PkceMode::ALL {
            let read = |query: &str| read(query, *mode, "openid");
            assert!(read(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).unwrap().is_some());
            assert_eq!(read("code_challenge_method=S256&nonce=n"), Err(Rejection::MethodWithoutChallenge));
            for method in ["", "&code_challenge_method=plain", "&code_challenge_method=s256"] {
                let wrong = read(&format!("code_challenge={CHALLENGE}{method}"));
                assert_eq!(wrong, Err(Rejection::WrongChallengeMethod));
            }
            let short = read("code_challenge=short&code_challenge_method=S256");
            assert_eq!(short, Err(Rejection::MalformedCodeChallenge));
        }
    }

    #[test]
    fn a_request_without_a_challenge_is_what_the_mode_says() {
        for (query, scope, with_nonce) in
            [("nonce=n", "openid", true), ("nonce=", "openid", false), ("nonce=n", "a", false), ("", "openid", false)]
        {
            assert_eq!(read(query, PkceMode::Required, scope), Err(Rejection::MissingCodeChallenge));
            let expected = if with_nonce { Ok(None) } else { Err(Rejection::MissingChallengeAndNonce) };
            assert_eq!(read(query, PkceMode::Nonce, scope), expected, "{query} {scope}");
            assert_eq!(read(query, PkceMode::Optional, scope), Ok(None));
        }
    }

    fn read(query: &str, mode: PkceMode, scope: &str) -> Result<Option<CodeChallenge>, Rejection> {
        challenge(&Params::parse(query.as_bytes()).unwrap(), mode, &ScopeSet::parse(scope).unwrap())
    }
}

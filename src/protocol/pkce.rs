//! Proof key for code exchange, S256 only (RFC 7636; RFC 9700 §2.1.1).

use subtle::ConstantTimeEq;

use super::params::Params;
use super::rejection::Rejection;
use crate::secret::{base64url, from_base64url, sha256};

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

/// Reads `code_challenge` and `code_challenge_method` of an authorization request. `plain` is refused.
///
/// # Errors
/// [`Rejection::MissingCodeChallenge`] when `required`, [`Rejection::MalformedCodeChallenge`], [`Rejection::WrongChallengeMethod`].
pub fn challenge(params: &Params, required: bool) -> Result<Option<CodeChallenge>, Rejection> {
    let method = params.single("code_challenge_method")?;
    let Some(text) = params.single("code_challenge")? else {
        return if required || method.is_some() { Err(Rejection::MissingCodeChallenge) } else { Ok(None) };
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
        let read = |query: String, required| challenge(&Params::parse(query.as_bytes()).unwrap(), required);
        assert!(read(format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), true).unwrap().is_some());
        assert_eq!(read(String::new(), false), Ok(None));
        assert_eq!(read(String::new(), true), Err(Rejection::MissingCodeChallenge));
        assert_eq!(read("code_challenge_method=S256".into(), false), Err(Rejection::MissingCodeChallenge));
        for method in ["", "&code_challenge_method=plain", "&code_challenge_method=s256"] {
            assert_eq!(read(format!("code_challenge={CHALLENGE}{method}"), true), Err(Rejection::WrongChallengeMethod));
        }
        assert_eq!(
            read("code_challenge=short&code_challenge_method=S256".into(), true),
            Err(Rejection::MalformedCodeChallenge)
        );
    }
}

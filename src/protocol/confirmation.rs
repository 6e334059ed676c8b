//! Key confirmation: the key that a grant, a code or a token is bound to, so that it is worth nothing without that key (RFC 7800 §3).
//!
//! What proves a key (DPoP, RFC 9449; later a client's certificate, RFC 8705) is not decided here: whoever checks such a proof puts what it
//! proved into [`TokenRequest::confirmation`](crate::grants::TokenRequest).

use serde::{Deserialize, Serialize};

use super::rejection::Rejection;

/// A key by its thumbprint: the claim `cnf`, as it stands in tokens, introspection and the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The SHA-256 thumbprint of the public JWK, base64url (RFC 9449 §6.1, RFC 7638).
    pub jkt: String,
}

/// The key that an access token is to be bound to: the one that the request has proved. What is bound already is given to the holder of
/// that very key alone (RFC 9449 §5 and §10).
///
/// # Errors
/// [`Rejection::WrongKeyOfGrant`].
pub fn bound_to<'a>(
    granted: Option<&Confirmation>,
    proved: Option<&'a Confirmation>,
) -> Result<Option<&'a Confirmation>, Rejection> {
    if granted.is_some() && granted != proved {
        return Err(Rejection::WrongKeyOfGrant);
    }
    Ok(proved)
}

/// How a token is presented: `DPoP` when it is bound to a key, else `Bearer` (RFC 9449 §5, RFC 6750 §6.1.1).
pub fn token_type(confirmation: Option<&Confirmation>) -> &'static str {
    if confirmation.is_some() { "DPoP" } else { "Bearer" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_given_to_the_holder_of_its_key_alone() {
        let key = |jkt: &str| Confirmation { jkt: jkt.into() };
        let (one, two) = (key("one"), key("two"));
        assert_eq!(bound_to(None, None), Ok(None));
        assert_eq!(bound_to(None, Some(&one)), Ok(Some(&one)));
        assert_eq!(bound_to(Some(&one), Some(&one)), Ok(Some(&one)));
        assert_eq!(bound_to(Some(&one), Some(&two)), Err(Rejection::WrongKeyOfGrant));
        assert_eq!(bound_to(Some(&one), None), Err(Rejection::WrongKeyOfGrant));
        assert_eq!((token_type(None), token_type(Some(&one))), ("Bearer", "DPoP"));
    }

    #[test]
    fn a_key_reads_as_in_the_specification() {
        let text = r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#;
        let read: Confirmation = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}

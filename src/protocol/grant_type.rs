//! The one table of grant types (RFC 6749 §1.3): what a client may be allowed, what the token endpoint dispatches on, what the server
//! says of itself.
//!
//! A new grant type is a value here; it does not compile until `grants/` decides it.

use super::named::named;

/// A way to get tokens at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantType {
    /// A person signs in and allows it (RFC 6749 §4.1).
    AuthorizationCode,
    /// The client acts for itself (RFC 6749 §4.4).
    ClientCredentials,
    /// What a person allowed goes on (RFC 6749 §6).
    RefreshToken,
}

named!(GrantType {
    AuthorizationCode = "authorization_code",
    ClientCredentials = "client_credentials",
    RefreshToken = "refresh_token",
});

/// What a grant type asks of a client that may use it.
struct Row {
    needs_person: bool,
    needs_authentication: bool,
    needs_redirect_uri: bool,
    goes_on_with: &'static [GrantType],
}

impl GrantType {
    const fn row(self) -> Row {
        match self {
            Self::AuthorizationCode => {
                Row { needs_person: true, needs_authentication: false, needs_redirect_uri: true, goes_on_with: &[] }
            }
            Self::ClientCredentials => {
                Row { needs_person: false, needs_authentication: true, needs_redirect_uri: false, goes_on_with: &[] }
            }
            Self::RefreshToken => Row {
                needs_person: true,
                needs_authentication: false,
                needs_redirect_uri: false,
                goes_on_with: &[Self::AuthorizationCode],
            },
        }
    }

    /// Whether it gives access to what is a person's: then the client has users.
    pub const fn needs_person(self) -> bool {
        self.row().needs_person
    }

    /// Whether it is for clients that authenticate alone (RFC 6749 §4.4).
    pub const fn needs_authentication(self) -> bool {
        self.row().needs_authentication
    }

    /// Whether it begins at the authorization endpoint, whose answer goes to a redirect URI.
    pub const fn needs_redirect_uri(self) -> bool {
        self.row().needs_redirect_uri
    }

    /// The grant types that give what this one goes on with, one of which the client must be allowed too; empty when it stands alone.
    pub const fn goes_on_with(self) -> &'static [Self] {
        self.row().goes_on_with
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_type_is_known_by_its_name_in_text_and_in_json() {
        for grant_type in GrantType::ALL {
            assert_eq!(grant_type.as_str().parse(), Ok(*grant_type));
            let json = serde_json::to_string(grant_type).unwrap();
            assert_eq!(serde_json::from_str::<GrantType>(&json).unwrap(), *grant_type);
        }
        assert!("password".parse::<GrantType>().is_err());
        assert!(serde_json::from_str::<GrantType>("\"implicit\"").is_err());
    }
}

//! How a person authenticated, as clients are told: the methods `amr` (RFC 8176) and the context class `acr` (OpenID Connect Core §2).
//!
//! A context class is claimed only where it is true. A password over TLS, or over the loopback of a development machine, is the class
//! `PasswordProtectedTransport` of SAML 2.0 (saml-authn-context-2.0-os §3.4.5), which most applications know by this name. What
//! another provider vouches for has no class here.

/// The method of a password (RFC 8176 §2).
pub const PASSWORD: &str = "pwd";

/// The context class of a password over a protected transport.
pub const PASSWORD_CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Every context class that an ID token may claim, for the metadata.
pub const CLASSES: &[&str] = &[PASSWORD_CLASS];

/// The context class of these methods, which are separated by spaces; `None` when no known one is true.
pub fn class(methods: &str) -> Option<&'static str> {
    methods.split(' ').any(|method| method == PASSWORD).then_some(PASSWORD_CLASS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_claimed_only_where_it_is_true() {
        assert_eq!(class("pwd"), Some(PASSWORD_CLASS));
        assert_eq!(class("pwd otp"), Some(PASSWORD_CLASS));
        assert_eq!(class("fed"), None);
        assert_eq!(class(""), None);
        assert!(CLASSES.contains(&PASSWORD_CLASS));
    }
}

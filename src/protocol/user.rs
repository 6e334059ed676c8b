//! A user: a person with an account here.

use serde_json::{Map, Value};

use super::named::named;
use crate::clock::Timestamp;

/// What can be changed of an account: by the names that it has in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserField {
    /// [`User::email`].
    Email,
    /// [`User::email_verified`].
    EmailVerified,
    /// [`User::name`].
    Name,
    /// The password; never shown.
    Password,
    /// [`User::claims`].
    Claims,
    /// [`User::roles`].
    Roles,
}

named!(UserField {
    Email = "email",
    EmailVerified = "email_verified",
    Name = "name",
    Password = "password",
    Claims = "claims",
    Roles = "roles",
});

/// Checks a role: 1 to 100 ASCII characters without spaces.
///
/// # Errors
/// A sentence that says so.
pub fn check_role(role: &str) -> Result<(), String> {
    if (1..=100).contains(&role.len()) && role.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(format!("'{}' cannot be a role: 1 to 100 ASCII characters without spaces", role.escape_debug()))
    }
}

/// A person with an account.
#[derive(Clone, Debug)]
pub struct User {
    /// A row id; the `sub` of tokens.
    pub id: String,
    /// The address in its canonical form (see [`super::email`]).
    pub email: String,
    /// Whether the person has proved the address.
    pub email_verified: bool,
    /// The full name, as the person writes it.
    pub name: String,
    /// Further standard claims (OpenID Connect Core §5.1), by name.
    pub claims: Map<String, Value>,
    /// Roles, for access tokens.
    pub roles: Vec<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When what clients can learn of the person was last changed.
    pub updated_at: Timestamp,
    /// When it was switched off, if it was.
    pub disabled_at: Option<Timestamp>,
}

//! A user: a person with an account here.

use serde_json::{Map, Value};

use crate::clock::Timestamp;

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

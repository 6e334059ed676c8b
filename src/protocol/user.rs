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

/// Who made an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// A person for themselves, with a password.
    Person,
    /// An operator.
    Operator,
    /// A person who came through a provider.
    Upstream,
    /// A person who was invited.
    Invitation,
    /// Nobody knows: it is from before that was kept.
    Unknown,
}

named!(MadeBy { Person = "person", Operator = "operator", Upstream = "upstream", Invitation = "invitation", Unknown = "unknown" });

/// Who stands for it that the address of an account is its person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailAuthority {
    /// Nobody but the person, who typed it.
    Nobody,
    /// A provider that says so, and is no authority for the address: it may have believed somebody.
    Provider,
    /// A provider that is the authority for the address.
    Authority,
    /// An operator, who gave it to the account or called it verified.
    Operator,
    /// The person, who read a mail of ours there.
    Mail,
    /// Somebody, before that was kept.
    Unknown,
}

named!(EmailAuthority {
    Nobody = "nobody",
    Provider = "provider",
    Authority = "authority",
    Operator = "operator",
    Mail = "mail",
    Unknown = "unknown",
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
    /// The address in its canonical form (see [`super::email`]), which nobody else has; the name to sign in with. Whoever comes through a
    /// provider may have none.
    pub email: Option<String>,
    /// Whether the person has proved the address.
    pub email_verified: bool,
    /// Who stands for the address.
    pub email_authority: EmailAuthority,
    /// The full name, as the person writes it.
    pub name: String,
    /// Further standard claims (OpenID Connect Core §5.1), by name.
    pub claims: Map<String, Value>,
    /// Roles that were given here.
    pub roles: Vec<String>,
    /// Roles that come of what providers say, as of the last time each was heard.
    pub upstream_roles: Vec<String>,
    /// Who made the account.
    pub made_by: MadeBy,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When what clients can learn of the person was last changed.
    pub updated_at: Timestamp,
    /// When it was switched off, if it was.
    pub disabled_at: Option<Timestamp>,
    /// When it goes, if its person is leaving ([`super::leaving`]).
    pub delete_after: Option<Timestamp>,
}

impl User {
    /// An account that has nothing yet: neither address nor name.
    pub fn new(id: String, made_by: MadeBy, now: Timestamp) -> Self {
        Self {
            id,
            email: None,
            email_verified: false,
            email_authority: EmailAuthority::Nobody,
            name: String::new(),
            claims: Map::new(),
            roles: Vec::new(),
            upstream_roles: Vec::new(),
            made_by,
            created_at: now,
            updated_at: now,
            disabled_at: None,
            delete_after: None,
        }
    }

    /// Whether it can be used at all: nobody switched it off, and its person is not leaving.
    pub const fn is_usable(&self) -> bool {
        self.disabled_at.is_none() && self.delete_after.is_none()
    }

    /// The language that the person has chosen, by its tag.
    pub fn locale(&self) -> Option<&str> {
        self.claims.get("locale").and_then(Value::as_str)
    }

    /// What the person is called where one line is to say who it is: by the address, or by the name without one.
    pub fn called(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.name)
    }

    /// Whether its address may be taken over by whoever proves it to an authority: a person made the account with it, nobody with authority ever said that it is
    /// theirs, and nobody has given the account anything, nor switched it off: whoever was shut out does not come back so. The statement of
    /// `release_address` (`storage/identities.rs`) decides by the same.
    pub fn may_be_displaced(&self) -> bool {
        let has_roles = !self.roles.is_empty() || !self.upstream_roles.is_empty();
        let is_own = matches!(self.made_by, MadeBy::Person | MadeBy::Upstream);
        let is_unproved = match self.email_authority {
            EmailAuthority::Nobody => !self.email_verified,
            EmailAuthority::Provider => true,
            _ => false,
        };
        is_own && is_unproved && !has_roles && self.disabled_at.is_none()
    }

    /// Every role: what was given here, then what comes of providers. This is what tokens, introspection and userinfo tell.
    pub fn all_roles(&self) -> Vec<String> {
        all_roles(self.roles.clone(), &self.upstream_roles)
    }
}

/// Roles that were given here, then those that come of providers, each once.
pub fn all_roles(given: Vec<String>, upstream: &[String]) -> Vec<String> {
    let mut roles = given;
    for role in upstream {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_both_kinds_are_told_once_each() {
        let mut user = User::new("u".into(), MadeBy::Upstream, Timestamp::from_seconds(0));
        user.roles = vec!["editor".into(), "admin".into()];
        user.upstream_roles = vec!["admin".into(), "developer".into()];
        assert_eq!(user.all_roles(), ["editor", "admin", "developer"]);
    }

    #[test]
    fn an_address_that_nobody_with_authority_stands_for_is_its_owners() {
        use EmailAuthority as By;
        for made_by in [MadeBy::Person, MadeBy::Upstream, MadeBy::Operator, MadeBy::Unknown] {
            for by in [By::Nobody, By::Provider, By::Authority, By::Operator, By::Mail, By::Unknown] {
                for email_verified in [false, true] {
                    let new = User::new("u".into(), made_by, Timestamp::from_seconds(0));
                    let user = User { email_authority: by, email_verified, ..new };
                    let is_weak = by == By::Provider || (by == By::Nobody && !email_verified);
                    let expected = is_weak && matches!(made_by, MadeBy::Person | MadeBy::Upstream);
                    assert_eq!(user.may_be_displaced(), expected, "{user:?}");
                }
            }
        }
    }

    #[test]
    fn whoever_has_no_address_is_called_by_name() {
        let user =
            User { name: "Ann Lee".into(), ..User::new("u".into(), MadeBy::Upstream, Timestamp::from_seconds(0)) };
        assert_eq!(user.called(), "Ann Lee");
        assert_eq!(User { email: Some("ann@example.org".into()), ..user }.called(), "ann@example.org");
    }
}

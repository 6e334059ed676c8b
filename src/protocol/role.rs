//! Roles: which scopes need one, and who may have what (NIST INCITS 359, RFC 9068 §2.2.3.1).
//!
//! A role bundles scopes, of whatever APIs own them, and an API may demand a role for a scope of its own. Either way the scope is guarded: a token
//! carries it only for whoever has one of the roles that permit it. That is asked by [`Resource::permits`] alone, wherever a token is made or
//! asked about, so what is given or taken counts with the next token, and at once at introspection and userinfo.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::audience::Audience;
use super::named::named;
use super::resource::Resource;
use crate::clock::Timestamp;

/// The role that everybody with an account has, and no service: it stands in no token and is given to nobody.
pub const USER: &str = "user";
/// The role of those who run the server. Somebody always has it, once somebody had.
pub const ADMIN: &str = "admin";
/// The roles that are always there.
pub const BUILT_IN: &[&str] = &[ADMIN, USER];
/// The longest name of a role, in bytes.
const MAX_NAME: usize = 100;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name, as tokens carry it.
    pub name: String,
    /// What it is for, in words for people; may be empty.
    pub description: String,
    /// The scopes that it permits, of whatever APIs own them.
    pub scopes: BTreeSet<String>,
    /// The context class in which whoever has it must sign in, or in a stronger one ([`super::demand`]).
    pub acr: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What can be changed of a role: by the names that it has in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleField {
    /// [`Role::description`].
    Description,
    /// [`Role::scopes`].
    Scopes,
    /// [`Role::acr`].
    Acr,
}

named!(RoleField { Description = "description", Scopes = "scopes", Acr = "acr" });

impl Role {
    /// A role that permits nothing yet.
    pub fn new(name: String, created_at: Timestamp) -> Self {
        Self { name, description: String::new(), scopes: BTreeSet::new(), acr: None, created_at }
    }
}

/// Checks the name of a role that is to be made: 1 to 100 of ASCII letters, digits, `.`, `_`, `:` and `-`, and none that looks like one that is
/// always there.
///
/// # Errors
/// A sentence that says so.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_plain) {
        let name = name.escape_debug();
        return Err(format!(
            "'{name}' cannot be a role: 1 to {MAX_NAME} of the letters a to z, digits, '.', '_', ':' and '-'"
        ));
    }
    match BUILT_IN.iter().find(|own| own.eq_ignore_ascii_case(name) && **own != name) {
        Some(own) => Err(format!("'{name}' cannot be a role: it looks like '{own}'")),
        None => Ok(()),
    }
}

/// Whose roles decide.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A person's.
    Person(&'a [String]),
    /// A client's that acts for itself.
    Service(&'a [String]),
    /// Nobody's yet: what a request may ask for before it is known who answers it.
    Unknown,
}

impl Holder<'_> {
    /// Whether this role was given to them.
    pub fn holds(self, role: &str) -> bool {
        match self {
            Self::Person(own) | Self::Service(own) => own.iter().any(|one| one == role),
            Self::Unknown => false,
        }
    }

    /// Whether they have one of these roles.
    fn has_any(self, roles: &BTreeSet<String>) -> bool {
        match self {
            Self::Person(own) => roles.contains(USER) || own.iter().any(|role| roles.contains(role)),
            Self::Service(own) => own.iter().any(|role| roles.contains(role)),
            Self::Unknown => true,
        }
    }
}

impl Resource {
    /// Whether a token of this holder for this API may carry the scope, as far as roles decide: it is not guarded, or they have one of the roles that
    /// permit it.
    pub fn permits(&self, scope: &str, holder: Holder<'_>) -> bool {
        self.guards.get(scope).is_none_or(|roles| holder.has_any(roles))
    }

    /// Notes which of its scopes these roles permit, beside those that it demands a role for itself.
    pub fn guarded_by(mut self, roles: &[Role]) -> Self {
        let mut guards: BTreeMap<String, BTreeSet<String>> = self.scope_needs.clone();
        for role in roles {
            for scope in role.scopes.iter().filter(|scope| self.scopes.contains_key(*scope)) {
                guards.entry(scope.clone()).or_default().insert(role.name.clone());
            }
        }
        self.guards = guards;
        self
    }
}

/// Which roles an API wants to see in its tokens. As text: `all`, `none`, or names separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum RolesSeen {
    /// Every role of the person.
    #[default]
    All,
    /// These alone, when the person has them; none of them: no role.
    Only(BTreeSet<String>),
}

impl RolesSeen {
    /// Those that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let named = match self {
            Self::All => None,
            Self::Only(names) => Some(names.iter().map(String::as_str)),
        };
        named.into_iter().flatten()
    }

    fn sees(&self, role: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(role),
        }
    }
}

impl From<RolesSeen> for String {
    fn from(seen: RolesSeen) -> Self {
        match seen {
            RolesSeen::All => "all".to_owned(),
            RolesSeen::Only(names) if names.is_empty() => "none".to_owned(),
            RolesSeen::Only(names) => names.into_iter().collect::<Vec<_>>().join(","),
        }
    }
}

impl TryFrom<String> for RolesSeen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "all" => Ok(Self::All),
            "none" => Ok(Self::Only(BTreeSet::new())),
            names => {
                let names: BTreeSet<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
                names.iter().try_for_each(|name| check_name(name))?;
                Ok(Self::Only(names))
            }
        }
    }
}

/// What a token for this audience tells of roles: those that the API in it wants to see. The issuer, which is userinfo, sees all.
pub fn seen(roles: Vec<String>, audience: &Audience, resources: &[Resource]) -> Vec<String> {
    let meant = |api: &&Resource| audience.contains(&api.identifier);
    let apis: Vec<&Resource> = resources.iter().filter(meant).collect();
    roles.into_iter().filter(|role| apis.iter().all(|api| api.roles_seen.sees(role))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn role(name: &str, scopes: &[&str]) -> Role {
        Role { scopes: set(scopes), ..Role::new(name.to_owned(), Timestamp::from_seconds(0)) }
    }

    fn api() -> Resource {
        let mut api = Resource::new("https://a.test".to_owned(), Timestamp::from_seconds(0));
        api.scopes = ["read", "write", "admin", "signed"].map(|scope| (scope.to_owned(), String::new())).into();
        api.scope_needs = [("admin".to_owned(), set(&["owner"])), ("signed".to_owned(), set(&[USER]))].into();
        api.guarded_by(&[role("editor", &["write", "elsewhere"]), role("chief", &["write", "admin"])])
    }

    #[test]
    fn a_guarded_scope_is_for_whoever_has_a_role_that_permits_it() {
        let none: &[String] = &[];
        let of = |role: &str| vec![role.to_owned()];
        let (editor, chief, owner) = (of("editor"), of("chief"), of("owner"));
        for (holder, scopes) in [
            (Holder::Person(none), "read signed"),
            (Holder::Service(none), "read"),
            (Holder::Person(&editor), "read write signed"),
            (Holder::Service(&editor), "read write"),
            (Holder::Person(&chief), "read write admin signed"),
            (Holder::Service(&owner), "read admin"),
            (Holder::Unknown, "read write admin signed"),
        ] {
            let api = api();
            let given: Vec<&str> =
                ["read", "write", "admin", "signed"].into_iter().filter(|scope| api.permits(scope, holder)).collect();
            assert_eq!(given.join(" "), scopes, "{holder:?}");
        }
        assert!(!api().guards.contains_key("elsewhere"), "a scope of another API guards nothing here");
    }

    #[test]
    fn the_name_of_a_role_is_plain_and_like_none_that_is_always_there() {
        for name in ["admin", "user", "editor", "team:a-1.b_c", "Editor"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "admin ", " admin", "Admin", "USER", "\u{430}dmin", "a,b", "a b", "a\"b", &"x".repeat(101)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_api_sees_the_roles_that_it_wants_to_see() {
        let apis = |seen: &str| {
            let mut api = api();
            api.roles_seen = RolesSeen::try_from(seen.to_owned()).unwrap();
            assert_eq!(String::from(api.roles_seen.clone()), seen);
            [api]
        };
        let roles = || vec!["editor".to_owned(), "chief".to_owned()];
        for (wish, audience, told) in [
            ("all", "https://a.test", "editor chief"),
            ("none", "https://a.test", ""),
            ("chief,other", "https://a.test https://as.test", "chief"),
            ("none", "https://as.test", "editor chief"),
        ] {
            assert_eq!(seen(roles(), &Audience::from_text(audience), &apis(wish)).join(" "), told, "{wish} {audience}");
        }
        assert!(RolesSeen::try_from("a,\u{430}".to_owned()).is_err() && RolesSeen::try_from(String::new()).is_err());
    }
}

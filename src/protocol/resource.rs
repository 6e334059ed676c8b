//! Resources: the APIs that accept our access tokens, and how a request names them (RFC 8707).

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::client::Client;
use super::named::named;
use super::params::Params;
use super::rejection::Rejection;
use super::resource_signing::ResourceSigning;
use super::role::RolesSeen;
use crate::clock::Timestamp;

/// What can be changed of a registered API: by the names that it has in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceField {
    /// [`Resource::name`].
    Name,
    /// [`Resource::scopes`].
    Scopes,
    /// [`Resource::introspectors`].
    Introspectors,
    /// [`Resource::signing`].
    SigningAlg,
    /// [`Resource::token_type`].
    TokenType,
    /// [`Resource::scope_needs`].
    ScopeNeeds,
    /// [`Resource::roles_seen`].
    Roles,
}

named!(ResourceField {
    Name = "name",
    Scopes = "scopes",
    Introspectors = "introspectors",
    SigningAlg = "signing_alg",
    TokenType = "token_type",
    ScopeNeeds = "scope_needs",
    Roles = "roles",
});

/// What the header's `typ` of an API's access tokens is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTokenType {
    /// `at+jwt`: no other JWT can be taken for one (RFC 9068 §2.1).
    #[default]
    AtJwt,
    /// `JWT`, for APIs that insist on it. ID tokens have the same, so such an API must look at the audience.
    Jwt,
}

named!(AccessTokenType { AtJwt = "at+jwt", Jwt = "jwt" });

/// A registered API.
#[derive(Clone, Debug)]
pub struct Resource {
    /// An absolute URI without a fragment: the `aud` of its tokens.
    pub identifier: String,
    /// Shown to people.
    pub name: String,
    /// Its scopes, each with what it means to a person (may be empty).
    pub scopes: BTreeMap<String, String>,
    /// The scopes that it owned once and gave up.
    pub former_scopes: BTreeSet<String>,
    /// The scopes for which it demands one of these roles.
    pub scope_needs: BTreeMap<String, BTreeSet<String>>,
    /// Its guarded scopes with every role that permits each: as it demands, and as roles bundle them.
    pub guards: BTreeMap<String, BTreeSet<String>>,
    /// Which roles its access tokens tell.
    pub roles_seen: RolesSeen,
    /// The clients that may introspect for it.
    pub introspectors: Vec<String>,
    /// What its access tokens are signed with.
    pub signing: ResourceSigning,
    /// What type its access tokens say they are.
    pub token_type: AccessTokenType,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Resource {
    /// An API that is given nothing yet, not even a name.
    pub fn new(identifier: String, created_at: Timestamp) -> Self {
        Self {
            identifier,
            name: String::new(),
            scopes: BTreeMap::new(),
            former_scopes: BTreeSet::new(),
            scope_needs: BTreeMap::new(),
            guards: BTreeMap::new(),
            roles_seen: RolesSeen::default(),
            introspectors: Vec::new(),
            signing: ResourceSigning::default(),
            token_type: AccessTokenType::default(),
            created_at,
        }
    }

    /// Whether the scope is one of its own.
    pub fn owns(&self, scope: &str) -> bool {
        self.scopes.contains_key(scope)
    }

    /// Gives it these scopes in place of the former ones.
    pub fn set_scopes(&mut self, scopes: BTreeMap<String, String>) {
        self.former_scopes.extend(std::mem::replace(&mut self.scopes, scopes).into_keys());
        self.former_scopes.retain(|token| !self.scopes.contains_key(token));
    }
}

/// Whether the text can be a resource identifier: an absolute URI without a fragment, at most 2000 bytes.
pub fn is_identifier(text: &str) -> bool {
    let plain = text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain && Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}

/// What a name that nothing here has is refused with: whether it could be one at all is asked only then, for what is registered can.
pub(super) fn unknown(identifier: &str, rejection: Rejection) -> Rejection {
    if is_identifier(identifier) { rejection } else { Rejection::MalformedResource }
}

/// The resources that an authorization request names, without repetition: each registered and allowed to the client. The issuer is
/// always one of those that may be named.
///
/// # Errors
/// [`Rejection::MalformedResource`], [`Rejection::UnknownResource`], [`Rejection::ResourceNotAllowed`].
pub fn requested(
    params: &Params,
    client: &Client,
    resources: &[Resource],
    issuer: &str,
) -> Result<Vec<String>, Rejection> {
    let mut asked: Vec<String> = Vec::new();
    for identifier in params.all("resource") {
        let registered = resources.iter().any(|r| r.identifier == identifier);
        if !registered && identifier != issuer {
            return Err(unknown(identifier, Rejection::UnknownResource));
        }
        if registered && !client.may_name(identifier) {
            return Err(Rejection::ResourceNotAllowed);
        }
        if !asked.iter().any(|known| known == identifier) {
            asked.push(identifier.to_owned());
        }
    }
    Ok(asked)
}

//! Who calls, and what a call may need.

use std::borrow::Cow;
use std::sync::Arc;

use http::Uri;

use crate::claims::Claims;

/// Who calls: put into the request by [`RequireAuth`](crate::RequireAuth), once the credential was verified.
#[derive(Clone, Debug)]
pub struct Caller {
    claims: Arc<Claims>,
    key: bool,
    pub(crate) asked: Asked,
}

/// What was asked for, as far as a refusal tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The address, of which only ever the path is told.
    pub(crate) uri: Uri,
    /// Where the metadata of the API are.
    pub(crate) resource_metadata: Option<Arc<str>>,
}

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallerKind {
    /// A person, by an application.
    User,
    /// A service in its own name.
    Service,
    /// A script, by an API key. Whether the key is a person's or a service's is not said: [`Caller::subject`] is one or the other.
    ApiKey,
}

impl Caller {
    pub(crate) fn by_token(claims: Claims, asked: Asked) -> Self {
        Self { claims: Arc::new(claims), key: false, asked }
    }

    #[cfg(feature = "api-key")]
    pub(crate) fn by_key(claims: Claims, asked: Asked) -> Self {
        Self { claims: Arc::new(claims), key: true, asked }
    }

    /// Everything that the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whom it is about: `sub`.
    pub fn subject(&self) -> &str {
        &self.claims.subject
    }

    /// The application by which, or the service that, it calls.
    pub fn client(&self) -> Option<&str> {
        self.claims.client.as_deref()
    }

    /// What calls. A service in its own name is its own subject (RFC 9068 §2.2).
    pub fn kind(&self) -> CallerKind {
        match self.client() {
            _ if self.key_id().is_some() => CallerKind::ApiKey,
            Some(client) if client == self.subject() => CallerKind::Service,
            _ => CallerKind::User,
        }
    }

    /// The public id of the API key that it showed, or that its token was traded for: of Doorward such a token has the key for its client and
    /// for its grant (`gid`).
    pub fn key_id(&self) -> Option<&str> {
        let named = |name: &str| self.claims.rest.get(name).and_then(serde_json::Value::as_str);
        let client = self.client().filter(|client| self.key || named("gid") == Some(client));
        named("dwk_id").or(client)
    }

    /// Whether this scope is among its own, byte for byte: no scope includes another.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.claims.scopes.iter().any(|has| has == scope)
    }

    /// Whether this role is among its own, byte for byte: no role includes another.
    pub fn has_role(&self, role: &str) -> bool {
        self.claims.roles.iter().any(|has| has == role)
    }

    /// Refuses who lacks something.
    ///
    /// # Errors
    /// [`Denied`](crate::Denied), an answer of 403 that names what is needed.
    pub fn needs(&self, need: &Need) -> Result<(), crate::Denied> {
        if need.is_met_by(self) { Ok(()) } else { Err(crate::Denied::forbidden(need.clone(), self)) }
    }
}

/// What a call needs: a scope, a role, or one of several things.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// This scope.
    Scope(Cow<'static, str>),
    /// This role.
    Role(Cow<'static, str>),
    /// Any one of these; of none, nobody has one.
    Any(Vec<Need>),
}

impl Need {
    /// This scope.
    pub fn scope(scope: impl Into<Cow<'static, str>>) -> Self {
        Self::Scope(scope.into())
    }

    /// This role.
    pub fn role(role: impl Into<Cow<'static, str>>) -> Self {
        Self::Role(role.into())
    }

    /// Any one of these.
    pub fn any(needs: impl IntoIterator<Item = Self>) -> Self {
        Self::Any(needs.into_iter().collect())
    }

    /// Whether the caller has it.
    pub fn is_met_by(&self, caller: &Caller) -> bool {
        match self {
            Self::Scope(scope) => caller.has_scope(scope),
            Self::Role(role) => caller.has_role(role),
            Self::Any(needs) => needs.iter().any(|need| need.is_met_by(caller)),
        }
    }

    /// The scopes and the roles in it.
    pub(crate) fn names(&self) -> (Vec<&str>, Vec<&str>) {
        let (mut scopes, mut roles) = (Vec::new(), Vec::new());
        self.collect(&mut scopes, &mut roles);
        (scopes, roles)
    }

    fn collect<'a>(&'a self, scopes: &mut Vec<&'a str>, roles: &mut Vec<&'a str>) {
        match self {
            Self::Scope(scope) => scopes.push(scope),
            Self::Role(role) => roles.push(role),
            Self::Any(needs) => needs.iter().for_each(|need| need.collect(scopes, roles)),
        }
    }
}

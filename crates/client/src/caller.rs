//! Who calls.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use crate::claims::Claims;
use crate::need::Need;

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
    /// When, in seconds since 1970.
    pub(crate) at: i64,
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

    /// Whether it has authenticated in this context class, byte for byte: no class includes another. A service never has.
    pub fn has_acr(&self, acr: &str) -> bool {
        self.claims.acr.as_deref() == Some(acr)
    }

    /// Whether it has authenticated at most so long before this call, in whole seconds. A service never has.
    pub fn has_authenticated_within(&self, max_age: Duration) -> bool {
        // Ahead of this machine's clock is now.
        let age = self.claims.authenticated_at.map(|at| self.asked.at.saturating_sub(at).max(0));
        age.is_some_and(|age| age.unsigned_abs() <= max_age.as_secs())
    }

    /// Refuses who lacks something.
    ///
    /// # Errors
    /// [`Denied`](crate::Denied): an answer of 403 that names what is needed, or of 401 that says how to authenticate, when that is all that is missing.
    pub fn needs(&self, need: &Need) -> Result<(), crate::Denied> {
        match need.lacking(self) {
            None => Ok(()),
            Some(lacking) => Err(crate::Denied::lacking(lacking, self)),
        }
    }
}

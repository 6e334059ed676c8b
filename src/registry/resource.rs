//! Resources: registering, reading and changing the APIs that accept our access tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::resource_secret::IssuedSecret;
use super::{Changed, Error, Registry, commit, given, set};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::edit::Edit;
use crate::protocol::page::{Listed, Page};
use crate::protocol::problem::Problems;
use crate::protocol::registration;
use crate::protocol::resource::{AccessTokenType, Resource, ResourceField};
use crate::protocol::resource_secret::SecretBytes;
use crate::protocol::resource_signing::{ResourceAlgorithm, ResourceSigning};
use crate::protocol::role::RolesSeen;
use crate::storage::Reader;

/// A resource that is to be registered.
#[derive(Clone, Debug)]
pub struct NewResource {
    /// An absolute URI: the `aud` of its tokens.
    pub identifier: String,
    /// All that can be changed later.
    pub details: ResourceChange,
}

/// What of a resource is to become what.
#[derive(Clone, Debug, Default)]
pub struct ResourceChange {
    /// Shown to people.
    pub name: Option<String>,
    /// Its scopes, each with what it means to a person (may be empty).
    pub scopes: Option<BTreeMap<String, String>>,
    /// The clients that may introspect for it.
    pub introspectors: Option<Vec<String>>,
    /// What its access tokens are signed with; taken away: what the settings say.
    pub signing_algorithm: Edit<ResourceAlgorithm>,
    /// The secret that an API which wants one from now on has already; otherwise one is made.
    pub secret: Option<SecretBytes>,
    /// What type its access tokens say they are.
    pub token_type: Option<AccessTokenType>,
    /// For some of its scopes the roles of which one is demanded, beside the scopes that are not named; none takes the demand away.
    pub scope_needs: BTreeMap<String, BTreeSet<String>>,
    /// Which roles its access tokens tell.
    pub roles_seen: Option<RolesSeen>,
}

/// A resource as every face shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceView {
    /// Its identifier.
    pub identifier: String,
    /// Shown to people.
    pub name: String,
    /// The names of its scopes.
    pub scopes: Vec<String>,
    /// What each of them means to a person.
    pub scope_words: BTreeMap<String, String>,
    /// The clients that may introspect for it.
    pub introspectors: Vec<String>,
    /// What its access tokens are signed with, or `default`.
    pub signing_alg: &'static str,
    /// What type its access tokens say they are.
    pub token_type: AccessTokenType,
    /// The scopes for which it demands one of these roles.
    pub scope_needs: BTreeMap<String, BTreeSet<String>>,
    /// Which roles its access tokens tell: `all`, `none`, or names separated by commas.
    pub roles: RolesSeen,
    /// When it was registered (RFC 3339).
    pub created_at: String,
}

/// A resource, with its secret when that is new: it is shown this once.
#[derive(Debug)]
pub struct IssuedResource {
    /// The resource.
    pub resource: ResourceView,
    /// Its secret; `None` for one that has none, and for one that goes on with those that it has.
    pub secret: Option<IssuedSecret>,
}

impl From<Resource> for ResourceView {
    fn from(resource: Resource) -> Self {
        Self {
            identifier: resource.identifier,
            name: resource.name,
            scopes: resource.scopes.keys().cloned().collect(),
            scope_words: resource.scopes,
            introspectors: resource.introspectors,
            signing_alg: resource.signing.wanted().map_or("default", ResourceAlgorithm::as_str),
            token_type: resource.token_type,
            scope_needs: resource.scope_needs,
            roles: resource.roles_seen,
            created_at: resource.created_at.to_string(),
        }
    }
}

impl ResourceChange {
    /// Makes the change; the fields that it names.
    fn apply(self, resource: &mut Resource) -> Vec<ResourceField> {
        use ResourceField as F;
        let (has_scopes, has_needs) = (self.scopes.is_some(), !self.scope_needs.is_empty());
        for (scope, roles) in self.scope_needs {
            if roles.is_empty() {
                resource.scope_needs.remove(&scope);
            } else {
                resource.scope_needs.insert(scope, roles);
            }
        }
        if let Some(scopes) = self.scopes {
            resource.set_scopes(scopes);
        }
        let mut wanted = resource.signing.wanted();
        let fields = [
            (F::Name, set(self.name, &mut resource.name)),
            (F::Scopes, has_scopes),
            (F::Introspectors, set(self.introspectors, &mut resource.introspectors)),
            (F::SigningAlg, self.signing_algorithm.apply(&mut wanted)),
            (F::TokenType, set(self.token_type, &mut resource.token_type)),
            (F::ScopeNeeds, has_needs),
            (F::Roles, set(self.roles_seen, &mut resource.roles_seen)),
        ];
        resource.signing = resource.signing.changed_to(wanted);
        given(fields)
    }
}

/// What is wrong is an [`Error::Invalid`], an unknown identifier an [`Error::Missing`].
impl Registry {
    /// Registers a resource, with its secret when it wants one.
    pub async fn create_resource(&self, mut new: NewResource, act: &Act) -> Result<Changed<IssuedResource>, Error> {
        self.administers(act).await?;
        let given = new.details.secret.take();
        let mut resource = Resource::new(new.identifier, act.at);
        let fields = new.details.apply(&mut resource);
        let mut transaction = self.storage.begin().await?;
        let warnings = self.check_resource(&mut transaction, &resource, &fields).await?;
        if !transaction.insert_resource(&resource).await? {
            let sentence = format!("there is a resource {} already", resource.identifier);
            return Err(Problems::one("identifier", sentence).into());
        }
        let event = Event::of(act, Name::ResourceCreated).on(Noun::Resource, &resource.identifier);
        let secret = self.fit_secrets(&mut transaction, (ResourceSigning::default(), &resource), given, act).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view: IssuedResource { resource: resource.into(), secret }, event, warnings })
    }

    /// The resource with this identifier.
    pub async fn resource(&self, identifier: &str) -> Result<ResourceView, Error> {
        let found = self.storage.read().await?.resource(identifier).await?;
        found.map(ResourceView::from).ok_or_else(|| missing(identifier))
    }

    /// A page of the resources, oldest first.
    pub async fn resources(&self, page: Page) -> Result<Listed<ResourceView>, Failure> {
        Ok(self.storage.read().await?.resources_of(&page).await?.map(ResourceView::from))
    }

    /// Changes what is named of a resource. One that wants a secret from now on gets one, one that does not loses all that it had.
    pub async fn change_resource(
        &self,
        identifier: &str,
        mut change: ResourceChange,
        act: &Act,
    ) -> Result<Changed<IssuedResource>, Error> {
        self.administers(act).await?;
        let given = change.secret.take();
        let mut transaction = self.storage.begin().await?;
        let mut resource = transaction.hold_resource(identifier).await?.ok_or_else(|| missing(identifier))?;
        let before = resource.signing;
        let fields = change.apply(&mut resource);
        let warnings = self.check_resource(&mut transaction, &resource, &fields).await?;
        transaction.change_resource(&resource, &fields).await?;
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let event = Event::of(act, Name::ResourceChanged).on(Noun::Resource, identifier).with("fields", names);
        let secret = self.fit_secrets(&mut transaction, (before, &resource), given, act).await?;
        commit(transaction, &event).await?;
        Ok(Changed { view: IssuedResource { resource: resource.into(), secret }, event, warnings })
    }

    /// Whether the resource may be as it is here, and the introspectors that were just named are clients. What may be a mistake in the
    /// scopes that were just named.
    async fn check_resource(
        &self,
        reader: &mut Reader,
        resource: &Resource,
        fields: &[ResourceField],
    ) -> Result<Vec<String>, Error> {
        let mut problems = registration::check_resource(resource, &self.issuer).err().unwrap_or_default();
        let named = fields.contains(&ResourceField::Introspectors);
        for (at, client_id) in resource.introspectors.iter().enumerate().filter(|_| named) {
            if reader.client(client_id).await?.is_none() {
                let sentence = format!("there is no client '{}'", client_id.escape_debug());
                problems.add(format!("introspectors[{at}]"), sentence);
            }
        }
        let roles = reader.roles().await?;
        let is_known = |name: &str| roles.iter().any(|role| role.name == name);
        let demanded =
            resource.scope_needs.iter().flat_map(|(scope, roles)| roles.iter().map(move |role| (scope, role)));
        for (scope, role) in demanded.filter(|(_, role)| !is_known(role)) {
            problems.add(format!("scope_needs.{scope}"), no_role(role));
        }
        if fields.contains(&ResourceField::Roles) {
            let unknown = resource.roles_seen.names().filter(|name| !is_known(name));
            unknown.for_each(|name| problems.add("roles", no_role(name)));
        }
        let mut warnings = Vec::new();
        if fields.contains(&ResourceField::Scopes) {
            let others = reader.resources().await?;
            let others = others.iter().filter(|other| other.identifier != resource.identifier);
            warnings.extend(others.flat_map(|other| shared(resource, other)));
        }
        Ok(problems.unless_any(warnings)?)
    }
}

/// What a scope means that two APIs have.
fn shared<'a>(resource: &'a Resource, other: &'a Resource) -> impl Iterator<Item = String> {
    let named = &other.identifier;
    let sentence =
        move |token| format!("{named} has the scope '{token}' too: whoever asks for it must name the resource");
    resource.scopes.keys().filter(|token| other.owns(token)).map(sentence)
}

fn no_role(name: &str) -> String {
    format!("there is no role '{}': doorward role create makes one", name.escape_debug())
}

fn missing(identifier: &str) -> Error {
    Error::Missing(Noun::Resource, identifier.to_owned())
}

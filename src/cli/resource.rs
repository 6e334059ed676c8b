//! `resource`: APIs that accept our access tokens.

mod secret;

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, Subcommand};
use serde_json::json;

use secret::{NewSecret, SecretFile};

use super::arguments::{self, Part, Yes};
use super::key::{self, Wanted};
use super::output::{note, value, warn};
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::edit::Edit;
use crate::protocol::printable::escaped;
use crate::protocol::resource::AccessTokenType;
use crate::protocol::resource_signing::ResourceAlgorithm;
use crate::protocol::role::RolesSeen;
use crate::registry::{Error, IssuedResource, NewResource, Registry, ResourceChange};

/// APIs that accept our access tokens.
#[derive(Subcommand)]
#[command(
    after_help = "Example:\n  doorward resource create --identifier https://api.example.org --name 'Notes' --scope 'notes:read=Read your notes'"
)]
pub(super) enum ResourceCommand {
    /// Register an API.
    #[command(
        after_help = "Example:\n  doorward resource create --identifier https://api.example.org --name 'Notes' --scope 'notes:read=Read your notes' --json"
    )]
    Create(Create),
    /// List the APIs.
    #[command(after_help = "Example:\n  doorward resource list --json")]
    List(List),
    /// Show an API.
    #[command(after_help = "Example:\n  doorward resource show https://api.example.org")]
    Show(Named),
    /// Change an API. What is not given stays; given scopes and introspectors replace the former ones, and an empty value clears them.
    #[command(after_help = "Example:\n  doorward resource update https://api.example.org --introspector CLIENT_ID")]
    Update(Update),
    /// Give an API whose tokens are signed with HS256 another secret, and show it once.
    #[command(
        after_help = "The former secret goes on signing for the overlap. Give the API the new one beside it meanwhile; then the new one signs, and\nthe former one is taken until its last token has expired. When a secret is out: --overlap 0s.\n\nExamples:\n  doorward resource new-secret https://api.example.org --overlap 7d --json\n  doorward resource new-secret https://api.example.org --overlap 0s"
    )]
    NewSecret(NewSecret),
    /// Delete an API for good, with its scopes. Says first what goes, and asks.
    #[command(
        after_help = "Examples:\n  doorward resource delete https://api.example.org\n  doorward resource delete https://api.example.org --yes --json"
    )]
    Delete(Delete),
}

#[derive(Args)]
pub(super) struct Named {
    /// The API's identifier.
    identifier: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Delete {
    /// The API's identifier.
    identifier: String,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Create {
    /// An absolute URI: the `aud` of its tokens.
    #[arg(long, value_name = "URI")]
    identifier: String,
    /// Shown to people.
    #[arg(long, value_name = "N")]
    name: String,
    #[command(flatten)]
    rest: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Update {
    /// The API's identifier.
    identifier: String,
    /// A new name.
    #[arg(long, value_name = "N")]
    name: Option<String>,
    #[command(flatten)]
    rest: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Details {
    /// A scope, with what it means to a person: `notes:read` or `notes:read=Read your notes`; can be repeated.
    #[arg(long = "scope", value_name = "S")]
    scopes: Vec<String>,
    /// A client that may introspect for it; can be repeated.
    #[arg(long = "introspector", value_name = "CLIENT_ID")]
    introspectors: Vec<String>,
    /// What its access tokens are signed with: RS256, ES256, EdDSA, or default; HS256 for an API that can do nothing else, with a
    /// secret that is shown once [of a new one: as keys.algorithm says].
    #[arg(long = "signing-alg", value_name = "A", value_parser = signing_algorithm)]
    signing_algorithm: Option<Signing>,
    #[command(flatten)]
    secret: SecretFile,
    /// What its access tokens say they are: at+jwt, or jwt for an API that insists on JWT; such an API must check the audience, since ID
    /// tokens are of type JWT too [of a new one: at+jwt].
    #[arg(long, value_name = "T", value_parser = token_type)]
    token_type: Option<AccessTokenType>,
    /// Roles of which one is demanded for a scope, beside what is demanded for other scopes: `orders:write=editor` or
    /// `orders:write=editor,chief`; can be repeated, and an empty list takes the demand away.
    #[arg(long = "scope-needs", value_name = "SCOPE=ROLE", value_parser = scope_needs)]
    scope_needs: Vec<(String, BTreeSet<String>)>,
    /// Which of a person's roles its access tokens tell: all, none, or names separated by commas [of a new one: all].
    #[arg(long = "roles", value_name = "all|none|NAME", value_parser = roles_seen)]
    roles_seen: Option<RolesSeen>,
}

/// An algorithm as an argument; `default` for that of the settings.
#[derive(Clone, Copy, Debug)]
struct Signing(Option<ResourceAlgorithm>);

impl Signing {
    /// What is wanted of the signing keys, if anything is.
    fn of_keys(self) -> Option<Wanted> {
        match self.0 {
            None => Some(Wanted(None)),
            Some(ResourceAlgorithm::Public(algorithm)) => Some(Wanted(Some(algorithm))),
            Some(ResourceAlgorithm::Hs256) => None,
        }
    }
}

fn signing_algorithm(text: &str) -> Result<Signing, String> {
    if text == "default" { Ok(Signing(None)) } else { text.parse().map(Some).map(Signing) }
}

fn scope_needs(text: &str) -> Result<(String, BTreeSet<String>), String> {
    let (scope, roles) = text.split_once('=').ok_or_else(|| {
        format!("'{}' must be a scope, '=', and the roles of which one is demanded", text.escape_debug())
    })?;
    let named = roles.split(',').map(str::trim).filter(|role| !role.is_empty()).map(str::to_owned);
    Ok((scope.to_owned(), named.collect()))
}

fn roles_seen(text: &str) -> Result<RolesSeen, String> {
    text.to_owned().try_into()
}

fn token_type(text: &str) -> Result<AccessTokenType, String> {
    text.parse().map_err(|_| format!("'{}' must be at+jwt or jwt", text.escape_debug()))
}

impl ResourceCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let opening = if matches!(self, Self::Create(_)) { Opening::Made } else { Opening::Existing };
        let (storage, registry) = start::registry(&context.config, opening).await?;
        let act = context.act();
        let done = match self {
            Self::Create(create) => create.run(&context, &registry, &act).await,
            Self::List(wanted) => list(&registry, wanted).await,
            Self::Show(named) => named.run(&registry, act.at).await,
            Self::Update(update) => update.run(&context, &registry, &act).await,
            Self::NewSecret(new) => new.run(&registry, &act).await,
            Self::Delete(delete) => delete.run(&registry, &act).await,
        };
        storage.close().await;
        done.map_err(refused)
    }
}

impl Named {
    async fn run(self, registry: &Registry, now: Timestamp) -> Result<(), Error> {
        let mut thing = value(&registry.resource(&self.identifier).await?);
        let secrets = registry.resource_secrets(&self.identifier, now).await?;
        if self.output.json || !secrets.is_empty() {
            thing["secrets"] = value(&secrets);
        }
        self.output.thing(&thing);
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context, registry: &Registry, act: &Act) -> Result<(), Error> {
        let algorithm = self.rest.signing_algorithm;
        let details = ResourceChange { name: Some(self.name), ..self.rest.change()? };
        let new = NewResource { identifier: self.identifier, details };
        let changed = registry.create_resource(new, act).await?;
        tell(context, &changed.view, algorithm, self.output).await;
        warn(&changed.warnings);
        Ok(())
    }
}

impl Update {
    async fn run(self, context: &Context, registry: &Registry, act: &Act) -> Result<(), Error> {
        let algorithm = self.rest.signing_algorithm;
        let change = ResourceChange { name: self.name, ..self.rest.change()? };
        let changed = registry.change_resource(&self.identifier, change, act).await?;
        tell(context, &changed.view, algorithm, self.output).await;
        warn(&changed.warnings);
        Ok(())
    }
}

impl Delete {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let resource = registry.resource(&self.identifier).await?;
        note(format!("The API '{}' goes for good: {}.", escaped(&resource.name), resource.identifier));
        if !resource.scopes.is_empty() {
            note(format!(
                "With it go its scopes: {}. Clients get no tokens for them any more.",
                resource.scopes.join(" ")
            ));
        }
        note("The API itself takes access tokens that it verifies by itself until these expire.");
        self.yes.or_ask("Delete it?")?;
        registry.delete_resource(&self.identifier, act).await?;
        self.output.done(&json!({ "identifier": self.identifier, "deleted": true }), "The API is deleted.");
        Ok(())
    }
}

impl Details {
    fn change(self) -> Result<ResourceChange, Failure> {
        let split = |text: String| match text.split_once('=') {
            Some((scope, words)) => (scope.to_owned(), words.to_owned()),
            None => (text, String::new()),
        };
        Ok(ResourceChange {
            name: None,
            scopes: arguments::list(self.scopes).map(|given| given.into_iter().map(split).collect::<BTreeMap<_, _>>()),
            introspectors: arguments::list(self.introspectors),
            signing_algorithm: self.signing_algorithm.map_or(Edit::Keep, |Signing(algorithm)| algorithm.into()),
            secret: self.secret.read()?,
            token_type: self.token_type,
            scope_needs: self.scope_needs.into_iter().collect(),
            roles_seen: self.roles_seen,
        })
    }
}

/// Prints an API that was registered or changed, with its secret when that is new.
async fn tell(context: &Context, issued: &IssuedResource, algorithm: Option<Signing>, output: Output) {
    let IssuedResource { resource, secret } = issued;
    let mut thing = value(resource);
    if let Some(secret) = secret {
        secret::add(&mut thing, secret);
    }
    key::tell_beginning(context, &mut thing, "signing_alg_from", algorithm.and_then(Signing::of_keys)).await;
    output.thing(&thing);
    secret::tell(secret.as_ref(), output);
}

async fn list(registry: &Registry, List { part, output }: List) -> Result<(), Error> {
    let things = part.read(async |page| registry.resources(page).await).await?;
    output.list(&things, &["identifier", "name", "scopes"], "There are no resources yet.");
    Ok(())
}

//! `resource`: APIs that accept our access tokens.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::key::{self, Wanted};
use super::{Context, Output, start};
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::registration;
use crate::protocol::resource::Resource;
use crate::storage::Storage;

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
    List(Output),
    /// Show an API.
    #[command(after_help = "Example:\n  doorward resource show https://api.example.org")]
    Show(Named),
    /// Change an API. Given scopes and introspectors replace the former ones.
    #[command(after_help = "Example:\n  doorward resource update https://api.example.org --introspector CLIENT_ID")]
    Update(Update),
}

#[derive(Args)]
pub(super) struct Named {
    /// The API's identifier.
    identifier: String,
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
    /// What its access tokens are signed with: RS256, ES256, EdDSA, or default [default: as keys.algorithm says].
    #[arg(long = "signing-alg", value_name = "A", value_parser = key::wanted)]
    signing_algorithm: Option<Wanted>,
}

impl ResourceCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let storage = start::storage(&context.config).await?;
        match self {
            Self::Create(create) => {
                let mut resource = Resource {
                    identifier: create.identifier,
                    name: create.name,
                    scopes: BTreeMap::new(),
                    introspectors: Vec::new(),
                    signing_algorithm: AlgorithmChoice::default(),
                    created_at: context.clock.now(),
                };
                let algorithm = create.rest.signing_algorithm;
                create.rest.apply(&storage, &mut resource).await?;
                registration::check_resource(&resource, &context.config.server.issuer).map_err(Failure::internal)?;
                let mut transaction = storage.begin().await?;
                if !transaction.insert_resource(&resource).await? {
                    return Err(Failure::internal(format!("there is a resource {} already", resource.identifier)));
                }
                transaction.commit().await?;
                let mut thing = thing(&resource);
                key::tell_beginning(&context, &mut thing, "signing_alg_from", algorithm).await;
                create.output.thing(&thing);
            }
            Self::List(output) => {
                let resources = storage.read().await?.resources().await?;
                let things: Vec<Value> = resources.iter().map(thing).collect();
                output.list(&things, &["identifier", "name", "scopes"], "There are no resources yet.");
            }
            Self::Show(named) => named.output.thing(&thing(&find(&storage, &named.identifier).await?)),
            Self::Update(update) => {
                let mut resource = find(&storage, &update.identifier).await?;
                if let Some(name) = update.name {
                    resource.name = name;
                }
                let algorithm = update.rest.signing_algorithm;
                update.rest.apply(&storage, &mut resource).await?;
                registration::check_resource(&resource, &context.config.server.issuer).map_err(Failure::internal)?;
                let mut transaction = storage.begin().await?;
                transaction.update_resource(&resource).await?;
                transaction.commit().await?;
                let mut thing = thing(&resource);
                key::tell_beginning(&context, &mut thing, "signing_alg_from", algorithm).await;
                update.output.thing(&thing);
            }
        }
        storage.close().await;
        Ok(())
    }
}

impl Details {
    async fn apply(self, storage: &Storage, resource: &mut Resource) -> Result<(), Failure> {
        if !self.scopes.is_empty() {
            let split = |text: &String| {
                text.split_once('=').map_or((text.clone(), String::new()), |(s, w)| (s.to_owned(), w.to_owned()))
            };
            resource.scopes = self.scopes.iter().map(split).collect();
        }
        if let Some(Wanted(algorithm)) = self.signing_algorithm {
            resource.signing_algorithm = resource.signing_algorithm.changed_to(algorithm);
        }
        if !self.introspectors.is_empty() {
            let mut reader = storage.read().await?;
            for client_id in &self.introspectors {
                if reader.client(client_id).await?.is_none() {
                    return Err(Failure::internal(format!("there is no client '{}'", client_id.escape_debug())));
                }
            }
            resource.introspectors = self.introspectors;
        }
        Ok(())
    }
}

async fn find(storage: &Storage, identifier: &str) -> Result<Resource, Failure> {
    let resources = storage.read().await?.resources().await?;
    let found = resources.into_iter().find(|resource| resource.identifier == identifier);
    found.ok_or_else(|| Failure::internal(format!("there is no resource '{}'", identifier.escape_debug())))
}

fn thing(resource: &Resource) -> Value {
    json!({
        "identifier": resource.identifier,
        "name": resource.name,
        "scopes": resource.scopes.keys().collect::<Vec<_>>(),
        "scope_words": resource.scopes,
        "introspectors": resource.introspectors,
        "signing_alg": resource.signing_algorithm.wanted.map_or("default", Algorithm::as_str),
        "created_at": resource.created_at.to_string(),
    })
}

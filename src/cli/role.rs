//! `role`: what people and services may do, and `user|client grant-role|revoke-role`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::arguments::{self, Part, Yes};
use super::output::{note, value, warn};
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::registry::{Error, Giving, Recipient, Registry, RoleChange};

/// Roles: which scopes need one, and who has them.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward role create editor --scope notes:write --description 'Writes the notes'")]
pub(super) enum RoleCommand {
    /// Make a role. From then on a token carries its scopes only for whoever has it, or another role that permits them.
    #[command(
        after_help = "Example:\n  doorward role create editor --scope notes:write --scope orders:write --description 'Writes notes and orders' --json"
    )]
    Create(Create),
    /// List the roles.
    #[command(after_help = "Example:\n  doorward role list --json")]
    List(List),
    /// Show a role, with who has it and which APIs name it.
    #[command(after_help = "Example:\n  doorward role show editor")]
    Show(Named),
    /// Change what a role permits. Given scopes replace the former ones; an empty value clears them.
    #[command(
        after_help = "Examples:\n  doorward role update editor --scope notes:write\n  doorward role update admin --acr https://refeds.org/profile/mfa"
    )]
    Update(Update),
    /// Delete a role that nobody has and no API names; the scopes that it alone guarded are everybody's then. Asks first.
    #[command(after_help = "Examples:\n  doorward role delete editor\n  doorward role delete editor --yes --json")]
    Delete(Delete),
}

#[derive(Args)]
pub(super) struct Named {
    /// The role.
    name: String,
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
    /// Its name, as tokens carry it: ASCII letters, digits and `.`, `_`, `:`, `-`.
    name: String,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Update {
    /// The role.
    name: String,
    #[command(flatten)]
    details: Details,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Delete {
    /// The role.
    name: String,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Details {
    /// A scope that it permits, of whichever API; can be repeated.
    #[arg(long = "scope", value_name = "S")]
    scopes: Vec<String>,
    /// What it is for, in words for people.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The context class in which whoever has it must sign in, or in a stronger one: `https://refeds.org/profile/mfa`
    /// (two factors), phr (a passkey) or phrh (a passkey that its maker attests); empty takes it away.
    #[arg(long, value_name = "CLASS")]
    acr: Option<String>,
}

/// To which person a role is given, or from whom it is taken.
#[derive(Args)]
pub(super) struct ToPerson {
    /// An account by its address or id.
    whom: String,
    /// The role.
    role: String,
    #[command(flatten)]
    output: Output,
}

/// To which client a role is given, or from which it is taken.
#[derive(Args)]
pub(super) struct ToClient {
    /// A client by its id.
    whom: String,
    /// The role.
    role: String,
    #[command(flatten)]
    output: Output,
}

impl RoleCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let opening = if matches!(self, Self::Create(_)) { Opening::Made } else { Opening::Existing };
        let (storage, registry) = start::registry(&context.config, opening).await?;
        let act = context.act();
        let done = match self {
            Self::Create(Create { name, details, output }) => {
                let created = registry.create_role(&name, details.change(), &act).await;
                created.map(|created| {
                    warn(&created.warnings);
                    output.thing(&value(&created.view));
                })
            }
            Self::List(wanted) => list(&registry, wanted).await,
            Self::Show(named) => show(&registry, &named).await,
            Self::Update(Update { name, details, output }) => {
                let changed = registry.change_role(&name, details.change(), &act).await;
                changed.map(|changed| {
                    warn(&changed.warnings);
                    output.thing(&value(&changed.view));
                })
            }
            Self::Delete(delete) => delete.run(&registry, &act).await,
        };
        storage.close().await;
        done.map_err(refused)
    }
}

impl Details {
    fn change(self) -> RoleChange {
        let scopes = arguments::list(self.scopes).map(|scopes| scopes.into_iter().collect());
        RoleChange { description: self.description, scopes, acr: arguments::edit(self.acr) }
    }
}

impl Delete {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let role = registry.role(&self.name).await?;
        if !role.scopes.is_empty() {
            let scopes: Vec<String> = role.scopes.into_iter().collect();
            note(format!("It permits {}: where nothing else guards them, everybody gets them then.", scopes.join(" ")));
        }
        self.yes.or_ask("Delete it?")?;
        registry.delete_role(&self.name, act).await?;
        self.output.done(&json!({ "name": self.name, "deleted": true }), "The role is deleted.");
        Ok(())
    }
}

impl ToPerson {
    /// Gives it, or takes it away.
    pub async fn give(self, registry: &Registry, giving: Giving, act: &Act) -> Result<(), Error> {
        let roles = registry.give_role(Recipient::User(&self.whom), &self.role, giving, act).await?.view;
        let id = registry.user(&self.whom).await?.id;
        self.output.thing(&json!({ "id": id, "roles": roles }));
        Ok(())
    }
}

impl ToClient {
    /// Gives it, or takes it away.
    pub async fn give(self, registry: &Registry, giving: Giving, act: &Act) -> Result<(), Error> {
        let roles = registry.give_role(Recipient::Client(&self.whom), &self.role, giving, act).await?.view;
        self.output.thing(&json!({ "client_id": self.whom, "roles": roles }));
        Ok(())
    }
}

async fn list(registry: &Registry, List { part, output }: List) -> Result<(), Error> {
    let things = part.read(async |page| registry.roles(page).await).await?;
    output.list(&things, &["name", "description", "scopes"], "There are no roles yet.");
    Ok(())
}

async fn show(registry: &Registry, Named { name, output }: &Named) -> Result<(), Error> {
    let mut thing = value(&registry.role(name).await?);
    let by = value(&registry.role_use(name).await?);
    if let (Some(thing), Some(by)) = (thing.as_object_mut(), by.as_object()) {
        thing.extend(by.clone());
    }
    output.thing(&thing);
    Ok(())
}

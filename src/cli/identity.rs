//! `identity`, and `user link|unlink`: the accounts at providers that sign people in.

use clap::{Args, Subcommand};

use super::arguments::Part;
use super::output::note;
use super::start::{self, Opening};
use super::upstream::providers;
use super::user::show;
use super::{Context, Output};
use crate::config::{Config, UpstreamConfig, is_tenant};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::problem::Problems;
use crate::protocol::upstream::ProviderKind;
use crate::registry::{Error, NewIdentity, Registry, WhichIdentity};

/// Accounts at providers that sign people in. `user show` has those of one person, `user link` and `user unlink` change them.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward identity export --json")]
pub(super) enum IdentityCommand {
    /// List every identity with the account that it signs in, oldest first.
    #[command(
        after_help = "An identity is (issuer, subject): what another server needs to know people by when it takes over.\n\nExample:\n  doorward identity export --json > identities.json"
    )]
    Export(Export),
}

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Link {
    /// An e-mail address or an id.
    user: String,
    /// The provider, by its id in `[[upstream]]`.
    #[arg(long, value_name = "ID", required_unless_present = "issuer")]
    provider: Option<String>,
    /// Its issuer, which names the provider as well; needed where each tenant has its own.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The person's subject there: the claim sub, or GitHub's numeric id.
    #[arg(long, value_name = "SUB")]
    subject: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("which").args(["provider", "issuer", "subject"]).multiple(true).required(true))]
pub(super) struct Unlink {
    /// An e-mail address or an id.
    user: String,
    /// The one of this provider, by its id in `[[upstream]]`.
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// The one of this issuer.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The one with this subject.
    #[arg(long, value_name = "SUB")]
    subject: Option<String>,
    /// Even if nobody can sign in with the account then.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    output: Output,
}

impl IdentityCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let Self::Export(Export { part, output }) = self;
        let (storage, registry) = start::registry(&context.config, Opening::Existing).await?;
        let things = part.read(async |page| registry.identities(page).await).await;
        storage.close().await;
        let columns = ["user_id", "provider", "issuer", "subject", "email", "last_used_at"];
        output.list(&things?, &columns, "Nobody signs in through a provider yet.");
        Ok(())
    }
}

impl Link {
    pub async fn run(self, config: &Config, registry: &Registry, act: &Act) -> Result<(), Error> {
        let (provider, issuer) = named(config, self.provider, self.issuer)?;
        let new = NewIdentity { provider, issuer, subject: self.subject };
        let user = registry.link_identity(&self.user, &new, act).await?;
        show(self.output, &user);
        Ok(())
    }
}

impl Unlink {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let which = WhichIdentity { provider: self.provider, issuer: self.issuer, subject: self.subject };
        let user = registry.unlink_identity(&self.user, &which, self.force, act).await?;
        if !self.output.json {
            note("It signs the person in no more, and the sign-ins that came by it have ended.");
        }
        show(self.output, &user);
        Ok(())
    }
}

/// The id and the issuer of the provider that is meant. One that is switched off has neither.
fn named(config: &Config, provider: Option<String>, issuer: Option<String>) -> Result<(String, String), Error> {
    let providers = providers(config)?;
    let Some(id) = provider else {
        let issuer = issuer.unwrap_or_default();
        let found = providers.all().iter().find(|one| !has_tenants(one.config()) && one.issuer() == issuer);
        let unknown =
            || Problems::one("issuer", "no [[upstream]] that is switched on has it: name the --provider as well");
        return Ok((found.ok_or_else(unknown)?.id().to_owned(), issuer));
    };
    let unknown =
        || Problems::one("provider", format!("no [[upstream]] with the id '{}' is switched on", id.escape_debug()));
    let found = providers.get(&id).ok_or_else(unknown)?;
    match issuer {
        Some(issuer) => Ok((id, issuer)),
        None if has_tenants(found.config()) => {
            Err(Problems::one("issuer", "is needed: each tenant of this provider has its own").into())
        }
        None => Ok((id, found.issuer())),
    }
}

/// Whether the provider takes people of more than one tenant.
fn has_tenants(config: &UpstreamConfig) -> bool {
    config.kind() == ProviderKind::Microsoft && !matches!(config.tenants.as_slice(), [one] if is_tenant(one))
}

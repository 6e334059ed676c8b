//! `api-key`: keys for scripts, of people and of services.

mod scan;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::{self, Part};
use super::output::{note, value};
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::failure::Failure;
use crate::protocol::api_key::OVERLAP;
use crate::protocol::audit::Act;
use crate::registry::{Error, IssuedKey, KeyOwner, NewKey, Registry};
use scan::Scan;

/// Keys for scripts of people and services.
#[derive(Subcommand)]
#[command(
    after_help = "Example:\n  doorward api-key create --user ann@example.org --name Backup --resource https://api.example.org --scope notes:read"
)]
pub(super) enum ApiKeyCommand {
    /// Make a key. It is shown once, now.
    #[command(
        after_help = "Examples:\n  doorward api-key create --user ann@example.org --name Backup --resource https://api.example.org --scope notes:read --expires 30d\n  doorward api-key create --client CLIENT_ID --name 'Nightly job' --resource https://api.example.org --scope notes:read --json"
    )]
    Create(Create),
    /// List the keys, without what is secret of them.
    #[command(after_help = "Examples:\n  doorward api-key list\n  doorward api-key list --user ann@example.org --json")]
    List(List),
    /// Show a key, and where it was used.
    #[command(after_help = "Example:\n  doorward api-key show KEY_ID")]
    Show(Named),
    /// Make the key that takes the place of another, and show it once.
    #[command(
        after_help = "Examples:\n  doorward api-key rotate KEY_ID\n  doorward api-key rotate KEY_ID --overlap 7d\n  doorward api-key rotate KEY_ID --now --json"
    )]
    Rotate(Rotate),
    /// End a key, at once and everywhere.
    #[command(after_help = "Example:\n  doorward api-key revoke KEY_ID")]
    Revoke(Named),
    /// Look for keys of ours in files and folders, or in what is piped in. Exit code 1 when one of them can be used.
    #[command(
        after_help = "Examples:\n  doorward api-key scan src deploy .env\n  git log -p --all | doorward api-key scan - --json"
    )]
    Scan(Scan),
}

#[derive(Args)]
pub(super) struct Named {
    /// The key's id: how it begins, dwk_ and twelve characters.
    id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("owner").args(["user", "client"]).required(true))]
pub(super) struct Create {
    /// Whose it is: a person, by an e-mail address or an id.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Whose it is: a client that acts for itself, by its id.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// What it is for, in words for its owner.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The API that it is for, by its identifier.
    #[arg(long, value_name = "URI")]
    resource: String,
    /// A scope of that API; can be repeated.
    #[arg(long = "scope", value_name = "S", required = true)]
    scopes: Vec<String>,
    /// How long it lives, such as 12h or 30d [default: the setting api_keys.lifetime].
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires: Option<i64>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("owner").args(["user", "client"]))]
pub(super) struct List {
    /// Those of this person alone, by an e-mail address or an id.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Those of this client alone.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Rotate {
    /// The id of the key that is replaced.
    id: String,
    /// How long that one goes on [default: 1d].
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "now")]
    overlap: Option<i64>,
    /// End that one now.
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    output: Output,
}

fn time(text: &str) -> Result<i64, String> {
    arguments::seconds(text).ok_or_else(|| format!("'{}' is no time such as 90s, 15m, 24h or 7d", text.escape_debug()))
}

impl ApiKeyCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let (storage, registry) = start::registry(&context.config, Opening::Existing).await?;
        let act = context.act();
        let done = match self {
            Self::Create(create) => create.run(&registry, &act).await,
            Self::List(list) => list.run(&registry, &act).await,
            Self::Show(named) => named.show(&registry, &act).await,
            Self::Rotate(rotate) => rotate.run(&registry, &act).await,
            Self::Revoke(Named { id, output }) => {
                registry.revoke_api_key(&id, &act).await.map(|key| output.thing(&value(&key)))
            }
            Self::Scan(scan) => scan.run(&registry, &act).await.map_err(Error::from),
        };
        storage.close().await;
        done.map_err(refused)
    }
}

impl Create {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let new =
            NewKey { name: self.name, resource: self.resource, scope: self.scopes.join(" "), lifetime: self.expires };
        let Some(owner) = owner(self.user.as_deref(), self.client.as_deref()) else { return Ok(()) };
        let made = registry.create_api_key(owner, new, act).await?;
        show_once(self.output, &made.view);
        Ok(())
    }
}

impl List {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let of = owner(self.user.as_deref(), self.client.as_deref());
        // Which is said at once when there is no such owner, and not as a failed page of the list.
        registry.api_keys(of, crate::protocol::page::Page { after: None, limit: 1 }, act).await?;
        let read = async |page| registry.api_keys(of, page, act).await.map_err(refused);
        let things = self.part.read(read).await?;
        let columns =
            ["id", "name", "user_id", "client_id", "resource", "scope", "state", "expires_at", "last_used_at"];
        self.output.list(&things, &columns, "There are no API keys yet.");
        Ok(())
    }
}

impl Named {
    async fn show(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let (key, uses) = registry.api_key(&self.id, act).await?;
        let mut thing = value(&key);
        if self.output.json {
            thing["uses"] = value(&uses);
            self.output.thing(&thing);
            return Ok(());
        }
        self.output.thing(&thing);
        let uses: Vec<Value> = uses.iter().map(value).collect();
        note("");
        self.output.list(&uses, &["at", "network", "how", "by"], "It was not used yet.");
        Ok(())
    }
}

impl Rotate {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let overlap = if self.now { 0 } else { self.overlap.unwrap_or(OVERLAP) };
        let made = registry.rotate_api_key(&self.id, overlap, act).await?;
        show_once(self.output, &made.view);
        Ok(())
    }
}

fn owner<'a>(user: Option<&'a str>, client: Option<&'a str>) -> Option<KeyOwner<'a>> {
    user.map(KeyOwner::User).or(client.map(KeyOwner::Client))
}

/// A key that was just made, with what is secret of it.
fn show_once(output: Output, made: &IssuedKey) {
    let mut thing = json!({ "key": made.secret.expose() });
    if let (Some(thing), Value::Object(known)) = (thing.as_object_mut(), value(&made.key)) {
        thing.extend(known);
    }
    output.thing(&thing);
    note("The key is shown this once: keep it where nobody else reads it.");
}

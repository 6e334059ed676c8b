//! `client`: applications that use this server.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::key::{self, Wanted};
use super::output::note;
use super::{Context, Output, start};
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::client::{AuthMethod, Client, ClientType};
use crate::protocol::grant_type::GrantType;
use crate::protocol::registration;
use crate::protocol::resource::Resource;
use crate::protocol::scope::ScopeSet;
use crate::random;
use crate::secret::Secret;
use crate::storage::Storage;

/// Applications that use this server.
#[derive(Subcommand)]
#[command(
    after_help = "Example:\n  doorward client create --type spa --name 'My app' --redirect-uri https://app.example.org/callback"
)]
pub(super) enum ClientCommand {
    /// Register an application. A secret is shown once, now.
    #[command(
        after_help = "Examples:\n  doorward client create --type spa --name 'My app' --redirect-uri https://app.example.org/callback\n  doorward client create --type service --name 'Nightly job' --scope 'notes:read' --json"
    )]
    Create(Create),
    /// List the applications.
    #[command(after_help = "Example:\n  doorward client list --json")]
    List(Output),
    /// Show an application.
    #[command(after_help = "Example:\n  doorward client show CLIENT_ID")]
    Show(Named),
    /// Change an application. Given lists replace the former ones.
    #[command(
        after_help = "Example:\n  doorward client update CLIENT_ID --redirect-uri https://app.example.org/new --name 'My app'"
    )]
    Update(Update),
    /// Make a new secret in place of the former one, and show it once.
    #[command(after_help = "Example:\n  doorward client new-secret CLIENT_ID --json")]
    NewSecret(Named),
    /// Switch an application off: its tokens end at once at userinfo.
    #[command(after_help = "Example:\n  doorward client disable CLIENT_ID")]
    Disable(Named),
    /// Switch an application on again.
    #[command(after_help = "Example:\n  doorward client enable CLIENT_ID")]
    Enable(Named),
}

#[derive(Args)]
pub(super) struct Named {
    /// The application's id.
    client_id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Create {
    /// web (keeps a secret), spa (in a browser), native (on a device) or service (no person is there).
    #[arg(long = "type", value_name = "TYPE", value_parser = client_type)]
    client_type: ClientType,
    /// Shown to people.
    #[arg(long, value_name = "N")]
    name: String,
    #[command(flatten)]
    rest: Details,
    /// client_secret_basic, client_secret_post or none [default: as the type has it].
    #[arg(long, value_name = "METHOD", value_parser = auth_method)]
    auth_method: Option<AuthMethod>,
    /// Do not require PKCE (only for applications that authenticate).
    #[arg(long)]
    no_pkce: bool,
    /// Ours: people are not asked to consent.
    #[arg(long)]
    first_party: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Update {
    /// The application's id.
    client_id: String,
    /// A new name.
    #[arg(long, value_name = "N")]
    name: Option<String>,
    #[command(flatten)]
    rest: Details,
    /// Whether people are not asked to consent.
    #[arg(long, value_name = "true|false")]
    first_party: Option<bool>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Details {
    /// How it may get tokens: authorization_code, refresh_token, client_credentials; can be repeated [default: as the type has it].
    #[arg(long = "grant-type", value_name = "G", value_parser = grant_type)]
    grant_types: Vec<GrantType>,
    /// Where authorization responses may go; can be repeated.
    #[arg(long = "redirect-uri", value_name = "U")]
    redirect_uris: Vec<String>,
    /// Where a browser may go after signing out; can be repeated.
    #[arg(long = "post-logout-redirect-uri", value_name = "U")]
    post_logout_redirect_uris: Vec<String>,
    /// Its privacy policy, linked on the pages where people sign in and consent; empty takes it away.
    #[arg(long, value_name = "U")]
    policy_uri: Option<String>,
    /// Its terms of service, linked there too; empty takes them away.
    #[arg(long, value_name = "U")]
    tos_uri: Option<String>,
    /// Where it is told at once that a person's sign-in has ended; empty takes it away.
    #[arg(long, value_name = "U")]
    backchannel_logout_uri: Option<String>,
    /// The scopes it may ask for, separated by spaces [default: openid profile email offline_access, none for a service].
    #[arg(long, value_name = "'A B'")]
    scope: Option<String>,
    /// An API it may ask for; can be repeated [default: all].
    #[arg(long = "resource", value_name = "R")]
    resources: Vec<String>,
    /// What its ID tokens are signed with: RS256, ES256, EdDSA, or default [default: as keys.algorithm says].
    #[arg(long = "id-token-alg", value_name = "A", value_parser = key::wanted)]
    id_token_algorithm: Option<Wanted>,
}

fn client_type(text: &str) -> Result<ClientType, String> {
    text.parse().map_err(|_| format!("'{text}' must be web, spa, native or service"))
}

fn auth_method(text: &str) -> Result<AuthMethod, String> {
    text.parse().map_err(|_| format!("'{text}' must be client_secret_basic, client_secret_post or none"))
}

fn grant_type(text: &str) -> Result<GrantType, String> {
    let names = || GrantType::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("'{}' must be one of {}", text.escape_debug(), names()))
}

impl ClientCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let storage = start::storage(&context.config).await?;
        match self {
            Self::Create(create) => create.run(&context, &storage).await?,
            Self::List(output) => {
                let clients = storage.read().await?.clients().await?;
                let things: Vec<Value> = clients.iter().map(|client| thing(client, None)).collect();
                output.list(&things, &["client_id", "type", "name", "state"], "There are no clients yet.");
            }
            Self::Show(named) => named.output.thing(&thing(&find(&storage, &named.client_id).await?, None)),
            Self::Update(update) => update.run(&context, &storage).await?,
            Self::NewSecret(named) => new_secret(&storage, named).await?,
            Self::Disable(named) => switch(&context, &storage, named, true).await?,
            Self::Enable(named) => switch(&context, &storage, named, false).await?,
        }
        storage.close().await;
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context, storage: &Storage) -> Result<(), Failure> {
        let auth_method = self.auth_method.unwrap_or(self.client_type.default_auth_method());
        let secret = (auth_method != AuthMethod::None).then(random::secret);
        let mut client = Client::new(random::id(), self.client_type, context.clock.now());
        client.name = self.name;
        client.secret_hash = secret.as_ref().map(Secret::hash);
        client.auth_method = auth_method;
        client.pkce_required = !self.no_pkce;
        client.first_party = self.first_party;
        let algorithm = self.rest.id_token_algorithm;
        self.rest.apply(&mut client)?;
        let resources = storage.read().await?.resources().await?;
        check(&client, &resources, context)?;
        let mut transaction = storage.begin().await?;
        transaction.insert_client(&client).await?;
        transaction.commit().await?;
        let mut thing = thing(&client, secret.as_ref());
        key::tell_beginning(context, &mut thing, "id_token_alg_from", algorithm).await;
        self.output.thing(&thing);
        if secret.is_some() && !self.output.json {
            note("The secret is shown this once: keep it where the application finds it.");
        }
        Ok(())
    }
}

impl Update {
    async fn run(self, context: &Context, storage: &Storage) -> Result<(), Failure> {
        let mut client = find(storage, &self.client_id).await?;
        if let Some(name) = self.name {
            client.name = name;
        }
        if let Some(first_party) = self.first_party {
            client.first_party = first_party;
        }
        let algorithm = self.rest.id_token_algorithm;
        self.rest.apply(&mut client)?;
        let resources = storage.read().await?.resources().await?;
        check(&client, &resources, context)?;
        write(storage, &client).await?;
        let mut thing = thing(&client, None);
        key::tell_beginning(context, &mut thing, "id_token_alg_from", algorithm).await;
        self.output.thing(&thing);
        Ok(())
    }
}

impl Details {
    fn apply(self, client: &mut Client) -> Result<(), Failure> {
        if !self.grant_types.is_empty() {
            client.grant_types = self.grant_types.into_iter().collect();
        }
        if !self.redirect_uris.is_empty() {
            client.redirect_uris = self.redirect_uris;
        }
        if !self.post_logout_redirect_uris.is_empty() {
            client.metadata.post_logout_redirect_uris = self.post_logout_redirect_uris;
        }
        if !self.resources.is_empty() {
            client.resources = self.resources;
        }
        let links = [
            (self.policy_uri, &mut client.metadata.policy_uri),
            (self.tos_uri, &mut client.metadata.tos_uri),
            (self.backchannel_logout_uri, &mut client.backchannel_logout_uri),
        ];
        for (given, link) in links {
            if let Some(uri) = given {
                *link = Some(uri).filter(|uri| !uri.is_empty());
            }
        }
        if let Some(Wanted(algorithm)) = self.id_token_algorithm {
            client.id_token_algorithm = client.id_token_algorithm.changed_to(algorithm);
        }
        if let Some(text) = &self.scope {
            client.scopes = ScopeSet::parse(text).map_err(|why| Failure::internal(format!("--scope: {why}")))?;
        }
        Ok(())
    }
}

/// Whether the client may be registered as it is; also whether this installation would ever call its back channel.
fn check(client: &Client, resources: &[Resource], context: &Context) -> Result<(), Failure> {
    registration::check_client(client, resources).map_err(Failure::internal)?;
    match &client.backchannel_logout_uri {
        Some(uri) => Outgoing::new(&context.config.outgoing)?.check(uri),
        None => Ok(()),
    }
}

async fn new_secret(storage: &Storage, named: Named) -> Result<(), Failure> {
    let mut client = find(storage, &named.client_id).await?;
    if client.auth_method == AuthMethod::None {
        return Err(Failure::internal(format!("the client {} is public: it has no secret", client.client_id)));
    }
    let secret = random::secret();
    client.secret_hash = Some(secret.hash());
    write(storage, &client).await?;
    named.output.thing(&json!({ "client_id": client.client_id, "client_secret": secret.expose() }));
    Ok(())
}

async fn switch(context: &Context, storage: &Storage, named: Named, off: bool) -> Result<(), Failure> {
    let mut client = find(storage, &named.client_id).await?;
    client.disabled_at = off.then(|| client.disabled_at.unwrap_or(context.clock.now()));
    write(storage, &client).await?;
    named.output.done(&thing(&client, None), if off { "The application is off." } else { "The application is on." });
    Ok(())
}

async fn write(storage: &Storage, client: &Client) -> Result<(), Failure> {
    let mut transaction = storage.begin().await?;
    transaction.update_client(client).await?;
    transaction.commit().await
}

async fn find(storage: &Storage, client_id: &str) -> Result<Client, Failure> {
    let found = storage.read().await?.client(client_id).await?;
    found.ok_or_else(|| Failure::internal(format!("there is no client '{}'", client_id.escape_debug())))
}

fn thing(client: &Client, secret: Option<&Secret>) -> Value {
    let mut thing = json!({
        "client_id": client.client_id,
        "type": client.client_type.as_str(),
        "name": client.name,
        "auth_method": client.auth_method.as_str(),
        "grant_types": client.grant_types,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.metadata.post_logout_redirect_uris,
        "scope": client.scopes.to_string(),
        "resources": client.resources,
        "pkce_required": client.pkce_required,
        "first_party": client.first_party,
        "policy_uri": client.metadata.policy_uri,
        "tos_uri": client.metadata.tos_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "id_token_alg": client.id_token_algorithm.wanted.map_or("default", Algorithm::as_str),
        "state": if client.disabled_at.is_some() { "off" } else { "on" },
        "created_at": client.created_at.to_string(),
    });
    if let Some(secret) = secret {
        thing["client_secret"] = json!(secret.expose());
    }
    thing
}

//! `client`: applications that use this server.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use serde_json::json;

use super::arguments::{self, Part, Yes};
use super::client_secret::{NewSecret, RevokeSecret, Secrets, life};
use super::key::{self, Wanted};
use super::output::{note, value, warn};
use super::role::ToClient;
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::client::{AuthMethod, ClientType};
use crate::protocol::edit::Edit;
use crate::protocol::grant_type::GrantType;
use crate::protocol::on_reuse::OnReuse;
use crate::protocol::pkce::PkceMode;
use crate::protocol::printable::escaped;
use crate::registry::{Changed, ClientChange, Error, Giving, IssuedClient, NewClient, Registry, State};

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
    #[command(after_help = "Examples:\n  doorward client list --type spa\n  doorward client list --limit 100 --json")]
    List(List),
    /// Show an application.
    #[command(after_help = "Example:\n  doorward client show CLIENT_ID")]
    Show(Named),
    /// Change an application. What is not given stays; given lists replace the former ones, and an empty value clears a list.
    #[command(
        after_help = "Examples:\n  doorward client update CLIENT_ID --redirect-uri https://app.example.org/new --name 'My app'\n  doorward client update CLIENT_ID --acr https://refeds.org/profile/mfa"
    )]
    Update(Update),
    /// Make a new secret in place of the former one, and show it once. With --overlap the former one goes on for a while.
    #[command(
        after_help = "Examples:\n  doorward client new-secret CLIENT_ID --json\n  doorward client new-secret CLIENT_ID --overlap 7d --expires 90d"
    )]
    NewSecret(NewSecret),
    /// List the secrets of an application: when each was made, was last used and ends, and never what it is.
    #[command(after_help = "Example:\n  doorward client secrets CLIENT_ID --json")]
    Secrets(Secrets),
    /// Put one of two secrets out of use at once, by the id that `client secrets` shows.
    #[command(after_help = "Example:\n  doorward client revoke-secret CLIENT_ID SECRET_ID")]
    RevokeSecret(RevokeSecret),
    /// Switch an application off: its tokens end at once at userinfo.
    #[command(after_help = "Example:\n  doorward client disable CLIENT_ID")]
    Disable(Named),
    /// Switch an application on again.
    #[command(after_help = "Example:\n  doorward client enable CLIENT_ID")]
    Enable(Named),
    /// Give a client that acts for itself a role.
    #[command(after_help = "Example:\n  doorward client grant-role CLIENT_ID editor")]
    GrantRole(ToClient),
    /// Take a role from a client that acts for itself.
    #[command(after_help = "Example:\n  doorward client revoke-role CLIENT_ID editor")]
    RevokeRole(ToClient),
    /// Delete an application for good, with all that people have granted it. Says first what goes, and asks.
    #[command(
        after_help = "Examples:\n  doorward client delete CLIENT_ID\n  doorward client delete CLIENT_ID --yes --json"
    )]
    Delete(Delete),
}

#[derive(Args)]
pub(super) struct Named {
    /// The application's id.
    client_id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Delete {
    /// The application's id.
    client_id: String,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct List {
    /// Only those of this type: web, spa, native or service.
    #[arg(long = "type", value_name = "TYPE", value_parser = client_type)]
    client_type: Option<ClientType>,
    #[command(flatten)]
    part: Part,
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
    /// Another type: what the former allowed and this one does not is told.
    #[arg(long = "type", value_name = "TYPE", value_parser = client_type)]
    client_type: Option<ClientType>,
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
    /// client_secret (by header or form, as the application likes), client_secret_basic, client_secret_post or none [of a new one: client_secret for web and service, else none].
    #[arg(long, value_name = "METHOD", value_parser = auth_method)]
    auth_method: Option<AuthMethod>,
    /// How it may get tokens: authorization_code, refresh_token, client_credentials; can be repeated [of a new one: as the type has it].
    #[arg(long = "grant-type", value_name = "G", value_parser = grant_type)]
    grant_types: Vec<GrantType>,
    /// Where authorization responses may go; can be repeated.
    #[arg(long = "redirect-uri", value_name = "U")]
    redirect_uris: Vec<String>,
    /// Where a browser may go after signing out; can be repeated.
    #[arg(long = "post-logout-redirect-uri", value_name = "U")]
    post_logout_redirect_uris: Vec<String>,
    /// An origin whose scripts may call the server, such as capacitor://localhost; can be repeated [of a new one: those of a spa's redirect URIs].
    #[arg(long = "allow-origin", value_name = "O")]
    allowed_origins: Vec<String>,
    /// Its privacy policy, linked on the pages where people sign in and consent; empty takes it away.
    #[arg(long, value_name = "U")]
    policy_uri: Option<String>,
    /// Its terms of service, linked there too; empty takes them away.
    #[arg(long, value_name = "U")]
    tos_uri: Option<String>,
    /// Where it is told at once that a person's sign-in has ended; empty takes it away.
    #[arg(long, value_name = "U")]
    backchannel_logout_uri: Option<String>,
    /// The scopes it may ask for, separated by spaces [of a new one: openid profile email offline_access, none for a service].
    #[arg(long, value_name = "'A B'")]
    scope: Option<String>,
    /// An API it may ask for; can be repeated [of a new one: all].
    #[arg(long = "resource", value_name = "R")]
    resources: Vec<String>,
    /// Whether its requests need PKCE: required, nonce (or the scope openid with a nonce instead) or optional; those without a secret always do [of a new one: nonce for web, else required].
    #[arg(long, value_name = "MODE", value_parser = pkce_mode)]
    pkce: Option<PkceMode>,
    /// The same as --pkce optional.
    #[arg(long, conflicts_with = "pkce")]
    no_pkce: bool,
    /// What its ID tokens are signed with: RS256, ES256, EdDSA, or default [of a new one: as keys.algorithm says].
    #[arg(long = "id-token-alg", value_name = "A", value_parser = key::wanted)]
    id_token_algorithm: Option<Wanted>,
    /// What ends when a copy of one of its refresh tokens is used: user (everything of the person), grant (what it was granted), or default
    /// [of a new one: as tokens.on_reuse says for --first-party, grant for all others].
    #[arg(long, value_name = "WHAT", value_parser = on_reuse)]
    on_reuse: Option<Ends>,
    /// Whether its ID tokens carry what the scopes profile, email and roles release: on, off, or default [of a new one: as tokens.id_token_claims says].
    #[arg(long, value_name = "on|off", value_parser = on_or_off)]
    id_token_claims: Option<Edit<bool>>,
    /// The context class in which people must sign in to go there, or in a stronger one: `https://refeds.org/profile/mfa`
    /// (two factors), phr (a passkey) or phrh (a passkey that its maker attests); empty takes it away.
    #[arg(long, value_name = "CLASS")]
    acr: Option<String>,
    /// When the secret that is made by this ends, such as 90d; refused where none is made [default: never].
    #[arg(long, value_name = "TIME", value_parser = life)]
    secret_expires: Option<i64>,
}

/// What `--on-reuse` says; nothing: what is preset.
#[derive(Clone, Copy)]
struct Ends(Option<OnReuse>);

fn client_type(text: &str) -> Result<ClientType, String> {
    text.parse().map_err(|_| format!("'{text}' must be web, spa, native or service"))
}

fn auth_method(text: &str) -> Result<AuthMethod, String> {
    text.parse().map_err(|_| format!("'{text}' must be client_secret, client_secret_basic, client_secret_post or none"))
}

fn pkce_mode(text: &str) -> Result<PkceMode, String> {
    text.parse().map_err(|_| format!("'{}' must be required, nonce or optional", text.escape_debug()))
}

fn on_or_off(text: &str) -> Result<Edit<bool>, String> {
    match text {
        "on" => Ok(Edit::Set(true)),
        "off" => Ok(Edit::Set(false)),
        "default" => Ok(Edit::Clear),
        _ => Err(format!("'{}' must be on, off or default", text.escape_debug())),
    }
}

fn grant_type(text: &str) -> Result<GrantType, String> {
    let names = || GrantType::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", ");
    text.parse().map_err(|_| format!("'{}' must be one of {}", text.escape_debug(), names()))
}

fn on_reuse(text: &str) -> Result<Ends, String> {
    if text == "default" {
        return Ok(Ends(None));
    }
    let known = text.parse().map_err(|_| format!("'{}' must be user, grant or default", text.escape_debug()))?;
    Ok(Ends(Some(known)))
}

impl ClientCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let opening = if matches!(self, Self::Create(_)) { Opening::Made } else { Opening::Existing };
        let (storage, registry) = start::registry(&context.config, opening).await?;
        let act = context.act();
        let done = match self {
            Self::Create(create) => create.run(&context, &registry, &act).await,
            Self::List(wanted) => list(&registry, wanted, &act).await,
            Self::Show(named) => {
                registry.client(&named.client_id, act.at).await.map(|client| named.output.thing(&value(&client)))
            }
            Self::Update(update) => update.run(&context, &registry, &act).await,
            Self::GrantRole(to) => to.give(&registry, Giving::Grant, &act).await,
            Self::RevokeRole(to) => to.give(&registry, Giving::Revoke, &act).await,
            Self::NewSecret(wanted) => wanted.run(&registry, &act).await,
            Self::Secrets(named) => named.run(&registry, &act).await,
            Self::RevokeSecret(named) => named.run(&registry, &act).await,
            Self::Disable(named) => switch(&registry, named, State::Off, &act).await,
            Self::Enable(named) => switch(&registry, named, State::On, &act).await,
            Self::Delete(delete) => delete.run(&registry, &act).await,
        };
        storage.close().await;
        done.map_err(refused)
    }
}

impl Create {
    async fn run(self, context: &Context, registry: &Registry, act: &Act) -> Result<(), Error> {
        let algorithm = self.rest.id_token_algorithm;
        let change = self.rest.change();
        let details = ClientChange { name: Some(self.name), first_party: self.first_party.then_some(true), ..change };
        let new = NewClient { client_id: None, client_type: self.client_type, details };
        let Changed { view, warnings, .. } = registry.create_client(new, act).await?;
        tell(context, self.output, view, algorithm).await;
        warn(&warnings);
        Ok(())
    }
}

impl Update {
    async fn run(self, context: &Context, registry: &Registry, act: &Act) -> Result<(), Error> {
        let algorithm = self.rest.id_token_algorithm;
        let change = ClientChange {
            client_type: self.client_type,
            name: self.name,
            first_party: self.first_party,
            ..self.rest.change()
        };
        let Changed { view, warnings, .. } = registry.change_client(&self.client_id, change, act).await?;
        tell(context, self.output, view, algorithm).await;
        warn(&warnings);
        Ok(())
    }
}

/// Prints a client that was registered or changed, with its secret when that is new.
async fn tell(context: &Context, output: Output, issued: IssuedClient, algorithm: Option<Wanted>) {
    let IssuedClient { client, secret, secret_expires_at } = issued;
    let mut thing = value(&client);
    if let Some(secret) = &secret {
        thing["client_secret"] = json!(secret.expose());
        thing["secret_expires_at"] = json!(secret_expires_at);
    }
    key::tell_beginning(context, &mut thing, "id_token_alg_from", algorithm).await;
    output.thing(&thing);
    if secret.is_some() && !output.json {
        note("The secret is shown this once: keep it where the application finds it.");
    }
}

impl Delete {
    async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let client = registry.client(&self.client_id, act.at).await?;
        let with = registry.client_belongings(&self.client_id).await?;
        note(format!(
            "The {} client '{}' goes for good: {}.",
            client.client_type,
            escaped(&client.name),
            client.client_id
        ));
        if client.grant_types.iter().any(|grant_type| grant_type.needs_person()) {
            note(format!(
                "With it go what {} people have allowed it, and its access and refresh tokens, which {} people use now.",
                with.consents, with.users
            ));
        }
        note("APIs that verify by themselves take its access tokens until these expire.");
        self.yes.or_ask("Delete it?")?;
        registry.delete_client(&self.client_id, act).await?;
        let thing = json!({ "client_id": self.client_id, "deleted": true });
        self.output.done(&thing, "The application is deleted.");
        Ok(())
    }
}

impl Details {
    /// A list that is not given stays; so does what is not given otherwise. An empty address takes the former one away.
    fn change(self) -> ClientChange {
        let (list, edit) = (arguments::list, arguments::edit);
        ClientChange {
            auth_method: self.auth_method,
            grant_types: Some(self.grant_types.into_iter().collect()).filter(|given: &BTreeSet<_>| !given.is_empty()),
            redirect_uris: list(self.redirect_uris),
            post_logout_redirect_uris: list(self.post_logout_redirect_uris),
            allowed_origins: list(self.allowed_origins),
            scope: self.scope,
            resources: list(self.resources),
            pkce: self.pkce.or(self.no_pkce.then_some(PkceMode::Optional)),
            policy_uri: edit(self.policy_uri),
            tos_uri: edit(self.tos_uri),
            backchannel_logout_uri: edit(self.backchannel_logout_uri),
            id_token_algorithm: self.id_token_algorithm.map_or(Edit::Keep, |Wanted(algorithm)| algorithm.into()),
            on_reuse: self.on_reuse.map_or(Edit::Keep, |Ends(what)| what.into()),
            id_token_claims: self.id_token_claims.unwrap_or_default(),
            acr: edit(self.acr),
            secret_life: self.secret_expires,
            ..ClientChange::default()
        }
    }
}

async fn list(registry: &Registry, List { client_type, part, output }: List, act: &Act) -> Result<(), Error> {
    let things = part.read(async |page| registry.clients(client_type, page, act.at).await).await?;
    output.list(&things, &["client_id", "type", "name", "state"], "There are no clients yet.");
    Ok(())
}

async fn switch(registry: &Registry, named: Named, to: State, act: &Act) -> Result<(), Error> {
    let client = registry.switch_client(&named.client_id, to, act).await?.view;
    let words = if to == State::Off { "The application is off." } else { "The application is on." };
    named.output.done(&value(&client), words);
    Ok(())
}

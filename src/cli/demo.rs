//! `demo`: the server on a folder of its own, with a sample app, a sample API, a sample service, and a second server to sign in through. On
//! loopback only.

mod provider;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tokio::sync::oneshot;

use super::output::line;
use super::serve::{on_signals, say_made};
use super::start::{self, Made};
use super::{Context, Output, refused};
use crate::app::App;
use crate::config::{Config, MailConfig};
use crate::failure::Failure;
use crate::http::demo::{self, ApiClient, DELETE_SCOPE, SCOPE, SampleProvider, Samples};
use crate::http::{Listener, site};
use crate::protocol::audit::{Act, Name};
use crate::protocol::client::ClientType;
use crate::protocol::edit::Edit;
use crate::protocol::on_reuse::OnReuse;
use crate::registry::{self, ClientChange, NewClient, NewResource, Registry, Renewal, ResourceChange};
use crate::telemetry;

/// The sample service.
const SERVICE: &str = "demo-service";
/// As whom the sample API asks about tokens.
const API: &str = "demo-api";

/// Try it out: the server with a sample app, API and service, and a provider to sign in through, on this machine only.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  doorward demo\n  doorward demo --listen 127.0.0.1:9000 --app-listen 127.0.0.1:9001"
)]
pub(super) struct Demo {
    /// Where the server listens; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: String,
    /// Where the sample app and API listen [default: 127.0.0.1:8001, or any free port when the server's is].
    #[arg(long, value_name = "ADDR")]
    app_listen: Option<String>,
    /// Where the provider listens, a second Doorward [default: 127.0.0.1:8002, or any free port when the server's is].
    #[arg(long, value_name = "ADDR")]
    provider_listen: Option<String>,
    /// The folder of its own.
    #[arg(long, value_name = "FOLDER", default_value = "demo-data")]
    data: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl Demo {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let any_port = self.listen.ends_with(":0");
        let beside = |given: Option<String>, usual: &str| {
            given.unwrap_or_else(|| if any_port { "127.0.0.1:0" } else { usual }.to_owned())
        };
        let app_listen = beside(self.app_listen, "127.0.0.1:8001");
        let provider_listen = beside(self.provider_listen, "127.0.0.1:8002");
        loopback_only(&[&self.listen, &app_listen, &provider_listen])?;
        let mut config = context.config;
        // One line per request is for operators; a newcomer reads what the demo says.
        if config.log.level == "info" {
            config.log.level = "warn".to_owned();
        }
        telemetry::start(&config.log);
        let listener = Listener::bind(&self.listen).await?;
        let beside = Listener::bind(&app_listen).await?;
        let upstream = Listener::bind(&provider_listen).await?;
        own_settings(&mut config, self.data, &self.listen);
        if !config.issuer_is_configured && self.listen != "127.0.0.1:8000" {
            config.server.issuer = by_name(listener.address());
        }
        let provider = provider::start(&mut config, context.clock.clone(), upstream.address()).await?;
        let mut made = Made::new();
        let app = start::app(config, context.clock, &mut made).await?;
        provider::known_here(&app).await?;
        let samples = register(&app, format!("http://{}", beside.address()), provider.told.clone()).await?;
        let sample_site = demo::site(app.clone(), samples.clone())?;
        // Before the word that it is ready: whoever reads that may ask for a stop.
        let shutdown = on_signals()?;
        if self.output.json {
            line(json!({
                "event": "ready", "issuer": app.issuer.as_str(), "listen": listener.address().to_string(),
                "app": samples.origin, "provider": samples.provider.issuer,
                "token_command": samples.token_command, "api_command": samples.api_command,
            }));
        } else {
            say_made(&made);
            line(welcome(&app, &samples));
        }
        let second = &provider.app;
        let serving = async {
            tokio::join!(
                listener.serve(&app, site(app.clone()), shutdown.clone()),
                beside.serve(&app, sample_site, shutdown.clone()),
            );
        };
        tokio::join!(run(&app, serving), run(second, upstream.serve(second, site(second.clone()), shutdown.clone())),);
        Ok(())
    }
}

/// Does what a server does beside serving, for as long as it serves.
async fn run(app: &App, serving: impl Future<Output = ()>) {
    let (served, stop) = oneshot::channel::<()>();
    let jobs = tokio::spawn(app.clone().run_jobs(async move { drop(stop.await) }));
    app.record_life(Name::ServerStarted).await;
    serving.await;
    drop(served);
    let _ = jobs.await;
    app.record_life(Name::ServerStopped).await;
    app.storage.close().await;
}

/// The issuer that listens there: by its name where it has one, since browsers have passkeys for names alone.
fn by_name(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => format!("http://localhost:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

fn loopback_only(addresses: &[&str]) -> Result<(), Failure> {
    let is_loopback = |text: &&&str| text.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    match addresses.iter().find(|text| !is_loopback(text)) {
        Some(text) => Err(Failure::internal(format!(
            "the demo is for this machine alone: '{text}' must be a loopback address with a port, such as 127.0.0.1:8000"
        ))),
        None => Ok(()),
    }
}

/// The demo never touches the operator's database: its settings are the usual ones over a folder of its own.
fn own_settings(config: &mut Config, data: PathBuf, listen: &str) {
    config.database.url = format!("sqlite://{}", data.join("doorward.db").display());
    // Whoever only tries it is not sent to look for a mail first.
    config.registration.prove_address = false;
    // Nothing leaves this machine: the page of the outbox shows what would have been sent.
    config.mail = MailConfig { folder: data.join("mails"), ..MailConfig::default() };
    config.server.data = data;
    config.server.listen = listen.to_owned();
    config.server.notice = 0;
    // Its first line is the one that says it is ready.
    config.audit.stdout = false;
}

/// Registers the samples, or brings them up to date; the service's secret is new each time.
async fn register(app: &App, origin: String, provider: SampleProvider) -> Result<Samples, Failure> {
    let registry = Registry::new(app.storage.clone(), &app.config)?;
    let act = Act::of_operator(app.now());
    let issuer = app.issuer.as_str();
    let resource = format!("{origin}/api");
    let service = ClientChange {
        name: Some("Sample service".to_owned()),
        scope: Some(SCOPE.to_owned()),
        ..ClientChange::default()
    };
    sample(&registry, ClientType::Service, SERVICE, service, &act).await?;
    let name = ClientChange { name: Some("Sample API".to_owned()), ..ClientChange::default() };
    sample(&registry, ClientType::Service, API, name, &act).await?;
    let api_secret = registry.renew_client_secret(API, Renewal::default(), &act).await.map_err(refused)?.view.secret;
    sample_api(&registry, &resource, &act).await?;
    // No other: a former start on other ports has left an API with the same scope.
    let resources = Some(vec![resource]);
    let narrowed = ClientChange { resources: resources.clone(), ..ClientChange::default() };
    sample(&registry, ClientType::Service, SERVICE, narrowed, &act).await?;
    let issued = registry.renew_client_secret(SERVICE, Renewal::default(), &act).await.map_err(refused)?.view;
    let ask = format!(
        "curl -s -u {SERVICE}:{} {issuer}/token -d grant_type=client_credentials -d scope={SCOPE}",
        issued.secret.expose()
    );
    let api = format!(
        "curl -s {origin}/api/notes -H \"Authorization: Bearer $({ask} | sed -E 's/.*\"access_token\":\"([^\"]+)\".*/\\1/')\""
    );
    let samples = Samples {
        origin,
        client_id: "demo-app".to_owned(),
        token_command: ask,
        api_command: api,
        api_client: ApiClient { id: API.to_owned(), secret: api_secret },
        provider,
    };
    let own = ClientChange {
        name: Some("Sample app".to_owned()),
        redirect_uris: Some(vec![samples.redirect_uri()]),
        post_logout_redirect_uris: Some(vec![samples.post_logout_redirect_uri()]),
        scope: Some(format!("{} {SCOPE} {DELETE_SCOPE}", ClientType::Spa.default_scopes())),
        resources,
        // So that what a copy leads to can be tried.
        on_reuse: Edit::Set(OnReuse::User),
        ..ClientChange::default()
    };
    sample(&registry, ClientType::Spa, &samples.client_id, own, &act).await?;
    app.refresh().await?;
    Ok(samples)
}

/// The client as it is to be, registered if it was not.
async fn sample(
    registry: &Registry,
    client_type: ClientType,
    client_id: &str,
    details: ClientChange,
    act: &Act,
) -> Result<(), Failure> {
    match registry.change_client(client_id, details.clone(), act).await {
        Err(registry::Error::Missing(..)) => {
            let client_id = Some(client_id.to_owned());
            let new = NewClient { client_id, client_type, details };
            registry.create_client(new, act).await.map(drop).map_err(refused)
        }
        changed => changed.map(drop).map_err(refused),
    }
}

/// The API as it is to be, registered if it was not.
async fn sample_api(registry: &Registry, identifier: &str, act: &Act) -> Result<(), Failure> {
    let scopes = [(SCOPE, "Read your notes"), (DELETE_SCOPE, "Delete your notes")];
    let details = ResourceChange {
        name: Some("Sample notes".to_owned()),
        scopes: Some(scopes.map(|(scope, words)| (scope.to_owned(), words.to_owned())).into()),
        introspectors: Some(vec![SERVICE.to_owned(), API.to_owned()]),
        ..ResourceChange::default()
    };
    match registry.change_resource(identifier, details.clone(), act).await {
        Err(registry::Error::Missing(..)) => {
            let new = NewResource { identifier: identifier.to_owned(), details };
            registry.create_resource(new, act).await.map(drop).map_err(refused)
        }
        changed => changed.map(drop).map_err(refused),
    }
}

/// An operator's command as whoever tries it types it, whatever database their shell has set.
fn operating(app: &App) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "doorward".to_owned());
    let (data, mails) = (app.config.data().display().to_string(), app.config.mail.folder.display().to_string());
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-:".contains(&byte));
    let quoted =
        |text: &str| if is_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) };
    let settings = [("SERVER__DATA", &data), ("DATABASE__URL", &app.config.database.url), ("MAIL__FOLDER", &mails)];
    let settings = settings.map(|(key, value)| format!("DOORWARD__{key}={}", quoted(value)));
    format!("{} \\\n   {} user list", settings.join(" \\\n   "), quoted(&program))
}

fn welcome(app: &App, samples: &Samples) -> String {
    let issuer = app.issuer.as_str();
    format!(
        "\nDoorward is running, with samples.\n\n\
         1. Open the sample app:   {}\n   \
            Sign in there: make an account with any address, allow the app, and look at the tokens it got.\n\
         2. Be a service, in another terminal. This gets a token:\n\n   {}\n\n   \
            and this calls the sample API with one:\n\n   {}\n\n\
         3. Sign in through another Doorward, the sample provider, as {} ({}) or whomever\n   \
            the sample app names. This is their page there: {}/account\n\n\
         4. Your own account:      {issuer}/account\n   \
            Mails are shown instead of sent: {}/outbox\n   \
            What the server says of itself: {issuer}/.well-known/openid-configuration\n\n\
         5. Operate it, in another terminal in this folder, such as by:\n\n   {}\n\n\
         Ctrl-C stops it. The secrets above are new at each start; accounts are kept.",
        samples.origin,
        samples.token_command,
        samples.api_command,
        samples.provider.people[0].email,
        samples.provider.password,
        samples.provider.issuer,
        samples.origin,
        operating(app),
    )
}

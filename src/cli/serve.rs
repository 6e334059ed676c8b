//! `serve`: the server.

use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::files;
use super::output::{line, say};
use super::start::{self, Made};
use super::{Context, Output};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
use crate::http::{Listener, Scrapes, Shutdown, Tls, site};
use crate::outgoing::Collector;
use crate::protocol::audit::Name;
use crate::telemetry;

/// Run the server until SIGTERM or Ctrl-C. A second signal stops it at once.
#[derive(Args, Default)]
#[command(
    after_help = "Examples:\n  doorward serve\n  doorward --config /etc/doorward.toml serve\n  doorward serve --listen 127.0.0.1:0 --json"
)]
pub(super) struct Serve {
    /// Where to listen, in place of `[server] listen`; port 0 takes any free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Serve {
    pub async fn run(self, mut context: Context) -> Result<(), Failure> {
        if let Some(listen) = self.listen {
            context.config.server.listen = listen;
        }
        start_log(&context.config)?;
        // Bound first: a busy port must leave nothing half made.
        let tls = if context.config.server.tls.is_on() {
            Some(Tls::load(&context.config.server.tls, context.clock.now())?)
        } else {
            None
        };
        let listener = Listener::bind(&context.config.server.listen).await?.with_tls(tls.clone());
        let metrics = &context.config.metrics;
        let scrapes = if metrics.is_on() { Some(Scrapes::bind(&metrics.listen).await?) } else { None };
        name_issuer(&mut context.config, &listener);
        let mut made = Made::new();
        let mut warnings = super::config::warnings(&context.config);
        warnings.extend(files::make_room(&mut context.config));
        let app = start::app(context.config, context.clock, &mut made).await?;
        say_made(&made);
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        reload_on_hangup(tls, app.clock.clone())?;
        // Before the word that it is ready: whoever reads that may ask for a stop.
        let shutdown = on_signals()?;
        let (issuer, address) = (app.issuer.as_str(), listener.address());
        if self.output.json || telemetry::is_json() {
            let mut ready = json!({ "event": "ready", "issuer": issuer, "listen": address.to_string() });
            if let Some(scrapes) = &scrapes {
                ready["metrics"] = json!(scrapes.address().to_string());
            }
            line(ready);
        } else {
            line(format!("Doorward is ready at {issuer} (listening on {address})"));
        }
        if let Some(scrapes) = scrapes {
            tokio::spawn(scrapes.serve(app.clone(), shutdown.clone()));
        }
        serve(app, listener, shutdown).await
    }
}

/// Begins to write the log, and to tell of traces when somebody is to hear of them.
fn start_log(config: &Config) -> Result<(), Failure> {
    if config.telemetry.is_on() {
        let collector = Collector::new(&config.outgoing)?;
        return telemetry::start_with_traces(&config.log, &config.telemetry, collector);
    }
    telemetry::start(&config.log);
    Ok(())
}

/// Tells what a first start made.
pub(super) fn say_made(made: &Made) {
    for thing in made {
        say(format!("made {thing}"));
    }
}

/// When no issuer is configured and the server listens on another loopback address than the default one, that address is the issuer.
fn name_issuer(config: &mut Config, listener: &Listener) {
    let address = listener.address();
    let is_default = config.server.listen == "127.0.0.1:8000";
    let scheme = if config.server.tls.is_on() { "https" } else { "http" };
    if !config.issuer_is_configured && !is_default && address.ip().is_loopback() {
        config.server.issuer = format!("{scheme}://{address}");
    } else if !config.issuer_is_configured {
        config.server.issuer = config.server.issuer.replacen("http", scheme, 1);
    }
}

/// Serves until a signal, then closes the database.
async fn serve(app: App, listener: Listener, shutdown: Shutdown) -> Result<(), Failure> {
    // Until the last request is answered: while a node is on its way out it must hear the news, and tell what it has to tell.
    let (served, stop) = oneshot::channel::<()>();
    let jobs = tokio::spawn(app.clone().run_jobs(async move { drop(stop.await) }));
    let started = app.clone();
    let recorded = tokio::spawn(async move { started.record_life(Name::ServerStarted).await });
    listener.serve(&app, site(app.clone()), shutdown).await;
    drop(served);
    let _ = recorded.await;
    let _ = jobs.await;
    app.record_life(Name::ServerStopped).await;
    app.storage.close().await;
    Ok(())
}

/// Reads the certificate again on SIGHUP.
fn reload_on_hangup(tls: Option<Tls>, clock: Clock) -> Result<(), Failure> {
    let mut hangup = signal(SignalKind::hangup()).map_err(Failure::internal)?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match tls.as_ref().map(|tls| tls.reload(clock.now())) {
                None => tracing::info!("SIGHUP: there is no certificate to read again"),
                Some(Ok(())) => tracing::info!("SIGHUP: the certificate is read again"),
                Some(Err(failure)) => tracing::error!(%failure, "SIGHUP: the former certificate goes on"),
            }
        }
    });
    Ok(())
}

/// A stop on SIGTERM or SIGINT; the second one stops at once.
pub(super) fn on_signals() -> Result<Shutdown, Failure> {
    let shutdown = Shutdown::default();
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::internal)?;
    let asked = shutdown.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            say("stopping");
            asked.request();
        }
    });
    Ok(shutdown)
}

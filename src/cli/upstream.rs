//! `upstream`: the providers that people may sign in through.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::line;
use super::{Context, Output};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::protocol::issuer::Issuer;
use crate::protocol::upstream::ProviderKind;
use crate::upstream::{Provider, Providers};

/// The providers that people may sign in through.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward upstream list")]
pub(super) enum UpstreamCommand {
    /// List the providers of the settings that are switched on, each with the callback address to register there. Nobody is called.
    #[command(after_help = "Example:\n  doorward upstream list --json")]
    List(Output),
    /// Ask a provider what it says of itself, as a running server does, and whether it knows us, and say what is wrong.
    #[command(after_help = "Example:\n  doorward upstream check google")]
    Check(Check),
}

#[derive(Args)]
pub(super) struct Check {
    /// The provider's id in the settings.
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    output: Output,
}

impl UpstreamCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let providers = providers(&context.config)?;
        match self {
            Self::List(output) => {
                let listed: Vec<Value> = providers.all().iter().map(view).collect();
                let columns = &["id", "kind", "name", "issuer", "callback", "register"];
                output.list(&listed, columns, "No [[upstream]] is switched on.");
                Ok(())
            }
            Self::Check(Check { id, output }) => {
                let unknown = || Failure::internal(format!("no [[upstream]] with the id '{id}' is switched on"));
                check(providers.get(&id).ok_or_else(unknown)?, output, context.clock.now()).await
            }
        }
    }
}

/// Plays one discovery. What is wrong is told on both ways out, and the exit code says that something is.
async fn check(provider: &Provider, output: Output, now: Timestamp) -> Result<(), Failure> {
    let problem = provider.check(now).await.err();
    let mut seen = view(provider);
    (seen["usable"], seen["problem"]) = (json!(problem.is_none()), json!(problem));
    if output.json {
        line(&seen);
    } else if problem.is_none() {
        output.thing(&seen);
    }
    problem.map_or(Ok(()), |why| Err(Failure::internal(format!("{} cannot be used: {why}", provider.id()))))
}

fn view(provider: &Provider) -> Value {
    let is_github = provider.kind() == ProviderKind::Github;
    json!({
        "id": provider.id(),
        "kind": provider.kind(),
        "name": provider.name(),
        "issuer": provider.issuer(),
        "callback": provider.callback(),
        "backchannel_logout": (!is_github).then(|| provider.backchannel()),
        "register": provider.config().register,
    })
}

pub(super) fn providers(config: &Config) -> Result<Providers, Failure> {
    let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
    Ok(Providers::new(&config.upstream, &Outgoing::new(&config.outgoing)?, &issuer))
}

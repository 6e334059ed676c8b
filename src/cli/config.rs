//! `config`: looks at the settings, and at all that they name, without starting or making anything.

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{line, note};
use super::{Context, Output, start};
use crate::config::{Config, DEFAULTS};
use crate::failure::Failure;
use crate::http::{Listener, Tls};
use crate::leaked::Leaked;
use crate::mail::Mailer;
use crate::outgoing::Outgoing;
use crate::passkeys::{Ceremonies, are_possible};
use crate::password::Hasher;
use crate::protocol::issuer::Issuer;
use crate::upstream::{Provider, Providers};

/// Look at the settings.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward --config /etc/doorward.toml config check")]
pub(super) enum ConfigCommand {
    /// Say whether a start would do well, with all that would hinder it, and what the settings are; secrets are not shown.
    #[command(after_help = "Example:\n  doorward --config /etc/doorward.toml config check --json")]
    Check(Output),
    /// Print every key with its documentation and default.
    #[command(after_help = "Example:\n  doorward config keys > doorward.toml")]
    Keys,
}

impl ConfigCommand {
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Check(output) => {
                problems(context).await?;
                warnings(&context.config).iter().for_each(|warning| note(format!("warning: {warning}")));
                let settings = serde_json::to_value(&context.config).map_err(Failure::internal)?;
                if output.json {
                    line(settings);
                } else {
                    line("What is set:\n");
                    show(&settings);
                    line("The configuration is right.");
                }
            }
            Self::Keys => line(DEFAULTS.trim_end()),
        }
        Ok(())
    }
}

/// Looks at everything that a start would refuse, and makes nothing.
///
/// # Errors
/// All of it, a line each.
async fn problems(context: &Context) -> Result<(), Failure> {
    let (config, now) = (&context.config, context.clock.now());
    let tls = if config.server.tls.is_on() { Tls::load(&config.server.tls, now).map(drop) } else { Ok(()) };
    let mut found: Vec<String> = [
        Listener::check(&config.server.listen).await,
        if config.metrics.is_on() { Listener::check(&config.metrics.listen).await } else { Ok(()) },
        tls,
        Hasher::new(&config.password).map(drop),
        Leaked::new(&config.password).map(drop),
        Outgoing::new(&config.outgoing).map(drop),
        Mailer::check(config),
        providers(config),
        passkeys(config),
        config.brand.read_logo().map(drop).map_err(Failure::internal),
    ]
    .into_iter()
    .filter_map(|looked| looked.err().map(|failure| failure.detail))
    .collect();
    found.extend(start::problems(config).await.into_iter().map(|failure| failure.detail));
    if found.is_empty() { Ok(()) } else { Err(Failure::internal(found.join("\n"))) }
}

/// Whether the secrets of providers can be read. Nobody is called. A server starts without one that cannot; here it is a mistake.
fn providers(config: &Config) -> Result<(), Failure> {
    let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
    // Certificate authorities that cannot be read are told already.
    let Ok(outgoing) = Outgoing::new(&config.outgoing) else { return Ok(()) };
    let providers = Providers::new(&config.upstream, &outgoing, &issuer);
    let mistakes: Vec<&str> = providers.all().iter().filter_map(Provider::mistake).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::internal(mistakes.join("\n"))) }
}

/// Whether the root certificates of makers can be read, where they are needed.
pub(super) fn passkeys(config: &Config) -> Result<(), Failure> {
    let issuer = Issuer::parse(&config.server.issuer).map_err(Failure::internal)?;
    Ceremonies::new(&issuer, &config.brand.name, &config.passkeys).map(drop)
}

/// What can be as it is, but is most likely a mistake: a sentence each.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = config.warnings();
    warnings.extend(start::warnings(config));
    let issuer = &config.server.issuer;
    if config.sign_in.passkeys && Issuer::parse(issuer).is_ok_and(|issuer| !are_possible(&issuer)) {
        warnings.push(format!(
            "sign_in.passkeys is true, but the host of the issuer {issuer} is an address, for which browsers know no passkeys: give it a name \
             in server.issuer, such as http://localhost:8000 on this machine"
        ));
    }
    warnings
}

fn show(settings: &Value) {
    for (section, keys) in settings.as_object().into_iter().flatten() {
        if let Some(entries) = keys.as_array() {
            entries.iter().for_each(|entry| show_section(&format!("[[{section}]]"), entry));
        } else {
            show_section(&format!("[{section}]"), keys);
        }
    }
}

fn show_section(head: &str, keys: &Value) {
    line(head);
    for (key, value) in keys.as_object().into_iter().flatten() {
        line(format!("{key} = {}", if value.is_null() { json!("") } else { value.clone() }));
    }
    line("");
}

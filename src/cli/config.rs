//! `config`: looks at the settings without starting anything.

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::line;
use super::{Context, Output};
use crate::config::DEFAULTS;
use crate::failure::Failure;

/// Look at the settings.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward --config /etc/doorward.toml config check")]
pub(super) enum ConfigCommand {
    /// Say whether the settings are right, and what they are; secrets are not shown.
    #[command(after_help = "Example:\n  doorward --config /etc/doorward.toml config check --json")]
    Check(Output),
    /// Print every key with its documentation and default.
    #[command(after_help = "Example:\n  doorward config keys > doorward.toml")]
    Keys,
}

impl ConfigCommand {
    pub fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Check(output) => {
                context.config.brand.read_logo().map_err(Failure::internal)?;
                let settings = serde_json::to_value(&context.config).map_err(Failure::internal)?;
                if output.json {
                    line(settings);
                } else {
                    line("The configuration is right.\n");
                    show(&settings);
                }
            }
            Self::Keys => line(DEFAULTS.trim_end()),
        }
        Ok(())
    }
}

fn show(settings: &Value) {
    for (section, keys) in settings.as_object().into_iter().flatten() {
        line(format!("[{section}]"));
        for (key, value) in keys.as_object().into_iter().flatten() {
            line(format!("{key} = {}", if value.is_null() { json!("") } else { value.clone() }));
        }
        line("");
    }
}

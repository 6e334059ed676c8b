//! `migrate`: brings the database up to date, as every start does.

use clap::Args;
use serde_json::json;

use super::{Context, Output, start};
use crate::failure::Failure;

/// Bring the database up to date. Every start does so too.
#[derive(Args)]
#[command(after_help = "Example:\n  DOORWARD__DATABASE__URL=postgres://doorward@db/doorward doorward migrate")]
pub(super) struct Migrate {
    #[command(flatten)]
    output: Output,
}

impl Migrate {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let report = start::migrate(&context.config).await?;
        let words = match report.applied.as_slice() {
            [] => format!("The database is up to date (version {}).", report.version),
            applied => {
                let names: Vec<&str> = applied.iter().map(|m| m.description.as_str()).collect();
                format!("The database is now at version {}: {}.", report.version, names.join(", "))
            }
        };
        self.output.done(&json!(report), words);
        Ok(())
    }
}

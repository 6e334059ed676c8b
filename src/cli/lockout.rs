//! `lockout`: who cannot sign in now because too many attempts have failed.

use clap::{Args, Subcommand};

use super::arguments::Part;
use super::output::value;
use super::start::{self, Opening};
use super::{Context, Output};
use crate::failure::Failure;

/// Who cannot sign in now because too many attempts have failed.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward lockout list")]
pub(super) enum LockoutCommand {
    /// List accounts that refuse strangers or a device, networks that are slowed down, and how many names that are no account's are refused.
    /// `user unlock` opens an account. A part of the list has the accounts alone.
    #[command(after_help = "Example:\n  doorward lockout list --json")]
    List(List),
}

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

impl LockoutCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let Self::List(List { part, output }) = self;
        let (storage, registry) = start::registry(&context.config, Opening::Existing).await?;
        let now = context.clock.now();
        let is_whole = part.is_whole();
        let listed = async {
            let mut things = part.read(async |page| registry.lockouts(page, now).await).await?;
            if is_whole {
                things.extend(registry.lockouts_beside(now).await?.iter().map(value));
            }
            Ok::<_, Failure>(things)
        };
        let things = listed.await;
        storage.close().await;
        let columns = &["refused", "user_id", "email", "network", "failures", "until", "count"];
        output.list(&things?, columns, "Nobody is refused, and no network is slowed down.");
        Ok(())
    }
}

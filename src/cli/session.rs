//! `session`: who is signed in, in which browser.

use clap::{Args, Subcommand};
use serde_json::json;

use super::arguments::Part;
use super::start::{self, Opening};
use super::{Context, Output, refused};
use crate::failure::Failure;
use crate::protocol::audit::{Act, Noun};
use crate::registry::{Error, Registry, Which};

/// Who is signed in, in which browser.
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  doorward session list\n  doorward session end 0192f0c1-...")]
pub(super) enum SessionCommand {
    /// List the sign-ins.
    #[command(after_help = "Example:\n  doorward session list --user ann@example.org --json")]
    List(List),
    /// End a sign-in, and what hangs on it, at once on every node.
    #[command(
        override_usage = "doorward session end [OPTIONS] <ID | --user <USER> | --everyone>",
        after_help = "Examples:\n  doorward session end 0192f0c1-...\n  doorward session end --user ann@example.org\n  \
            doorward session end --everyone    # after a backup was put back"
    )]
    End(End),
}

#[derive(Args)]
pub(super) struct List {
    /// Only this person's: an e-mail address or an id.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Ended and expired ones too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct End {
    /// The sign-in's id, as `session list` shows it.
    #[arg(required_unless_present_any = ["user", "everyone"], conflicts_with_all = ["user", "everyone"])]
    id: Option<String>,
    /// All sign-ins and grants of this person: an e-mail address or an id.
    #[arg(long, value_name = "USER", conflicts_with = "everyone")]
    user: Option<String>,
    /// All sign-ins and grants of everybody.
    #[arg(long)]
    everyone: bool,
    #[command(flatten)]
    output: Output,
}

impl SessionCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let (storage, registry) = start::registry(&context.config, Opening::Existing).await?;
        let act = context.act();
        let done = match self {
            Self::List(wanted) => list(&registry, wanted, &act).await,
            Self::End(End { id: Some(id), output, .. }) => registry.end_sign_in(&id, &act).await.map(|()| {
                output.done(&json!({ "id": id, "ended": true }), "The sign-in is ended.");
            }),
            Self::End(End { everyone: true, output, .. }) => registry.end_everything(&act).await.map(|ended| {
                let words = format!("All sign-ins and grants are ended, of {ended} accounts.");
                output.done(&json!({ "users": ended, "ended": true }), words);
            }),
            Self::End(End { user, output, .. }) => {
                let ended = registry.end_sign_ins_of_user(&user.unwrap_or_default(), &act).await;
                ended.map(|ended| {
                    let words = "All sign-ins and grants of the person are ended.";
                    output.done(&json!({ "user": ended.view, "ended": true }), words);
                })
            }
        };
        storage.close().await;
        done.map_err(|error| match error {
            Error::Missing(Noun::SignIn, _) => Failure::internal(format!(
                "{error}: `doorward session list` shows their ids, and --user USER ends all of one person"
            )),
            other => refused(other),
        })
    }
}

async fn list(registry: &Registry, List { user, all, part, output }: List, act: &Act) -> Result<(), Error> {
    let user_id = match user {
        Some(user) => match registry.user(&user).await {
            Ok(found) => Some(found.id),
            // Nobody has no sign-ins.
            Err(Error::Missing(..)) => Some(user),
            Err(error) => return Err(error),
        },
        None => None,
    };
    let which = Which { user_id, all };
    let things = part.read(async |page| registry.sign_ins(&which, page, act.at).await).await?;
    let columns = ["id", "email", "state", "last_used_at", "address", "user_agent"];
    output.list(&things, &columns, "Nobody is signed in.");
    Ok(())
}

//! `session`: who is signed in, in which browser.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Context, Output, start};
use crate::clock::Timestamp;
use crate::config::SignInConfig;
use crate::failure::Failure;
use crate::storage::SignInEntry;

/// Who is signed in, in which browser.
#[derive(Subcommand)]
#[command(after_help = "Examples:\n  doorward session list\n  doorward session end 0192f0c1-...")]
pub(super) enum SessionCommand {
    /// List the sign-ins.
    #[command(after_help = "Example:\n  doorward session list --user ann@example.org --json")]
    List(List),
    /// End a sign-in, and what hangs on it, at once on every node.
    #[command(
        after_help = "Examples:\n  doorward session end 0192f0c1-...\n  doorward session end --user ann@example.org"
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
    output: Output,
}

#[derive(Args)]
pub(super) struct End {
    /// The sign-in's id, as `session list` shows it.
    #[arg(required_unless_present = "user", conflicts_with = "user")]
    id: Option<String>,
    /// All sign-ins and grants of this person: an e-mail address or an id.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl SessionCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let storage = start::storage(&context.config).await?;
        let now = context.clock.now();
        match self {
            Self::List(list) => {
                let entries = storage.read().await?.sign_ins().await?;
                let wanted = |entry: &&SignInEntry| {
                    list.user
                        .as_ref()
                        .is_none_or(|user| entry.user_id == *user || entry.email.eq_ignore_ascii_case(user))
                };
                let limits = &context.config.sign_in;
                let things: Vec<Value> = entries.iter().filter(wanted).map(|entry| thing(entry, limits, now)).collect();
                let shown: Vec<Value> =
                    things.into_iter().filter(|thing| list.all || thing["state"] == "live").collect();
                let columns = ["id", "email", "state", "last_used_at", "address", "user_agent"];
                list.output.list(&shown, &columns, "Nobody is signed in.");
            }
            Self::End(End { id: Some(id), output, .. }) => {
                let mut transaction = storage.begin().await?;
                if !transaction.end_sign_in(&id, "ended by the operator", now).await? {
                    return Err(Failure::internal(format!("there is no live sign-in '{}'", id.escape_debug())));
                }
                transaction.commit().await?;
                output.done(&json!({ "id": id, "ended": true }), "The sign-in is ended.");
            }
            Self::End(End { user, output, .. }) => {
                let user = user.unwrap_or_default();
                let account = super::user::find(&storage, &user).await?;
                let mut transaction = storage.begin().await?;
                transaction.end_everything_of_user(&account.user.id, "ended by the operator", now).await?;
                transaction.commit().await?;
                output.done(
                    &json!({ "user": account.user.id, "ended": true }),
                    "All sign-ins and grants of the person are ended.",
                );
            }
        }
        storage.close().await;
        Ok(())
    }
}

fn thing(entry: &SignInEntry, limits: &SignInConfig, now: Timestamp) -> Value {
    let time = |seconds: i64| Timestamp::from_seconds(seconds).to_string();
    let state = match entry.ended_at {
        Some(_) => "ended",
        None if entry.is_live(limits.idle, now) => "live",
        None => "expired",
    };
    json!({
        "id": entry.id,
        "user_id": entry.user_id,
        "email": entry.email,
        "state": state,
        "created_at": time(entry.created_at),
        "auth_time": time(entry.auth_time),
        "last_used_at": time(entry.last_used_at),
        "expires_at": time(entry.expires_at),
        "user_agent": entry.user_agent,
        "address": entry.address,
        "ended_at": entry.ended_at.map(time),
        "end_reason": entry.end_reason,
    })
}

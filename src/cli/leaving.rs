//! `user delete`, `user undelete` and `user export`: people who leave, and what they take with them.

use clap::Args;
use serde_json::json;

use super::Output;
use super::arguments::{self, Yes};
use super::output::{line, note, value, warn};
use super::user::Named;
use crate::failure::Failure;
use crate::protocol::audit::Act;
use crate::protocol::printable::escaped;
use crate::registry::{Error, Registry};

#[derive(Args)]
pub(super) struct Delete {
    /// An e-mail address or an id.
    user: String,
    /// How long there is to come back, such as 7d or 12h; without it the account goes for good at once.
    #[arg(long, value_name = "TIME", value_parser = grace)]
    grace: Option<i64>,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

fn grace(text: &str) -> Result<i64, String> {
    let wrong = || "write how long there is to come back: 90s, 15m, 24h, 7d".to_owned();
    arguments::seconds(text).filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

impl Delete {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let user = registry.user(&self.user).await?;
        let with = registry.user_belongings(&user.id).await?;
        let address = user.email.as_deref().unwrap_or("without an address");
        let when = if self.grace.is_some() { "is closed, and goes later" } else { "goes for good" };
        note(format!("The account {address} of '{}' {when}: {}.", escaped(&user.name), user.id));
        note(format!("With it go {} sign-ins and the access of {} applications.", with.sign_ins, with.clients));
        note(
            "What applications have kept of the person stays with them. The address can be used for another account then.",
        );
        self.yes.or_ask("Delete it?")?;
        if let Some(seconds) = self.grace {
            let left = registry.leave_user(&user.id, seconds, act).await?;
            warn(&left.warnings);
            let until = left.view.delete_after.unwrap_or_default();
            let told = json!({ "id": user.id, "deleted": false, "delete_after": until });
            self.output.done(&told, format!("The account is closed, and goes after {until}."));
            return Ok(());
        }
        registry.delete_user(&user.id, act).await?;
        self.output.done(&json!({ "id": user.id, "deleted": true }), "The account is deleted.");
        Ok(())
    }
}

/// Brings an account back.
pub(super) async fn undelete(registry: &Registry, named: Named, act: &Act) -> Result<(), Error> {
    let user = registry.return_user(&named.user, act).await?.view;
    named.output.done(&value(&user), "The account is back. Everybody has to sign in again.");
    Ok(())
}

/// Prints all that is known of a person.
pub(super) async fn export(registry: &Registry, named: Named, act: &Act) -> Result<(), Error> {
    let export = registry.export_user(&named.user, act).await?;
    if named.output.json {
        named.output.thing(&value(&export));
    } else {
        line(serde_json::to_string_pretty(&export).map_err(Failure::internal)?);
    }
    Ok(())
}

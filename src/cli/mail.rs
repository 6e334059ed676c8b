//! `mail`: whether mail works, and what is still to be sent. What stands in a mail is never shown: it may prove an address.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Context, Output, start};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::mail::{Mailer, Outbound};
use crate::protocol::email;
use crate::protocol::issuer::Issuer;
use crate::protocol::message::{About, Message, Occasion};
use crate::random;
use crate::storage::WaitingMail;

/// How many mails a list shows at most.
const MOST: i64 = 1000;

/// Mails: whether they leave, and which wait.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward mail test you@example.org")]
pub(super) enum MailCommand {
    /// Send a mail now, and say whether the mail server took it.
    #[command(after_help = "Example:\n  doorward mail test you@example.org")]
    Test(Test),
    /// List what waits to be sent, with the last reason why it was not.
    #[command(after_help = "Example:\n  doorward mail outbox --json")]
    Outbox(Output),
}

#[derive(Args)]
pub(super) struct Test {
    /// To whom.
    address: String,
    #[command(flatten)]
    output: Output,
}

impl MailCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::Test(test) => test.run(&context).await,
            Self::Outbox(output) => outbox(&context, output).await,
        }
    }
}

impl Test {
    /// Past the outbox: whoever tries wants to know now.
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let to = email::canonical(&self.address)
            .map_err(|why| Failure::internal(format!("'{}': {why}", self.address.escape_debug())))?;
        let issuer = Issuer::parse(&context.config.server.issuer).map_err(Failure::internal)?;
        let mailer = Mailer::new(&context.config, &issuer)?
            .ok_or_else(|| Failure::internal("mail is off: give mail.smtp, or mail.folder for development"))?;
        let now = context.clock.now();
        let message = Message { to, about: About::Test, occasion: Occasion::here(now), ticket: None };
        let id = random::row_id(now);
        mailer.send(Outbound { id: &id, at: now, message: &message, language: "en" }).await?;
        let thing = json!({ "to": message.to, "through": mailer.destination() });
        let words = format!("A mail to {} was taken by {}.", message.to, mailer.destination());
        self.output.done(&thing, words);
        Ok(())
    }
}

async fn outbox(context: &Context, output: Output) -> Result<(), Failure> {
    let storage = start::storage(&context.config).await?;
    let listed = async { storage.read().await?.list_mails(MOST).await }.await;
    storage.close().await;
    let things: Vec<_> = listed?.iter().map(thing).collect();
    let columns = &["id", "to", "about", "since", "attempts", "next_attempt", "last_error"];
    output.list(&things, columns, "No mail waits.");
    Ok(())
}

fn thing(mail: &WaitingMail) -> serde_json::Value {
    json!({
        "id": mail.id,
        "to": mail.to_address,
        "about": mail.about,
        "since": Timestamp::from_seconds(mail.created_at).to_string(),
        "attempts": mail.attempts,
        "next_attempt": Timestamp::from_seconds(mail.due_at).to_string(),
        "last_error": mail.last_error,
    })
}

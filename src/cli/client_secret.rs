//! `client new-secret`, `client secrets` and `client revoke-secret`.

use clap::Args;
use serde_json::{Value, json};

use super::Output;
use super::arguments;
use super::output::{note, value};
use crate::protocol::audit::Act;
use crate::registry::{Error, Registry, Renewal};

#[derive(Args)]
pub(super) struct NewSecret {
    /// The application's id.
    client_id: String,
    /// How long the former secret goes on beside the new one, such as 7d; without it, it is worthless at once.
    #[arg(long, value_name = "TIME", value_parser = overlap)]
    overlap: Option<i64>,
    /// When the new secret ends, such as 90d [default: never].
    #[arg(long, value_name = "TIME", value_parser = life)]
    expires: Option<i64>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Secrets {
    /// The application's id.
    client_id: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct RevokeSecret {
    /// The application's id.
    client_id: String,
    /// The secret's id.
    secret_id: String,
    #[command(flatten)]
    output: Output,
}

fn overlap(text: &str) -> Result<i64, String> {
    let wrong = || "write how long the former secret goes on: 15m, 24h, 7d".to_owned();
    arguments::seconds(text).filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

/// How many seconds a secret lives.
pub(super) fn life(text: &str) -> Result<i64, String> {
    let wrong = || "write how long the secret lives: 15m, 24h, 90d".to_owned();
    arguments::seconds(text).filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

impl NewSecret {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let how = Renewal { overlap: self.overlap, life: self.expires };
        let issued = registry.renew_client_secret(&self.client_id, how, act).await?.view;
        self.output.thing(&json!({
            "client_id": issued.client_id,
            "client_secret": issued.secret.expose(),
            "secret_id": issued.id,
            "secret_expires_at": issued.expires_at,
            "former_until": issued.former_until,
        }));
        if !self.output.json {
            match issued.former_until {
                Some(until) => note(format!("The former secret works until {until}. The new one is shown this once.")),
                None => note("The former secret is worthless now. The new one is shown this once."),
            }
        }
        Ok(())
    }
}

impl Secrets {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        let secrets = registry.client_secrets(&self.client_id, act.at).await?;
        let secrets: Vec<Value> = secrets.iter().map(value).collect();
        let columns = ["id", "state", "created_at", "expires_at", "last_used_at"];
        self.output.list(&secrets, &columns, "The application has no secret.");
        Ok(())
    }
}

impl RevokeSecret {
    pub async fn run(self, registry: &Registry, act: &Act) -> Result<(), Error> {
        registry.revoke_client_secret(&self.client_id, &self.secret_id, act).await?;
        let thing = json!({ "client_id": self.client_id, "id": self.secret_id, "revoked": true });
        self.output.done(&thing, "The secret is out of use.");
        Ok(())
    }
}

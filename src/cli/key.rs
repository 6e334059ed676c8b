//! `key`: the signing keys.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Context, Output, start};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::storage::StoredKey;

/// The signing keys.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward key list")]
pub(super) enum KeyCommand {
    /// List the signing keys. Private halves are never shown.
    #[command(after_help = "Example:\n  doorward key list --json")]
    List(Output),
}

impl KeyCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let storage = start::storage(&context.config).await?;
        match self {
            Self::List(output) => {
                let keys = storage.read().await?.signing_keys().await?;
                let now = context.clock.now();
                let things: Vec<Value> = keys.iter().map(|key| thing(key, now)).collect();
                output.list(
                    &things,
                    &["kid", "algorithm", "state", "signs_from"],
                    "There is no signing key yet: the first start makes one.",
                );
                Ok(())
            }
        }
    }
}

fn thing(key: &StoredKey, now: Timestamp) -> Value {
    let state = match (key.revoked_at, key.retired_at) {
        (Some(_), _) => "revoked",
        (None, Some(_)) => "retired",
        (None, None) if key.signs_from > now => "next",
        (None, None) => "active",
    };
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": state,
        "created_at": key.created_at.to_string(),
        "signs_from": key.signs_from.to_string(),
        "sealed_by": key.sealed_by,
    })
}

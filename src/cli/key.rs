//! `key`: the signing keys.

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::note;
use super::{Context, Output, start};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_life::{KeyLife, signer};
use crate::protocol::key_schedule::next_of;
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
                let lives: Vec<KeyLife> = keys.iter().map(|key| key.life.clone()).collect();
                let things: Vec<Value> = keys.iter().map(|key| thing(key, &lives, now)).collect();
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

fn thing(key: &StoredKey, keys: &[KeyLife], now: Timestamp) -> Value {
    let life = &key.life;
    let standing = life.standing(keys, now);
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "kid": life.kid,
        "algorithm": life.algorithm,
        "state": standing.stage.as_str(),
        "published": standing.published,
        "created_at": life.created_at.to_string(),
        "signs_from": life.signs_from.to_string(),
        "retired_at": text(life.retired_at),
        "published_until": text(standing.published_until),
        "revoked_at": text(life.revoked_at),
        "sealed_by": key.sealed_by,
    })
}

/// An algorithm as an argument; `default` for that of the settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted(pub Option<Algorithm>);

/// Reads it.
pub(super) fn wanted(text: &str) -> Result<Wanted, String> {
    if text == "default" { Ok(Wanted(None)) } else { text.parse().map(Some).map(Wanted) }
}

/// Adds to the thing, and says, from when tokens are signed with an algorithm that somebody wants now. The thing itself is done already:
/// what goes wrong here is said and ends nothing.
pub(super) async fn tell_beginning(context: &Context, thing: &mut Value, name: &str, wanted: Option<Wanted>) {
    let Some(Wanted(Some(algorithm))) = wanted else { return };
    let now = context.clock.now();
    let begins = match signs_from(&context.config, algorithm, now).await {
        Ok(begins) => begins,
        Err(failure) => return note(format!("it cannot be said from when {algorithm} is used: {failure}")),
    };
    thing[name] = json!(begins.map(|at| at.to_string()));
    match begins {
        Some(begins) if begins <= now => {}
        Some(begins) => note(format!(
            "Verifiers must know the new {algorithm} key first: it signs from {begins}, until then the former algorithm does."
        )),
        None => note(format!(
            "The server makes an {algorithm} key within seconds; it signs once verifiers know it, until then the former \
             algorithm does. `doorward key list` tells from when."
        )),
    }
}

/// From when an algorithm is used; `None` when only a running server can tell, because the master key to make a key with is not here.
/// Makes the key if there is none.
async fn signs_from(config: &Config, algorithm: Algorithm, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let (storage, keys) = start::keys(config).await?;
    if let Some(keys) = keys {
        keys.rotate(now).await?;
    }
    let lives: Vec<KeyLife> = storage.read().await?.signing_keys().await?.into_iter().map(|key| key.life).collect();
    storage.close().await;
    let signs = signer(&lives, algorithm.as_str(), now).map(|_| now);
    Ok(signs.or_else(|| next_of(&lives, algorithm, now).map(|key| key.signs_from)))
}

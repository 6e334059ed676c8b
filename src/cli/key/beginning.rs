//! From when an algorithm is used that a client or a resource wants now.

use serde_json::{Value, json};

use crate::cli::output::note;
use crate::cli::{Context, start};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_life::{KeyLife, signer};
use crate::protocol::key_schedule::next_of;

/// An algorithm as an argument; `default` for that of the settings.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Wanted(pub Option<Algorithm>);

/// Reads it.
pub(in crate::cli) fn wanted(text: &str) -> Result<Wanted, String> {
    if text == "default" { Ok(Wanted(None)) } else { text.parse().map(Some).map(Wanted) }
}

/// Adds to the thing, and says, from when tokens are signed with an algorithm that somebody wants now. The thing itself is done already:
/// what goes wrong here is said and ends nothing.
pub(in crate::cli) async fn tell_beginning(context: &Context, thing: &mut Value, name: &str, wanted: Option<Wanted>) {
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

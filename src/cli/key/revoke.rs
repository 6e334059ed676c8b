//! `key revoke`: says what will break, asks, and does it.

use clap::Args;
use serde_json::json;

use super::{change, position, things, words};
use crate::cli::arguments::Yes;
use crate::cli::output::{line, note};
use crate::cli::{Context, Output};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::jobs::signing_keys::{self, SigningKeys};
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::key_life::{KeyLife, Stage};
use crate::storage::Storage;

/// `key revoke`.
#[derive(Args)]
pub(in crate::cli) struct Revoke {
    /// The key's id.
    #[arg(allow_hyphen_values = true)]
    kid: String,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    output: Output,
}

impl Revoke {
    pub async fn run(self, context: &Context, storage: &Storage, keys: Option<&SigningKeys>) -> Result<(), Failure> {
        let now = context.clock.now();
        let stored = storage.read().await?.signing_keys().await?;
        let lives: Vec<KeyLife> = stored.iter().map(|key| key.life.clone()).collect();
        let life = &lives[position(&stored, &self.kid)?];
        let stage = life.standing(&lives, now).stage;
        if stage == Stage::Revoked {
            return self.tell(storage, Vec::new(), now, "The key was revoked before.").await;
        }
        for sentence in consequences(life, stage, &context.config) {
            note(sentence);
        }
        if stage == Stage::Active {
            note(users(storage, &life.algorithm, context.config.keys.algorithm).await?);
        }
        self.yes.or_ask("Revoke it?")?;
        let changes = match keys {
            Some(keys) => keys.revoke(&self.kid, context.clock.now()).await?,
            None => {
                let mut transaction = storage.begin().await?;
                signing_keys::revoke(&mut transaction, &self.kid, &context.act()).await?;
                transaction.commit().await?;
                note("The master key is not here: the running server makes another key within seconds.");
                Vec::new()
            }
        };
        self.tell(storage, changes, now, "The key is revoked. Every node knows within a second.").await
    }

    async fn tell(
        &self,
        storage: &Storage,
        changes: Vec<crate::jobs::signing_keys::Change>,
        now: Timestamp,
        sentence: &str,
    ) -> Result<(), Failure> {
        let after = things(&storage.read().await?.signing_keys().await?, now);
        if self.output.json {
            let changes: Vec<_> = changes.iter().map(change).collect();
            line(json!({ "revoked": self.kid, "changes": changes, "keys": after }));
            return Ok(());
        }
        line(sentence);
        changes.iter().for_each(|change| line(words(change, now)));
        Ok(())
    }
}

/// What will break, in sentences.
fn consequences(life: &KeyLife, stage: Stage, config: &Config) -> Vec<String> {
    let (algorithm, kid, max_age) = (&life.algorithm, &life.kid, config.keys.jwks_max_age);
    let tokens = format!(
        "Every token signed with it is worthless from now on: at userinfo and introspection within a second, at APIs that \
         verify by themselves when they next fetch the key set, {max_age} seconds from now at the latest. It no longer serves as a \
         hint at sign-out either."
    );
    match stage {
        Stage::Next => vec![format!("The {algorithm} key {kid} has signed nothing yet. Another one takes its place.")],
        Stage::Active => vec![
            format!("The {algorithm} key {kid} signs since {}.", life.signs_from),
            tokens,
            "Nobody is signed out: applications get new tokens with their refresh tokens or by a new sign-in."
                .to_owned(),
            format!(
                "Another key signs at once. Verifiers that do not look for a new key when they meet one refuse its tokens for up to \
                 {max_age} seconds, unless it has been published already."
            ),
        ],
        Stage::Retired | Stage::Revoked => vec![format!("The {algorithm} key {kid} signs no more."), tokens],
    }
}

/// Who relies on the algorithm.
async fn users(storage: &Storage, algorithm: &str, default: Algorithm) -> Result<String, Failure> {
    let mut reader = storage.read().await?;
    let (clients, resources) = (reader.clients().await?, reader.resources().await?);
    let uses = |choice: AlgorithmChoice| choice.wanted.unwrap_or(default).as_str() == algorithm;
    let clients = clients.iter().filter(|client| client.has_users() && uses(client.id_token_algorithm));
    let resources = resources.iter().filter(|resource| resource.signing.public().is_some_and(uses));
    let names: Vec<String> = clients
        .map(|client| format!("the client {} ({})", client.client_id, client.name.escape_debug()))
        .chain(resources.map(|resource| format!("the API {}", resource.identifier)))
        .collect();
    Ok(match names.as_slice() {
        [] => "No client and no API is named that relies on this algorithm.".to_owned(),
        names => format!("These rely on it: {}.", names.join(", ")),
    })
}

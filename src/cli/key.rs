//! `key`: the signing keys. Private halves are never shown.

mod beginning;
mod revoke;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::{line, note};
use super::{Context, Output, start};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::jobs::signing_keys::{Change, SigningKeys};
use crate::protocol::algorithm::Algorithm;
use crate::protocol::key_life::KeyLife;
use crate::storage::{Storage, StoredKey};
use crate::tokens::PublicKey;
pub(super) use beginning::{Wanted, tell_beginning, wanted};

/// What a list shows.
const COLUMNS: &[&str] = &["kid", "algorithm", "state", "signs_from", "published_until"];
/// What is said instead of an empty one.
const NO_KEY: &str = "There is no signing key yet: the first start makes one.";

/// The signing keys.
#[derive(Subcommand)]
#[command(after_help = "Example:\n  doorward key list")]
pub(super) enum KeyCommand {
    /// List the signing keys.
    #[command(after_help = "Example:\n  doorward key list --json")]
    List(Output),
    /// Show a signing key, its public half included.
    #[command(after_help = "Example:\n  doorward key show KID")]
    Show(Named),
    /// Make the next keys now, without waiting for the schedule.
    #[command(
        after_help = "They are published at once and sign after the usual lead; with --now as soon as every verifier's cache has\nthem, which is at once for a next key that is published already.\n\nExamples:\n  doorward key rotate\n  doorward key rotate --now --algorithm RS256 --json"
    )]
    Rotate(Rotate),
    /// Make every token under a key worthless, at once and for good.
    #[command(
        after_help = "Says first what will break, and asks. When the key is the one that signs, another signs from then on.\n\nExamples:\n  doorward key revoke KID\n  doorward key revoke KID --yes --json"
    )]
    Revoke(revoke::Revoke),
    /// Print public keys: the published ones, or one of them.
    #[command(
        after_help = "Examples:\n  doorward key export-public > keys.pem\n  doorward key export-public KID --json"
    )]
    ExportPublic(ExportPublic),
    /// Seal the private keys, the secrets of APIs and the second factors with the current master key, after it was changed.
    #[command(
        after_help = "Give the new master key in keys.master_key_file and the old one in keys.former_master_key_file, restart every node,\nrun this, then take the old one out of the settings.\n\nExample:\n  DOORWARD__KEYS__MASTER_KEY_FILE=new.key DOORWARD__KEYS__FORMER_MASTER_KEY_FILE=data/master.key doorward key rewrap"
    )]
    Rewrap(Output),
}

#[derive(Args)]
pub(super) struct Named {
    /// The key's id.
    #[arg(allow_hyphen_values = true)]
    kid: String,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Rotate {
    /// Let them sign as soon as every verifier's cache has them.
    #[arg(long)]
    now: bool,
    /// The keys of this algorithm alone: RS256, ES256 or EdDSA [default: all in use].
    #[arg(long, value_name = "A")]
    algorithm: Option<Algorithm>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct ExportPublic {
    /// The key's id [default: all that are published].
    #[arg(allow_hyphen_values = true)]
    kid: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl KeyCommand {
    pub async fn run(self, context: Context) -> Result<(), Failure> {
        let (storage, keys) = start::keys(&context.config).await?;
        let keys = keys.map(|keys| keys.on_behalf_of(&context.act()));
        let now = context.clock.now();
        let done = match self {
            Self::List(output) => list(&storage, output, now).await,
            Self::Show(named) => show(&storage, named, now).await,
            Self::Rotate(rotate) => rotate.run(&storage, &has_master_key(keys)?, now).await,
            Self::Revoke(revoke) => revoke.run(&context, &storage, keys.as_ref()).await,
            Self::ExportPublic(export) => export.run(&storage, now).await,
            Self::Rewrap(output) => rewrap(&has_master_key(keys)?, output, now).await,
        };
        storage.close().await;
        done
    }
}

fn has_master_key(keys: Option<SigningKeys>) -> Result<SigningKeys, Failure> {
    keys.ok_or_else(|| {
        Failure::internal("this needs the master key: give it in keys.master_key_file or DOORWARD__KEYS__MASTER_KEY")
    })
}

async fn list(storage: &Storage, output: Output, now: Timestamp) -> Result<(), Failure> {
    let things = things(&storage.read().await?.signing_keys().await?, now);
    output.list(&things, COLUMNS, NO_KEY);
    Ok(())
}

async fn show(storage: &Storage, named: Named, now: Timestamp) -> Result<(), Failure> {
    let keys = storage.read().await?.signing_keys().await?;
    let at = position(&keys, &named.kid)?;
    let mut thing = things(&keys, now).swap_remove(at);
    thing["public_jwk"] = serde_json::from_str(&keys[at].public_jwk).unwrap_or_default();
    named.output.thing(&thing);
    Ok(())
}

impl Rotate {
    async fn run(self, storage: &Storage, keys: &SigningKeys, now: Timestamp) -> Result<(), Failure> {
        let changes = keys.ask(self.algorithm, self.now, now).await?;
        let after = things(&storage.read().await?.signing_keys().await?, now);
        if self.output.json {
            line(json!({ "changes": changes.iter().map(change).collect::<Vec<_>>(), "keys": after }));
            return Ok(());
        }
        for change in &changes {
            line(words(change, now));
        }
        for next in after.iter().filter(|key| changes.is_empty() && key["state"] == "next") {
            line(format!("The next {} key is published already.", next["algorithm"].as_str().unwrap_or_default()));
        }
        self.output.list(&after, COLUMNS, NO_KEY);
        Ok(())
    }
}

impl ExportPublic {
    async fn run(self, storage: &Storage, now: Timestamp) -> Result<(), Failure> {
        let keys = storage.read().await?.signing_keys().await?;
        let lives: Vec<KeyLife> = keys.iter().map(|key| key.life.clone()).collect();
        let wanted: Vec<&StoredKey> = match &self.kid {
            Some(kid) => vec![&keys[position(&keys, kid)?]],
            None => keys.iter().filter(|key| key.life.standing(&lives, now).published).collect(),
        };
        let mut jwks = Vec::new();
        for key in wanted {
            let public = PublicKey::parse(&key.life.kid, &key.life.algorithm, &key.public_jwk)?;
            jwks.push(public.jwk().clone());
            match public.pem() {
                _ if self.output.json => {}
                Ok(pem) => line(format!("# {} {}\n{}", key.life.algorithm, key.life.kid, pem.trim_end())),
                Err(why) => note(why),
            }
        }
        if self.output.json {
            line(json!({ "keys": jwks }));
        }
        Ok(())
    }
}

async fn rewrap(keys: &SigningKeys, output: Output, now: Timestamp) -> Result<(), Failure> {
    let done = keys.rewrap(now).await?;
    let thing = json!({ "rewrapped": done.kids, "secrets": done.secrets, "master_key_id": done.master_key_id });
    let words = match (done.kids.len(), done.secrets.len()) {
        (0, 0) => format!("Every private key is sealed with the master key {} already.", done.master_key_id),
        (keys, 0) => format!("Sealed with the master key {}: {keys} private keys.", done.master_key_id),
        (keys, secrets) => {
            format!(
                "Sealed with the master key {}: {keys} private keys, {secrets} secrets of APIs.",
                done.master_key_id
            )
        }
    };
    output.done(&thing, words);
    if !done.kids.is_empty() || !done.secrets.is_empty() {
        note(
            "The former master key can be taken out of the settings of every node now. Keep it with the backups made under it.",
        );
    }
    Ok(())
}

fn position(keys: &[StoredKey], kid: &str) -> Result<usize, Failure> {
    let found = keys.iter().position(|key| key.life.kid == kid);
    found.ok_or_else(|| Failure::internal(format!("there is no signing key '{}'", kid.escape_debug())))
}

fn things(keys: &[StoredKey], now: Timestamp) -> Vec<Value> {
    let lives: Vec<KeyLife> = keys.iter().map(|key| key.life.clone()).collect();
    keys.iter().map(|key| thing(key, &lives, now)).collect()
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
        "sealed_by": Some(&key.sealed_by).filter(|_| !key.private_key.is_empty()),
    })
}

fn change(change: &Change) -> Value {
    match change {
        Change::Made(kid, algorithm, from) => {
            json!({ "made": kid, "algorithm": algorithm.as_str(), "signs_from": from.to_string() })
        }
        Change::Hastened(kid, from) => json!({ "hastened": kid, "signs_from": from.to_string() }),
        Change::Activated(kid) => json!({ "activated": kid }),
        Change::Retired(kid) => json!({ "retired": kid }),
        Change::Forgotten(kid) => json!({ "removed": kid }),
    }
}

fn words(change: &Change, now: Timestamp) -> String {
    match change {
        Change::Made(kid, algorithm, from) if *from <= now => format!("Made the {algorithm} key {kid}: it signs now."),
        Change::Made(kid, algorithm, from) => {
            format!("Made the {algorithm} key {kid}: it is published now and signs from {from}.")
        }
        Change::Hastened(kid, from) => format!("The key {kid} signs from {from}."),
        Change::Activated(kid) => format!("The key {kid} signs now."),
        Change::Retired(kid) => {
            format!("The key {kid} signs no more; it stays published until its last token has expired.")
        }
        Change::Forgotten(kid) => format!("The key {kid} was removed."),
    }
}

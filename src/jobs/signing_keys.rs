//! Signing keys: makes them, changes them and brings the ring up to date with the database. What is due is decided in
//! `protocol/key_schedule.rs`; here it is done.
//!
//! `loading.rs` reads rows into the ring, `rotation.rs` takes the steps that are due, `operator.rs` does what an operator asks for, and `secrets.rs`
//! has the secrets of APIs, which lie beside the keys.

mod loading;
mod operator;
mod rotation;
mod secrets;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};

pub use operator::revoke;
pub use rotation::Change;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::failure::Failure;
use crate::protocol::algorithm::{Algorithm, AlgorithmChoice};
use crate::protocol::audit::Act;
use crate::protocol::key_life::KeyLife;
use crate::protocol::key_schedule::{self, Rhythm};
use crate::random;
use crate::sealing::{MasterKey, SealingKey};
use crate::storage::{KeyNews, Storage};
use crate::tokens::{KeySpec, ResourceSecret};

/// The purpose under which private keys are sealed.
const PURPOSE: &str = "signing keys";

/// Looks after the signing keys. Clones are the same.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    storage: Storage,
    master: MasterKey,
    sealing: Arc<SealingKey>,
    sealing_secrets: Arc<SealingKey>,
    policy: Policy,
    /// What clients and resources wanted when the ring was last brought up to date.
    choices: Arc<ArcSwap<Vec<AlgorithmChoice>>>,
    /// The news with which the ring agrees.
    heard: Arc<ArcSwapOption<KeyNews>>,
    /// One at a time, or an older reading could take the place of a newer one.
    loading: Arc<tokio::sync::Mutex<()>>,
    /// Names this process in the lease.
    node: Arc<str>,
    /// Whether the database belongs to another master key than ours.
    foreign: Arc<AtomicBool>,
    loads: Arc<AtomicU64>,
    at_work: Arc<AtomicBool>,
    warned: Arc<AtomicBool>,
    /// When the work last failed, in seconds since 1970.
    failed_at: Arc<AtomicI64>,
    /// Who changes keys here, for the audit record.
    by: Arc<Act>,
}

/// What the settings say about keys.
#[derive(Clone, Copy, Debug)]
struct Policy {
    default: Algorithm,
    rsa_bits: u32,
    rhythm: Rhythm,
    token_lifetime: i64,
}

impl SigningKeys {
    /// For this database and master key.
    ///
    /// # Errors
    /// A sentence when the database belongs to another master key.
    pub async fn open(storage: Storage, master: &MasterKey, config: &Config) -> Result<Self, Failure> {
        let noted = storage.read().await?.master_key_id().await?;
        let noted = match noted {
            Some(noted) => Some(noted),
            None => {
                let mut transaction = storage.begin().await?;
                transaction.set_master_key_id(&master.id()).await?;
                let noted = transaction.master_key_id().await?;
                transaction.commit().await?;
                noted
            }
        };
        Self::check_owner(noted.as_deref(), master)?;
        noted.as_deref().map(|noted| master.use_key(noted));
        let policy = Policy {
            default: config.keys.algorithm,
            rsa_bits: config.keys.rsa_bits,
            rhythm: config.keys.rhythm(),
            token_lifetime: config.tokens.longest(),
        };
        Ok(Self {
            storage,
            master: master.clone(),
            sealing: Arc::new(master.sealing_key(PURPOSE)),
            sealing_secrets: Arc::new(ResourceSecret::sealing_key(master)),
            policy,
            choices: Arc::default(),
            heard: Arc::default(),
            loading: Arc::default(),
            node: random::id().into(),
            foreign: Arc::default(),
            loads: Arc::default(),
            at_work: Arc::default(),
            warned: Arc::default(),
            failed_at: Arc::new(AtomicI64::new(i64::MIN)),
            by: Arc::new(Act::of_system(Timestamp::from_seconds(0))),
        })
    }

    /// The same, on behalf of whoever acts: what is done to keys is recorded as theirs.
    #[must_use]
    pub fn on_behalf_of(self, act: &Act) -> Self {
        Self { by: Arc::new(act.clone()), ..self }
    }

    fn act(&self, now: Timestamp) -> Act {
        Act { at: now, ..(*self.by).clone() }
    }

    /// Checks that a database with this noted key id, if it has one yet, belongs to the master key.
    ///
    /// # Errors
    /// A sentence when it belongs to another one.
    pub fn check_owner(noted: Option<&str>, master: &MasterKey) -> Result<(), Failure> {
        match noted {
            Some(noted) if master.ids().all(|own| own != noted) => Err(Failure::internal(format!(
                "the master key is not the one that this database belongs to (it has the id {}, the database wants {noted}): \
                 give the right one in keys.master_key or keys.master_key_file",
                ids(master)
            ))),
            _ => Ok(()),
        }
    }

    /// Checks that the database still belonged to our master key when the ring was last brought up to date. When it does not, this
    /// node signs nothing and must seal nothing: another key was given to the database, most likely because ours is out.
    ///
    /// # Errors
    /// When it belongs to another one.
    pub fn check_still_ours(&self) -> Result<(), Failure> {
        if self.foreign.load(Ordering::SeqCst) {
            return Err(Failure::unavailable("the database belongs to another master key by now"));
        }
        Ok(())
    }

    /// How often the keys were read so far: lets a test show that nobody reads them for nothing.
    pub fn times_loaded(&self) -> u64 {
        self.loads.load(Ordering::SeqCst)
    }

    fn spec(&self, algorithm: Algorithm) -> KeySpec {
        KeySpec { algorithm, rsa_bits: self.policy.rsa_bits }
    }

    fn wanted(&self, choices: &[AlgorithmChoice], keys: &[KeyLife], now: Timestamp) -> BTreeSet<Algorithm> {
        key_schedule::wanted(choices, self.policy.default, keys, now)
    }
}

/// The ids of the master keys that the settings have.
fn ids(master: &MasterKey) -> String {
    master.ids().collect::<Vec<_>>().join(" and ")
}

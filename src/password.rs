//! Passwords: Argon2id behind a bounded pool (RFC 9106 §4, OWASP ASVS 11.4).
//!
//! As many hashes run at once as there are cores, behind everything else (`workers.rs`); the others wait in a queue that no network can fill.
//! Each running hash uses a block of memory that is kept and used again, so a storm of sign-ins leaves no gigabytes behind.

mod queue;
mod workers;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use tracing::Instrument;
use zeroize::Zeroizing;

use self::queue::{Bounds, Queue};
pub use self::queue::{Rank, Waiter};
use self::workers::Workers;

use crate::config::PasswordConfig;
use crate::failure::Failure;
use crate::protocol::password_form;
use crate::random;

/// Hashes and verifies passwords. Cheap to clone; all clones share the pool.
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    params: Params,
    queue: Queue,
    workers: Workers,
    memory: Mutex<Vec<Vec<Block>>>,
    done: AtomicU64,
}

/// What verifying a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is the one, but its hash has other parameters than those in force, or is of another form of it: hash it anew.
    RightButOutdated,
    /// It is not, or there is no account.
    Wrong,
}

impl Hasher {
    /// A pool with the given cost.
    ///
    /// # Errors
    /// A sentence when the parameters do not fit together.
    pub fn new(config: &PasswordConfig) -> Result<Self, Failure> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, Some(32));
        let params = params.map_err(|why| Failure::internal(format!("[password] does not fit together: {why}")))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Pool {
            params,
            queue: Queue::new(Bounds { running: cores, waiting: config.queue, share: config.queue_share }),
            workers: Workers::new(cores),
            memory: Mutex::default(),
            done: AtomicU64::new(0),
        })))
    }

    /// Hashes a new password, in its stored form: a PHC string.
    ///
    /// # Errors
    /// A passing one when there is no place for the waiter.
    pub async fn hash(&self, password: &str, waiter: Waiter) -> Result<String, Failure> {
        let salt: [u8; 16] = random::bytes();
        let params = self.0.params.clone();
        let (_, output) = self
            .run((vec![password_form::stored(password)], waiter), (salt.to_vec(), params.clone()), |_| true)
            .await?
            .ok_or_else(|| Failure::internal("a password was not hashed"))?;
        let hash = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(Failure::internal)?,
            salt: Some(Salt::new(&salt).map_err(Failure::internal)?),
            hash: Some(Output::new(output.as_slice()).map_err(Failure::internal)?),
        };
        Ok(hash.to_string())
    }

    /// Verifies a password against a stored hash, in every form in which it may have been stored; without a hash the same work is done for
    /// nothing, so that nobody can tell. All forms have one turn: whoever is refused has learned of none.
    ///
    /// # Errors
    /// A passing one when there is no place for the waiter; when the stored hash is not one of Argon2id.
    pub async fn verify(&self, password: &str, stored: Option<&str>, waiter: Waiter) -> Result<Verdict, Failure> {
        let own = &self.0.params;
        let forms = password_form::forms(password);
        let Some(stored) = stored else {
            self.run((forms, waiter), (vec![0; 16], own.clone()), |_| false).await?;
            return Ok(Verdict::Wrong);
        };
        let parsed = PasswordHash::new(stored).map_err(|_| Failure::internal("a password hash cannot be read"))?;
        let (Some(salt), Some(expected), true) = (parsed.salt, parsed.hash, parsed.algorithm == ARGON2ID_IDENT) else {
            return Err(Failure::internal("a password hash is not one of Argon2id"));
        };
        let params = Params::try_from(&parsed).map_err(|_| Failure::internal("a password hash has odd parameters"))?;
        let current = (params.m_cost(), params.t_cost(), params.p_cost()) == (own.m_cost(), own.t_cost(), own.p_cost());
        let is_right = move |output: &[u8]| bool::from(subtle::ConstantTimeEq::ct_eq(output, expected.as_ref()));
        let right = self.run((forms, waiter), (salt.as_ref().to_vec(), params), is_right).await?;
        Ok(match right {
            Some((0, _)) if current => Verdict::Right,
            Some(_) => Verdict::RightButOutdated,
            None => Verdict::Wrong,
        })
    }

    /// How many hashes were computed so far: lets a test count instead of measure.
    pub fn hashes_computed(&self) -> u64 {
        self.0.done.load(Ordering::SeqCst)
    }

    /// How many hashes are computed now, and how many wait.
    pub fn under_way(&self) -> (usize, usize) {
        self.0.queue.under_way()
    }

    /// Hashes the forms of a password one after the other, until one is taken: its place among them, and its hash.
    async fn run(
        &self,
        (forms, waiter): (Vec<Zeroizing<String>>, Waiter),
        (salt, params): (Vec<u8>, Params),
        is_taken: impl Fn(&[u8]) -> bool + Send + 'static,
    ) -> Result<Option<(usize, Zeroizing<Vec<u8>>)>, Failure> {
        let span = tracing::info_span!(target: "spans", "password hash");
        let turn = self.0.queue.turn(waiter).instrument(span.clone()).await?;
        let pool = self.0.clone();
        let work = move || {
            // The work goes on though the request is given up: so the turn stays with the work.
            let _turn = turn;
            for (at, form) in forms.iter().enumerate() {
                let output = pool.compute(form, &salt, params.clone())?;
                if is_taken(&output) {
                    return Ok(Some((at, output)));
                }
            }
            Ok(None)
        };
        self.0.workers.run(work).instrument(span).await?
    }
}

impl Pool {
    fn compute(&self, password: &str, salt: &[u8], params: Params) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let mut output = Zeroizing::new(vec![0; params.output_len().unwrap_or(32)]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let outcome = argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory);
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
        self.done.fetch_add(1, Ordering::SeqCst);
        outcome.map_err(Failure::internal)?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(memory_kib: u32) -> Hasher {
        Hasher::new(&PasswordConfig {
            memory_kib,
            iterations: 1,
            parallelism: 1,
            queue: 9,
            queue_share: 9,
            leaked: "".into(),
        })
        .unwrap()
    }

    const ANYBODY: Waiter = Waiter::operator();

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_alone() {
        let hasher = hasher(64);
        let hash = hasher.hash("a quiet river at dawn", ANYBODY).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert_eq!(hasher.verify("a quiet river at dawn", Some(&hash), ANYBODY).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify("a quiet river at dusk", Some(&hash), ANYBODY).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify("a quiet river at dawn", None, ANYBODY).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.hashes_computed(), 4);
        assert!(hasher.verify("x", Some("$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"), ANYBODY).await.is_err());
    }

    #[tokio::test]
    async fn a_password_counts_in_one_form_and_one_that_was_stored_in_another_is_outdated() {
        let hasher = hasher(64);
        let (composed, decomposed) = ("\u{fc}ber den stillen Fluss", "u\u{308}ber den stillen Fluss");
        for form in [composed, decomposed] {
            let hash = hasher.hash(form, ANYBODY).await.unwrap();
            assert_eq!(hasher.verify(composed, Some(&hash), ANYBODY).await.unwrap(), Verdict::Right);
            assert_eq!(hasher.verify(decomposed, Some(&hash), ANYBODY).await.unwrap(), Verdict::Right);
        }
        // As it was stored before there was a rule.
        let params = hasher.0.params.clone();
        let forms = vec![Zeroizing::new(decomposed.to_owned())];
        let (_, output) = hasher.run((forms, ANYBODY), (vec![7; 16], params.clone()), |_| true).await.unwrap().unwrap();
        let former = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).unwrap(),
            salt: Some(Salt::new(&[7; 16]).unwrap()),
            hash: Some(Output::new(output.as_slice()).unwrap()),
        };
        let former = former.to_string();
        assert_eq!(hasher.verify(composed, Some(&former), ANYBODY).await.unwrap(), Verdict::RightButOutdated);
        assert_eq!(hasher.verify(decomposed, Some(&former), ANYBODY).await.unwrap(), Verdict::RightButOutdated);
        // Who is wrong costs as much as who is nobody.
        let wrong = "\u{fc}ber den lauten Fluss";
        let before = hasher.hashes_computed();
        assert_eq!(hasher.verify(wrong, Some(&former), ANYBODY).await.unwrap(), Verdict::Wrong);
        let after = hasher.hashes_computed();
        assert_eq!(hasher.verify(wrong, None, ANYBODY).await.unwrap(), Verdict::Wrong);
        assert_eq!((after - before, hasher.hashes_computed() - after), (2, 2));
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_outdated() {
        let old = hasher(32).hash("a quiet river at dawn", ANYBODY).await.unwrap();
        let verdict = hasher(64).verify("a quiet river at dawn", Some(&old), ANYBODY).await.unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn the_default_cost_works() {
        assert!(hasher(19_456).hash("x", ANYBODY).await.is_ok());
    }
}

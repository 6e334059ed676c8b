//! An issuer in process, for the tests of an API: its own keys, real HTTP on loopback, a clock to turn, and tokens that say whatever is wanted.
//!
//! ```
//! use doorward_client::testing::Issuer;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let issuer = Issuer::start().await;
//! let verifier = issuer.verifier("https://api.example.org").build().await.unwrap();
//! let token = issuer.token("https://api.example.org").subject("ann").scope("notes:read").sign();
//! assert_eq!(verifier.verify(&token).await.unwrap().subject, "ann");
//!
//! issuer.clock().turn(Duration::from_secs(3600));
//! assert!(verifier.verify(&token).await.is_err());
//! # }
//! ```

mod draft;
mod server;
mod signing;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub use draft::Draft;

use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::verifier::{Verifier, VerifierBuilder};
use signing::SigningKey;

/// Where its clock stands at first: 2026-11-24T12:00:00Z.
const BEGIN: i64 = 1_795_521_600;

/// An issuer on this machine, for as long as it is not dropped.
pub struct Issuer {
    url: String,
    clock: Clock,
    state: Arc<State>,
    server: AbortHandle,
}

struct State {
    inner: Mutex<Inner>,
    /// How many requests came in.
    requests: watch::Sender<usize>,
    behaviour: watch::Sender<Behaviour>,
}

/// How requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    Answers,
    /// Takes the request and says nothing.
    Holds,
    /// Closes the connection.
    IsAway,
}

struct Inner {
    keys: Vec<Arc<SigningKey>>,
    /// What is written into the metadata instead of, or beside, the truth.
    metadata: Map<String, Value>,
    /// What is answered for the key set instead of the keys.
    key_set: Option<Vec<u8>>,
    max_age: u64,
    /// What was given out, with what it says.
    given: HashMap<String, Map<String, Value>>,
    revoked: HashSet<String>,
}

impl Issuer {
    /// Starts one with a key of ES256. Its clock is at some fixed date and stands still.
    ///
    /// # Panics
    /// When this machine has no loopback address.
    pub async fn start() -> Self {
        Self::start_with(Algorithm::Es256).await
    }

    /// Starts one with a key of this algorithm.
    ///
    /// # Panics
    /// When this machine has no loopback address.
    #[expect(clippy::expect_used, reason = "tests call this")]
    pub async fn start_with(algorithm: Algorithm) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Inner {
            keys: vec![Arc::new(SigningKey::generate(algorithm))],
            metadata: Map::new(),
            key_set: None,
            max_age: 300,
            given: HashMap::new(),
            revoked: HashSet::new(),
        };
        let clock = Clock::manual(BEGIN);
        let state = Arc::new(State {
            inner: Mutex::new(inner),
            requests: watch::Sender::new(0),
            behaviour: watch::Sender::new(Behaviour::Answers),
        });
        let server = server::Server { url: url.clone(), state: Arc::clone(&state), clock: clock.clone() };
        let server = tokio::spawn(server.run(listener)).abort_handle();
        Self { url, clock, state, server }
    }

    /// Its address: `iss` of its tokens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its clock, which is that of [`Issuer::verifier`] as well.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A verifier of its tokens, by its clock.
    pub fn verifier(&self, audience: &str) -> VerifierBuilder {
        Verifier::discover(self.url()).audience(audience).clock(self.clock.clone())
    }

    /// A token for this API, which can be made to say anything before it is signed: of the subject `subject` and the client `client`, for five minutes, without
    /// scopes.
    pub fn token(&self, audience: &str) -> Draft<'_> {
        Draft::new(self, audience)
    }

    /// Signs with a new key from now on. The former ones stay in the key set.
    pub fn rotate(&self) {
        self.rotate_to(Algorithm::Es256);
    }

    /// Signs with a new key of this algorithm from now on. The former ones stay in the key set.
    pub fn rotate_to(&self, algorithm: Algorithm) {
        let key = Arc::new(SigningKey::generate(algorithm));
        self.inner().keys.push(key);
    }

    /// Takes all keys but the newest out of the key set.
    pub fn drop_former_keys(&self) {
        let mut inner = self.inner();
        let newest = inner.keys.len().saturating_sub(1);
        inner.keys.drain(..newest);
    }

    /// For how long its key set may be kept, in seconds: `max-age`. At first 300.
    pub fn max_age(&self, seconds: u64) {
        self.inner().max_age = seconds;
    }

    /// Answers with these bytes instead of its key set, or with the key set again.
    pub fn answer_key_set_with(&self, bytes: Option<Vec<u8>>) {
        self.inner().key_set = bytes;
    }

    /// Says this in its metadata, beside or instead of the truth.
    pub fn claim_of_itself(&self, name: &str, value: impl Into<Value>) {
        self.inner().metadata.insert(name.to_owned(), value.into());
    }

    /// Its key set as it is published.
    pub fn key_set(&self) -> Value {
        self.inner().key_set()
    }

    /// Takes a token or an API key back: introspection says so.
    pub fn revoke(&self, token: &str) {
        self.inner().revoked.insert(token.to_owned());
    }

    /// Closes every connection without an answer from now on.
    pub fn go_away(&self) {
        self.state.behaviour.send_replace(Behaviour::IsAway);
    }

    /// Takes every request from now on, and says nothing until [`Issuer::come_back`].
    pub fn hold(&self) {
        self.state.behaviour.send_replace(Behaviour::Holds);
    }

    /// Answers again, also what was held.
    pub fn come_back(&self) {
        self.state.behaviour.send_replace(Behaviour::Answers);
    }

    /// How many requests have come in, answered or not.
    pub fn requests(&self) -> usize {
        *self.state.requests.borrow()
    }

    /// Waits until so many requests have come in.
    pub async fn requests_reach(&self, count: usize) {
        // Its sender is held here, so it does not go away.
        let _ = self.state.requests.subscribe().wait_for(|requests| *requests >= count).await;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.inner()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn key_set(&self) -> Value {
        json!({ "keys": self.keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
    }
}

//! The soak: two nodes on one database, each with a clock of its own, sign and rotate while verifiers with caches of 0, 60 and 300 seconds
//! verify every token until it expires. Time is turned by hand; the machine does as much as it can.
//!
//! `tests/soak-keys` runs it for people; a few seconds of it belong to the suite.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::clock::{Clock, Stopwatch};
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use doorward::random;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{api, kid};
use crate::support::{Client, Server, is_postgres};

/// How far ahead the clock of the second node is, in seconds.
const SKEW: i64 = 45;
/// How long time passes at most between two looks at the keys, in seconds: a node sees the news sixty times as late as it ever would.
const LONGEST_TICK: u64 = 30;
/// How long an access token lives, in seconds.
const LIFETIME: i64 = 900;

/// How much of it.
#[derive(Clone, Copy)]
struct Amount {
    rotations: usize,
    workers: usize,
    tokens_per_tick: usize,
    shows_progress: bool,
}

/// A published key, ready to verify: its name, what is checked, and itself.
type PublishedKey = (String, Validation, DecodingKey);

/// A resource server: knows the published keys as long as its cache keeps them, and asks any node for them.
struct Verifier {
    cache: i64,
    fetched: Option<(i64, Vec<PublishedKey>)>,
}

impl Verifier {
    async fn verify(&mut self, token: &str, nodes: &[Server; 2]) -> Result<(), String> {
        let now = nodes[0].clock.now().seconds();
        let keeps = |at: i64| at <= now && now < at + self.cache;
        if self.fetched.as_ref().is_none_or(|(at, _)| !keeps(*at)) {
            let answer = nodes[below(2)].get("/.well-known/jwks.json").await;
            let max_age = answer.header("cache-control").rsplit_once("max-age=").unwrap().1.parse::<i64>().unwrap();
            assert!(self.cache <= max_age);
            let set: JwkSet = serde_json::from_value(answer.ok()).unwrap();
            let read = |key: &jsonwebtoken::jwk::Jwk| {
                let algorithm = key.common.key_algorithm.unwrap().to_string().parse().unwrap();
                let mut validation = Validation::new(algorithm);
                (validation.validate_exp, validation.validate_aud) = (false, false);
                (key.common.key_id.clone().unwrap(), validation, DecodingKey::from_jwk(key).unwrap())
            };
            self.fetched = Some((now, set.keys.iter().map(read).collect()));
        }
        let keys = &self.fetched.as_ref().unwrap().1;
        let found = keys.iter().find(|(name, ..)| *name == kid(token));
        let (_, validation, key) = found.ok_or_else(|| format!("a cache of {} s lacks {}", self.cache, kid(token)))?;
        jsonwebtoken::decode::<Value>(token, key, validation).map(drop).map_err(|why| why.to_string())
    }
}

/// Somebody who gets tokens and has them verified.
struct Worker {
    nodes: [Server; 2],
    service: Client,
    verifiers: [Verifier; 3],
    tokens: VecDeque<(i64, String)>,
    issued: usize,
    verified: usize,
    failures: Vec<String>,
    signing: Vec<u128>,
}

impl Worker {
    fn new(nodes: &[Server; 2], service: &Client) -> Self {
        let verifier = |cache| Verifier { cache, fetched: None };
        Self {
            nodes: nodes.clone(),
            service: service.clone(),
            verifiers: [verifier(0), verifier(60), verifier(300)],
            tokens: VecDeque::new(),
            issued: 0,
            verified: 0,
            failures: Vec::new(),
            signing: Vec::new(),
        }
    }

    /// Gets so many tokens and has each verified, and an older one with it.
    async fn work(mut self, count: usize) -> Self {
        let now = self.nodes[0].clock.now().seconds();
        while self.tokens.front().is_some_and(|(expires_at, _)| *expires_at <= now) {
            self.tokens.pop_front();
        }
        for _ in 0..count {
            let node = below(2);
            let resource = api(Algorithm::ALL[below(Algorithm::ALL.len())]);
            let watch = Stopwatch::start();
            let answer = self.service.on(&self.nodes[node]).credentials(&[("resource", &resource)]).await;
            self.signing.push(watch.elapsed().as_micros());
            self.issued += 1;
            let expires_at = self.nodes[node].clock.now().seconds() + LIFETIME;
            let token = answer.ok()["access_token"].as_str().unwrap().to_owned();
            self.tokens.push_back((expires_at, token.clone()));
            let older = self.tokens[below(self.tokens.len())].1.clone();
            for token in [token, older] {
                for verifier in &mut self.verifiers {
                    self.verified += 1;
                    self.failures.extend(verifier.verify(&token, &self.nodes).await.err());
                }
            }
        }
        self
    }
}

/// A number below the bound.
fn below(bound: usize) -> usize {
    usize::try_from(u64::from_be_bytes(random::bytes()) % bound as u64).unwrap()
}

async fn two_nodes() -> ([Server; 2], Client) {
    let one = Server::with(|config| {
        config.keys.rotation_interval = 1_200;
        config.keys.publication_lead = 600;
    });
    let one = one.await.with_key_from(0).await;
    let two = one.another_node_at(Clock::manual(one.clock.now().plus(SKEW))).await;
    let notes = ScopeSet::parse("notes:read").unwrap();
    let service = one.db_client(ClientType::Service, |client| client.scopes = notes).await;
    for algorithm in Algorithm::ALL {
        one.db_api(*algorithm, &[]).await;
    }
    two.poll().await;
    ([one, two], service)
}

/// Lets a node do what it does by itself twice a second.
async fn look_after(node: &Server) {
    node.poll().await;
    let (keys, now) = (&node.app.signing_keys, node.clock.now());
    if keys.is_due(&node.app.ring, now) {
        keys.rotate_under_lease(now).await.unwrap();
        node.poll().await;
    }
}

/// How often every algorithm has changed its key.
fn rotations(node: &Server) -> usize {
    let lives = node.app.ring.lives();
    let retired = |algorithm: &Algorithm| {
        lives.iter().filter(|key| key.algorithm == algorithm.as_str() && key.retired_at.is_some()).count()
    };
    Algorithm::ALL.iter().map(retired).min().unwrap()
}

/// The whole soak; what it has shown.
async fn soak(amount: Amount) -> Value {
    let watch = Stopwatch::start();
    let (nodes, service) = two_nodes().await;
    let mut workers: Vec<Worker> = (0..amount.workers).map(|_| Worker::new(&nodes, &service)).collect();
    let issued = Arc::new(AtomicUsize::new(0));
    while rotations(&nodes[0]) < amount.rotations {
        let passes = i64::try_from(1 + below(LONGEST_TICK as usize)).unwrap();
        nodes.iter().for_each(|node| node.turn(passes));
        look_after(&nodes[0]).await;
        // Sometimes the second node is late.
        if below(10) > 0 {
            look_after(&nodes[1]).await;
        }
        if below(100) == 0 {
            nodes[0].app.signing_keys.ask(None, true, nodes[0].clock.now()).await.unwrap();
        }
        let mut tasks = JoinSet::new();
        for worker in workers.drain(..) {
            tasks.spawn(worker.work(amount.tokens_per_tick));
        }
        workers = tasks.join_all().await;
        issued.store(workers.iter().map(|worker| worker.issued).sum(), Ordering::Relaxed);
        if amount.shows_progress {
            show(rotations(&nodes[0]), amount.rotations, issued.load(Ordering::Relaxed));
        }
    }
    let failures: Vec<&String> = workers.iter().flat_map(|worker| &worker.failures).collect();
    let mut signing: Vec<u128> = workers.iter().flat_map(|worker| worker.signing.iter().copied()).collect();
    signing.sort_unstable();
    let at = |share: usize| u64::try_from(signing[(signing.len() - 1) * share / 100]).unwrap();
    json!({
        "name": "soak-keys",
        "database": if is_postgres() { "postgres" } else { "sqlite" },
        "git": std::env::var("DOORWARD_SOAK_GIT").ok(),
        "nodes": nodes.len(),
        "algorithms": Algorithm::ALL.len(),
        "rotations": rotations(&nodes[0]),
        "tokens": issued.load(Ordering::Relaxed),
        "verifications": workers.iter().map(|worker| worker.verified).sum::<usize>(),
        "violations": failures.len(),
        "first_violation": failures.first(),
        "token_us": { "p50": at(50), "p99": at(99), "max": at(100) },
        "seconds": watch.elapsed().as_secs(),
    })
}

fn show(done: usize, of: usize, tokens: usize) {
    let width = 40 * done / of.max(1);
    let mut stderr = std::io::stderr();
    write!(stderr, "\r[{}{}] {done}/{of} rotations, {tokens} tokens", "#".repeat(width), " ".repeat(40 - width))
        .unwrap();
    stderr.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_on_two_nodes_fail_no_verifier_whatever_its_cache() {
    let amount = Amount { rotations: 6, workers: 2, tokens_per_tick: 1, shows_progress: false };
    let shown = soak(amount).await;
    assert_eq!(shown["violations"], 0, "{shown}");
    assert!(shown["verifications"].as_u64().unwrap() > 1_000, "{shown}");
}

/// `tests/soak-keys` runs this: a progress bar on stderr, and one line of JSON in the file of `DOORWARD_SOAK_JSON`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by `tests/soak-keys`"]
async fn for_people() {
    let number = |name: &str, default: usize| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let amount = Amount {
        rotations: number("DOORWARD_SOAK_ROTATIONS", 20),
        workers: std::thread::available_parallelism().unwrap().get(),
        tokens_per_tick: number("DOORWARD_SOAK_TOKENS", 100),
        shows_progress: true,
    };
    let shown = soak(amount).await;
    if let Ok(path) = std::env::var("DOORWARD_SOAK_JSON") {
        std::fs::write(path, format!("{shown}\n")).unwrap();
    }
    assert_eq!(shown["violations"], 0, "{shown}");
}

//! What a verification costs, beside the bare operation on the same bytes: the signature by aws-lc-rs, and both parts read by serde_json.
//!
//! `cargo bench -p doorward-client`

#![expect(clippy::unwrap_used, reason = "a benchmark that fails stops")]

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion};
use doorward_client::testing::Issuer;
use doorward_client::{Algorithm, RequireAuth, Verifier};
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::{Layer, Service, service_fn};

const API: &str = "https://api.example.org";

/// The operation that nobody can do without: the signature of these bytes, and what they say.
struct Bare {
    key: ParsedPublicKey,
    token: String,
}

impl Bare {
    fn new(issuer: &Issuer, token: &str) -> Self {
        let jwk = &issuer.key_set()["keys"][0];
        let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let key = RsaPublicKeyComponents { n: number("n"), e: number("e") }
            .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
            .unwrap();
        Self { key, token: token.to_owned() }
    }

    fn signature(&self) -> bool {
        let (signed, signature) = self.token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        self.key.verify_sig(signed.as_bytes(), &signature).is_ok()
    }

    fn signature_and_json(&self) -> (Value, Value) {
        assert!(self.signature());
        let mut parts = self.token.split('.');
        let mut read = || {
            let bytes = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        (read(), read())
    }
}

struct World {
    runtime: Runtime,
    issuer: Issuer,
    token: String,
}

impl World {
    fn new(algorithm: Algorithm) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let issuer = runtime.block_on(Issuer::start_with(algorithm));
        let draft = issuer.token(API).subject("0192f0c1-7f3e-7c7a-9b6e-0d1c2b3a4f5e").client("notes-app");
        let token = draft.scope("notes:read notes:write").roles(&["editor"]).sign();
        Self { runtime, issuer, token }
    }

    /// A verifier whose issuer has so many keys.
    fn verifier(&self, keys: usize) -> Verifier {
        let key = self.issuer.key_set()["keys"][0].clone();
        let mut all = vec![key; keys];
        for (n, other) in all.iter_mut().enumerate().skip(1) {
            other["kid"] = n.to_string().into();
        }
        self.issuer.answer_key_set_with(Some(json!({ "keys": all }).to_string().into_bytes()));
        self.runtime.block_on(self.issuer.verifier(API).build()).unwrap()
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let request = Request::get("/notes").header("authorization", format!("Bearer {}", self.token));
        request.body(Full::default()).unwrap()
    }
}

/// Polls what is ready at once.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => unreachable!("a known key needs no waiting"),
    }
}

fn verification(criterion: &mut Criterion) {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let world = World::new(algorithm);
        let verifier = world.verifier(1);
        let name = format!("{}/verifier", algorithm.as_str());
        criterion.bench_function(&name, |bench| bench.iter(|| now(verifier.verify(black_box(&world.token))).unwrap()));
    }
    let world = World::new(Algorithm::Rs256);
    let bare = Bare::new(&world.issuer, &world.token);
    criterion.bench_function("RS256/bare signature", |bench| bench.iter(|| assert!(black_box(&bare).signature())));
    criterion.bench_function("RS256/bare signature and serde_json", |bench| {
        bench.iter(|| black_box(&bare).signature_and_json());
    });
    let verifier = world.verifier(1);
    let inner =
        service_fn(async |_: Request<Full<Bytes>>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let mut layered = RequireAuth::new(verifier).layer(inner);
    let request = world.request();
    criterion.bench_function("RS256/layer", |bench| {
        bench.iter(|| assert!(now(layered.call(black_box(request.clone()))).unwrap().status().is_success()));
    });
    let by_jsonwebtoken = jsonwebtoken_of(&world);
    criterion.bench_function("RS256/jsonwebtoken", |bench| bench.iter(&by_jsonwebtoken));
}

fn key_sets(criterion: &mut Criterion) {
    let world = World::new(Algorithm::Rs256);
    let mut group = criterion.benchmark_group("RS256/keys of the issuer");
    for keys in [1, 10, 100, 1000] {
        let verifier = world.verifier(keys);
        group.bench_with_input(BenchmarkId::from_parameter(keys), &verifier, |bench, verifier| {
            bench.iter(|| now(verifier.verify(black_box(&world.token))).unwrap());
        });
    }
}

/// Runs it so often on each of so many threads: the time until all are done.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn spread(threads: u64, each: u64, does: &(dyn Fn() + Sync)) -> Duration {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..each).for_each(|_| does()));
        }
    });
    start.elapsed()
}

/// How often both are measured, by turns, and how often each runs in a turn.
const TURNS: usize = 101;
const EACH: u64 = 200;

/// What one takes of what the other takes: the median of many turns, in which they follow each other. A machine that is slower for a while is so for both.
fn ratio(mut one: impl FnMut() -> Duration, mut other: impl FnMut() -> Duration) -> f64 {
    let mut all: Vec<f64> = (0..TURNS).map(|_| one().as_secs_f64() / other().as_secs_f64()).collect();
    all.sort_by(f64::total_cmp);
    all[TURNS / 2]
}

/// The ratios that are promised, beside each other.
#[expect(clippy::print_stdout, reason = "this is what it is run for")]
fn ratios() {
    let world = World::new(Algorithm::Rs256);
    let bare = Bare::new(&world.issuer, &world.token);
    let verifier = world.verifier(1);
    let many = world.verifier(1000);
    let by_jsonwebtoken = jsonwebtoken_of(&world);
    let inner =
        service_fn(async |_: Request<Full<Bytes>>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let layered = RequireAuth::new(verifier.clone()).layer(inner);
    let request = world.request();
    let bare_one = || drop(black_box(bare.signature_and_json()));
    let verified = || assert!(now(verifier.verify(black_box(&world.token))).is_ok());
    let among_many = || assert!(now(many.verify(black_box(&world.token))).is_ok());
    let in_layer = || assert!(now(layered.clone().call(black_box(request.clone()))).unwrap().status().is_success());
    let beside_bare = |does: &(dyn Fn() + Sync)| ratio(|| spread(1, EACH, does), || spread(1, EACH, &bare_one));
    // As many on each of two threads take as long as on one, when nothing is shared; what the machine itself loses is said beside it.
    let more = |does: &(dyn Fn() + Sync)| 2.0 * ratio(|| spread(1, EACH, does), || spread(2, EACH, does));
    println!("\nRS256, of the bare signature and serde_json on the same bytes:");
    println!("  verifier                {:.2}", beside_bare(&verified));
    println!("  verifier, of 1000 keys  {:.2}", beside_bare(&among_many));
    println!("  layer                   {:.2} (to reach: 1.15)", beside_bare(&in_layer));
    println!("  jsonwebtoken            {:.2}", beside_bare(&by_jsonwebtoken));
    println!("RS256, on two threads as many as on one, times:");
    println!("  verifier                {:.2} (to reach: 1.8)", more(&verified));
    println!("  bare                    {:.2} (what the machine gives)", more(&bare_one));
}

/// The same check by `jsonwebtoken`, as far as it does the same.
fn jsonwebtoken_of(world: &World) -> impl Fn() + Sync + '_ {
    let header = jsonwebtoken::decode_header(&world.token).unwrap();
    let jwk = serde_json::from_value(world.issuer.key_set()["keys"][0].clone()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let mut wanted = jsonwebtoken::Validation::new(header.alg);
    wanted.set_audience(&[API]);
    wanted.set_issuer(&[world.issuer.url()]);
    // Its clock cannot be turned.
    wanted.validate_exp = false;
    move || drop(jsonwebtoken::decode::<Value>(black_box(&world.token), &key, &wanted).unwrap())
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    verification(&mut criterion);
    key_sets(&mut criterion);
    criterion.final_summary();
    ratios();
}

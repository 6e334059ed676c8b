//! The life of the keys: how they come, are read anew, and go on while the issuer is away. What is asked of the issuer is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use doorward_client::http::Sending;
use doorward_client::testing::Issuer;
use doorward_client::{Clock, Http, Refusal, Reqwest, Unavailable, Verifier, VerifyError};
use http::Request;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::API;

const UNKNOWN: VerifyError = VerifyError::Refused(Refusal::UnknownKey);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_unavailable(result: Result<doorward_client::Claims, VerifyError>) -> bool {
    matches!(result, Err(VerifyError::Unavailable(_)))
}

#[tokio::test]
async fn a_token_is_verified_by_keys_that_were_read_once() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    assert_eq!(issuer.requests(), 2, "the metadata and the key set");
    for _ in 0..100 {
        verifier.verify(&issuer.token(API).sign()).await.unwrap();
    }
    assert_eq!(issuer.requests(), 2);
}

#[tokio::test]
async fn a_new_key_is_read_by_one_for_all_who_wait_for_it() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.clock().turn(seconds(10));
    issuer.rotate();
    let token = issuer.token(API).sign();
    issuer.hold();
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let (verifier, token) = (verifier.clone(), token.clone());
        waiting.push(tokio::spawn(async move { verifier.verify(&token).await }));
    }
    issuer.requests_reach(3).await;
    issuer.come_back();
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    assert_eq!(issuer.requests(), 3);
}

#[tokio::test]
async fn whoever_began_to_read_the_keys_may_go_away_and_the_others_get_them() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.clock().turn(seconds(10));
    issuer.rotate();
    let token = issuer.token(API).sign();
    issuer.hold();
    let first = tokio::spawn({
        let (verifier, token) = (verifier.clone(), token.clone());
        async move { verifier.verify(&token).await }
    });
    issuer.requests_reach(3).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    issuer.come_back();
    verifier.verify(&token).await.unwrap();
    assert_eq!(issuer.requests(), 3);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_cost_one_request_in_ten_seconds() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    let old = issuer.clock().now();
    let strangers: Vec<String> =
        (0..10_000).map(|n| issuer.token(API).claim("iat", old - 1).header("kid", n.to_string()).sign()).collect();
    for round in 0..3 {
        for stranger in &strangers {
            assert_eq!(verifier.verify(stranger).await.unwrap_err(), UNKNOWN);
        }
        assert_eq!(issuer.requests(), 2 + round, "in round {round}");
        issuer.clock().turn(seconds(10));
    }
}

#[tokio::test]
async fn a_token_that_is_newer_than_the_keys_is_put_off_until_they_may_be_read() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.clock().turn(seconds(3));
    issuer.rotate();
    let token = issuer.token(API).sign();
    let put_off = verifier.verify(&token).await.unwrap_err();
    assert_eq!(put_off, VerifyError::Unavailable(Unavailable { retry_after: seconds(7) }));
    issuer.clock().turn(seconds(7));
    verifier.verify(&token).await.unwrap();
    assert_eq!(issuer.requests(), 3);
}

#[tokio::test]
async fn a_token_of_another_issuer_has_no_keys_read() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.clock().turn(seconds(60));
    let refused = verifier.verify(&other.token(API).sign()).await.unwrap_err();
    assert_eq!(refused, VerifyError::Refused(Refusal::Issuer));
    assert_eq!((issuer.requests(), other.requests()), (2, 0));
}

#[tokio::test]
async fn keys_are_read_anew_in_the_background_before_they_are_out_of_date() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.rotate();
    issuer.clock().turn(seconds(239));
    tokio::task::yield_now().await;
    assert_eq!(issuer.requests(), 2);
    issuer.clock().turn(seconds(1));
    issuer.requests_reach(3).await;
    drop(verifier);
}

#[tokio::test]
async fn a_verifier_that_is_dropped_reads_no_more() {
    let issuer = Issuer::start().await;
    let (gone, kept) = (issuer.verifier(API).build().await.unwrap(), issuer.verifier(API).build().await.unwrap());
    drop(gone);
    issuer.clock().turn(seconds(240));
    issuer.requests_reach(5).await;
    kept.verify(&issuer.token(API).sign()).await.unwrap();
    assert_eq!(issuer.requests(), 5);
}

#[tokio::test]
async fn keys_that_are_withdrawn_are_forgotten_with_the_next_reading() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    let token = issuer.token(API).lifetime(seconds(3600)).sign();
    issuer.rotate();
    issuer.drop_former_keys();
    verifier.verify(&token).await.unwrap();
    issuer.clock().turn(seconds(240));
    issuer.requests_reach(3).await;
    let refused = loop {
        // The answer is on its way.
        if let Err(refused) = verifier.verify(&token).await {
            break refused;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(refused, UNKNOWN);
}

#[tokio::test]
async fn the_former_keys_go_on_while_the_issuer_is_away_up_to_the_limit() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).keep_keys_for(seconds(3600)).build().await.unwrap();
    issuer.go_away();
    for _ in 0..60 {
        issuer.clock().turn(seconds(60));
        verifier.verify(&issuer.token(API).sign()).await.unwrap();
    }
    issuer.clock().turn(seconds(1));
    assert!(is_unavailable(verifier.verify(&issuer.token(API).sign()).await));
    issuer.come_back();
    issuer.clock().turn(seconds(60));
    verifier.verify(&issuer.token(API).sign()).await.unwrap();
}

#[tokio::test]
async fn an_unknown_key_is_no_refusal_while_the_issuer_is_away() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.go_away();
    issuer.clock().turn(seconds(20));
    issuer.rotate();
    let token = issuer.token(API).claim("iat", 1).sign();
    assert!(is_unavailable(verifier.verify(&token).await));
    assert!(is_unavailable(verifier.verify(&token).await), "nor while it is not asked");
    issuer.come_back();
    issuer.clock().turn(seconds(10));
    verifier.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_lazy_verifier_starts_without_the_issuer() {
    let issuer = Issuer::start().await;
    issuer.go_away();
    let verifier = issuer.verifier(API).build_lazily().unwrap();
    let token = issuer.token(API).sign();
    assert!(is_unavailable(verifier.verify(&token).await));
    issuer.come_back();
    issuer.clock().turn(seconds(10));
    verifier.verify(&token).await.unwrap();
    issuer.go_away();
    assert!(issuer.verifier(API).build().await.unwrap_err().to_string().contains("cannot be read"));
}

/// Sends until it is told to stall: then it says that it was asked, and never answers.
#[derive(Clone)]
struct Stalling {
    http: Reqwest,
    stalls: Arc<AtomicBool>,
    asked: Arc<Notify>,
}

impl Http for Stalling {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        if self.stalls.load(Ordering::SeqCst) {
            self.asked.notify_one();
            return Box::pin(std::future::pending());
        }
        self.http.send(request)
    }
}

#[tokio::test]
async fn a_slow_issuer_holds_up_nobody_whose_key_is_known_and_others_for_a_second() {
    let issuer = Issuer::start().await;
    let http = Stalling { http: Reqwest::new().unwrap(), stalls: Arc::default(), asked: Arc::default() };
    let verifier = issuer.verifier(API).http(http.clone()).build().await.unwrap();
    let known = issuer.token(API).sign();
    issuer.clock().turn(seconds(10));
    issuer.rotate();
    let unknown = issuer.token(API).sign();
    http.stalls.store(true, Ordering::SeqCst);
    let waiting = tokio::spawn({
        let verifier = verifier.clone();
        async move { verifier.verify(&unknown).await }
    });
    http.asked.notified().await;
    for _ in 0..100 {
        verifier.verify(&known).await.unwrap();
    }
    assert!(!waiting.is_finished());
    issuer.clock().turn(seconds(1));
    assert_eq!(waiting.await.unwrap().unwrap_err(), VerifyError::Unavailable(Unavailable { retry_after: seconds(9) }));
}

#[tokio::test]
async fn answers_that_are_no_key_set_leave_the_keys_as_they_are() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    let token = issuer.token(API).lifetime(seconds(3600)).sign();
    let keys = issuer.key_set();
    let long = json!({ "keys": [keys["keys"][0]], "more": "x".repeat(10 << 20) }).to_string();
    for wrong in [long.into_bytes(), b"<html>".to_vec(), vec![0xff; 100], b"{}".to_vec()] {
        let before = issuer.requests();
        issuer.answer_key_set_with(Some(wrong));
        issuer.clock().turn(seconds(300));
        issuer.requests_reach(before + 1).await;
        verifier.verify(&token).await.unwrap();
    }
    issuer.rotate();
    issuer.answer_key_set_with(None);
    issuer.clock().turn(seconds(30));
    verifier.verify(&issuer.token(API).sign()).await.unwrap();
}

#[tokio::test]
async fn metadata_of_another_issuer_are_refused() {
    let issuer = Issuer::start().await;
    for other in ["https://evil.example.org", &format!("{}/", issuer.url()), ""] {
        issuer.claim_of_itself("issuer", other);
        let error = issuer.verifier(API).build().await.unwrap_err().to_string();
        assert!(error.contains("the metadata are those of"), "{error}");
    }
}

#[tokio::test]
async fn an_issuer_that_points_to_plain_http_elsewhere_is_refused() {
    let issuer = Issuer::start().await;
    for address in ["http://10.0.0.1/keys", "file:///etc/passwd", "keys", "http://127.0.0.1@evil.test/"] {
        issuer.claim_of_itself("jwks_uri", address);
        let error = issuer.verifier(API).build().await.unwrap_err().to_string();
        assert!(error.contains("neither https nor on this machine"), "{error}");
    }
    let plain = Verifier::discover("http://login.example.org").audience(API).build_lazily();
    assert!(plain.unwrap_err().to_string().contains("neither https"));
}

#[tokio::test]
async fn keys_that_have_moved_are_found_again() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    issuer.claim_of_itself("jwks_uri", format!("{}/gone", issuer.url()));
    let verifier = issuer.verifier(API).build_lazily().unwrap();
    let token = issuer.token(API).sign();
    assert!(is_unavailable(verifier.verify(&token).await));
    issuer.claim_of_itself("jwks_uri", format!("{}/jwks", issuer.url()));
    issuer.clock().turn(seconds(10));
    verifier.verify(&token).await.unwrap();
    // Where the place of the keys is given, the issuer is not asked for it.
    let fixed = issuer.verifier(API).key_set_at(format!("{}/jwks", other.url())).build().await.unwrap();
    assert_eq!(other.requests(), 1);
    let theirs = other.token(API).claim("iss", issuer.url()).sign();
    fixed.verify(&theirs).await.unwrap();
    // Nor when it is not there for a while.
    let before = issuer.requests();
    other.clock().turn(seconds(10));
    issuer.clock().turn(seconds(10));
    other.rotate();
    let theirs = other.token(API).claim("iss", issuer.url()).sign();
    other.answer_key_set_with(Some(b"<html>".to_vec()));
    assert!(is_unavailable(fixed.verify(&theirs).await));
    other.answer_key_set_with(None);
    issuer.clock().turn(seconds(10));
    fixed.verify(&theirs).await.unwrap();
    assert_eq!(issuer.requests(), before);
}

#[tokio::test]
async fn a_reading_that_failed_is_made_again_after_half_a_minute_when_nobody_asks() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    issuer.answer_key_set_with(Some(b"<html>".to_vec()));
    issuer.clock().turn(seconds(240));
    issuer.requests_reach(3).await;
    issuer.clock().turn(seconds(29));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(issuer.requests(), 3);
    issuer.clock().turn(seconds(1));
    // Both: the keys may have moved.
    issuer.requests_reach(5).await;
    drop(verifier);
}

#[tokio::test]
async fn a_clock_that_is_set_does_not_disturb_the_reading_of_keys() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier(API).build().await.unwrap();
    let now = issuer.clock().now();
    for date in [now - 86_400, now + 86_400, now] {
        issuer.clock().set(date);
        verifier.verify(&issuer.token(API).sign()).await.unwrap();
    }
    assert_eq!(issuer.requests(), 2);
}

#[test]
fn a_verifier_goes_on_when_the_runtime_in_which_it_was_made_is_gone() {
    let lasting = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let issuer = lasting.block_on(Issuer::start());
    let passing = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let verifier = passing.block_on(issuer.verifier(API).build()).unwrap();
    drop(passing);
    issuer.clock().turn(seconds(400));
    lasting.block_on(async {
        verifier.verify(&issuer.token(API).sign()).await.unwrap();
        issuer.requests_reach(3).await;
    });
}

#[tokio::test]
async fn the_clock_of_the_system_is_the_usual_one() {
    let issuer = Issuer::start().await;
    let verifier = Verifier::discover(issuer.url()).audience(API).build().await.unwrap();
    let now = Clock::system().now();
    let token = issuer.token(API).claim("iat", now).claim("exp", now + 60).sign();
    verifier.verify(&token).await.unwrap();
    let refused = verifier.verify(&issuer.token(API).claim("iat", 1).claim("exp", 100).sign()).await;
    assert_eq!(refused.unwrap_err(), VerifyError::Refused(Refusal::Expired));
}

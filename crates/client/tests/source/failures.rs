//! What becomes of everybody when no token can be had.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use doorward_client::http::Sending;
use doorward_client::source::SourceError;
use doorward_client::{Clock, Http, HttpError, Reqwest, TokenSource};

use super::site::{Answer, Site};
use super::{builder, clock, eventually, seconds, source, text};

fn away() -> Option<Answer> {
    Some((503, None, "<html>".to_owned()))
}

#[tokio::test]
async fn an_old_token_serves_to_its_end_while_it_cannot_be_renewed() {
    let (site, clock) = (Site::start().await, clock());
    let (sent, failures) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Counted { http: Reqwest::new().unwrap(), sent: sent.clone() };
    let failed = failures.clone();
    // Each failure that is noted asks how long its pause is.
    let jitter = move || {
        failed.fetch_add(1, Ordering::SeqCst);
        1.0
    };
    let source = builder(&site, &clock).http(counted).jitter(jitter).build().unwrap();
    text(&source).await;
    site.always(away());
    clock.turn(seconds(720));
    // After 1, 2, 4, ... seconds somebody tries again, and nobody between.
    for (failure, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        assert_eq!(text(&source).await, "token-1");
        eventually("the failure is noted", async || (failures.load(Ordering::SeqCst) == failure).then_some(())).await;
        let before = sent.load(Ordering::SeqCst);
        clock.turn(seconds(pause) - std::time::Duration::from_millis(1));
        assert_eq!(text(&source).await, "token-1");
        // What was begun would be sent by now: there is one thread.
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        assert_eq!((sent.load(Ordering::SeqCst), site.count()), (before, failure + 1), "{pause}");
        clock.turn(std::time::Duration::from_millis(1));
    }
    clock.turn(seconds(895 - 735));
    let error = source.get().await.unwrap_err();
    assert!(matches!(error, SourceError::Answered(503)), "{error:?}");
    site.always(None);
    clock.turn(seconds(60));
    let number = site.count() + 1;
    assert_eq!(text(&source).await, format!("token-{number}"));
    // All is forgotten.
    site.always(away());
    clock.turn(seconds(895));
    source.get().await.unwrap_err();
    site.always(None);
    clock.turn(seconds(1));
    text(&source).await;
}

/// A sender that counts what it is given, at once.
struct Counted {
    http: Reqwest,
    sent: Arc<AtomicUsize>,
}

impl Http for Counted {
    fn send(&self, request: http::Request<bytes::Bytes>) -> Sending<'_> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        self.http.send(request)
    }
}

#[tokio::test]
async fn everybody_who_waits_learns_why_and_nobody_asks_again_at_once() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.always(Some((401, None, r#"{"error":"invalid_client","error_description":"No such client"}"#.to_owned())));
    site.open(false);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { source.get().await.unwrap_err() })
        })
        .collect();
    site.until_asked(1).await;
    site.open(true);
    for caller in callers {
        let error = caller.await.unwrap();
        assert_eq!(error.code(), Some("invalid_client"));
        assert_eq!(error.to_string(), "the server gives no token: invalid_client (No such client)");
    }
    for _ in 0..100 {
        assert_eq!(source.get().await.unwrap_err().code(), Some("invalid_client"));
    }
    assert_eq!(site.count(), 1);
    clock.turn(seconds(1));
    source.get().await.unwrap_err();
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn jitter_shortens_a_pause_by_up_to_its_half() {
    let (site, clock) = (Site::start().await, clock());
    let source = builder(&site, &clock).jitter(|| 0.0).build().unwrap();
    site.always(away());
    source.get().await.unwrap_err();
    clock.turn(std::time::Duration::from_millis(499));
    source.get().await.unwrap_err();
    assert_eq!(site.count(), 1);
    clock.turn(std::time::Duration::from_millis(1));
    source.get().await.unwrap_err();
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_server_is_left_alone_for_as_long_as_it_asks_for() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.always(Some((429, Some("30"), String::new())));
    source.get().await.unwrap_err();
    site.always(None);
    clock.turn(seconds(30));
    assert!(matches!(source.get().await.unwrap_err(), SourceError::Answered(429)));
    clock.turn(seconds(1));
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn patience_ends() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.open(false);
    let caller = tokio::spawn({
        let source = source.clone();
        async move { source.get().await }
    });
    site.until_asked(1).await;
    clock.turn(seconds(10));
    let error = caller.await.unwrap().unwrap_err();
    assert!(matches!(error, SourceError::Late), "{error:?}");
    site.open(true);
    clock.turn(seconds(1));
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_that_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for builder in [TokenSource::discover(&origin), TokenSource::at(format!("{origin}/token"))] {
        let error = builder.client("service").secret("secret").build().unwrap().get().await.unwrap_err();
        assert!(matches!(error, SourceError::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains("refused"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_none() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.answers(200, r#"{"access_token":"a","token_type":"DPoP","expires_in":900}"#);
    assert!(matches!(source.get().await.unwrap_err(), SourceError::Unusable(_)));
    clock.turn(seconds(1));
    site.answers(200, format!("{{\"x\":\"{}\"}}", "x".repeat(65_536)));
    let error = source.get().await.unwrap_err();
    assert!(error.to_string().contains("64 KiB"), "{error}");
}

/// A sender that counts, and either panics or never answers.
struct Strange {
    sent: Arc<AtomicUsize>,
    panics: bool,
}

impl Http for Strange {
    fn send(&self, _: http::Request<bytes::Bytes>) -> Sending<'_> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            assert!(!self.panics, "a panic of another's");
            std::future::pending::<()>().await;
            Err(HttpError::new("never"))
        })
    }
}

fn strange(panics: bool, clock: &Clock) -> (TokenSource, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let http = Strange { sent: sent.clone(), panics };
    let builder = TokenSource::at("https://login.example.org/token").client("service").secret("secret");
    (builder.http(http).clock(clock.clone()).jitter(|| 1.0).build().unwrap(), sent)
}

#[tokio::test]
async fn a_request_that_panics_is_one_that_failed() {
    let clock = clock();
    let (source, sent) = strange(true, &clock);
    for (length, times) in [(0, 1), (0, 1), (1, 2)] {
        clock.turn(seconds(length));
        assert!(matches!(source.get().await.unwrap_err(), SourceError::Lost));
        assert_eq!(sent.load(Ordering::SeqCst), times);
    }
}

#[test]
fn a_request_ends_with_its_runtime_and_another_takes_its_place() {
    let clock = clock();
    let (source, sent) = strange(false, &clock);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    first.block_on(async {
        let flying = tokio::spawn({
            let source = source.clone();
            async move { source.get().await.map(drop) }
        });
        eventually("it is sent", async || (sent.load(Ordering::SeqCst) == 1).then_some(())).await;
        flying.abort();
    });
    drop(first);
    let second = runtime();
    second.block_on(async {
        assert!(matches!(source.get().await.unwrap_err(), SourceError::Lost));
        clock.turn(seconds(1));
        tokio::spawn({
            let source = source.clone();
            async move { source.get().await.map(drop) }
        });
        eventually("another is sent", async || (sent.load(Ordering::SeqCst) == 2).then_some(())).await;
    });
}

#[test]
fn outside_of_a_runtime_there_is_an_error_and_no_panic() {
    let clock = clock();
    let (source, sent) = strange(false, &clock);
    let mut context = Context::from_waker(Waker::noop());
    let polled = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut getting = std::pin::pin!(source.get());
        match getting.as_mut().poll(&mut context) {
            Poll::Ready(got) => got.map(drop),
            Poll::Pending => panic!("it waits"),
        }
    }));
    assert!(matches!(polled.unwrap().unwrap_err(), SourceError::NoRuntime));
    assert_eq!(sent.load(Ordering::SeqCst), 0);
}

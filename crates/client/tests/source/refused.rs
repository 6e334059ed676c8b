//! What becomes of a token that an API answers 401 to, with `reqwest`.

use std::collections::HashSet;

use doorward_client::TokenSource;
use doorward_client::source::{BearerFrom, CallError};
use http_body_util::Full;
use reqwest::{Client, StatusCode};

use super::site::Site;
use super::{builder, clock, seconds, source, text};

async fn call(source: &TokenSource, site: &Site) -> StatusCode {
    let client = Client::builder().tls_certs_only([]).build().unwrap();
    client.post(site.api()).body("body").bearer_from(source).send().await.unwrap().status()
}

fn shown(site: &Site) -> Vec<String> {
    site.calls().into_iter().map(|(shown, _)| shown).collect()
}

#[tokio::test]
async fn a_request_has_a_token_and_an_answer_is_one_whatever_its_status() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    let request = Client::new().get(site.api()).header("authorization", "Basic eDp5").bearer_from(&source);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(shown(&site), ["Bearer token-1"]);
    let missing = Client::new().get(format!("{}/nowhere", site.origin)).bearer_from(&source).send().await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_401_drops_the_token_and_the_request_is_sent_once_more() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    assert_eq!(call(&source, &site).await, 200);
    site.refuse("token-1");
    assert_eq!(call(&source, &site).await, 200);
    let body = |token: &str| (format!("Bearer {token}"), "POST body".to_owned());
    assert_eq!(site.calls(), [body("token-1"), body("token-1"), body("token-2")]);
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_hundred_401s_to_one_token_drop_it_once() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.refuse("token-1");
    let client = Client::new();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let request = client.get(site.api()).bearer_from(&source);
            tokio::spawn(async move { request.send().await.unwrap().status() })
        })
        .collect();
    let mut statuses = HashSet::new();
    for call in calls {
        statuses.insert(call.await.unwrap());
    }
    assert_eq!(statuses, HashSet::from([StatusCode::OK]));
    assert_eq!(site.count(), 2);
    // One that comes late is no news of the token that is there now.
    let late = source.get().await.unwrap();
    clock.turn(seconds(60));
    site.refuse("token-2");
    assert_eq!(call(&source, &site).await, 200);
    clock.turn(seconds(60));
    assert!(source.refused(&late));
    assert_eq!((text(&source).await.as_str(), site.count()), ("token-3", 3));
}

#[tokio::test]
async fn an_api_that_refuses_everything_costs_a_token_every_ten_seconds_at_most() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.refuse_all(true);
    assert_eq!(call(&source, &site).await, 401);
    assert_eq!((site.count(), site.calls().len()), (2, 2));
    clock.turn(seconds(9));
    for _ in 0..20 {
        assert_eq!(call(&source, &site).await, 401);
    }
    assert_eq!((site.count(), site.calls().len()), (2, 22));
    clock.turn(seconds(1));
    assert_eq!(call(&source, &site).await, 401);
    assert_eq!((site.count(), site.calls().len()), (3, 24));
}

#[tokio::test]
async fn a_body_that_is_a_stream_is_not_sent_again_and_the_token_is_dropped_all_the_same() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.refuse("token-1");
    let body = reqwest::Body::wrap(Full::new(bytes::Bytes::from_static(b"body")));
    let answer = Client::new().post(site.api()).body(body).bearer_from(&source).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), site.calls().len()), (401, 1));
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn a_token_that_was_dropped_serves_on_when_no_other_can_be_had() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.always(Some((503, None, String::new())));
    // One node of the API is at fault.
    site.refuse_all(true);
    assert_eq!(call(&source, &site).await, 401);
    assert_eq!((site.count(), site.calls().len()), (2, 1));
    site.refuse_all(false);
    assert_eq!(call(&source, &site).await, 200);
    // While nobody asks, it is not dropped again.
    clock.turn(seconds(60));
    site.refuse_all(true);
    assert_eq!(call(&source, &site).await, 401);
    assert_eq!(site.count(), 3);
    assert_eq!(call(&source, &site).await, 401);
    clock.turn(seconds(1));
    site.refuse_all(false);
    assert_eq!(call(&source, &site).await, 200);
    assert_eq!((site.count(), shown(&site).last().map(String::as_str)), (3, Some("Bearer token-1")));
}

#[tokio::test]
async fn a_token_is_not_dropped_while_the_server_wants_to_be_left_alone() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.always(Some((503, Some("60"), String::new())));
    site.refuse_all(true);
    for _ in 0..2 {
        assert_eq!(call(&source, &site).await, 401);
        assert_eq!(site.count(), 2);
        clock.turn(seconds(10));
    }
    site.refuse_all(false);
    assert_eq!(call(&source, &site).await, 200);
}

#[tokio::test]
async fn no_token_no_call() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.always(Some((400, None, r#"{"error":"invalid_scope"}"#.to_owned())));
    let error = Client::new().get(site.api()).bearer_from(&source).send().await.unwrap_err();
    assert!(matches!(&error, CallError::Token(error) if error.code() == Some("invalid_scope")), "{error:?}");
    assert!(site.calls().is_empty());
}

#[tokio::test]
async fn a_token_travels_over_https_or_to_this_machine_alone() {
    let (site, clock) = (Site::start().await, clock());
    let usual = source(&site, &clock);
    let to = |source: &TokenSource, address: &str| Client::new().get(address).bearer_from(source).send();
    for address in ["http://notes.invalid/", "http://127.0.0.1.notes.invalid/"] {
        let error = to(&usual, address).await.unwrap_err();
        assert!(matches!(error, CallError::InTheClear), "{error:?}");
    }
    assert_eq!(site.count(), 0);
    assert!(matches!(to(&usual, "https://notes.invalid/").await.unwrap_err(), CallError::Call(_)));
    let told = builder(&site, &clock).in_the_clear().build().unwrap();
    assert!(matches!(to(&told, "http://notes.invalid/").await.unwrap_err(), CallError::Call(_)));
}

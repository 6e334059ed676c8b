//! One request for all, and the next token before the last one ends.

use std::collections::HashSet;

use serde_json::json;

use super::site::{Site, given};
use super::{builder, clock, eventually, seconds, source, text};

#[tokio::test]
async fn a_thousand_callers_make_one_request() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.open(false);
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { text(&source).await })
        })
        .collect();
    site.until_asked(1).await;
    site.open(true);
    let mut got = HashSet::new();
    for caller in callers {
        got.insert(caller.await.unwrap());
    }
    assert_eq!(got, HashSet::from(["token-1".to_owned()]));
    assert_eq!((site.count(), site.discoveries()), (1, 1));
}

#[tokio::test]
async fn a_token_is_kept_until_eighty_per_cent_of_its_life_and_then_renewed_once_while_all_use_it() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    assert_eq!(text(&source).await, "token-1");
    clock.turn(seconds(719));
    assert_eq!((text(&source).await.as_str(), site.count()), ("token-1", 1));
    clock.turn(seconds(1));
    site.open(false);
    for _ in 0..100 {
        assert_eq!(text(&source).await, "token-1");
    }
    site.until_asked(2).await;
    clock.turn(seconds(5));
    for _ in 0..100 {
        assert_eq!(text(&source).await, "token-1");
    }
    site.open(true);
    eventually("the new token is there", async || (text(&source).await == "token-2").then_some(())).await;
    assert_eq!((site.count(), site.discoveries()), (2, 1));
}

#[tokio::test]
async fn a_token_that_is_over_is_not_given() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    clock.turn(seconds(895));
    assert_eq!(text(&source).await, "token-2");
}

#[tokio::test]
async fn a_life_begins_when_the_token_was_asked_for() {
    let (site, clock) = (Site::start().await, clock());
    site.answers(200, given(1, json!(10)));
    let source = source(&site, &clock);
    site.open(false);
    let first = tokio::spawn({
        let source = source.clone();
        async move { text(&source).await }
    });
    site.until_asked(1).await;
    clock.turn(seconds(8));
    site.open(true);
    assert_eq!(first.await.unwrap(), "token-1");
    assert_eq!(text(&source).await, "token-1");
    site.until_asked(2).await;
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_take_the_request_with_it() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    site.open(false);
    let caller = tokio::spawn({
        let source = source.clone();
        async move { text(&source).await }
    });
    site.until_asked(1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    site.open(true);
    assert_eq!(text(&source).await, "token-1");
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_life_that_is_not_said_is_as_long_as_was_agreed() {
    let (site, clock) = (Site::start().await, clock());
    let silent = |number| json!({ "access_token": format!("token-{number}"), "token_type": "bearer" }).to_string();
    for (life, builder) in [(300, builder(&site, &clock)), (60, builder(&site, &clock).assumed_life(seconds(60)))] {
        let (source, before) = (builder.build().unwrap(), site.count());
        site.answers(200, silent(before + 1));
        text(&source).await;
        clock.turn(seconds(life * 4 / 5 - 1));
        text(&source).await;
        assert_eq!(site.count(), before + 1);
        clock.turn(seconds(1));
        text(&source).await;
        site.until_asked(before + 2).await;
    }
}

#[tokio::test]
async fn a_token_ends_by_the_clock_that_says_more() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    // Set back for ever: its age goes on.
    clock.set(0);
    assert_eq!(text(&source).await, "token-1");
    clock.turn(seconds(895));
    assert_eq!(text(&source).await, "token-2");
    // The machine slept.
    clock.set(clock.now() + 900);
    assert_eq!(text(&source).await, "token-3");
}

#[tokio::test]
async fn tokens_are_kept_by_scope_and_resource() {
    let (site, clock) = (Site::start().await, clock());
    let source = builder(&site, &clock).scope("b a").resource("https://api.example.org").build().unwrap();
    assert_eq!(text(&source).await, "token-1");
    let asked = site.last();
    assert_eq!(asked.field("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(asked.field("scope").as_deref(), Some("a b"));
    assert_eq!(asked.field("resource").as_deref(), Some("https://api.example.org"));
    for same in [&source.with_scope("a  b a"), &source.with_resource("https://api.example.org"), &source.clone()] {
        assert_eq!(text(same).await, "token-1");
    }
    assert_eq!(text(&source.with_scope("a")).await, "token-2");
    let other = source.with_resource("https://other.example.org");
    assert_eq!(text(&other).await, "token-3");
    assert_eq!(site.last().field("scope").as_deref(), Some("a b"));
    assert_eq!(text(&other.with_scope("")).await, "token-4");
    assert_eq!(site.last().field("scope"), None);
    for (kept, token) in
        [(source.with_scope("a"), "token-2"), (source.with_resource("https://other.example.org"), "token-3")]
    {
        assert_eq!(text(&kept).await, token);
    }
    assert_eq!((site.count(), site.discoveries()), (4, 1));
}

#[tokio::test]
async fn pairs_that_nobody_holds_are_forgotten_when_there_are_too_many() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    let held = source.with_scope("held");
    assert_eq!((text(&source).await, text(&held).await), ("token-1".to_owned(), "token-2".to_owned()));
    assert_eq!(text(&source.with_scope("left")).await, "token-3");
    for number in 0..1000 {
        source.with_scope(&format!("scope-{number}"));
    }
    assert_eq!((text(&source).await, text(&held).await), ("token-1".to_owned(), "token-2".to_owned()));
    assert_eq!(text(&source.with_scope("held")).await, "token-2");
    assert_eq!(text(&source.with_scope("left")).await, "token-4");
}

#[tokio::test]
async fn a_token_says_its_scopes() {
    let (site, clock) = (Site::start().await, clock());
    let source = builder(&site, &clock).scope("b a").build().unwrap();
    let scopes = |token: doorward_client::source::Token| token.scopes().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(scopes(source.get().await.unwrap()), ["a", "b"]);
    site.answers(200, r#"{"access_token":"t","token_type":"Bearer","scope":"a"}"#);
    assert_eq!(scopes(source.with_scope("a c").get().await.unwrap()), ["a"]);
}

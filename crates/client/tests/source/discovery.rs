//! Where tokens are had.

use doorward_client::TokenSource;
use doorward_client::source::SourceError;
use serde_json::json;

use super::site::Site;
use super::{clock, seconds, source, text};

#[tokio::test]
async fn an_endpoint_that_was_given_is_asked_without_more() {
    let (site, clock) = (Site::start().await, clock());
    let source = TokenSource::at(format!("{}/moved?a=b", site.origin)).client("service").secret("secret").clock(clock);
    assert_eq!(text(&source.build().unwrap()).await, "token-1");
    assert_eq!((site.discoveries(), site.last().path), (0, "/moved".to_owned()));
}

#[tokio::test]
async fn another_issuers_document_or_an_endpoint_in_the_clear_is_refused() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    let good = json!(site.origin);
    for (name, value) in [
        ("issuer", json!("https://login.example.org")),
        ("issuer", json!(format!("{}/", site.origin))),
        ("token_endpoint", json!("http://login.example.org/token")),
    ] {
        site.says(name, value);
        let error = source.get().await.unwrap_err();
        assert!(matches!(error, SourceError::Metadata(_)), "{error:?}");
        site.says("issuer", good.clone());
        clock.turn(seconds(60));
    }
    assert_eq!((site.count(), site.discoveries()), (0, 3));
    site.says("token_endpoint", json!(format!("{}/token", site.origin)));
    assert_eq!(text(&source).await, "token-1");
}

#[tokio::test]
async fn an_endpoint_that_moves_is_found_again() {
    let (site, clock) = (Site::start().await, clock());
    let source = source(&site, &clock);
    text(&source).await;
    site.says("token_endpoint", json!(format!("{}/moved", site.origin)));
    clock.turn(seconds(895));
    // What the server says in the words of OAuth is no news of where it is.
    site.answers(400, r#"{"error":"invalid_scope"}"#);
    source.get().await.unwrap_err();
    clock.turn(seconds(60));
    site.answers(404, "<html>");
    source.get().await.unwrap_err();
    assert_eq!((site.last().path.as_str(), site.discoveries()), ("/token", 1));
    clock.turn(seconds(60));
    text(&source).await;
    assert_eq!((site.last().path.as_str(), site.discoveries()), ("/moved", 2));
}

//! What a source is told, and what it never tells.

use std::time::Duration;

use doorward_client::TokenSource;
use doorward_client::source::{BearerFrom, BearerLayer, PrivateKey, TokenSourceBuilder};
use http_body_util::Empty;

use super::site::Site;
use super::{builder, clock};

#[test]
fn what_makes_no_source_is_said_when_it_is_built() {
    let with = |place: TokenSourceBuilder| place.client("service").secret("secret");
    let at = |address: &str| with(TokenSource::at(address));
    let discover = |address: &str| with(TokenSource::discover(address));
    let good = || discover("https://login.example.org");
    let cases = [
        (TokenSource::discover("https://login.example.org").secret("secret"), "name the client"),
        (TokenSource::discover("https://login.example.org").client("service"), "secret or its private key"),
        (discover("http://login.example.org"), "neither https"),
        (discover(""), "neither https"),
        (discover("login.example.org"), "neither https"),
        (at("http://login.example.org/token"), "neither https"),
        (at("/token"), "neither https"),
        (at("https://login.example.org/token#x"), "neither https"),
        (good().parameter("scope", "x"), "the field scope"),
        (good().parameter("client_secret", "x"), "the field client_secret"),
        (good().assumed_life(Duration::from_millis(999)), "a second at least"),
    ];
    for (builder, why) in cases {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    good().build().unwrap();
}

#[tokio::test]
async fn further_fields_go_along() {
    let (site, clock) = (Site::start().await, clock());
    let source = builder(&site, &clock).parameter("audience", "https://api.example.org").build().unwrap();
    source.get().await.unwrap();
    assert_eq!(site.last().field("audience").as_deref(), Some("https://api.example.org"));
}

#[tokio::test]
async fn no_secret_is_shown() {
    let (site, clock) = (Site::start().await, clock());
    let told = || builder(&site, &clock).secret("hush").client("service");
    let source = told().build().unwrap();
    let token = source.get().await.unwrap();
    assert_eq!(token.expose(), "token-1");
    let request = reqwest::Client::new().get(site.api()).bearer_from(&source);
    let key = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key.as_ref());
    let key = PrivateKey::from_pem(&format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----")).unwrap();
    let shown = [
        format!("{:?}", told()),
        format!("{source:?}"),
        format!("{token:?}"),
        format!("{:?}", token.header()),
        format!("{request:?}"),
        format!("{:?}", BearerLayer::<Empty<bytes::Bytes>>::new(source.clone())),
        format!("{key:?}"),
    ];
    for shown in &shown {
        assert!(!shown.contains("hush") && !shown.contains("token-1"), "{shown}");
    }
    assert!(shown[1].contains("service"), "{}", shown[1]);
    assert_eq!(shown[6], "PrivateKey { kid: None, .. }");
}

//! Discovery: what is believed of it, and that a provider which cannot be used is so alone.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::Oidc;
use doorward::upstream::Ask;
use serde_json::json;

use super::{ID, sign_in, unreached};
use crate::support::Instead;

const DOCUMENT: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn a_provider_is_unusable_until_it_was_reached_and_says_why() {
    let (server, fake) = unreached(Oidc, |_| {}).await;
    let provider = server.app.providers.get(ID).unwrap();
    let begin = || provider.begin(&Ask::default(), "state", server.app.now());
    assert_eq!(begin().map(drop), Err(Rejection::UpstreamUnavailable));
    assert_eq!(provider.authorization_origin(), None);
    assert!(provider.trouble().unwrap().contains("not been reached"));
    provider.discover().await.unwrap();
    assert_eq!((provider.trouble(), provider.authorization_origin()), (None, Some(fake.issuer())));
    assert_eq!(provider.end_session_endpoint().unwrap().as_str(), format!("{}/logout", fake.issuer()));
    // What was known stays when it fails later, and that is said.
    fake.answer(DOCUMENT, Instead::Status(503));
    assert!(provider.discover().await.unwrap_err().contains("503"));
    assert!(provider.trouble().is_some() && begin().is_ok());
    assert!(sign_in(&server, &fake).await.is_ok());
}

#[tokio::test]
async fn a_document_that_is_wrong_is_not_believed() {
    let (server, fake) = unreached(Oidc, |_| {}).await;
    let provider = server.app.providers.get(ID).unwrap();
    for (changes, why) in [
        (json!({ "issuer": "https://evil.test" }), "is of the issuer 'https://evil.test'"),
        (json!({ "token_endpoint": "http://127.0.0.1:1/token" }), "token_endpoint is at 127.0.0.1"),
        (json!({ "authorization_endpoint": "javascript:alert(1)" }), "authorization_endpoint is at javascript"),
        (json!({ "jwks_uri": "http://169.254.169.254/keys" }), "jwks_uri is at 169.254.169.254"),
        (json!({ "id_token_signing_alg_values_supported": ["none"] }), "no algorithm that has a public key"),
    ] {
        fake.discovery(changes);
        let said = provider.discover().await.unwrap_err();
        assert!(said.contains(why), "{why} is not in: {said}");
        assert_eq!(provider.trouble(), Some(said));
        assert!(provider.begin(&Ask::default(), "state", server.app.now()).is_err());
    }
    fake.discovery(json!({}));
    for (path, instead, why) in [
        (DOCUMENT, Instead::Html, "no JSON"),
        (DOCUMENT, Instead::InvalidUtf8, "no JSON"),
        (DOCUMENT, Instead::TenMegabytes, "more than 65536 bytes"),
        (DOCUMENT, Instead::Redirect("http://169.254.169.254/".to_owned()), "answered 302"),
        ("/keys", Instead::Html, "no JSON Web Key Set"),
        ("/keys", Instead::Json(200, json!({ "keys": [] })), "no key that can be used"),
    ] {
        fake.answer(path, instead);
        let said = provider.discover().await.unwrap_err();
        assert!(said.contains(why), "{why} is not in: {said}");
        fake.mend(path);
    }
    assert!(provider.discover().await.is_ok());
}

#[tokio::test]
async fn one_that_cannot_be_reached_keeps_no_other_from_being_used() {
    let (_, silent) = unreached(Oidc, |_| {}).await;
    silent.answer(DOCUMENT, Instead::Silence);
    let fine = crate::support::Provider::start().await;
    let (one, other) = (silent.clone(), fine.clone());
    let server = crate::support::Server::with(move |config| {
        one.add_to(config, "silent", Oidc, |_| {});
        other.add_to(config, ID, Oidc, |_| {});
        other.add_to(config, "off", Oidc, |settings| settings.enabled = false);
    })
    .await;
    server.app.providers.discover().await;
    let begins =
        |id: &str| server.app.providers.get(id).unwrap().begin(&Ask::default(), "state", server.app.now()).is_ok();
    assert!(!begins("silent") && begins(ID));
    assert!(sign_in(&server, &fine).await.is_ok());
    assert!(server.app.providers.get("off").is_none() && server.app.providers.get("nobody").is_none());
    assert_eq!(server.app.providers.all().iter().map(|provider| provider.id()).collect::<Vec<_>>(), ["silent", ID]);
    assert_eq!(server.get("/login").await.status, 200);
}

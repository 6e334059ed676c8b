//! Discovery: what is believed of it, and that a provider which cannot be used is so alone.

use doorward::config::SecretSetting;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Apple, Github, Oidc};
use doorward::upstream::Ask;
use serde_json::{Value, json};

use super::{ID, server, sign_in, unreached};
use crate::support::{Instead, Provider, Server};

const DOCUMENT: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn a_provider_is_unusable_until_it_was_reached_and_says_why() {
    let (server, fake) = unreached(Oidc, |_| {}).await;
    let provider = server.app.providers.get(ID).unwrap();
    let begin = || provider.begin(&Ask::default(), "state", server.app.now());
    assert_eq!(begin().map(drop), Err(Rejection::UpstreamUnavailable));
    assert!(provider.trouble().unwrap().contains("not been reached"));
    provider.discover().await.unwrap();
    assert_eq!(provider.trouble(), None);
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

/// Row F14: what is wrong with one provider is wrong with that one.
#[tokio::test]
async fn one_whose_secret_cannot_be_read_is_there_cannot_be_used_and_says_why() {
    let fine = Provider::start().await;
    let of = fine.clone();
    let server = Server::with(move |config| {
        for (id, kind) in [("lost", Oidc), ("lost-hub", Github)] {
            of.add_to(config, id, kind, |settings| {
                settings.client_secret = SecretSetting::default();
                settings.client_secret_file = "missing.secret".into();
            });
        }
        of.add_to(config, "lost-key", Apple, |settings| settings.private_key_file = "missing.p8".into());
        of.add_to(config, ID, Oidc, |_| {});
    })
    .await;
    let lost = ["lost", "lost-hub", "lost-key"];
    let provider = |id: &str| server.app.providers.get(id).unwrap();
    for round in ["before", "after"] {
        for id in lost {
            assert!(provider(id).trouble().is_some(), "{round} {id}");
            let begun = provider(id).begin(&Ask::default(), "state", server.app.now());
            assert_eq!(begun.map(drop), Err(Rejection::UpstreamUnavailable), "{round} {id}");
        }
        server.app.providers.discover().await;
    }
    for (id, key) in [("lost", "missing.secret"), ("lost-hub", "missing.secret"), ("lost-key", "missing.p8")] {
        assert!(provider(id).trouble().unwrap().contains(key), "{id}");
        assert!(provider(id).check(server.app.now()).await.unwrap_err().contains(key), "{id}");
    }
    assert_eq!(provider(ID).trouble(), None);
    let ready = server.get("/readyz?verbose").await;
    assert_eq!(ready.status, 200);
    for id in lost {
        assert!(ready.text().contains(&format!("upstream {id} cannot be used")), "{}", ready.text());
    }
    assert!(!ready.text().contains(&format!("upstream {ID} ")));
    fine.follow(&server.clock);
    assert!(sign_in(&server, &fine).await.is_ok());
    let ann = "ann@example.org";
    server.db_user(ann).await;
    let mut browser = server.browser();
    browser.sign_in(ann).await;
    assert!(browser.visit("/account").await.has("#sign-out"));
    let mut stranger = server.browser();
    let page = stranger.visit("/login").await;
    stranger.submit(&page.form("#upstream-lost")).await.refused_page(400, Rejection::UpstreamUnavailable);
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_us_is_trouble_until_it_takes_a_code() {
    let unknown = |status: u16, error: &str| Instead::Json(status, json!({ "error": error }));
    for (kind, path, instead) in [
        (Oidc, "/token", unknown(401, "invalid_client")),
        (Github, "/login/oauth/access_token", unknown(200, "incorrect_client_credentials")),
        (Github, "/login/oauth/access_token", unknown(404, "Not Found")),
    ] {
        let (server, fake) = server(kind, |_| {}).await;
        fake.person(json!({ "sub": "ann", "id": 7, "login": "ann" }));
        let provider = server.app.providers.get(ID).unwrap();
        fake.answer(path, instead.clone());
        assert_eq!(sign_in(&server, &fake).await, Err(Rejection::UpstreamClientRefused), "{instead:?}");
        assert!(provider.trouble().unwrap().contains("client_secret"));
        // That it can be discovered is no proof of the contrary.
        provider.discover().await.unwrap();
        assert!(provider.trouble().is_some());
        assert!(provider.begin(&Ask::default(), "state", server.app.now()).is_ok(), "it may be mended over there");
        fake.mend(path);
        assert!(sign_in(&server, &fake).await.is_ok());
        assert_eq!(provider.trouble(), None);
    }
}

#[tokio::test]
async fn a_check_takes_nothing_for_usable_but_the_refusal_of_its_code() {
    let error = |status: u16, error: &str| Instead::Json(status, json!({ "error": error }));
    let tokens: Value = json!({ "access_token": "a", "token_type": "Bearer" });
    for (kind, path) in [(Oidc, "/token"), (Github, "/login/oauth/access_token")] {
        let (server, fake) = server(kind, |_| {}).await;
        let provider = server.app.providers.get(ID).unwrap();
        for (instead, why) in [
            (Instead::Html, "cannot be read"),
            (Instead::Status(404), "cannot be read"),
            (Instead::Json(200, json!([])), "cannot be read"),
            (Instead::Status(500), "does not answer"),
            (error(400, "server_error"), "does not say that it is for the code"),
            (error(401, "invalid_client"), "does not know client_id"),
            (Instead::Json(200, tokens.clone()), "takes a code that it never gave out"),
        ] {
            fake.answer(path, instead.clone());
            let said = provider.check(server.app.now()).await.unwrap_err();
            assert!(said.contains(why), "{instead:?}: {why} is not in: {said}");
        }
        fake.answer(path, error(404, "Not Found"));
        let said = provider.check(server.app.now()).await.unwrap_err();
        assert_eq!(said.contains("does not know client_id"), kind == Github, "{said}");
        fake.answer(path, error(200, "bad_verification_code"));
        assert_eq!(provider.check(server.app.now()).await, Ok(()));
        fake.mend(path);
        assert_eq!(provider.check(server.app.now()).await, Ok(()));
    }
}

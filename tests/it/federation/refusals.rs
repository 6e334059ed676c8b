//! Each rule that refuses what a provider answers is a page that says what to do, with a way back to the journey, and signs nobody in.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Google, Oidc};
use serde_json::json;

use super::{counted, federated_with, through};
use crate::support::{Instead, Provider, Server};

/// Goes through the provider for an application, is refused, and finds the way back.
async fn refused(server: &Server, fake: &Provider, rejection: Rejection) {
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = through(&mut browser, fake, &login).await;
    page.refused_page(400, rejection);
    let again = browser.visit(&page.field("#again", "href").unwrap()).await;
    assert!(again.has("#upstream-fake") && again.has("#login-submit"), "{rejection:?}: {}", again.text());
    assert_eq!(counted(server).await, (0, 0), "{rejection:?}");
}

#[tokio::test]
async fn what_cannot_be_taken_leads_back_to_the_journey() {
    let (server, fake) = federated_with(Oidc, |_| {}, |_| {}).await;
    let tokens =
        |id_token| Instead::Json(200, json!({ "access_token": "a", "token_type": "bearer", "id_token": id_token }));
    for (instead, rejection) in [
        (tokens(json!(null)), Rejection::UpstreamMissingIdToken),
        (tokens(json!("rubbish")), Rejection::UpstreamMalformedToken),
        (Instead::Html, Rejection::UpstreamMalformed),
        (Instead::Status(503), Rejection::UpstreamUnavailable),
        (Instead::Json(400, json!({ "error": "invalid_grant" })), Rejection::UpstreamCodeRefused),
        (Instead::Json(400, json!({ "error": "server_error" })), Rejection::UpstreamError),
        (Instead::Json(401, json!({ "error": "invalid_client" })), Rejection::UpstreamClientRefused),
    ] {
        fake.answer("/token", instead);
        refused(&server, &fake, rejection).await;
    }
    fake.mend("/token");
    for (callback, rejection) in [
        (json!({ "code": null }), Rejection::UpstreamMissingCode),
        (json!({ "code": null, "error": "access_denied" }), Rejection::UpstreamCancelled),
        (json!({ "code": null, "error": "temporarily_unavailable" }), Rejection::UpstreamError),
    ] {
        fake.callback(callback);
        refused(&server, &fake, rejection).await;
    }
    fake.callback(json!({}));
    fake.person(json!({ "sub": "ann" }));
    fake.userinfo(json!({ "sub": "eve", "email": "eve@example.org" }));
    refused(&server, &fake, Rejection::UpstreamOtherSubject).await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_to_choose_another_account() {
    let hosted = |settings: &mut doorward::config::UpstreamConfig| {
        settings.hosted_domains = vec!["example.org".to_owned()];
    };
    let (server, fake) = federated_with(Google, hosted, |_| {}).await;
    for claims in [json!({}), json!({ "hd": "example.com" })] {
        fake.claims(claims);
        refused(&server, &fake, Rejection::UpstreamNotAdmitted).await;
    }
    fake.claims(json!({ "hd": "example.org" }));
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(through(&mut browser, &fake, &login).await.has("#create-account"));
}

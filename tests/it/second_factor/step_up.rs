//! How and when a person signed in, as APIs are told: in access tokens and by introspection (RFC 9470 §6, RFC 9068 §2.2.1).

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use serde_json::{Value, json};

use super::ANN;
use crate::support::{Client, PASSWORD, Server, unverified_claims};

const API: &str = "https://notes.test";

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

/// What is said of the sign-in in the access token, and of it and of the refresh token by introspection.
async fn told(client: &Client, tokens: &Value) -> [(Value, Value); 3] {
    let of = |claims: &Value| (claims["acr"].clone(), claims["auth_time"].clone());
    let (access, refresh) = (text(tokens, "access_token"), text(tokens, "refresh_token"));
    let known = async |token: &str| client.post("/introspect", &[("token", token)]).await.ok();
    [of(&unverified_claims(access)), of(&known(access).await), of(&known(refresh).await)]
}

#[tokio::test]
async fn an_access_token_says_how_and_when_its_person_signed_in_and_so_does_each_that_follows() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource(API, &["notes:read"]).await;
    let scopes = ScopeSet::parse("openid offline_access notes:read").unwrap();
    let client = server.db_client(ClientType::Web, |client| client.scopes = scopes).await;
    let mut browser = server.browser();
    let extra = "scope=notes:read+offline_access";
    let signed_in_at = server.clock.now().seconds();
    let code = browser.code(&client, ANN, extra).await;
    server.turn(20);
    let tokens = client.redeem(&code).await.ok();
    let by_password = (json!(PASSWORD_CLASS), json!(signed_in_at));
    assert_eq!(told(&client, &tokens).await, [(); 3].map(|()| by_password.clone()));
    assert!(unverified_claims(text(&tokens, "access_token")).get("amr").is_none());

    // The person signs in anew, with more: what the first grant gives goes on as it began.
    let (authenticator, _) = server.enrol(&mut browser).await;
    let login = browser.visit(&client.authorization_url(&format!("{extra}&prompt=login"))).await;
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let later = server.clock.now().seconds();
    let answer = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let better = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let with_both = (json!(MFA_CLASS), json!(later));
    assert_eq!(told(&client, &better).await, [(); 3].map(|()| with_both.clone()));
    server.turn(600);
    for (tokens, expected) in [(&tokens, &by_password), (&better, &with_both)] {
        let refreshed = [("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))];
        let refreshed = client.token(&refreshed).await.ok();
        assert_eq!(told(&client, &refreshed).await, [(); 3].map(|()| expected.clone()));
    }
}

#[tokio::test]
async fn what_nobody_signed_in_for_says_nothing_of_it() {
    let server = Server::start().await;
    server.db_resource(API, &["notes:read"]).await;
    let scopes = ScopeSet::parse("notes:read").unwrap();
    let service = server.db_client(ClientType::Service, |client| client.scopes = scopes).await;
    let tokens = service.credentials(&[("scope", "notes:read")]).await.ok();
    let claims = unverified_claims(text(&tokens, "access_token"));
    let known = service.post("/introspect", &[("token", text(&tokens, "access_token"))]).await.ok();
    for said in [claims, known] {
        assert!(said.get("acr").is_none() && said.get("auth_time").is_none(), "{said}");
    }
}

/// What made no class true says when, and in no class.
#[tokio::test]
async fn a_sign_in_without_a_class_says_when_it_was() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    let waiting = browser.press(&page.form("#email-sign-in").with("email", ANN)).await;
    let code = server.mailbox().await.latest_to(ANN).code();
    let answer = browser.press(&waiting.form("#code-submit").with("code", &code)).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(text(&tokens, "access_token"));
    assert_eq!((claims.get("acr"), &claims["auth_time"]), (None, &json!(server.clock.now().seconds())));
}

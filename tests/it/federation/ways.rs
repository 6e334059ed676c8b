//! Browsers and providers of all kinds: pages with the buttons, and what a provider that is away costs.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;

use super::{ANN, ID, federated, federated_with, newcomer, through};
use crate::support::{Instead, PASSWORD, Provider, Server, unverified_claims};

#[tokio::test]
async fn a_provider_that_is_away_costs_its_own_button() {
    let fake = Provider::start().await;
    fake.answer("/.well-known/openid-configuration", Instead::Status(500));
    let server = Server::with(|config| fake.add_to(config, ID, ProviderKind::Oidc, |_| {})).await;
    server.db_user(ANN).await;
    server.app.providers.discover().await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = browser.submit(&login.form("#upstream-fake")).await;
    page.refused_page(400, Rejection::UpstreamUnavailable);
    assert!(browser.sign_in_on(&login, ANN, PASSWORD).await.has("#sign-out"));
    // As soon as it is there again, so is its button.
    fake.mend("/.well-known/openid-configuration");
    server.app.providers.discover().await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(through(&mut browser, &fake, &login).await.has("#account-exists"));
}

#[tokio::test]
async fn github_signs_in_by_its_numeric_id() {
    let (server, fake) = federated_with(ProviderKind::Github, |_| {}, |_| {}).await;
    fake.person(serde_json::json!({ "id": 583_231, "login": "ann", "name": "Ann Lee", "email": "shown@example.org" }));
    fake.emails(serde_json::json!([
        { "email": "old@example.org", "primary": false, "verified": true },
        { "email": ANN, "primary": true, "verified": true },
    ]));
    let mut browser = newcomer(&server, &fake).await;
    let account = browser.visit("/account").await;
    assert!(account.text().contains(ANN), "{}", account.text());
    let mut reader = server.app.storage.read().await.unwrap();
    let issuer = server.app.providers.get(ID).unwrap().issuer();
    assert!(reader.identity(&issuer, "583231").await.unwrap().is_some());
}

#[tokio::test]
async fn the_provider_last_used_in_this_browser_is_marked() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    assert!(!browser.visit("/login").await.has("#upstream-fake .last"));
    let mut browser = newcomer(&server, &fake).await;
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    assert!(browser.visit("/login").await.has("#upstream-fake .last"));
}

/// Google's ID token: `azp`, `hd`, and nothing of when the person authenticated.
#[tokio::test]
async fn an_application_signs_a_person_in_through_us_and_google() {
    let (server, fake) = federated_with(ProviderKind::Google, |config| config.id = ID.to_owned(), |_| {}).await;
    fake.person(serde_json::json!({
        "sub": "110169484474386276334", "azp": crate::support::UPSTREAM_CLIENT, "hd": "example.org", "email": ANN,
        "email_verified": true, "name": "Ann Lee", "given_name": "Ann", "family_name": "Lee", "auth_time": null,
        "picture": "https://lh3.googleusercontent.com/a/ann",
    }));
    fake.claims(serde_json::json!({ "auth_time": null }));
    let client = server.db_client(ClientType::Web, |_| {}).await;
    server.turn(50);
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid+email+profile")).await;
    let page = through(&mut browser, &fake, &login).await;
    let consent = browser.press(&page.form("#create-account")).await;
    let answer = browser.press(&consent.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["auth_time"], server.clock.now().seconds(), "when they came back: Google does not say more");
    assert!(claims.get("amr").is_none() && claims.get("acr").is_none());
    assert_eq!((&claims["email"], &claims["email_verified"]), (&ANN.into(), &true.into()));
    assert_eq!(claims["picture"], "https://lh3.googleusercontent.com/a/ann");
}

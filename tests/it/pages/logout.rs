//! Signing out, at the request of an application and of the person.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use crate::support::{Answer, Browser, Client, Server};

const OUT: &str = "https://rp.test/out";

/// A signed-in person, an app that may bring the browser back, and its tokens.
async fn begin(server: &Server) -> (Browser, Client, Value) {
    server.db_user("ann@example.org").await;
    let client =
        server.db_client(ClientType::Web, |c| c.metadata.post_logout_redirect_uris = vec![OUT.to_owned()]).await;
    let mut browser = server.browser();
    let tokens = tokens(&mut browser, &client).await;
    (browser, client, tokens)
}

async fn tokens(browser: &mut Browser, client: &Client) -> Value {
    let code = browser.code(client, "ann@example.org", "scope=openid+offline_access").await;
    client.redeem(&code).await.ok()
}

fn hint(tokens: &Value) -> &str {
    tokens["id_token"].as_str().unwrap()
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.visit("/account").await.has("#sign-out")
}

fn at(path: &str, answer: &Answer) {
    assert_eq!(answer.location(), path);
}

#[tokio::test]
async fn a_hint_of_this_very_sign_in_signs_out_without_a_question() {
    let server = Server::start().await;
    let (mut browser, _, tokens) = begin(&server).await;
    // An expired ID token still says whom it was about.
    server.turn(5000);
    let answer = browser
        .get(&format!("/logout?id_token_hint={}&post_logout_redirect_uri={OUT}&state=s%201", hint(&tokens)))
        .await;
    at("https://rp.test/out?state=s+1", &answer);
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn without_an_address_the_browser_ends_on_our_own_page() {
    let server = Server::start().await;
    let (mut browser, ..) = begin(&server).await;
    let question = browser.visit("/logout?state=x").await;
    assert!(question.has("#confirm") && is_signed_in(&mut browser).await);
    let page = browser.press(&question.form("#confirm")).await;
    assert!(page.has("#signed-out"), "{}", page.text());
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!is_signed_in(&mut browser).await);
    assert!(browser.visit("/logout").await.has("#signed-out"));
}

#[tokio::test]
async fn an_application_that_proves_nothing_makes_the_person_decide() {
    let server = Server::start().await;
    let (mut browser, client, _) = begin(&server).await;
    let question =
        browser.visit(&format!("/logout?client_id={}&post_logout_redirect_uri={OUT}&state=s", client.id)).await;
    assert!(question.text().contains("Notebook") && question.text().contains("ann@example.org"));
    assert!(question.header("content-security-policy").contains("form-action 'self' https://rp.test;"));
    let answer = browser.submit(&question.form("#confirm")).await;
    at("https://rp.test/out?state=s", &answer);
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn what_came_with_the_question_is_checked_again_after_it() {
    let server = Server::start().await;
    let (mut browser, client, _) = begin(&server).await;
    let question = browser.visit(&format!("/logout?client_id={}&post_logout_redirect_uri={OUT}", client.id)).await;
    let form = question.form("#confirm").with("post_logout_redirect_uri", "https://evil.test/");
    browser.submit(&form).await.refused_page(400, Rejection::UnregisteredPostLogoutRedirectUri);
    browser.submit(&question.form("#confirm").without("csrf")).await.refused_page(403, Rejection::ForgedForm);
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a_hint_of_another_sign_in_asks_who_is_there() {
    let server = Server::start().await;
    let (mut browser, client, tokens) = begin(&server).await;
    server.db_user("bob@example.org").await;
    let mut other = server.browser();
    other.sign_in("bob@example.org").await;
    let path = format!("/logout?id_token_hint={}&post_logout_redirect_uri={OUT}", hint(&tokens));
    assert!(other.visit(&path).await.text().contains("bob@example.org"));
    assert!(is_signed_in(&mut other).await && is_signed_in(&mut browser).await);
    // A browser where nobody is signed in goes where the application wants it.
    at(OUT, &server.browser().get(&path).await);
    let _ = client;
}

#[tokio::test]
async fn only_registered_addresses_are_gone_to() {
    let server = Server::start().await;
    let (mut browser, client, tokens) = begin(&server).await;
    for wrong in
        ["https://rp.test/out/", "https://rp.test/out?x=1", "https://evil.test/", "https://rp.test/cb", "//evil.test"]
    {
        let path = format!("/logout?id_token_hint={}&post_logout_redirect_uri={wrong}", hint(&tokens));
        let page = browser.get(&path).await;
        page.refused_page(400, Rejection::UnregisteredPostLogoutRedirectUri);
        // It is the application's mistake, and it is named.
        assert_eq!(page.text_of("h1").as_deref(), Some("Notebook made a mistake"));
    }
    let nobody = format!("/logout?post_logout_redirect_uri={OUT}");
    browser.get(&nobody).await.refused_page(400, Rejection::MissingLogoutClient);
    browser.get(&format!("{nobody}&client_id=nobody")).await.refused_page(400, Rejection::MissingLogoutClient);
    let now = server.clock.now();
    server.db_change_client(&client.id, |c| c.disabled_at = Some(now)).await;
    browser.get(&format!("{nobody}&client_id={}", client.id)).await.refused_page(400, Rejection::MissingLogoutClient);
    browser.get(&format!("/logout?state={}", "x".repeat(16_384))).await.refused_page(400, Rejection::LogoutTooLong);
    browser.get("/logout?state=a&state=b").await.refused_page(400, Rejection::RepeatedParameter);
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a_request_by_post_goes_on_as_a_get() {
    let server = Server::start().await;
    let (mut browser, _, tokens) = begin(&server).await;
    let body = format!("id_token_hint={}&post_logout_redirect_uri=https%3A%2F%2Frp.test%2Fout", hint(&tokens));
    let on = server.post("/logout", &body).await.location();
    assert!(on.starts_with("/logout?id_token_hint="));
    at(OUT, &browser.get(&on).await);
    let long = format!("state={}", "x".repeat(16_384));
    server.post("/logout", &long).await.refused_page(400, Rejection::LogoutTooLong);
}

#[tokio::test]
async fn signing_out_counts_on_every_node_and_prompt_none_says_so() {
    let server = Server::start().await;
    let other_node = server.another_node().await;
    let (mut browser, client, tokens) = begin(&server).await;
    browser.get(&format!("/logout?id_token_hint={}", hint(&tokens))).await;
    let request = client.authorization_url("prompt=none");
    browser.get(&request).await.refused_redirect(Rejection::SignInNeeded);
    let mut there = browser.at(&other_node);
    there.get(&request).await.refused_redirect(Rejection::SignInNeeded);
}

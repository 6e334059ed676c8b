//! Ending sign-ins and applications' access on the account page.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Browser, Form, PASSWORD, Server};

/// The form of the list's line that holds the words.
fn line(page: &Answer, list: &str, number: usize) -> Form {
    page.form(&format!("{list} li:nth-child({number}) button"))
}

async fn account(browser: &mut Browser) -> Answer {
    browser.visit("/account").await
}

#[tokio::test]
async fn a_person_sees_and_ends_a_sign_in_elsewhere() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let (mut here, mut there) = (server.browser(), server.browser());
    there.address = "198.51.100.9".to_owned();
    there.sign_in("ann@example.org").await;
    server.turn(5);
    here.sign_in("ann@example.org").await;
    let page = account(&mut here).await;
    assert!(page.text_of("#sign-ins li:nth-child(1)").unwrap().contains("this browser"));
    assert!(page.text_of("#sign-ins li:nth-child(2)").unwrap().contains("198.51.100.9"));
    let after = here.press(&line(&page, "#sign-ins", 2)).await;
    assert!(!after.has("#sign-ins li:nth-child(2)"));
    assert_eq!(after.text_of("#done").as_deref(), Some("That sign-in has ended."));
    assert!(account(&mut there).await.has("#login-submit"));
    assert!(account(&mut here).await.has("#sign-out"));
}

#[tokio::test]
async fn ending_this_very_sign_in_signs_out() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let mut browser = server.browser();
    browser.sign_in("ann@example.org").await;
    let page = account(&mut browser).await;
    assert!(browser.press(&line(&page, "#sign-ins", 1)).await.has("#signed-out"));
}

#[tokio::test]
async fn a_person_takes_an_applications_access_back() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let scope = "scope=openid+offline_access";
    let code = browser.code(&client, "ann@example.org", scope).await;
    let unused = browser.code(&client, "ann@example.org", scope).await;
    let tokens = client.redeem(&code).await.ok();
    let page = account(&mut browser).await;
    assert!(page.text_of("#apps").unwrap().contains("Notebook"));
    assert!(page.text_of("#apps").unwrap().contains("Keep this access while you are away"));
    let after = browser.press(&line(&page, "#apps", 1)).await;
    assert!(!after.has("#apps") && after.has("#sign-out"));
    assert_eq!(after.text_of("#done").as_deref(), Some("Notebook has no access any more."));
    assert!(!account(&mut browser).await.has("#done"), "it is said once");
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refresh = client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    refresh.refused_json(400, Rejection::EndedGrant);
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused(401, Rejection::TokenOfEndedGrant);
    client.redeem(&unused).await.refused_json(400, Rejection::EndedGrant);
    // The person is asked again.
    assert!(browser.visit(&client.authorization_url(scope)).await.has("#allow"));
}

#[tokio::test]
async fn after_ten_minutes_the_password_is_asked_for_again() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let (mut here, mut there) = (server.browser(), server.browser());
    here.sign_in("ann@example.org").await;
    server.turn(600);
    there.sign_in("ann@example.org").await;
    let page = account(&mut here).await;
    let entry = (1..=2).find(|n| !page.text_of(&format!("#sign-ins li:nth-child({n})")).unwrap().contains("this"));
    let question = here.press(&line(&page, "#sign-ins", entry.unwrap())).await;
    let form = question.form("#confirm");
    let asked = question.text_of("main").unwrap();
    for words in ["End this sign-in?", "Unknown browser (203.0.113.7)", "ann@example.org"] {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    assert_eq!(question.text_of("#confirm").as_deref(), Some("End sign-in"));
    here.submit(&form).await.refused_page(400, Rejection::MissingPassword);
    here.submit(&form.clone().with("password", "wrong wrong wrong"))
        .await
        .refused_page(400, Rejection::WrongCredentials);
    assert!(account(&mut there).await.has("#sign-out"));
    let before = here.cookies.clone();
    let after = here.press(&form.with("password", PASSWORD)).await;
    assert!(after.has("#sign-ins") && !after.has("#sign-ins li:nth-child(2)"), "{}", after.text());
    assert_ne!(before, here.cookies);
    assert!(account(&mut there).await.has("#login-submit"));
}

#[tokio::test]
async fn all_others_are_ended_at_once_and_this_browser_stays() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_user("bob@example.org").await;
    let mut browsers = Vec::new();
    for email in ["ann@example.org", "ann@example.org", "ann@example.org", "bob@example.org"] {
        let mut browser = server.browser();
        browser.sign_in(email).await;
        browsers.push(browser);
    }
    let page = account(&mut browsers[0]).await;
    server.turn(600);
    let question = browsers[0].press(&page.form("#end-others")).await;
    assert_eq!(question.text_of("h1").as_deref(), Some("End all other sign-ins?"));
    assert!(account(&mut browsers[1]).await.has("#sign-out"));
    let after = browsers[0].press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert_eq!(after.text_of("#done").as_deref(), Some("All other sign-ins have ended."));
    assert!(!after.has("#end-others") && after.has("#sign-ins"));
    let signed_in = [true, false, false, true];
    for (browser, expected) in browsers.iter_mut().zip(signed_in) {
        assert_eq!(account(browser).await.has("#sign-out"), expected);
    }
}

#[tokio::test]
async fn the_question_names_the_application_whose_access_is_to_end() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, "ann@example.org", "").await;
    server.turn(600);
    let page = account(&mut browser).await;
    let question = browser.press(&line(&page, "#apps", 1)).await;
    assert!(question.text_of(".lead").unwrap().starts_with("Notebook can do nothing on your behalf"));
    let wrong = browser.submit(&question.form("#confirm").with("password", "wrong wrong wrong")).await;
    assert!(wrong.text_of(".lead").unwrap().starts_with("Notebook"));
    assert!(wrong.text_of("title").unwrap().starts_with("Error: "));
}

#[tokio::test]
async fn nobody_ends_what_is_another_persons() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    server.db_user("bob@example.org").await;
    let (mut ann, mut bob) = (server.browser(), server.browser());
    ann.sign_in("ann@example.org").await;
    bob.sign_in("bob@example.org").await;
    let of_ann = line(&account(&mut ann).await, "#sign-ins", 1).field("id");
    let of_bob = line(&account(&mut bob).await, "#sign-ins", 1);
    bob.press(&of_bob.clone().with("id", &of_ann)).await;
    assert!(account(&mut ann).await.has("#sign-out"));
    let answer = bob.submit(&of_bob.clone().with("id", "")).await;
    assert!(answer.refused_page(400, Rejection::MissingChoice).words().unwrap().ends_with(": id."));
    bob.submit(&of_bob.clone().without("csrf")).await.refused_page(403, Rejection::ForgedForm);
    let mut stranger = server.browser();
    let page = stranger.visit("/login").await;
    let forged = of_bob.with("csrf", &page.form("#login-submit").field("csrf"));
    assert_eq!(stranger.submit(&forged).await.location(), "/login");
}

#[tokio::test]
async fn the_person_is_told_of_a_token_that_was_copied() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "scope=openid+offline_access").await;
    assert!(!account(&mut browser).await.has("#reuse-notice"));
    let first = client.redeem(&code).await.ok()["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    let second = client.token(&refresh).await.ok()["refresh_token"].as_str().unwrap().to_owned();
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", &second)]).await.ok();
    client.token(&refresh).await.refused_json(400, Rejection::ReusedRefreshToken);
    browser.sign_in("ann@example.org").await;
    assert!(account(&mut browser).await.has("#reuse-notice"));
    server.turn(31 * 86_400);
    browser.sign_in("ann@example.org").await;
    assert!(!account(&mut browser).await.has("#reuse-notice"));
}

//! An account that begins with a proof of its address.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use super::{ANN, EVE, NEW_PASSWORD, open, start, type_code};
use crate::support::{Answer, Browser, PASSWORD, Server};

/// Asks for an account in this browser; the page that asks for the code.
async fn register(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.visit("/register").await;
    assert!(!page.has("#password") && !page.has("#name"));
    browser.press(&page.form("#register-submit").with("email", address)).await
}

async fn people(server: &Server) -> i64 {
    server.database.db_number("SELECT count(*) FROM users").await
}

#[tokio::test]
async fn an_account_is_made_after_its_address_is_proved_and_the_request_goes_on() {
    let server = start().await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid+email&login_hint=ann%40example.org")).await;
    let page = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    assert_eq!(page.field("#email", "value").as_deref(), Some(ANN));
    let page = browser.press(&page.form("#register-submit")).await;
    assert_eq!(people(&server).await, 0);
    let page = type_code(&mut browser, &page, &server.mailbox().await.latest_to(ANN).code()).await;
    assert_eq!(people(&server).await, 0);
    let form = page.form("#register-submit").with("name", "Ann Lee").with("password", "short");
    let page = browser.press(&form).await;
    page.refused_page(400, Rejection::PasswordTooShort);
    let page = browser.press(&page.form("#register-submit").with("password", PASSWORD)).await;
    let answer = browser.press(&page.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let userinfo = client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!((&userinfo["email"], &userinfo["email_verified"]), (&ANN.into(), &true.into()));
}

#[tokio::test]
async fn that_an_address_is_taken_is_said_in_the_mail_alone() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut pages = Vec::new();
    for address in [ANN, EVE] {
        let mut browser = server.browser();
        let page = register(&mut browser, address).await;
        pages.push(page.text().replace(address, "*"));
        type_code(&mut browser, &page, "BCDF-GHJK").await.refused_page(400, Rejection::WrongCode);
    }
    assert_eq!(words(&pages[0]), words(&pages[1]));
    let (taken, free) = (server.mailbox().await.latest_to(ANN), server.mailbox().await.latest_to(EVE));
    assert!(!taken.text.contains("/mail?") && taken.text.contains("already"), "{}", taken.text);
    assert!(free.text.contains("/mail?") && !free.text.contains("already"));
    assert_eq!(people(&server).await, 1);
}

/// The page without what is random in it.
fn words(page: &str) -> String {
    let is_random = |word: &&str| word.contains("value=\"") || word.contains("request=");
    page.split_whitespace().filter(|word| !is_random(word)).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn an_address_that_was_typed_wrongly_can_be_corrected_on_the_way() {
    let server = start().await;
    let mut browser = server.browser();
    let page = register(&mut browser, "ann@exmaple.org").await;
    let page = browser.visit(&page.field("#again", "href").unwrap()).await;
    assert_eq!(page.field("#email", "value").as_deref(), Some("ann@exmaple.org"));
    let page = browser.press(&page.form("#register-submit").with("email", ANN)).await;
    let wrong = server.mailbox().await.latest_to("ann@exmaple.org");
    type_code(&mut browser, &page, &wrong.code()).await.refused_page(400, Rejection::WrongCode);
    let page = type_code(&mut browser, &page, &server.mailbox().await.latest_to(ANN).code()).await;
    assert_eq!(page.field("#username", "value").as_deref(), Some(ANN));
    let page = browser.press(&page.form("#register-submit").with("name", "Ann").with("password", PASSWORD)).await;
    assert!(page.has("#sign-out"));
}

#[tokio::test]
async fn a_link_makes_the_account_where_it_is_opened_and_whoever_was_faster_has_the_address() {
    let server = start().await;
    let (mut laptop, mut phone) = (server.browser(), server.browser());
    register(&mut laptop, ANN).await;
    let first = server.mailbox().await.latest_to(ANN).link();
    let page = open(&mut phone, &first).await;
    let form = page.form("#register-submit").with("name", "Ann").with("password", PASSWORD);
    // Meanwhile an operator makes one.
    server.db_user(ANN).await;
    phone.submit(&form).await.refused_page(400, Rejection::EmailTaken);
    register(&mut laptop, EVE).await;
    let page = open(&mut phone, &server.mailbox().await.latest_to(EVE).link()).await;
    assert!(
        phone
            .press(&page.form("#register-submit").with("name", "Eve").with("password", PASSWORD))
            .await
            .has("#sign-out")
    );
    assert!(!laptop.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn nobody_registers_past_the_proof_nor_uses_one_for_another_address() {
    let server = start().await;
    let mut browser = server.browser();
    let page = browser.visit("/register").await;
    let form = page.form("#register-submit").with("email", ANN).with("name", "Ann").with("password", PASSWORD);
    assert!(browser.press(&form).await.has("#code-submit"));
    let ticket = browser.submit(&form.clone().to("/mail/password")).await;
    assert_eq!(people(&server).await, 0, "{}", ticket.text());
    let page = register(&mut browser, EVE).await;
    let page = type_code(&mut browser, &page, &server.mailbox().await.latest_to(EVE).code()).await;
    let form = page.form("#register-submit").with("name", "Eve").with("password", NEW_PASSWORD);
    let form = form.with("email", ANN).with("email_verified", "true").with("role", "admin").with("roles", "admin");
    assert!(browser.press(&form).await.has("#sign-out"));
    let account = server.app.storage.read().await.unwrap().user_by_email(EVE).await.unwrap().unwrap();
    assert!(account.user.roles.is_empty());
    assert_eq!(people(&server).await, 1);
}

#[tokio::test]
async fn the_proof_can_be_switched_off() {
    let server = Server::with_mail(|config| config.registration.prove_address = false).await;
    let page = server.browser().visit("/register").await;
    assert!(page.has("#password") && page.has("#name"));
}

//! Whoever has lost the authenticator and the recovery codes, in a real Chromium: at a desk and on a phone, in both languages, light and dark, with axe.

use doorward::clock::Clock;
use serde_json::json;

use super::look::look;
use crate::support::{
    Authenticator, Chromium, Database, Live, Mail, Mailbox, PASSWORD, eventually, was_shown_on_sqlite,
};

const ANN: &str = "ann@example.org";

async fn walk(width: u32, height: u32, language: &'static str) {
    if was_shown_on_sqlite() {
        return;
    }
    let database = Database::copy().await;
    let folder = database.folder.path().join("mails");
    let server = Live::serve_with(&database, &[("DOORWARD__MAIL__FOLDER", folder.to_str().unwrap())]);
    server.user(ANN);
    database.db_execute("UPDATE users SET email_verified = 1, email_authority = 'mail'").await;
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("lost-{name}-{language}")).await;
    let sign_in = async || {
        go("/login?as=another").await;
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };
    let mail = async |about: &str| -> Mail {
        let there = async || Mailbox::read(&folder).to(ANN).into_iter().find(|mail| mail.about() == about).cloned();
        eventually("the mail", there).await
    };
    let now = || Clock::system().now().seconds();

    sign_in().await;
    browser.find("#sign-out").await;
    go("/account/authenticator").await;
    browser.click("summary").await;
    let authenticator = Authenticator::with(&browser.text("#totp-secret").await);
    browser.type_into("#code", &authenticator.code_at(now())).await;
    browser.click("#totp-submit").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    // What the owner sees whom somebody else wants to get around.
    let waiting = format!("INSERT INTO factor_resets SELECT id, {0}, {0} + 86400 FROM users", now());
    database.db_execute(&waiting).await;
    go("/account/history").await;
    browser.find("#stop-reset").await;
    show("notice").await;
    browser.click("#stop-reset").await;
    browser.find("#done").await;
    show("stopped").await;

    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    sign_in().await;
    browser.find("#to-lost").await;
    show("second-step").await;
    browser.click("#to-lost").await;
    browser.find("#lost-submit").await;
    show("ask").await;
    browser.click("#lost-submit").await;
    browser.find("#read-mail").await;
    show("read-mail").await;
    browser.goto(&mail("reset_factors").await.link()).await;
    browser.find("#confirm").await;
    show("link").await;
    browser.click("#confirm").await;
    browser.find("#left").await;
    show("begun").await;
    browser.goto(&mail("factor_reset_began").await.link()).await;
    browser.find("#confirm").await;
    show("stop").await;
    sign_in().await;
    browser.click("#to-lost").await;
    // In the time of whoever is to come back then, and in their words.
    let at = if language == "de" { " um " } else { " at " };
    let told = async || browser.text("#wait-until time").await.contains(at).then_some(());
    eventually("the moment is told as people tell it", told).await;
    assert_eq!(browser.evaluate("return document.querySelector('#wait-until time').title.slice(-4)").await, " UTC");
    show("wait").await;
    database.db_execute(&format!("UPDATE factor_resets SET opens_at = {}", now() - 60)).await;
    browser.click("#to-second-step").await;
    browser.click("#to-lost").await;
    browser.find("#remove-lost").await;
    show("remove").await;
    browser.click("#remove-lost").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn lost_factors_are_removed_after_a_wait_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test]
async fn lost_factors_are_removed_after_a_wait_in_german_on_a_phone() {
    walk(390, 844, "de").await;
}

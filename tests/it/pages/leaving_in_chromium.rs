//! A person takes their data, leaves and comes back, in a real Chromium: at a desk and on a phone, in both languages, light and dark, with axe.

use serde_json::json;

use super::look::look;
use crate::support::{Chromium, Database, Live, Mailbox, PASSWORD, eventually, was_shown_on_sqlite};

const ANN: &str = "ann@example.org";

async fn walk(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let folder = database.folder.path().join("mails");
    let server = Live::serve_with(&database, &[("DOORWARD__MAIL__FOLDER", folder.to_str().unwrap())]);
    server.user(ANN);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", server.issuer) };
        browser.goto(&address).await;
    };
    let show = async |name: &str| look(&browser, &format!("leaving-{name}-{language}")).await;

    go("/login").await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#sign-out").await;
    go("/account/data").await;
    show("data").await;
    // A file changes no page.
    browser.click("#export").await;
    browser.find("#export").await;
    browser.click("#delete-account").await;
    browser.find("#word-error").await;
    show("wrong-word").await;
    // Whoever signed in long ago is asked once more.
    database
        .db_execute(r#"UPDATE sign_ins SET proofs = '[{"kind":"password","at":1700000000}]', auth_time = 1700000000"#)
        .await;
    browser.type_into("#word", ANN).await;
    browser.click("#delete-account").await;
    browser.find("#confirm").await;
    show("question").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#confirm").await;
    browser.find("#left").await;
    show("left").await;
    let sign_in_again = async || {
        go("/login").await;
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };
    sign_in_again().await;
    browser.find("#error").await;
    show("refused").await;
    let mail =
        eventually("the mail", async || Mailbox::read(&folder).to(ANN).first().map(|mail| (*mail).clone())).await;
    go(&mail.link()).await;
    browser.find("#confirm").await;
    show("link").await;
    browser.click("#confirm").await;
    browser.find("#sign-in").await;
    show("back").await;
    sign_in_again().await;
    browser.find("#sign-out").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_leaves_and_comes_back_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_leaves_and_comes_back_in_german_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    walk(390, 844, "de").await;
}

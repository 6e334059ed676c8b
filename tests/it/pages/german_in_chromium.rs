//! The pages in German in a real Chromium that is set to German, at the width of a desk and of a phone: German words are longer. Axe finds nothing, nothing
//! moves or sticks out, and nothing that a person reads is left in English. The pictures are in `target/screenshots`.

use doorward::clock::Clock;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::look::look;
use crate::support::{Chromium, Database, Live, PASSWORD, challenge, was_shown_on_sqlite};

const EMAIL: &str = "ann@example.org";

/// Words that stand on the English pages, and in no German sentence.
const ENGLISH: [&str; 8] = [" the ", " you ", " your ", "Sign in", "Sign out", " ago", "Password", " and "];

/// Looks at the page, which says nothing in English.
async fn look_in_german(browser: &Chromium, name: &str) {
    let language = browser.evaluate("return document.documentElement.lang").await;
    assert_eq!(language, "de", "{name}");
    let text = browser.evaluate("return document.title + ' ' + document.body.innerText").await;
    let text = text.as_str().unwrap().replace('\n', " ");
    for word in ENGLISH {
        assert!(!text.contains(word), "{name} says '{word}': {text}");
    }
    look(browser, &format!("german-{name}")).await;
}

async fn every_page(width: u32, height: u32) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": "de-DE,de,en" } })).await;
    server.user(EMAIL);
    let api = ["resource", "create", "--identifier", "https://api.example.org", "--name", "Bestellungen"];
    server.command(&[&api[..], &["--scope", "orders:read=Ihre Bestellungen sehen"]].concat());
    let redirect_uri = "http://127.0.0.1/cb";
    let arguments = ["client", "create", "--type", "native", "--name", "Notebook", "--redirect-uri", redirect_uri];
    let client = server.command(&arguments);
    let query = Serializer::new(String::new())
        .append_pair("client_id", client["client_id"].as_str().unwrap())
        .extend_pairs([("redirect_uri", redirect_uri), ("response_type", "code"), ("scope", "openid profile email")])
        .extend_pairs([("code_challenge", challenge().as_str()), ("code_challenge_method", "S256")])
        .finish();
    let at = |path: &str| format!("{}{path}", server.issuer);
    browser.goto(&at(&format!("/authorize?{query}"))).await;
    browser.find(".reveal").await;
    assert_eq!(browser.text(".reveal").await, "Zeigen");
    look_in_german(&browser, "login").await;
    browser.type_into("#email", EMAIL).await;
    browser.type_into("#password", "not my password").await;
    browser.click("#login-submit").await;
    browser.find("#error").await;
    look_in_german(&browser, "login-wrong").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#allow").await;
    look_in_german(&browser, "consent").await;
    for (path, name) in [
        ("/account", "account"),
        ("/account/profile", "profile"),
        ("/account/password", "password"),
        ("/account/data", "data"),
        ("/account/sign-ins", "sign-ins"),
        ("/account/applications", "applications"),
        ("/account/history", "history"),
        ("/account/api-keys", "api-keys"),
        ("/account/api-keys/new", "new-api-key"),
        ("/nowhere", "nothing-here"),
        ("/login?request=x", "error-of-a-page"),
    ] {
        browser.goto(&at(path)).await;
        look_in_german(&browser, name).await;
    }
    database.db_execute(r#"UPDATE sign_ins SET proofs = '[{"kind":"password","at":1700000000}]'"#).await;
    browser.goto(&at("/account/sign-ins")).await;
    browser.click("#sign-ins button").await;
    browser.find("#confirm").await;
    look_in_german(&browser, "confirm").await;
    // Whoever has no password yet: before the proof, and after it.
    database.db_execute("UPDATE users SET password_hash = NULL").await;
    browser.goto(&at("/account/password")).await;
    browser.find("#begin-password").await;
    look_in_german(&browser, "first-password-begins").await;
    let now = Clock::system().now().seconds();
    database.db_execute(&format!(r#"UPDATE sign_ins SET proofs = '[{{"kind":"password","at":{now}}}]'"#)).await;
    browser.goto(&at("/account/password")).await;
    browser.find("#set-password").await;
    look_in_german(&browser, "first-password").await;
    browser.goto(&at("/logout")).await;
    look_in_german(&browser, "logout").await;
    browser.click("#confirm").await;
    browser.find("#signed-out").await;
    look_in_german(&browser, "signed-out").await;
    browser.goto(&at(&format!("/authorize?{}", query.replace("%2Fcb", "%2Felsewhere")))).await;
    look(&browser, "german-error-of-an-application").await;
    browser.close().await;
}

#[tokio::test]
async fn every_page_is_in_german_at_a_desk() {
    if was_shown_on_sqlite() {
        return;
    }
    every_page(1280, 900).await;
}

#[tokio::test]
async fn every_page_is_in_german_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    every_page(390, 844).await;
}

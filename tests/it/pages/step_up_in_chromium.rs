//! The sample app and its API ask for a better sign-in, in a real Chromium: with a second factor, and lately (RFC 9470). The pictures are in
//! `target/screenshots`: look at them after a change of a page.

use doorward::clock::Clock;
use sqlx::Connection;

use super::look::look;
use crate::support::{Authenticator, Chromium, Live, PASSWORD, eventually, was_shown_on_sqlite};

const ANN: &str = "ann@example.org";

/// The code of now, or of so many steps later: each is good once, and one of before would soon be too old.
fn code(authenticator: &Authenticator, steps: i64) -> String {
    authenticator.code_at(Clock::system().now().seconds() + 30 * steps)
}

/// Lets what everybody has proved, and what applications were given for it, be as old as this.
async fn grow_old(folder: &std::path::Path, seconds: i64) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("demo-data").join("doorward.db"));
    let mut database = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let at = Clock::system().now().minus(seconds).seconds();
    for older in [
        "UPDATE sign_ins SET proofs = json_replace(proofs, '$[0].at', $1, '$[1].at', $1)",
        "UPDATE grants SET proofs = json_replace(proofs, '$[0].at', $1, '$[1].at', $1)",
    ] {
        assert!(sqlx::query(older).bind(at).execute(&mut database).await.unwrap().rows_affected() > 0);
    }
    database.close().await.unwrap();
}

/// Waits until the API has answered that this note is deleted.
async fn deleted(browser: &Chromium, note: u32) {
    let found = format!("return document.querySelector('#api-result')?.textContent.includes('\"deleted\": {note}')");
    eventually("the note is deleted", async || (browser.evaluate(&found).await == true).then_some(())).await;
}

async fn walk(width: u32, height: u32) {
    if was_shown_on_sqlite() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
    server.set("DOORWARD__SERVER__DATA", "demo-data");
    server.user(ANN);
    let app = server.ready["app"].as_str().unwrap().to_owned();
    let browser = Chromium::open(width, height).await;
    let sign_in = async || {
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };
    let delete = async || browser.click("#call-section:not([hidden]) #delete-note:not([aria-disabled])").await;

    browser.goto(&app).await;
    browser.click("#sign-in:not([hidden])").await;
    browser.type_into("#email", ANN).await;
    sign_in().await;
    browser.click("#allow").await;
    browser.find("#call-section:not([hidden])").await;
    // With the password alone: the API says what is missing, and the app sends her there, where the password is not asked for again.
    delete().await;
    let authenticator = {
        browser.find("#totp-submit").await;
        look(&browser, "step-up-first").await;
        browser.click("summary").await;
        Authenticator::with(&browser.text("#totp-secret").await)
    };
    browser.type_into("#code", &code(&authenticator, 0)).await;
    browser.click("#totp-submit").await;
    browser.click("#codes-kept").await;
    // An app on this machine is asked about each time.
    browser.click("#allow").await;
    deleted(&browser, 1).await;
    // What the API says comes when the page is there already.
    browser.picture("page-step-up-done").await;
    let checks = browser.text("#checks").await;
    assert!(checks.contains("acr must be a class that the API asked for"), "{checks}");
    // Now she has shown both: nothing is asked.
    delete().await;
    deleted(&browser, 2).await;
    // Later both are asked for once more.
    grow_old(folder.path(), 400).await;
    browser.click("#refresh").await;
    browser.find("#refresh:not([aria-disabled])").await;
    delete().await;
    browser.find("#login-submit").await;
    sign_in().await;
    browser.find("#totp-submit").await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click("#totp-submit").await;
    browser.click("#allow").await;
    deleted(&browser, 3).await;
    delete().await;
    browser.find("#delete-note:not([aria-disabled])").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("401 (Unauthorized)")), "{complaints:?}");
    browser.close().await;
}

/// A passkey is more than the API asks for, by itself.
#[tokio::test]
async fn a_passkey_is_enough_for_what_the_api_asks_for() {
    if was_shown_on_sqlite() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
    server.set("DOORWARD__SERVER__DATA", "demo-data");
    server.user(ANN);
    let app = server.ready["app"].as_str().unwrap().to_owned();
    let browser = Chromium::open(1280, 900).await;
    let here = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    here("/login").await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#sign-out").await;
    let device = browser.plug_in("internal", true).await;
    here("/account/passkeys").await;
    browser.click("#passkey-submit").await;
    browser.click("#codes-kept").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.set_touched(&device, false).await;
    browser.goto(&app).await;
    browser.click("#sign-in:not([hidden])").await;
    browser.find("#passkey-submit").await;
    look(&browser, "step-up-by-passkey").await;
    browser.set_touched(&device, true).await;
    browser.click("#passkey-submit").await;
    browser.click("#allow").await;
    browser.click("#call-section:not([hidden]) #delete-note:not([aria-disabled])").await;
    deleted(&browser, 1).await;
    // Later it is asked for once more, and nothing else is.
    grow_old(folder.path(), 400).await;
    browser.set_touched(&device, false).await;
    browser.click("#refresh").await;
    browser.find("#refresh:not([aria-disabled])").await;
    browser.click("#call-section:not([hidden]) #delete-note:not([aria-disabled])").await;
    browser.find("#login-submit").await;
    browser.set_touched(&device, true).await;
    browser.click("#passkey-submit").await;
    browser.click("#allow").await;
    deleted(&browser, 2).await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("401 (Unauthorized)")), "{complaints:?}");
    browser.close().await;
}

#[tokio::test]
async fn the_sample_app_does_what_a_challenge_says_at_a_desk() {
    walk(1280, 900).await;
}

#[tokio::test]
async fn the_sample_app_does_what_a_challenge_says_on_a_phone() {
    walk(390, 844).await;
}

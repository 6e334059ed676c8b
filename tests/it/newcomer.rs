//! What a newcomer sees first: `doorward demo` in a real Chromium, at the width of a desk and of a phone. The pictures are in
//! `target/screenshots`: look at them after a change of a page.

#![cfg(feature = "demo")]

use serde_json::Value;

use crate::support::{Chromium, Live, PASSWORD, free_address, was_shown_on_sqlite};

const EMAIL: &str = "ann@example.org";

fn demo() -> (tempfile::TempDir, Live) {
    let folder = tempfile::tempdir().unwrap();
    let server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
    (folder, server)
}

/// The demo of a server whose issuer has a path.
fn demo_below_a_path() -> (tempfile::TempDir, Live) {
    let (folder, listen) = (tempfile::tempdir().unwrap(), free_address());
    let issuer = ("DOORWARD__SERVER__ISSUER".to_owned(), format!("http://{listen}/auth"));
    let arguments = ["demo", "--listen", &listen, "--app-listen", "127.0.0.1:0", "--json"];
    let server = Live::run(folder.path(), vec![issuer], &arguments);
    (folder, server)
}

/// From the app to the register page, past a sign-in that fails, to the consent page.
async fn register(browser: &Chromium) {
    browser.click("#sign-in").await;
    browser.find("#login-submit").await;
    browser.picture("demo-2-sign-in").await;
    browser.type_into("#email", EMAIL).await;
    browser.type_into("#password", "not my password").await;
    browser.click("#login-submit").await;
    browser.find("#error").await;
    browser.picture("demo-3-wrong-password").await;
    browser.click("#to-register").await;
    browser.type_into("#name", "Ann Lee").await;
    browser.type_into("#email", EMAIL).await;
    browser.type_into("#password", "too short").await;
    browser.click("#register-submit").await;
    browser.find("#password-error").await;
    browser.picture("demo-4-register").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#register-submit").await;
    browser.find("#allow").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("400 (Bad Request)")), "{complaints:?}");
}

async fn a_newcomer_is_shown_everything(server: Live, width: u32, height: u32) {
    let app = server.ready["app"].as_str().unwrap();
    let browser = Chromium::open(width, height).await;
    browser.goto(app).await;
    browser.find("#sign-in:not([hidden])").await;
    browser.picture("demo-1-start").await;
    register(&browser).await;
    let asked = browser.text("main").await;
    assert!(asked.contains("Sample app") && asked.contains("Read your notes"), "{asked}");
    browser.picture("demo-5-consent").await;
    browser.prefer("dark").await;
    browser.picture("demo-5-consent-dark").await;
    browser.prefer("light").await;
    browser.click("#allow").await;

    browser.find("#call-section:not([hidden])").await;
    assert_eq!(browser.text("#headline").await, "Hello, Ann Lee.");
    assert_eq!(browser.evaluate("return document.querySelectorAll('#checks li').length > 4").await, Value::Bool(true));
    browser.click("#call-api").await;
    browser.find("#api-result:not(:empty)").await;
    assert!(browser.text("#api-result").await.contains("Water the plants"));
    let guide = browser.find("#guides a").await.attr("href").await.unwrap().unwrap();
    browser.click("#call-userinfo").await;
    browser.find("#userinfo-result:not(:empty)").await;
    assert!(browser.text("#userinfo-result").await.contains(EMAIL));
    assert!(browser.text("#who").await.contains(EMAIL), "{}", browser.text("#who").await);
    browser.click("#refresh").await;
    browser.find("#rotation:not(:empty)").await;
    browser.picture("demo-6-signed-in").await;
    browser.prefer("dark").await;
    browser.picture("demo-6-signed-in-dark").await;
    browser.prefer("light").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    // The last step leads on, to a guide.
    browser.goto(&format!("{app}{guide}")).await;
    assert!(browser.text("article").await.contains("doorward client create"));
    browser.picture("demo-9-guide").await;

    browser.goto(&format!("{}/account", server.issuer)).await;
    assert!(browser.text("main").await.contains(EMAIL));
    browser.picture("demo-7-account").await;
    browser.goto(&format!("{}/authorize?client_id=nobody", server.issuer)).await;
    browser.find("#error").await;
    browser.picture("demo-8-error").await;
    browser.close().await;
}

#[tokio::test]
async fn a_newcomer_is_shown_everything_at_a_desk() {
    if was_shown_on_sqlite() {
        return;
    }
    let (_folder, server) = demo();
    a_newcomer_is_shown_everything(server, 1280, 900).await;
}

#[tokio::test]
async fn a_newcomer_is_shown_everything_on_a_phone_and_below_a_path() {
    if was_shown_on_sqlite() {
        return;
    }
    let (_folder, server) = demo_below_a_path();
    a_newcomer_is_shown_everything(server, 390, 844).await;
}

#[tokio::test]
async fn the_printed_commands_get_a_token_and_call_the_api() {
    let (_folder, server) = demo();
    for (name, expected) in [("token_command", "access_token"), ("api_command", "Water the plants")] {
        let command = server.ready[name].as_str().unwrap();
        let output = std::process::Command::new("sh").args(["-c", command]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(expected), "{command}: {said}");
    }
}

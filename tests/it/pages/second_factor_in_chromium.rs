//! Second factors in a real Chromium: at a desk and on a phone, in both languages, light and dark, with axe.

use doorward::clock::Clock;
use serde_json::json;

use super::look::look;
use crate::support::{Authenticator, Chromium, Database, Live, PASSWORD};

const ANN: &str = "ann@example.org";

/// The code of now, or of so many steps later, by the clock of the server, which is the real one here: those of before would soon be too old.
fn code(authenticator: &Authenticator, steps: i64) -> String {
    authenticator.code_at(Clock::system().now().seconds() + 30 * steps)
}

async fn walk(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user(ANN);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("factor-{name}-{language}")).await;
    let sign_in = async || {
        go("/login?as=another").await;
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };

    sign_in().await;
    browser.find("#sign-out").await;
    browser.click("nav a[href='/account/authenticator']").await;
    browser.find("#totp-submit").await;
    show("set-up").await;
    browser.click("summary").await;
    let authenticator = Authenticator::with(&browser.text("#totp-secret").await);
    // Opened by hand, so it moves.
    browser.picture(&format!("page-factor-set-up-by-hand-{language}")).await;
    browser.type_into("#code", "123456").await;
    browser.click("#totp-submit").await;
    browser.find("#error").await;
    show("set-up-wrong").await;
    browser.type_into("#code", &code(&authenticator, 0)).await;
    browser.click("#totp-submit").await;
    let recovery = browser.text("#codes li:first-child code").await;
    show("codes").await;
    // On paper there is nothing to press.
    let seen = async || [browser.seen("#codes code").await, browser.seen("button, .button").await];
    assert_eq!(seen().await, [10, 2]);
    browser.print().await;
    assert_eq!(seen().await, [10, 0]);
    browser.picture(&format!("page-factor-codes-{language}-print")).await;
    browser.prefer("light").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    show("account").await;
    go("/account/authenticator").await;
    browser.find("#remove-authenticator").await;
    show("own").await;
    database.db_execute("UPDATE recovery_codes SET used_at = 1 WHERE code_mac IN (SELECT code_mac FROM recovery_codes ORDER BY code_mac LIMIT 9)").await;
    go("/account/recovery-codes").await;
    browser.find("#codes-left").await;
    show("few-codes").await;
    go("/account").await;
    browser.find("#codes-notice").await;
    show("account-few-codes").await;
    database.db_execute("UPDATE recovery_codes SET used_at = NULL").await;

    // Whoever is signed in there has shown the second factor, and would not be asked for it again.
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    sign_in().await;
    browser.find("#totp-submit").await;
    show("second-step").await;
    browser.type_into("#code", "123456").await;
    browser.click("#totp-submit").await;
    browser.find("#error").await;
    show("second-step-wrong").await;
    browser.click("summary").await;
    browser.type_into("#recovery_code", "0000-0000-0000-0000").await;
    browser.click("#recovery-submit").await;
    browser.find("details[open] #error").await;
    show("recovery-wrong").await;
    browser.type_into("#recovery_code", &recovery.to_lowercase()).await;
    browser.click("label[for='keep_device_too']").await;
    browser.click("#recovery-submit").await;
    browser.find("#sign-out").await;

    // Where the device is kept the password is enough, until that is ended.
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    sign_in().await;
    browser.find("#sign-out").await;
    go("/account/authenticator").await;
    browser.find("#kept-devices").await;
    show("kept").await;
    browser.click("#end-device-1").await;
    browser.find("#begin-authenticator").await;
    go("/account/authenticator").await;
    assert_eq!(browser.evaluate("return document.querySelector('#kept-devices') === null").await, json!(true));

    // Whoever signed in long ago proves both once more before anything is taken away.
    let long_ago = r#"UPDATE sign_ins SET proofs = '[{"kind":"password","at":1700000000},{"kind":"totp","at":1700000000}]', auth_time = 1700000000"#;
    database.db_execute(long_ago).await;
    go("/account/authenticator").await;
    browser.click("#remove-authenticator").await;
    browser.find("#confirm").await;
    show("remove").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#confirm").await;
    browser.find("#totp-submit").await;
    browser.type_into("#code", &code(&authenticator, 1)).await;
    browser.click("#totp-submit").await;
    browser.find("#done").await;
    show("removed").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("400 (Bad Request)")), "{complaints:?}");
    browser.close().await;
}

async fn walk_first(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SIGN_IN__SECOND_FACTOR", "required")]);
    server.user(ANN);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    browser.goto(&format!("{}/login", server.issuer)).await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#totp-submit").await;
    look(&browser, &format!("factor-first-{language}")).await;
    browser.click("summary").await;
    let authenticator = Authenticator::with(&browser.text("#totp-secret").await);
    browser.type_into("#code", &code(&authenticator, 0)).await;
    browser.click("#totp-submit").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_person_sets_up_an_authenticator_and_signs_in_with_it_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test]
async fn a_person_sets_up_an_authenticator_and_signs_in_with_it_in_german_on_a_phone() {
    walk(390, 844, "de").await;
}

#[tokio::test]
async fn a_person_must_have_an_authenticator_at_a_desk() {
    walk_first(1280, 900, "en").await;
}

#[tokio::test]
async fn a_person_must_have_an_authenticator_in_german_on_a_phone() {
    walk_first(320, 700, "de").await;
}

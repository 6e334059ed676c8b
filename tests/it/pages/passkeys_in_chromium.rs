//! Passkeys in a real Chromium, whose virtual devices stand for those of people: at a desk and on a phone, in both languages, light and dark, with axe.

use serde_json::json;

use super::look::{look, look_again};
use crate::support::{Chromium, Database, Live, PASSWORD, eventually};

const ANN: &str = "ann@example.org";

async fn walk(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    server.user(ANN);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("passkey-{name}-{language}")).await;
    let show_again = async |name: &str| look_again(&browser, &format!("passkey-{name}-{language}")).await;
    let password = async || {
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };

    go("/login").await;
    password().await;
    browser.find("#sign-out").await;
    go("/account/passkeys").await;
    browser.find("#passkey-submit").await;
    show("none").await;
    let phone = browser.plug_in("internal", true).await;
    // A device that does not know who is there is no passkey of anybody.
    browser.set_verified(&phone, false).await;
    browser.click("#passkey-submit").await;
    browser.find("[data-failed]:not([hidden])").await;
    show_again("not-made").await;
    browser.set_verified(&phone, true).await;
    browser.click("#passkey-submit").await;
    browser.find("#codes").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    show("account").await;
    browser.unplug(&phone).await;
    let key = browser.plug_in("usb", false).await;
    go("/account/passkeys").await;
    browser.evaluate("document.querySelector('#name').value = 'Schlüsselbund'").await;
    browser.click("#passkey-submit").await;
    browser.find("#done").await;
    show("added").await;
    go("/account/passkeys").await;
    browser.find("#remove-passkey-2").await;
    show("own").await;
    browser.click(".rename:last-of-type summary").await;
    show_again("rename").await;

    // The button.
    go("/account").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.set_touched(&key, false).await;
    go("/login").await;
    browser.find("#passkey-submit").await;
    show("login").await;
    browser.set_verified(&key, false).await;
    browser.set_touched(&key, true).await;
    browser.click("#passkey-submit").await;
    browser.find("[data-failed]:not([hidden])").await;
    show_again("login-not-shown").await;
    browser.set_verified(&key, true).await;
    browser.click("#passkey-submit").await;
    browser.find("#sign-out").await;

    // Beside a password.
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.set_touched(&key, false).await;
    go("/login").await;
    password().await;
    browser.find("#recovery").await;
    show("second-step").await;
    browser.set_touched(&key, true).await;
    browser.click("#passkey-submit").await;
    browser.find("#sign-out").await;

    // Whoever signed in long ago shows it once more before one is taken away.
    let long_ago = r#"UPDATE sign_ins SET proofs = '[{"kind":"passkey","at":1700000000}]', auth_time = 1700000000"#;
    database.db_execute(long_ago).await;
    go("/account/passkeys").await;
    browser.click("#remove-passkey-1").await;
    browser.find("#passkey-submit").await;
    show("remove").await;
    browser.click("#passkey-submit").await;
    browser.find("#done").await;
    show("removed").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_person_adds_passkeys_and_signs_in_with_them_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test]
async fn a_person_adds_passkeys_and_signs_in_with_them_in_german_on_a_phone() {
    walk(390, 844, "de").await;
}

/// A person who never has a password: the account is made with what unlocks the computer, and that signs in to it.
async fn newcomer(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("passkey-{name}-{language}")).await;
    let device = browser.plug_in("internal", true).await;
    go("/register").await;
    show("register").await;
    browser.type_into("#name", "Ann Lee").await;
    browser.type_into("#email", ANN).await;
    browser.click("#register-passkey").await;
    browser.find("#passkey-submit").await;
    look_again(&browser, &format!("passkey-register-asked-{language}")).await;
    browser.click("#passkey-submit").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    show("register-account").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.set_touched(&device, false).await;
    go("/login").await;
    browser.set_touched(&device, true).await;
    browser.click("#passkey-submit").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn an_account_is_made_with_a_passkey_at_a_desk() {
    newcomer(1280, 900, "en").await;
}

#[tokio::test]
async fn an_account_is_made_with_a_passkey_in_german_on_a_phone() {
    newcomer(390, 844, "de").await;
}

/// After a password a device that can have a passkey is offered one, once; and where a role demands one, nothing else will do.
#[tokio::test]
async fn a_passkey_is_offered_after_a_password_and_set_up_where_it_is_demanded() {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    server.user(ANN);
    let browser = Chromium::open(390, 844).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let password = async || {
        go("/login").await;
        // By then the page has asked the device.
        browser.find("[name=can_passkey][value=yes]").await;
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };
    let device = browser.plug_in("internal", true).await;
    password().await;
    browser.find("#later").await;
    look_again(&browser, "passkey-offered").await;
    browser.click("#later").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    password().await;
    browser.find("#sign-out").await;
    server.command(&["role", "update", "user", "--acr", "phr"]);
    eventually("the demand counts", async || {
        go("/account").await;
        browser.evaluate("return document.querySelector('#passkey-submit') !== null").await.as_bool()?.then_some(())
    })
    .await;
    look_again(&browser, "passkey-demanded").await;
    browser.set_verified(&device, true).await;
    browser.click("#passkey-submit").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

/// Writes down, for the pages to come, how each asks for a passkey.
const HOW_IT_IS_ASKED: &str = "if (navigator.credentials) {
  const get = navigator.credentials.get.bind(navigator.credentials);
  navigator.credentials.get = (question) => {
    sessionStorage.setItem('asked', `${sessionStorage.getItem('asked') ?? ''}${question.mediation};`);
    return get(question);
  };
}";

/// What the browser suggests in the field of the address: a virtual device of the computer itself is chosen there at once, and no other question is asked.
#[tokio::test]
async fn a_browser_suggests_a_passkey_in_the_field_of_the_address() {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    server.user(ANN);
    let browser = Chromium::open(1280, 900).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    go("/login").await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#sign-out").await;
    browser.plug_in("internal", true).await;
    go("/account/passkeys").await;
    browser.click("#passkey-submit").await;
    browser.click("#codes-kept").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.before_pages(HOW_IT_IS_ASKED).await;
    go("/login").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.evaluate("return sessionStorage.getItem('asked')").await, json!("conditional;"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

/// With a script of the page's own gone nothing but the passkey is missing.
#[tokio::test]
async fn a_browser_without_passkeys_says_so_and_the_other_ways_are_there() {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    server.user(ANN);
    let browser = Chromium::open(390, 844).await;
    browser.before_pages("delete window.PublicKeyCredential").await;
    browser.goto(&format!("{}/login", server.issuer)).await;
    browser.find("[data-without]:not([hidden])").await;
    let gone = "return document.querySelector('#passkey-submit') === null";
    assert_eq!(browser.evaluate(gone).await, json!(true), "there is nothing to press");
    look_again(&browser, "passkey-unknown").await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#sign-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

/// A key that knows a touch and no more is no passkey of anybody, which the page says, and is a second factor all the same.
async fn touch(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve_by_name(&database);
    server.user(ANN);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("security-key-{name}-{language}")).await;
    let show_again = async |name: &str| look_again(&browser, &format!("security-key-{name}-{language}")).await;
    let password = async || {
        go("/login").await;
        browser.type_into("#email", ANN).await;
        browser.type_into("#password", PASSWORD).await;
        browser.click("#login-submit").await;
    };
    password().await;
    browser.find("#sign-out").await;
    let key = browser.plug_in_touch_key().await;
    go("/account/passkeys").await;
    browser.click("#passkey-submit").await;
    browser.find("#passkey [data-failed]:not([hidden])").await;
    show_again("no-passkey").await;
    browser.click("#security-key-submit").await;
    browser.click("#codes-kept").await;
    browser.find("#sign-out").await;
    go("/account/passkeys").await;
    browser.find("#remove-security-key-1").await;
    show("own").await;
    // One key is added once.
    browser.click("#security-key-submit").await;
    browser.find("#security-key [data-there]:not([hidden])").await;
    go("/account").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    browser.set_touched(&key, false).await;
    password().await;
    browser.find("#security-key-submit").await;
    show("second-step").await;
    browser.set_touched(&key, true).await;
    browser.click("#security-key-submit").await;
    browser.find("#sign-out").await;
    show("account").await;
    go("/account/passkeys").await;
    browser.click("#remove-security-key-1").await;
    browser.find("#done").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_key_that_knows_a_touch_alone_is_a_second_factor_at_a_desk() {
    touch(1280, 900, "en").await;
}

#[tokio::test]
async fn a_key_that_knows_a_touch_alone_is_a_second_factor_in_german_on_a_phone() {
    touch(390, 844, "de").await;
}

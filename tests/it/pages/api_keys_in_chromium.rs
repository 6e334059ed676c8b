//! A person makes an API key, sees it once, replaces and ends it, in a real Chromium: at a desk and on a phone, in both languages, light and dark, with axe.

use serde_json::json;

use super::look::look;
use crate::support::{Chromium, Database, Live, PASSWORD, was_shown_on_sqlite};

const ANN: &str = "ann@example.org";
const ORDERS: &str = "https://orders.example.org";

async fn walk(width: u32, height: u32, language: &'static str) {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user(ANN);
    let (see, change) = ("orders:read=See your orders", "orders:write=Change and cancel your orders on your behalf");
    let api = [
        "resource",
        "create",
        "--identifier",
        ORDERS,
        "--name",
        "Orders of the shop",
        "--scope",
        see,
        "--scope",
        change,
    ];
    server.command(&api);
    let other =
        ["resource", "create", "--identifier", "https://notes.example.org", "--name", "Notes", "--scope", "notes:read"];
    server.command(&other);
    let browser = Chromium::open_with(width, height, json!({ "intl": { "accept_languages": language } })).await;
    let go = async |path: &str| browser.goto(&format!("{}{path}", server.issuer)).await;
    let show = async |name: &str| look(&browser, &format!("keys-{name}-{language}")).await;

    go("/login").await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.find("#sign-out").await;
    browser.click("nav a[href='/account/api-keys']").await;
    browser.find("#no-keys").await;
    show("none").await;
    // Whoever signed in long ago is asked once more.
    let long_ago = r#"UPDATE sign_ins SET proofs = '[{"kind":"password","at":1700000000}]', auth_time = 1700000000"#;
    database.db_execute(long_ago).await;
    go("/account/api-keys/new").await;
    browser.find("#begin-key").await;
    show("begin").await;
    browser.click("#begin-key").await;
    browser.find("#confirm").await;
    show("question").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#confirm").await;
    browser.find("#apis").await;
    show("choice").await;
    browser.click("#apis a[href*='orders']").await;
    browser.find("#create-key").await;
    show("new").await;
    browser.click("#create-key").await;
    browser.find("#scopes-error").await;
    show("wrong").await;
    browser.type_into("#name", "Backup of the orders, on the computer in the cellar").await;
    for label in ["scope-0", "scope-1"] {
        browser.click(&format!("label[for={label}]")).await;
    }
    browser.click("#create-key").await;
    let key = browser.text("#key").await;
    assert!(!browser.page.current_url().await.unwrap().as_str().contains("dwk_"));
    show("shown").await;
    browser.click("#to-keys").await;
    browser.find("#keys").await;
    let text = browser.evaluate("return document.documentElement.outerHTML").await;
    assert!(!text.as_str().unwrap().contains(&key) && text.as_str().unwrap().contains(&key[..16]));
    let used = "UPDATE api_keys SET last_used_at = created_at, last_used_network = '2001:db8:85a3::/56'";
    database.db_execute(used).await;
    go("/account/api-keys").await;
    show("list").await;

    browser.click("#keys button[formaction]").await;
    browser.find("#replace-key").await;
    show("replace").await;
    browser.click("#replace-key").await;
    browser.find("#former").await;
    show("replaced").await;
    browser.click("#to-keys").await;
    browser.find("#keys li + li").await;
    show("two").await;
    browser.click("#keys li:last-child button:last-child").await;
    browser.find("#done").await;
    browser.click("summary").await;
    show("ended").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("400 (Bad Request)")), "{complaints:?}");
    browser.close().await;
}

#[tokio::test]
async fn a_person_makes_and_ends_keys_at_a_desk() {
    walk(1280, 900, "en").await;
}

#[tokio::test]
async fn a_person_makes_and_ends_keys_in_german_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    walk(390, 844, "de").await;
}

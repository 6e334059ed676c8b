//! Trying passkeys of others.

use doorward::protocol::rejection::Rejection;
use serde_json::json;

use super::WRONG;
use crate::attacks::ANN;
use crate::support::{Device, Server, filled};

/// A passkey is behind the lock of the password, though nobody can guess one: what fails at one door counts at all of them, of the account whose passkey
/// it claims to be. One of nobody counts for the network, and is told nothing else.
#[tokio::test]
async fn j4_passkeys_are_behind_the_same_lock() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut owner, mut device) = (server.browser(), Device::new());
    owner.sign_in(ANN).await;
    server.add_passkey(&mut owner, &mut device, "").await;
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    let right = server.with_passkey(&page, &mut device).await;
    let mut forged: serde_json::Value = serde_json::from_str(&right.field("credential")).unwrap();
    forged["response"]["signature"] = json!("AAAA");
    let mut of_nobody = forged.clone();
    of_nobody["rawId"] = json!("AAAA");
    let mut told = Vec::new();
    for forged in [&forged, &forged, &of_nobody] {
        let answer = browser.submit(&right.clone().with("credential", &forged.to_string())).await;
        told.push(answer.refused_page(400, Rejection::WrongPasskey).text_of("#error"));
    }
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
    for _ in 0..2 {
        let login = browser.visit("/login").await.form("#login-submit");
        browser.submit(&filled(&login, ANN, WRONG)).await.refused_page(400, Rejection::WrongCredentials);
    }
    browser.submit(&right).await.refused_page(429, Rejection::TooManyFailures);
    server.turn(61);
    let (_, page) = server.sign_in_with_passkey(&mut device).await;
    assert!(page.has("#sign-out"), "{}", page.text());
}

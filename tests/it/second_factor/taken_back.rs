//! An account that is taken back by its former address: what whoever had it put there guards it no more, and what guarded it before does.

use doorward::protocol::rejection::Rejection;

use super::ANN;
use crate::support::{Answer, Browser, Device, PASSWORD, Server, first_step};

const EVE: &str = "eve@example.org";

/// Whoever is signed in here changes the address of the account; the link that takes it back.
async fn change_address(server: &Server, browser: &mut Browser) -> String {
    let page = browser.visit("/account/emails").await;
    let page = browser.press(&page.form("#change-email").with("email", EVE)).await;
    let code = server.mailbox().await.latest_to(EVE).code();
    let done = browser.press(&page.form("#code-submit").with("code", &code)).await;
    assert!(done.has("#done"), "{}", done.text());
    server.mailbox().await.latest_to(ANN).link()
}

/// Opens it in another browser and chooses a new password; what comes then.
async fn take_back(server: &Server, link: &str) -> (Browser, Answer) {
    let mut owner = server.browser();
    let page = owner.visit(link).await;
    let page = owner.press(&page.form("#confirm")).await;
    let answer = owner.press(&page.form("#reset-submit").with("password", "another quiet river at noon")).await;
    (owner, answer)
}

/// A factor comes before the address, as one is asked for it at once.
#[tokio::test]
async fn what_was_put_there_shortly_before_the_address_was_changed_goes() {
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    server.turn(61);
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    server.enrol(&mut thief).await;
    let mut device = Device::new();
    server.add_passkey(&mut thief, &mut device, "Mine").await;
    server.turn(2);
    let link = change_address(&server, &mut thief).await;
    let (mut owner, answer) = take_back(&server, &link).await;
    assert!(answer.has("#sign-out"), "{}", answer.text());
    assert_eq!(server.database.db_counts(&["factors", "recovery_codes", "passkeys"]).await, [0, 0, 0]);
    assert!(!thief.visit("/account").await.has("#sign-out") && owner.visit("/account").await.has("#sign-out"));
    let (_, answer) = server.sign_in_with_passkey(&mut device).await;
    answer.refused_page(400, Rejection::WrongPasskey);
}

/// Somebody who has only got hold of the former mailbox is asked for it.
#[tokio::test]
async fn what_has_guarded_the_account_for_longer_stays() {
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    server.turn(86_401);
    let mut owner = server.browser();
    let page = first_step(&mut owner, ANN).await;
    owner.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let link = change_address(&server, &mut owner).await;
    let (_, answer) = take_back(&server, &link).await;
    assert!(answer.has("#totp-submit") && !answer.has("#sign-out"), "{}", answer.text());
    let form = first_step(&mut server.browser(), ANN).await;
    assert!(!form.has("#sign-out"), "{PASSWORD} is no more: {}", form.text());
}

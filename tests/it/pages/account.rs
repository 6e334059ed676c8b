//! The account page: who is signed in, and the way out.

use crate::support::Server;

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn the_account_is_for_whoever_is_signed_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    assert_eq!(browser.get("/account").await.location(), "/login");
    assert_eq!(browser.get("/").await.location(), "/account");
    let page = browser.sign_in(ANN).await;
    let text = page.text_of("main").unwrap();
    assert!(text.contains(ANN) && text.contains("Ann Lee"), "{text}");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_and_takes_the_cookie_away() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = browser.sign_in(ANN).await;
    let thief = browser.clone();
    let answer = browser.submit(&page.form("#sign-out")).await;
    assert!(!browser.cookies.contains_key("doorward_sign_in"));
    assert!(browser.follow(answer).await.has("#signed-out"));
    assert!(thief.clone().visit("/account").await.has("#login-submit"));
    // A second press, from a page that was still open, is no error.
    let again = browser.press(&page.form("#sign-out")).await;
    assert!(again.has("#signed-out"));
}

#[tokio::test]
async fn one_browser_signing_out_leaves_the_others_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut desk, mut phone) = (server.browser(), server.browser());
    let page = desk.sign_in(ANN).await;
    phone.sign_in(ANN).await;
    desk.press(&page.form("#sign-out")).await;
    assert!(phone.visit("/account").await.has("#sign-out"));
}

//! Choosing another password: what it asks for, what it ends, and how a wrong one counts.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::support::{Browser, Form, PASSWORD, Server};

const ANN: &str = "ann@example.org";
const NEW: &str = "another quiet river at noon";

/// Ann's filled-in form, in this browser.
async fn filled_in(browser: &mut Browser, current: &str, new: &str) -> Form {
    let page = browser.visit("/account/password").await;
    page.form("#change-password").with("current_password", current).with("password", new)
}

async fn signs_in(server: &Server, password: &str) -> bool {
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    browser.sign_in_on(&page, ANN, password).await.has("#sign-out")
}

#[tokio::test]
async fn a_person_chooses_another_password_and_everything_else_is_signed_out() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let app = server.db_client(ClientType::Native, |_| {}).await;
    let (mut here, mut there) = (server.browser(), server.browser());
    let code = there.code(&app, ANN, "scope=openid+offline_access").await;
    let tokens = app.redeem(&code).await.ok();
    here.sign_in(ANN).await;
    let before = here.clone();
    let form = filled_in(&mut here, PASSWORD, NEW).await;
    let page = here.press(&form).await;
    assert_eq!(page.text_of("#done").as_deref(), Some("Your password is changed."));
    assert!(page.has("#sign-out"), "this browser is signed in");
    assert!(!page.has("#sign-ins li:nth-child(2)") && page.has("#apps"), "what was allowed is remembered");
    assert!(there.visit("/account").await.has("#login-submit"));
    assert!(before.clone().visit("/account").await.has("#login-submit"), "the former cookie is worth nothing");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    app.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await.refused(400, Rejection::EndedGrant);
    app.userinfo(tokens["access_token"].as_str().unwrap()).await.refused(401, Rejection::TokenOfEndedGrant);
    assert!(signs_in(&server, NEW).await && !signs_in(&server, PASSWORD).await);
    let recorded = format!("SELECT count(*) FROM audit WHERE event = 'user.password_changed' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&recorded).await, 1);
}

#[tokio::test]
async fn whoever_unticks_the_box_leaves_other_browsers_signed_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut here, mut there) = (server.browser(), server.browser());
    there.sign_in(ANN).await;
    here.sign_in(ANN).await;
    let form = filled_in(&mut here, PASSWORD, NEW).await.without("end_all");
    assert!(here.press(&form).await.has("#sign-ins li:nth-child(2)"));
    assert!(there.visit("/account").await.has("#sign-out"));
    assert!(signs_in(&server, NEW).await);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing_and_counts_as_a_failed_sign_in() {
    let server = Server::with(|config| config.limits.failures_per_minute = 1_000_000).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    // As somebody who found the browser open, and whom the account's known devices are no business of.
    browser.cookies.retain(|name, _| !name.contains("device"));
    let form = filled_in(&mut browser, "not the password at all", NEW).await;
    let answer = browser.submit(&form).await;
    answer.refused_page(400, Rejection::WrongCurrentPassword);
    assert_eq!(answer.text_of("#current-error").as_deref(), Some("That is not your current password."));
    assert!(!answer.text().contains("not the password at all"), "nothing that was typed comes back");
    assert!(signs_in(&server, PASSWORD).await);
    let failed = "SELECT count(*) FROM audit WHERE event = 'sign_in.failed'";
    assert_eq!(server.database.db_number(failed).await, 1);
    let mut refused = false;
    for _ in 0..20 {
        let answer = browser.submit(&form).await;
        refused |= answer.status == 429;
    }
    assert!(refused, "guessing here is counted as guessing on the sign-in page");
    let right = form.with("current_password", PASSWORD);
    browser.submit(&right).await.refused_page(429, Rejection::TooManyFailures);
}

#[tokio::test]
async fn a_weak_or_missing_new_password_is_refused_before_anything_is_compared() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    for (current, new, rejection) in [
        (PASSWORD, "short", Rejection::PasswordTooShort),
        (PASSWORD, "", Rejection::MissingPassword),
        ("", NEW, Rejection::MissingPassword),
    ] {
        let form = filled_in(&mut browser, current, new).await;
        browser.submit(&form).await.refused_page(400, rejection);
    }
    let form = filled_in(&mut browser, &"x".repeat(300), NEW).await;
    browser.submit(&form).await.refused_page(400, Rejection::WrongCurrentPassword);
    assert_eq!(server.database.db_number("SELECT count(*) FROM audit WHERE event = 'sign_in.failed'").await, 0);
    assert!(signs_in(&server, PASSWORD).await);
}

#[tokio::test]
async fn other_fields_of_the_form_change_nothing() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = filled_in(&mut browser, PASSWORD, NEW).await;
    let form = form.with("email", "eve@example.org").with("role", "admin").with("email_verified", "0");
    assert!(browser.press(&form.with("user_id", "another")).await.has("#done"));
    let same = format!(
        "SELECT count(*) FROM users WHERE id = '{ann}' AND email = '{ANN}' AND roles = '[\"editor\"]' AND email_verified = 1"
    );
    assert_eq!(server.database.db_number(&same).await, 1);
}

#[tokio::test]
async fn an_account_without_a_password_has_none_to_change() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = filled_in(&mut browser, PASSWORD, NEW).await;
    server.database.db_execute(&format!("UPDATE users SET password_hash = NULL WHERE id = '{ann}'")).await;
    let page = browser.visit("/account/password").await;
    assert!(page.has("#set-password") && !page.has("#change-password"));
    // Whoever wanted to change one that is gone meanwhile has not asked for a first one.
    let refused = browser.submit(&form).await;
    refused.refused_page(400, Rejection::WrongCurrentPassword);
    assert!(refused.has("#set-password"), "{}", refused.text());
    let given = "SELECT count(*) FROM users WHERE password_hash IS NOT NULL";
    assert_eq!(server.database.db_number(given).await, 0);
}

#[tokio::test]
async fn of_two_changes_at_once_one_alone_is_made() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let one = filled_in(&mut browser, PASSWORD, NEW).await;
    let other = one.clone().with("password", "a third and very different phrase");
    let (mut first, mut second) = (browser.clone(), browser.clone());
    let (one, other) = tokio::join!(first.submit(&one), second.submit(&other));
    let made = [&one, &other].iter().filter(|answer| answer.header("location") == "/account").count();
    assert_eq!(made, 1, "{} {}", one.status, other.status);
    let changed = server.database.db_number("SELECT count(*) FROM audit WHERE event = 'user.password_changed'").await;
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn the_owner_is_told_by_mail_that_the_password_was_changed_and_of_no_new_device() {
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(3600);
    let before = server.mailbox().await.alerts_to(ANN).len();
    let form = filled_in(&mut browser, PASSWORD, NEW).await;
    browser.press(&form).await;
    let alerts = server.mailbox().await.alerts_to(ANN);
    assert_eq!(alerts[before..], ["password_changed"]);
}

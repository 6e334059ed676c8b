//! The first password of an account that a provider made, and doing without one: what has to be proved before, what ends, and who is told.

use std::path::Path;

use doorward::failure::Error;
use doorward::protocol::client::ClientType;
use doorward::protocol::journey::{Action, Goal};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::Act;
use doorward::secret::Secret;
use serde_json::json;

use super::linking::{link, newcomer_again, signed_in, signed_in_still};
use super::{ANN, federated, federated_with, newcomer, through};
use crate::support::{Answer, Browser, PASSWORD, Provider, Server};

const CHOSEN: &str = "a quiet river at noon";

/// A server that sends mails into this folder, and its provider.
async fn mailing(folder: &Path) -> (Server, Provider) {
    let folder = folder.join("mails");
    federated_with(ProviderKind::Oidc, |_| {}, |config| config.mail.folder = folder).await
}

async fn count(server: &Server, of: &str) -> i64 {
    server.database.db_number(&format!("SELECT count(*) FROM {of}")).await
}

/// How many accounts have a password.
async fn with_password(server: &Server) -> i64 {
    count(server, "users WHERE password_hash IS NOT NULL").await
}

async fn signs_in(server: &Server, password: &str) -> bool {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    browser.sign_in_on(&login, ANN, password).await.has("#sign-out")
}

/// What the page of passwords offers, past the proof.
async fn choosing(browser: &mut Browser) -> Answer {
    let page = browser.visit("/account/password").await;
    assert!(page.has("#set-password") && !page.has("#current_password"), "{}", page.text());
    page
}

#[tokio::test]
async fn whose_sign_in_ended_while_the_password_was_hashed_puts_none_on_the_account() {
    let (server, fake) = federated(|_| {}).await;
    let browser = newcomer(&server, &fake).await;
    let (sign_ins, now) = (&server.app.sign_ins, server.app.now());
    let at = browser.presented();
    let sign_in = sign_ins.current(at.cookie.as_ref(), now).await.unwrap().unwrap();
    let user_id = sign_in.user_id.clone();
    let goal = Goal::Confirm { user_id: user_id.clone(), action: Action::SetPassword };
    let journey = sign_ins.journeys.begin(goal, now);
    let set = async || {
        let password = Some(Secret::presented(CHOSEN));
        sign_ins.set_password((&journey, sign_in.clone()), password, &at, now).await
    };
    // It was looked at before, and ended then.
    server.registry().end_sign_ins_of_user(&user_id, &Act::of_operator(now)).await.unwrap();
    let refused = set().await.unwrap_err();
    assert!(matches!(refused.error, Error::Rejected(refusal) if refusal.rejection == Rejection::SignInNeeded));
    assert_eq!(with_password(&server).await, 0);
}

#[tokio::test]
async fn an_account_that_a_provider_made_gets_a_password_after_a_fresh_proof() {
    let folder = tempfile::tempdir().unwrap();
    let (server, fake) = mailing(folder.path()).await;
    let mut browser = newcomer(&server, &fake).await;
    let account = browser.visit("/account").await;
    let ways = account.text_of("#ways").unwrap();
    assert!(account.has("#to-first-password") && !ways.contains("Password"), "{ways}");
    server.turn(601);
    let page = browser.visit("/account/password").await;
    assert!(page.has("#begin-password") && !page.has("#set-password"), "{}", page.text());
    let question = browser.submit(&page.form("#begin-password")).await;
    assert!(question.has("#upstream-fake") && !question.has("#password"), "{}", question.text());
    let page = through(&mut browser, &fake, &question).await;
    let form = page.form("#set-password");
    for (password, rejection) in [("", Rejection::MissingPassword), ("short", Rejection::PasswordTooShort)] {
        let answer = browser.submit(&form.clone().with("password", password)).await;
        answer.refused_page(400, rejection);
        assert!(answer.has("#password-error") && answer.has("#set-password"), "{}", answer.text());
    }
    assert_eq!(with_password(&server).await, 0);
    let account = browser.press(&form.with("password", CHOSEN)).await;
    assert_eq!(account.text_of("#done").as_deref(), Some("Your account has a password: you can sign in with it."));
    let ways = account.text_of("#ways").unwrap();
    assert!(ways.contains("Added just now. Change it"), "it was never used: {ways}");
    assert!(signs_in(&server, CHOSEN).await);
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"password_set".to_owned()));
    assert_eq!(
        count(&server, "audit WHERE event = 'user.password_changed' AND details LIKE '%\"first\":true%'").await,
        1
    );
    let history = browser.visit("/account/history").await.text();
    assert!(history.contains("You chose the first password of your account."), "{history}");
    // From now on it is changed as any other is.
    assert!(browser.visit("/account/password").await.has("#current_password"));
}

#[tokio::test]
async fn nobody_sets_a_first_password_without_a_fresh_proof_of_their_own() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let form = choosing(&mut browser).await.form("#set-password").with("password", CHOSEN);
    server.turn(601);
    // The journey that says what for is no proof, nor is none, nor is one to another end.
    let unlink = browser.visit("/account").await.form("#unlink-fake");
    let other_end = browser.submit(&unlink).await.form("#upstream-fake").field("request");
    for form in [form.clone(), form.clone().without("request"), form.clone().with("request", &other_end)] {
        assert_eq!(browser.submit(&form).await.location(), "/account/password");
    }
    assert!(browser.visit("/account/password").await.has("#begin-password"));
    // Nor does it say so for whoever is signed in there later.
    fake.person(json!({ "sub": "bob", "name": "Bob", "email": "bob@example.org", "email_verified": true }));
    let mut bob = browser.clone();
    let login = bob.visit("/login?as=another").await;
    let page = through(&mut bob, &fake, &login).await;
    assert!(bob.press(&page.form("#create-account")).await.has("#sign-out"));
    bob.submit(&form).await.refused_page(400, Rejection::AnotherPersonExpected);
    assert_eq!(with_password(&server).await, 0);
    // Whoever has one by now is asked for it.
    let first = choosing(&mut bob).await.form("#set-password").with("password", CHOSEN);
    assert!(bob.press(&first).await.has("#done"));
    let again = bob.submit(&first).await;
    again.refused_page(400, Rejection::MissingPassword);
    assert!(again.has("#current-error"), "{}", again.text());
}

#[tokio::test]
async fn an_account_without_an_address_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, fake) = mailing(folder.path()).await;
    fake.person(json!({ "sub": "bare", "name": "Bare" }));
    let mut browser = newcomer(&server, &fake).await;
    let page = browser.visit("/account/password").await;
    assert!(page.has("#no-password") && page.has("main p a[href=\"/account/emails\"]"), "{}", page.text());
    assert!(!browser.visit("/account").await.has("#to-first-password"));
}

#[tokio::test]
async fn a_password_is_removed_with_all_that_it_gave_and_its_owner_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (server, fake) = mailing(folder.path()).await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Native, |_| {}).await;
    // Whoever has just made an account is told of nothing.
    server.turn(60);
    let mut own = signed_in(&server).await;
    assert!(!own.visit("/account/password").await.has("#remove-password"), "there is no other way in");
    link(&mut own, &fake).await;
    let mut there = server.browser();
    let code = there.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let mut stranger = server.browser();
    let asked = stranger.visit("/recover").await.form("#recover-submit").with("email", ANN);
    stranger.press(&asked).await;
    let reset = server.mailbox().await.latest_to(ANN).path();
    let mut by_link = newcomer_again(&server, &fake).await;
    let page = by_link.visit("/account/password").await;
    let account = by_link.press(&page.form("#remove-password")).await;
    assert_eq!(account.text_of("#done").as_deref(), Some("Your account has no password any more."));
    assert!(account.has("#to-first-password") && !account.text_of("#ways").unwrap().contains("Password"));
    assert_eq!(with_password(&server).await, 0);
    // What came of the password is over, what came of the provider is not.
    assert!(!signed_in_still(&server, &own).await && !signed_in_still(&server, &there).await);
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused_json(401, Rejection::TokenOfEndedGrant);
    assert!(signed_in_still(&server, &by_link).await && !signs_in(&server, PASSWORD).await);
    stranger.get(&reset).await.refused(400, Rejection::UnknownTicket);
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"password_removed".to_owned()));
    let removed = format!("audit WHERE event = 'user.password_removed' AND user_id = '{ann}'");
    assert_eq!(count(&server, &removed).await, 1);
    let history = by_link.visit("/account/history").await.text();
    assert!(
        history.contains("You removed your password.") && history.contains("the password that made it was removed")
    );
    // Twice is no mistake, and the last way in stays.
    let again = account.form("#sign-out").to("/account/password/remove");
    assert!(by_link.press(&again).await.has("#done"));
    assert_eq!(count(&server, &removed).await, 1);
    let unlink = by_link.visit("/account").await.form("#unlink-fake");
    by_link.submit(&unlink).await.refused_page(400, Rejection::LastWayIn);
}

#[tokio::test]
async fn removing_a_password_asks_for_a_fresh_proof_and_signs_out_who_came_by_it() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = signed_in(&server).await;
    link(&mut browser, &fake).await;
    server.turn(601);
    let page = browser.visit("/account/password").await;
    let question = browser.submit(&page.form("#remove-password")).await;
    assert!(question.has("#confirm") && with_password(&server).await == 1, "{}", question.text());
    let wrong = browser.submit(&question.form("#confirm").with("password", "not the password")).await;
    wrong.refused(400, Rejection::WrongCredentials);
    let page = browser.press(&wrong.form("#confirm").with("password", PASSWORD)).await;
    assert!(page.has("#signed-out"), "{}", page.text());
    assert_eq!(with_password(&server).await, 0);
    assert!(signed_in_still(&server, &newcomer_again(&server, &fake).await).await);
}

#[tokio::test]
async fn a_password_is_not_removed_when_nothing_else_signs_in() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = signed_in(&server).await;
    let form = browser.visit("/account").await.form("#sign-out").to("/account/password/remove");
    browser.submit(&form).await.refused_page(400, Rejection::LastWayIn);
    // An account at a provider that is switched off signs nobody in.
    link(&mut browser, &fake).await;
    let node = server.another_node_with(|config| config.upstream.clear()).await;
    let mut there = browser.at(&node);
    assert!(!there.visit("/account/password").await.has("#remove-password"));
    there.submit(&form).await.refused_page(400, Rejection::LastWayIn);
    assert_eq!(with_password(&server).await, 1);
}

/// Two ways in, and each is given up while the other is: one of them stays.
#[tokio::test]
async fn unlinking_and_removing_at_once_leave_one_way_in() {
    for _ in 0..5 {
        let (server, fake) = federated(|_| {}).await;
        server.db_user(ANN).await;
        let mut browser = signed_in(&server).await;
        let unlink = link(&mut browser, &fake).await.form("#unlink-fake");
        let remove = unlink.clone().without("id").to("/account/password/remove");
        let (mut one, mut other) = (browser.clone(), browser);
        tokio::join!(one.submit(&unlink), other.submit(&remove));
        assert_eq!(with_password(&server).await + count(&server, "identities").await, 1);
    }
}

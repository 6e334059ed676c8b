//! `/account/data`: the file, the end of the account, and the way back.

use doorward::protocol::rejection::Rejection;

use super::{ANN, DAY, EVE, events, is_open, open, start, users};
use crate::support::{Answer, Browser, Form, PASSWORD, Server};

async fn form(browser: &mut Browser, word: &str) -> Form {
    browser.visit("/account/data").await.form("#delete-account").with("word", word)
}

/// Ann leaves in a browser of her own, freshly signed in; the browser and the page that she ends on.
async fn ann_leaves(server: &Server) -> (Browser, Answer) {
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = form(&mut browser, ANN).await;
    let page = browser.press(&form).await;
    (browser, page)
}

#[tokio::test]
async fn a_person_takes_what_is_known_of_them_as_a_file() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_user(EVE).await;
    assert_eq!(server.browser().get("/account/data").await.location(), "/login");
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = browser.visit("/account/data").await.form("#export");
    let answer = browser.submit(&form).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"doorward-account.json\"");
    assert_eq!(answer.header("cache-control"), "no-store");
    let document = answer.json();
    assert_eq!((&document["account"]["id"], document["version"].as_i64()), (&ann.into(), Some(1)));
    assert!(!document.to_string().contains(EVE));
    // It is the answer to our own form alone.
    assert_eq!(browser.get("/account/data/export").await.status, 405);
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    browser.submit_with(&form, &foreign[..1]).await.refused_page(403, Rejection::CrossOriginForm);
    browser.submit_with(&form, &foreign[1..]).await.refused_page(403, Rejection::CrossOriginForm);
    browser.submit(&form.clone().with("csrf", "x")).await.refused_page(403, Rejection::ForgedForm);
    browser.cookies.retain(|name, _| !name.contains("sign_in"));
    assert_eq!(browser.submit(&form).await.location(), "/login");
}

#[tokio::test]
async fn a_person_leaves_and_comes_back_by_the_link_of_the_mail() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let (mut here, page) = ann_leaves(&server).await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Your account is closed"));
    assert!(page.text().contains("2027-01-22 08:00 UTC"), "{}", page.text());
    assert!(here.visit("/account").await.has("#login-submit"));
    assert!(here.visit("/signed-out").await.text().contains("You are signed out"), "it is told once");
    assert!(!is_open(&server).await);
    let mail = server.mailbox().await.latest_to(ANN);
    assert!(mail.text.contains("7 days"), "{}", mail.text);

    server.turn(6 * DAY);
    let mut there = server.browser();
    let link = there.visit(&mail.link()).await;
    assert!(!is_open(&server).await, "looking at a link does nothing");
    let back = there.press(&link.form("#confirm")).await;
    assert_eq!(back.text_of("h1").as_deref(), Some("Your account is back"));
    assert!(!there.visit("/account").await.has("#sign-out"), "a link signs nobody in");
    assert!(is_open(&server).await);
    assert_eq!(events(&server, &ann).await, ["user.deletion_requested", "user.deletion_withdrawn"]);
    // Once, and in nobody else's browser either.
    there.submit(&link.form("#confirm")).await.refused_page(400, Rejection::UnknownTicket);
    server.browser().visit(&mail.link()).await.refused_page(400, Rejection::UnknownTicket);
    server.turn(30 * DAY);
    server.app.departures.run(server.clock.now()).await.unwrap();
    assert!(is_open(&server).await);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let history = browser.visit("/account/history").await.text();
    assert!(history.contains("You asked for your account to be deleted.") && history.contains("was brought back"));
}

#[tokio::test]
async fn a_link_is_taken_from_one_browser_alone_and_not_after_its_time() {
    let server = start().await;
    server.db_user(ANN).await;
    ann_leaves(&server).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let (mut one, mut two) = (server.browser(), server.browser());
    let (first, second) = (one.visit(&link).await.form("#confirm"), two.visit(&link).await.form("#confirm"));
    // A form of one browser is worth nothing in another.
    two.submit(&first).await.refused_page(403, Rejection::ForgedForm);
    let (a, b) = tokio::join!(one.submit(&first), two.submit(&second));
    assert_eq!([a.status.as_u16(), b.status.as_u16()].iter().filter(|status| **status == 303).count(), 1);
    ann_leaves(&server).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let form = one.visit(&link).await.form("#confirm");
    server.turn(7 * DAY);
    one.submit(&form).await.refused_page(400, Rejection::ExpiredTicket);
    one.visit(&link).await.refused_page(400, Rejection::ExpiredTicket);
    server.app.departures.run(server.clock.now()).await.unwrap();
    assert_eq!(users(&server).await, 0);
}

#[tokio::test]
async fn a_wrong_word_deletes_nothing() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    for word in ["", "DELETE", EVE, "ann@example.or", "yes"] {
        let form = form(&mut browser, word).await;
        let answer = browser.submit(&form).await;
        answer.refused_page(400, Rejection::WrongConfirmation);
        assert_eq!(answer.text_of("#word-error").as_deref(), Some(Rejection::WrongConfirmation.description()));
    }
    let missing = form(&mut browser, "").await.without("word");
    browser.submit(&missing).await.refused_page(400, Rejection::WrongConfirmation);
    assert!(browser.visit("/account").await.has("#sign-out") && is_open(&server).await);
}

#[tokio::test]
async fn whoever_finds_a_browser_open_deletes_nothing_in_it() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(601);
    let filled = form(&mut browser, ANN).await;
    let question = browser.press(&filled).await;
    assert_eq!(question.text_of("h1").as_deref(), Some("Delete your account"));
    let wrong = question.form("#confirm").with("password", "not the password at all");
    browser.submit(&wrong).await.refused_page(400, Rejection::WrongCredentials);
    // The question of another action does not become this one.
    let others = browser.visit("/account/data").await.form("#export").to("/account/sign-ins/end-others");
    let other = browser.press(&others).await.form("#confirm").to("/account/data/delete");
    browser.press(&other.with("password", PASSWORD)).await;
    assert_eq!(events(&server, &ann).await, [""; 0]);
    server.turn(601);
    // What was typed is remembered by the question, for a while.
    let right = question.form("#confirm").with("password", PASSWORD);
    assert_eq!(browser.press(&right).await.text_of("h1").as_deref(), Some("Your account is closed"));
    assert_eq!(events(&server, &ann).await, ["user.deletion_requested"]);
}

#[tokio::test]
async fn what_was_left_open_for_long_is_asked_anew() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(601);
    let filled = form(&mut browser, ANN).await;
    let question = browser.press(&filled).await.form("#confirm").with("password", PASSWORD);
    server.turn(3600);
    assert!(browser.press(&question).await.has("#sign-out"));
    assert!(is_open(&server).await);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_leaves_once() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = form(&mut browser, ANN).await;
    let mut again = browser.clone();
    let (one, two) = tokio::join!(browser.submit(&form), again.submit(&form));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303));
    assert_eq!(events(&server, &ann).await, ["user.deletion_requested"]);
    assert_eq!(again.submit(&form).await.location(), "/login");
    let mailbox = server.mailbox().await;
    assert_eq!(mailbox.to(ANN).iter().filter(|mail| mail.about() == "deletion").count(), 1);
}

#[tokio::test]
async fn whom_no_mail_reaches_is_warned_and_goes_at_once() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/data").await;
    assert!(page.has("#no-way-back") && !page.has("#way-back"));
    // Whoever was told of a way back is told first that there is none any more.
    let form = page.form("#delete-account").with("word", ANN);
    let told = browser.submit(&form.clone().without("for_good")).await;
    assert!(told.status == 200 && told.has("#no-way-back"));
    assert_eq!(users(&server).await, 1);
    let page = browser.press(&form).await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Your account is deleted"));
    assert_eq!(server.database.db_counts(&["users", "sign_ins", "identities", "consents", "tickets"]).await, [0; 5]);
    assert_eq!(events(&server, &ann).await, ["user.deleted"]);
    assert!(browser.visit("/account").await.has("#login-submit"));
}

#[tokio::test]
async fn a_way_back_is_kept_for_whoever_has_one_whatever_the_form_says() {
    let server = start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = form(&mut browser, ANN).await.with("for_good", "yes");
    assert_eq!(browser.press(&form).await.text_of("h1").as_deref(), Some("Your account is closed"));
    open(&mut server.browser(), &server.mailbox().await.latest_to(ANN).link()).await;
    assert!(is_open(&server).await);
}

#[tokio::test]
async fn whoever_has_no_address_types_the_word() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let lose = format!("UPDATE users SET email = NULL, email_verified = 0 WHERE id = '{ann}'");
    server.database.db_execute(&lose).await;
    let page = browser.visit("/account/data").await;
    assert!(page.text_of("label[for=word]").unwrap().contains("DELETE") && page.has("#no-way-back"));
    let form = page.form("#delete-account");
    browser.submit(&form.clone().with("word", ANN)).await.refused_page(400, Rejection::WrongConfirmation);
    browser.press(&form.with("word", "delete")).await;
    assert_eq!(users(&server).await, 0);
}

#[tokio::test]
async fn the_page_and_the_mail_speak_the_persons_language() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| drop(account.user.claims.insert("locale".into(), "de".into()))).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/data").await;
    assert_eq!(page.text_of("h1").as_deref(), Some("Ihre Daten"));
    browser.press(&page.form("#delete-account").with("word", ANN)).await;
    let mail = server.mailbox().await.latest_to(ANN);
    assert!(mail.text.contains("7 Tagen"), "{}", mail.text);
}

#[tokio::test]
async fn the_last_one_who_may_give_roles_stays() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let admin = "UPDATE users SET roles = '[\"admin\"]' WHERE id = ";
    server.database.db_execute(&format!("{admin}'{ann}'")).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = form(&mut browser, ANN).await;
    browser.submit(&form).await.refused_page(400, Rejection::LastAdmin);
    assert!(is_open(&server).await);
    let eve = server.db_user(EVE).await;
    server.database.db_execute(&format!("{admin}'{eve}'")).await;
    assert_eq!(browser.press(&form).await.text_of("h1").as_deref(), Some("Your account is closed"));
}

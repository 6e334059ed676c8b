//! The job that ends accounts: once on however many nodes, and those whose address nobody proved after two warnings.

use doorward::protocol::user::MadeBy;
use doorward::registry::NewIdentity;

use super::{ANN, DAY, EVE, events, leave, open, operator, start, users};
use crate::support::{Form, PASSWORD, Server};

/// A server where an address need not be proved, and accounts end after ten days without.
async fn forgetful() -> Server {
    Server::with_mail(|config| {
        config.registration.prove_address = false;
        config.registration.unproven_days = 10;
    })
    .await
}

/// Somebody makes an account; its id.
async fn register(server: &Server, email: &str) -> String {
    let mut browser = server.browser();
    let form: Form = browser.visit("/register").await.form("#register-submit");
    let form = form.with("name", "Ann Lee").with("email", email).with("password", PASSWORD);
    assert!(browser.press(&form).await.has("#sign-out"));
    server.registry().user(email).await.unwrap().id
}

async fn run(server: &Server) -> u64 {
    server.app.departures.run(server.clock.now()).await.unwrap()
}

async fn warnings(server: &Server, email: &str) -> usize {
    server.mailbox().await.to(email).iter().filter(|mail| mail.about() == "unproven").count()
}

#[tokio::test]
async fn accounts_that_were_left_go_once_on_however_many_nodes() {
    let server = start().await;
    let other = server.another_node().await;
    for number in 0..10 {
        let email = format!("a{number}@example.org");
        server.db_user(&email).await;
        server.registry().leave_user(&email, 7 * DAY, &operator(&server)).await.unwrap();
    }
    server.turn(7 * DAY);
    let now = server.clock.now();
    // A node that ends after the first leaves the others whole, for whoever comes next.
    assert_eq!(server.app.storage.delete_left(1, now).await.unwrap(), 1);
    assert_eq!(users(&server).await, 9);
    let (one, two) = tokio::join!(server.app.departures.run(now), other.app.departures.run(now));
    assert_eq!(one.unwrap() + two.unwrap(), 9);
    assert_eq!(users(&server).await, 0);
    let deleted = "SELECT COUNT(*) FROM audit WHERE event = 'user.deleted' AND actor = 'system'";
    assert_eq!(server.database.db_number(deleted).await, 10);
}

#[tokio::test]
async fn an_address_that_nobody_proves_ends_its_account_after_two_warnings() {
    let server = forgetful().await;
    let other = server.another_node_with(|config| config.registration.unproven_days = 10).await;
    let ann = register(&server, ANN).await;
    server.turn(5 * DAY - 60);
    assert_eq!((run(&server).await, warnings(&server, ANN).await), (0, 0));
    server.turn(60);
    let now = server.clock.now();
    let (one, two) = tokio::join!(server.app.departures.run(now), other.app.departures.run(now));
    assert_eq!((one.unwrap() + two.unwrap(), warnings(&server, ANN).await), (1, 1));
    let mailbox = server.mailbox().await;
    assert!(mailbox.latest_to(ANN).text.contains("in 5 days"), "{}", mailbox.latest_to(ANN).text);
    server.turn(4 * DAY - 1);
    assert_eq!(run(&server).await, 0);
    server.turn(1);
    assert_eq!((run(&server).await, warnings(&server, ANN).await), (1, 2));
    server.turn(DAY - 1);
    assert_eq!((run(&server).await, users(&server).await), (0, 1));
    server.turn(1);
    assert_eq!((run(&server).await, users(&server).await), (1, 0));
    assert_eq!(events(&server, &ann).await, ["user.registered", "user.deleted"]);
}

#[tokio::test]
async fn whoever_proves_the_address_by_the_warning_stays() {
    let server = forgetful().await;
    register(&server, ANN).await;
    server.turn(5 * DAY);
    assert_eq!(run(&server).await, 1);
    let link = server.mailbox().await.latest_to(ANN).link();
    server.turn(4 * DAY);
    let mut browser = server.browser();
    let page = open(&mut browser, &link).await;
    assert!(page.has("#login-submit"), "who shows it must be the person of the account: {}", page.text());
    assert!(browser.sign_in_on(&page, ANN, PASSWORD).await.has("#done"));
    server.turn(100 * DAY);
    assert_eq!((run(&server).await, users(&server).await), (0, 1));
}

#[tokio::test]
async fn what_others_have_a_hand_in_stays() {
    let server = forgetful().await;
    let ann = register(&server, ANN).await;
    let eve = register(&server, EVE).await;
    server.db_change_user(&ann, |account| account.user.roles = vec!["editor".into()]).await;
    let identity = NewIdentity { provider: "id".into(), issuer: "https://id.test".into(), subject: "eve".into() };
    server.registry().link_identity(&eve, &identity, &operator(&server)).await.unwrap();
    let bob = server.db_user("bob@example.org").await;
    server.db_change_user(&bob, |account| account.user.email_verified = false).await;
    assert_eq!(server.registry().user(&bob).await.unwrap().made_by, MadeBy::Operator);
    for _ in 0..20 {
        server.turn(5 * DAY);
        assert_eq!(run(&server).await, 0);
    }
    assert_eq!(users(&server).await, 3);
}

#[tokio::test]
async fn an_account_from_before_mail_was_on_stays_and_so_does_every_one_by_default() {
    for days in [0, 10] {
        let before = Server::with(|config| config.registration.unproven_days = days).await;
        register(&before, ANN).await;
        let folder = before.database.folder.path().join("mails");
        let server = before
            .another_node_with(|config| {
                config.mail.folder = folder;
                config.registration.unproven_days = days;
                config.registration.prove_address = false;
            })
            .await;
        if days == 0 {
            register(&server, EVE).await;
        }
        for _ in 0..20 {
            server.turn(5 * DAY);
            assert_eq!(run(&server).await, 0, "{days}");
        }
        assert_eq!(users(&server).await, if days == 0 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn whoever_left_is_not_warned_of_anything() {
    let server = forgetful().await;
    register(&server, ANN).await;
    leave(&server).await;
    server.turn(6 * DAY);
    assert_eq!((run(&server).await, warnings(&server, ANN).await), (0, 0));
}

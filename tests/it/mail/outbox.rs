//! The outbox: a mail waits sealed, is sent once by whichever node, is the same mail when it is sent again, and ends.

use doorward::protocol::message::About;
use doorward::protocol::ticket::Purpose;
use doorward::sealing::MasterKey;
use doorward::storage::NewMail;

use super::{carrying, enqueue, enqueue_from, message, reset};
use crate::support::Server;

const HERE: &str = "203.0.113.7";

/// The one mail that waits, as it lies there.
async fn sealed(server: &Server) -> Vec<u8> {
    server.database.db_rows::<(Vec<u8>,)>("SELECT message FROM mail_outbox").await.swap_remove(0).0
}

#[tokio::test]
async fn a_mail_is_sent_once_with_what_it_was_made_of() {
    let server = Server::with_mail(|config| config.mail.reply_to = "Help <help@example.org>".to_owned()).await;
    server.db_user("ann@example.org").await;
    assert!(enqueue(&server, &message(&server, "ann@example.org", reset("one"))).await);
    assert_eq!(server.db_mails_waiting().await, 1);
    let mail = server.mailbox().await.latest_to("ann@example.org");
    assert_eq!(server.db_mails_waiting().await, 0);
    assert_eq!(
        (mail.link().as_str(), mail.path().as_str()),
        ("http://localhost:8000/recover/link?ticket=one", "/recover/link?ticket=one")
    );
    assert_eq!((mail.code().as_str(), mail.from.as_str()), ("BCDF-GHJK", "no-reply@localhost"));
    for part in [&mail.text, &mail.html] {
        for word in
            ["Doorward", "30 minutes", "2027-01-15 08:00 UTC", "203.0.113.7", "Firefox on Linux", "If it was not you"]
        {
            assert!(part.contains(word), "{word} is missing: {part}");
        }
    }
    assert!(mail.subject.contains("Doorward"));
    assert_eq!(mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert_eq!(mail.header("Reply-To").as_deref(), Some("Help <help@example.org>"));
    assert_eq!(mail.header("Date").as_deref(), Some("Fri, 15 Jan 2027 08:00:00 +0000"));
    let id = mail.header("Message-ID").unwrap();
    assert!(id.starts_with('<') && id.ends_with("@localhost>"), "{id}");
    assert_eq!(server.mailbox().await.all().len(), 1);
}

#[tokio::test]
async fn what_a_mail_says_lies_sealed_and_an_outbox_shows_none_of_it() {
    let server = Server::with_mail(|_| {}).await;
    enqueue(&server, &message(&server, "ann@example.org", reset("unspeakable"))).await;
    let sealed = sealed(&server).await;
    let shown = String::from_utf8_lossy(&sealed);
    assert!(sealed.len() > 100 && !shown.contains("unspeakable") && !shown.contains("BCDF") && !shown.contains("link"));
    let waiting = server.app.storage.read().await.unwrap().list_mails(10).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].about.as_str()), (1, "reset"));
    assert!(!format!("{waiting:?}").contains("unspeakable"));
    let mut transaction = server.app.storage.begin().await.unwrap();
    let now = server.app.now();
    let taken = transaction.take_mails(now, now.plus(60), 1).await.unwrap();
    assert!(taken[0].message.is_some() && !format!("{taken:?}").contains("unspeakable"));
}

#[tokio::test]
async fn while_mail_is_off_none_is_enqueued() {
    let server = Server::start().await;
    assert!(!server.app.config.mail.is_on());
    assert!(!enqueue(&server, &message(&server, "ann@example.org", About::Test)).await);
    assert_eq!(server.db_mails_waiting().await, 0);
    assert_eq!(server.app.deliver_mails().await.unwrap(), 0);
}

#[tokio::test]
async fn of_two_nodes_one_sends_it_and_what_one_left_the_other_sends_as_the_same_mail() {
    let server = Server::with_mail(|_| {}).await;
    let other = server.another_node().await;
    server.db_user("ann@example.org").await;
    enqueue(&server, &message(&server, "ann@example.org", reset("one"))).await;
    // A node takes it, sends it, and is gone before it could note that.
    let now = server.app.now();
    let mut transaction = server.app.storage.begin().await.unwrap();
    let taken = transaction.take_mails(now, now.plus(120), 4).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(other.app.deliver_mails().await.unwrap(), 0, "it is another's");
    server.turn(120);
    assert_eq!(other.app.deliver_mails().await.unwrap(), 1);
    let mailbox = other.mailbox().await;
    let mail = mailbox.latest_to("ann@example.org");
    assert_eq!((mailbox.all().len(), mail.path().as_str()), (1, "/recover/link?ticket=one"));
    assert!(mail.header("Message-ID").unwrap().contains(&taken[0].id));
    // The first one is not gone after all: what it notes now changes nothing.
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.postpone_mail(&taken[0], now, "late").await.unwrap();
    transaction.forget_mail(&taken[0]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn what_the_mail_says_of_an_address_is_decided_when_it_is_sent() {
    let server = Server::with_mail(|_| {}).await;
    let registration = |mark: &str| carrying(Purpose::Register, &format!("/register/link?ticket={mark}"), None);
    enqueue(&server, &message(&server, "new@example.org", registration("new"))).await;
    enqueue(&server, &message(&server, "ann@example.org", registration("taken"))).await;
    enqueue(&server, &message(&server, "nobody@example.org", reset("none"))).await;
    let gone = server.db_user("gone@example.org").await;
    enqueue(&server, &message(&server, "gone@example.org", reset("off"))).await;
    // Only now.
    server.db_user("ann@example.org").await;
    server.db_change_user(&gone, |account| account.user.disabled_at = Some(server.app.now())).await;
    let mailbox = server.mailbox().await;
    assert_eq!(mailbox.latest_to("new@example.org").path(), "/register/link?ticket=new");
    let taken = mailbox.latest_to("ann@example.org");
    assert!(
        taken.subject.contains("already") && !taken.text.contains("ticket") && !taken.html.contains("BCDF"),
        "{}",
        taken.text
    );
    assert_eq!(taken.path(), "/account");
    assert_eq!((mailbox.to("nobody@example.org").len(), mailbox.to("gone@example.org").len()), (0, 0));
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn an_address_gets_so_many_an_hour_and_a_day_and_no_more() {
    let server = Server::with_mail(|config| {
        let limits = &mut config.limits;
        (limits.mails_per_hour, limits.mails_per_day, limits.mails_per_day_in_all) = (3, 5, 7);
    })
    .await;
    let test = message(&server, "ann@example.org", About::Test);
    let mut sent = Vec::new();
    for _ in 0..3 {
        for _ in 0..4 {
            sent.push(enqueue_from(&server, &test, HERE).await);
        }
        let other = message(&server, &format!("b{}@example.org", sent.len()), About::Test);
        assert!(enqueue_from(&server, &other, HERE).await);
        server.turn(3600);
    }
    assert_eq!(sent, [true, true, true, false, true, true, false, false, false, false, false, false]);
    let elsewhere = ["203.0.113.8", "203.0.113.9", "203.0.113.10"];
    for (address, sends) in elsewhere.into_iter().zip([true, true, false]) {
        assert_eq!(enqueue_from(&server, &test, address).await, sends);
    }
    server.turn(86_400);
    assert!(enqueue_from(&server, &test, HERE).await);
    // What counts names nobody.
    let names = server.database.db_rows::<(String,)>("SELECT name FROM mail_marks").await;
    assert!(names.len() > 3 && names.iter().all(|(name,)| !name.contains('@') && name.len() == 43), "{names:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_tried_again_ever_more_rarely_and_given_up() {
    let server = Server::with_mail(|_| {}).await;
    let folder = server.app.config.mail.folder.clone();
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "no folder").unwrap();
    enqueue(&server, &message(&server, "ann@example.org", About::Test)).await;
    for wait in [10, 60, 300, 1800, 7200, 21_600] {
        assert_eq!(server.app.deliver_mails().await.unwrap(), 1);
        server.turn(wait - 1);
        assert_eq!(server.app.deliver_mails().await.unwrap(), 0, "before {wait} seconds");
        server.turn(1);
        let waiting = server.app.storage.read().await.unwrap().list_mails(10).await.unwrap();
        assert!(waiting[0].last_error.as_deref().unwrap().contains("cannot be written to"), "{waiting:?}");
    }
    assert_eq!(server.app.deliver_mails().await.unwrap(), 1);
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn a_mail_that_is_worth_nothing_any_more_is_not_sent() {
    let server = Server::with_mail(|_| {}).await;
    let now = server.app.now();
    let message = message(&server, "ann@example.org", About::Test);
    let mut transaction = server.app.storage.begin().await.unwrap();
    for seconds in [60, 61] {
        let expires_at = Some(now.plus(seconds));
        let mail = NewMail { message: &message, user_id: None, asked_from: None, language: "en", expires_at, now };
        transaction.enqueue(&mail).await.unwrap();
    }
    transaction.commit().await.unwrap();
    server.turn(60);
    assert_eq!(server.mailbox().await.all().len(), 1);
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn a_deleted_account_is_told_nothing_more() {
    let server = Server::with_mail(|_| {}).await;
    let id = server.db_user("ann@example.org").await;
    let message = message(&server, "ann@example.org", reset("one"));
    let mut transaction = server.app.storage.begin().await.unwrap();
    let mail = NewMail {
        message: &message,
        user_id: Some(&id),
        asked_from: None,
        language: "en",
        expires_at: None,
        now: server.app.now(),
    };
    transaction.enqueue(&mail).await.unwrap();
    assert!(transaction.delete_user(&id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn what_nobody_sends_and_what_nobody_counts_any_more_goes_with_the_clean_up() {
    let server = Server::with_mail(|_| {}).await;
    enqueue(&server, &message(&server, "ann@example.org", About::Test)).await;
    let marks = || server.database.db_number("SELECT COUNT(*) FROM mail_marks");
    server.turn(7 * 86_400);
    server.app.storage.clean(86_400, server.app.now()).await.unwrap();
    assert_eq!((server.db_mails_waiting().await, marks().await), (1, 0));
    server.turn(1);
    server.app.storage.clean(86_400, server.app.now()).await.unwrap();
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn mails_are_sealed_anew_with_another_master_key_and_those_of_a_lost_one_are_given_up() {
    let server = Server::with_mail(|_| {}).await;
    enqueue(&server, &message(&server, "ann@example.org", About::Test)).await;
    let former = MasterKey::parse(crate::support::MASTER_KEY).unwrap();
    let both = MasterKey::generate().accepting(&former);
    let mut transaction = server.app.storage.begin().await.unwrap();
    let before = sealed(&server).await;
    transaction.reseal_mails(&both).await.unwrap();
    transaction.commit().await.unwrap();
    assert_ne!(sealed(&server).await, before);
    // This server has the former key alone.
    assert_eq!(server.app.deliver_mails().await.unwrap(), 1);
    let waiting = server.app.storage.read().await.unwrap().list_mails(10).await.unwrap();
    assert!(waiting[0].last_error.as_deref().unwrap().contains("master key"), "{waiting:?}");
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.reseal_mails(&former.clone().accepting(&both)).await.unwrap();
    transaction.commit().await.unwrap();
    server.turn(10);
    assert_eq!(server.mailbox().await.all().len(), 1);
}

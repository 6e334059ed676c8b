//! `doorward mail`: trying it, and looking at what waits.

use doorward::protocol::message::About;

use super::{enqueue, message, reset};
use crate::support::{Live, MailServer, Mailbox, Manner, Server, Speaks, Step, refused};

/// The settings for this mail server, as variables.
fn settings(server: &Server) -> Vec<(String, String)> {
    let mail = &server.app.config.mail;
    let mut environment = Live::environment(&server.database);
    for (key, value) in [
        ("FOLDER", mail.folder.display().to_string()),
        ("SMTP", mail.smtp.clone()),
        ("PASSWORD_FILE", mail.password_file.display().to_string()),
        ("CA", mail.ca.display().to_string()),
        ("TIMEOUT", mail.timeout.to_string()),
    ] {
        environment.push((format!("DOORWARD__MAIL__{key}"), value));
    }
    environment
}

fn run(server: &Server, arguments: &[&str]) -> String {
    let mut command = crate::support::binary();
    let output =
        command.args(arguments).envs(settings(server)).current_dir(server.database.folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_tried_says_whether_the_server_took_it_and_if_not_why() {
    let mails = MailServer::start(Speaks::Tls).await;
    let server = Server::with_mail(|config| mails.configure(config)).await;
    let said = run(&server, &["mail", "test", "Ann@example.org"]);
    assert!(said.starts_with("A mail to ann@example.org was taken by the mail server 127.0.0.1:"), "{said}");
    assert_eq!((mails.given().len(), mails.given()[0].to[0].as_str()), (1, "ann@example.org"));
    assert!(mails.given()[0].mail.subject.contains("works"));
    mails.behave(Manner::Says(Step::Rcpt, "550 5.1.1 Nobody here"));
    let why = refused(server.database.folder.path(), &settings(&server), &["mail", "test", "ann@example.org"]);
    assert!(why.contains("RCPT") && why.contains("Nobody here"), "{why}");
    for wrong in ["ann", "ann@a.test, eve@b.test", "ann@a.test\r\nBcc: eve@b.test"] {
        let why = refused(server.database.folder.path(), &settings(&server), &["mail", "test", wrong]);
        assert!(why.contains("address"), "{why}");
    }
    let off = Live::environment(&server.database);
    let why = refused(server.database.folder.path(), &off, &["mail", "test", "ann@example.org"]);
    assert!(why.contains("mail is off"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_is_listed_with_reasons_and_without_secrets() {
    let mails = MailServer::start(Speaks::Tls).await;
    let server = Server::with_mail(|config| mails.configure(config)).await;
    assert_eq!(run(&server, &["mail", "outbox"]), "No mail waits.\n");
    server.db_user("ann@example.org").await;
    enqueue(&server, &message(&server, "ann@example.org", reset("unspeakable"))).await;
    mails.behave(Manner::Says(Step::Data, "451 4.3.0 Not now"));
    server.app.deliver_mails().await.unwrap();
    let said = run(&server, &["mail", "outbox"]);
    for word in ["ann@example.org", "reset", "Not now"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let listed: serde_json::Value = serde_json::from_str(&run(&server, &["mail", "outbox", "--json"])).unwrap();
    assert_eq!((&listed[0]["attempts"], &listed[0]["since"]), (&1.into(), &"2027-01-15T08:00:00Z".into()));
    assert_eq!(listed[0]["next_attempt"], "2027-01-15T08:00:10Z");
    assert!(!said.contains("unspeakable") && !listed.to_string().contains("unspeakable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_does_is_told_by_the_server_that_sends_mail() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user("ann@example.org").await;
    // The clock of the command is the machine's: the account is to be older.
    server.database.db_execute("UPDATE users SET created_at = 1000").await;
    run(&server, &["session", "end", "--user", &ann]);
    assert_eq!(server.db_mails_waiting().await, 1);
    server.turn(10 * 365 * 86_400);
    assert_eq!(server.mailbox().await.alerts_to("ann@example.org"), ["everything_ended"]);
    let told = Mailbox::read(&server.app.config.mail.folder);
    assert_eq!(told.all().len(), 1);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_the_start() {
    let server = Server::with_mail(|_| {}).await;
    let folder = server.database.folder.path();
    std::fs::write(folder.join("file"), "").unwrap();
    for (settings, word) in [
        (&[("FOLDER", "file/x")][..], "mail.folder"),
        (&[("SMTP", "smtps://u@127.0.0.1"), ("PASSWORD_FILE", "missing")], "mail.password_file"),
        (&[("SMTP", "smtps://u@127.0.0.1"), ("PASSWORD_FILE", "file")], "mail.password_file"),
        (&[("SMTP", "smtps://u@127.0.0.1")], "mail.password_file"),
        (&[("SMTP", "smtps://u:p@127.0.0.1")], "mail.smtp"),
        (&[("SMTP", "https://127.0.0.1")], "mail.smtp"),
        (&[("SMTP", "smtps://127.0.0.1"), ("FOLDER", "x")], "mail.folder"),
        (&[("SMTP", "smtps://127.0.0.1"), ("CA", "missing")], "mail.ca"),
        (&[("FROM", "nobody")], "mail.from"),
        (&[("REPLY_TO", "a@b.test, c@d.test")], "mail.reply_to"),
        (&[("TIMEOUT", "0")], "mail.timeout"),
    ] {
        let mut environment = Live::environment(&server.database);
        environment.extend(settings.iter().map(|(key, value)| (format!("DOORWARD__MAIL__{key}"), (*value).to_owned())));
        let why = refused(folder, &environment, Live::SERVE);
        assert!(why.contains(word), "{settings:?}: {why}");
    }
    assert!(!enqueue(&Server::start().await, &message(&server, "ann@example.org", About::Test)).await);
}

//! kill -9 between the outbox and the mail server: every mail arrives at least once, and twice it is the same mail.

use doorward::clock::Clock;

use super::{enqueue, message, reset};
use crate::support::{Live, MailServer, Manner, Server, Speaks, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_while_it_sends_leaves_a_mail_that_the_next_one_sends_with_the_same_link() {
    let mails = MailServer::start(Speaks::StartTls).await;
    let server = Server::with_mail(|config| {
        mails.configure(config);
        config.mail.timeout = 25;
    })
    .await;
    server.turn(Clock::system().now().seconds() - server.clock.now().seconds());
    for at in 0..3 {
        server.db_user(&format!("a{at}@example.org")).await;
        enqueue(&server, &message(&server, &format!("a{at}@example.org"), reset(&format!("mark{at}")))).await;
    }
    let mail = &server.app.config.mail;
    let settings: Vec<(&str, String)> = vec![
        ("DOORWARD__MAIL__SMTP", mail.smtp.clone()),
        ("DOORWARD__MAIL__PASSWORD_FILE", mail.password_file.display().to_string()),
        ("DOORWARD__MAIL__CA", mail.ca.display().to_string()),
        ("DOORWARD__MAIL__TIMEOUT", "25".to_owned()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // The server has the mails, but its word that it has them does not come.
    mails.behave(Manner::TakesInSilence);
    let mut first = Live::serve_with(&server.database, &settings);
    eventually("three mails have arrived", async || (mails.given().len() == 3).then_some(())).await;
    first.kill();
    mails.behave(Manner::Well);
    let _second = Live::serve_with(&server.database, &settings);
    assert_eq!(server.db_mails_waiting().await, 3);
    // What the killed one took is free again when its lease is over, two minutes later.
    server.database.db_execute("UPDATE mail_outbox SET leased_until = 0").await;
    eventually("the outbox is empty", async || (server.db_mails_waiting().await == 0).then_some(())).await;
    let mut given: Vec<_> =
        mails.given().into_iter().map(|given| (given.mail.path(), given.mail.header("Message-ID").unwrap())).collect();
    given.sort();
    let marks: Vec<&str> = given.iter().map(|(path, _)| path.rsplit('=').next().unwrap()).collect();
    assert_eq!(marks, ["mark0", "mark0", "mark1", "mark1", "mark2", "mark2"]);
    assert!(given.chunks(2).all(|twice| twice[0] == twice[1]), "{given:?}");
}

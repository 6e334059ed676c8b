//! Giving mails to a mail server: under TLS, and through everything that one may do wrong.

use doorward::config::Config;
use doorward::protocol::message::About;

use super::{enqueue, message, reset};
use crate::support::{MailServer, Manner, Server, Speaks, Step, eventually};

const ANN: &str = "ann@example.org";

async fn server(mails: &MailServer, change: impl FnOnce(&mut Config)) -> Server {
    let server = Server::with_mail(|config| {
        mails.configure(config);
        change(config);
    })
    .await;
    server.db_user(ANN).await;
    server
}

/// Enqueues a mail, and tries to send it; why that failed, if it did.
async fn try_once(server: &Server) -> Option<String> {
    enqueue(server, &message(server, ANN, About::Test)).await;
    again(server).await
}

/// Tries what waits; why that failed, if it did.
async fn again(server: &Server) -> Option<String> {
    assert!(server.app.deliver_mails().await.unwrap() > 0, "nothing is due");
    let waiting = server.app.storage.read().await.unwrap().list_mails(10).await.unwrap();
    waiting.into_iter().next().map(|mail| mail.last_error.unwrap())
}

#[tokio::test]
async fn a_mail_goes_under_tls_either_way_to_whoever_it_is_for() {
    for speaks in [Speaks::Tls, Speaks::StartTls] {
        let mails = MailServer::start(speaks).await;
        let server = server(&mails, |config| config.mail.from = "Example <login@example.org>".to_owned()).await;
        enqueue(&server, &message(&server, ANN, reset("one"))).await;
        assert_eq!(again(&server).await, None, "{speaks:?}");
        let given = mails.given();
        assert_eq!(given.len(), 1);
        assert!(given[0].encrypted && given[0].user.as_deref() == Some("login@example.org"), "{given:?}");
        assert_eq!((given[0].from.as_str(), given[0].to.as_slice()), ("login@example.org", &[ANN.to_owned()][..]));
        assert_eq!(given[0].mail.path(), "/recover/link?ticket=one");
        assert_eq!(given[0].mail.header("From").as_deref(), Some("Example <login@example.org>"));
        assert_eq!(server.db_mails_waiting().await, 0);
    }
}

#[tokio::test]
async fn in_the_clear_nothing_is_said_to_another_machine() {
    let mails = MailServer::start(Speaks::Clear).await;
    let here = server(&mails, |_| {}).await;
    assert_eq!(try_once(&here).await, None);
    assert!(!mails.given()[0].encrypted);
    mails.heard();
    // An address of this machine that is not one of its own kind: to us it is another.
    let elsewhere =
        server(&mails, |config| config.mail.smtp = format!("smtp://0.0.0.0:{}", mails.address.port())).await;
    let why = try_once(&elsewhere).await.unwrap();
    assert!(why.contains("STARTTLS"), "{why}");
    assert_eq!(mails.given().len(), 1);
    assert!(!mails.heard().iter().any(|word| ["AUTH", "MAIL"].contains(&word.as_str())));
}

#[tokio::test]
async fn what_is_put_behind_the_answer_to_starttls_is_not_taken_for_the_servers() {
    let mails = MailServer::start(Speaks::StartTls).await;
    mails.behave(Manner::Injected);
    let server = server(&mails, |_| {}).await;
    let why = try_once(&server).await.unwrap();
    assert!(why.contains("STARTTLS"), "{why}");
    assert_eq!(mails.given().len(), 0);
    mails.behave(Manner::Well);
    server.turn(10);
    assert_eq!(again(&server).await, None);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_for_another_name_gets_nothing() {
    for speaks in [Speaks::Tls, Speaks::StartTls] {
        let foreign = MailServer::named(speaks, "mail.elsewhere.test").await;
        let unknown = MailServer::start(speaks).await;
        for (mails, ca) in [(&foreign, true), (&unknown, false)] {
            let server = server(mails, |config| {
                if !ca {
                    config.mail.ca = std::path::PathBuf::new();
                }
            })
            .await;
            let why = try_once(&server).await.unwrap();
            assert!(why.to_lowercase().contains("certificate"), "{speaks:?}: {why}");
            assert_eq!(mails.given().len(), 0);
            assert!(!mails.heard().iter().any(|word| word == "AUTH"), "a password went to a stranger");
        }
    }
}

#[tokio::test]
async fn the_authorities_of_the_outgoing_calls_count_for_mail() {
    let mails = MailServer::start(Speaks::Tls).await;
    let server = server(&mails, |config| {
        config.outgoing.ca = std::mem::take(&mut config.mail.ca);
    })
    .await;
    assert_eq!(try_once(&server).await, None);
}

#[tokio::test]
async fn whatever_a_mail_server_does_wrong_the_mail_stays_and_the_outbox_says_why() {
    let steps = [
        (Step::Greeting, "connection"),
        (Step::Ehlo, "connection"),
        (Step::StartTls, "STARTTLS"),
        (Step::Auth, "AUTH"),
        (Step::Mail, "MAIL"),
        (Step::Rcpt, "RCPT"),
        (Step::Data, "DATA"),
        (Step::Body, "the mail itself"),
    ];
    for (step, word) in steps {
        let tries = [
            (Manner::Silent(step), "in time"),
            (Manner::Closes(step), ""),
            (Manner::Says(step, "451 4.7.1 Greylisted, try again later"), "Greylisted"),
            (Manner::Says(step, "550 5.7.1 We do not want it"), "do not want it"),
            (Manner::Says(step, "\u{1b}[2J nonsense \u{7}"), ""),
        ];
        futures_util::future::join_all(tries.map(|(manner, says)| misbehaves(manner, word, says))).await;
    }
}

/// A server that behaves so gets no mail, the outbox says why, and the mail arrives once it behaves.
async fn misbehaves(manner: Manner, word: &str, says: &str) {
    let mails = MailServer::start(Speaks::StartTls).await;
    mails.behave(manner);
    let server = server(&mails, |_| {}).await;
    let why = try_once(&server).await.unwrap_or_else(|| panic!("{manner:?}: it was sent"));
    assert!(why.contains(word) && why.contains(says), "{manner:?}: {why}");
    assert!(why.starts_with("the mail server 127.0.0.1:") && !why.contains('\u{1b}') && why.len() < 500, "{why:?}");
    assert_eq!(mails.given().len(), 0, "{manner:?}");
    mails.behave(Manner::Well);
    server.turn(10);
    assert_eq!(again(&server).await, None, "{manner:?}");
    assert_eq!(mails.given().len(), 1, "{manner:?}");
}

#[tokio::test]
async fn a_server_that_took_a_mail_and_never_said_so_gets_the_same_one_again() {
    let mails = MailServer::start(Speaks::Tls).await;
    mails.behave(Manner::TakesInSilence);
    let server = server(&mails, |_| {}).await;
    assert!(try_once(&server).await.unwrap().contains("in time"));
    mails.behave(Manner::Well);
    server.turn(10);
    assert_eq!(again(&server).await, None);
    let given = mails.given();
    assert_eq!(given.len(), 2);
    assert_eq!(given[0].mail.header("Message-ID"), given[1].mail.header("Message-ID"));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_no_mail_is_lost() {
    let mails = MailServer::start(Speaks::Tls).await;
    let wrong = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong.path(), "wrong\n").unwrap();
    let server = server(&mails, |config| config.mail.password_file = wrong.path().to_owned()).await;
    let why = try_once(&server).await.unwrap();
    assert!(why.contains("AUTH") && why.contains("535") && !why.contains("wrong"), "{why}");
    assert_eq!(server.db_mails_waiting().await, 1);
}

#[tokio::test]
async fn a_mail_server_that_is_silent_delays_no_request() {
    let mails = MailServer::start(Speaks::Tls).await;
    mails.behave(Manner::Silent(Step::Greeting));
    let server = server(&mails, |config| config.mail.timeout = 25).await;
    for at in 0..8 {
        enqueue(&server, &message(&server, &format!("a{at}@example.org"), About::Test)).await;
    }
    let app = server.app.clone();
    let delivering = tokio::spawn(async move { app.deliver_mails().await });
    // It is being waited for, and everything else goes on.
    eventually("four are being sent", async || {
        let taken = server.database.db_number("SELECT COUNT(*) FROM mail_outbox WHERE attempts > 0").await;
        (taken == 4).then_some(())
    })
    .await;
    assert!(server.browser().sign_in(ANN).await.text().contains("Your account"));
    assert_eq!(server.get("/readyz").await.status, 200);
    assert!(!delivering.is_finished());
    delivering.abort();
}

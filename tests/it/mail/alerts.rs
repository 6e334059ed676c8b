//! Alerts: what has happened to an account is told to its owner, once an hour of each kind, whatever else is sent there.

use doorward::config::Config;
use doorward::protocol::audit::{Act, Origin};
use doorward::protocol::client::ClientType;
use doorward::protocol::device::Device;
use doorward::protocol::message::About;
use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::trace::TraceId;
use doorward::protocol::upstream::{Vouched, VouchedAddress};
use doorward::protocol::user::MadeBy;
use doorward::random;
use doorward::registry::UserChange;
use doorward::secret::Secret;

use super::{enqueue_from, message};
use crate::support::{Mail, PASSWORD, Server};

const ANN: &str = "ann@example.org";

/// A server with Ann, whose account is older than what happens to it.
async fn server(change: impl FnOnce(&mut Config)) -> (Server, String) {
    let server = Server::with_mail(change).await;
    let ann = server.db_user(ANN).await;
    server.turn(3600);
    (server, ann)
}

async fn alerts(server: &Server) -> Vec<String> {
    server.mailbox().await.alerts_to(ANN)
}

async fn the_alert(server: &Server) -> Mail {
    let mailbox = server.mailbox().await;
    assert_eq!(mailbox.to(ANN).len(), 1, "{:?}", mailbox.alerts_to(ANN));
    mailbox.to(ANN)[0].clone()
}

async fn set_password(server: &Server, id: &str, password: &str) {
    let change = UserChange { password: Some(Secret::presented(password)), ..UserChange::default() };
    server.registry().change_user(id, change, &Act::of_operator(server.app.now())).await.unwrap();
}

#[tokio::test]
async fn a_changed_password_is_told_and_however_often_it_changes_once_an_hour() {
    let (server, ann) = server(|_| {}).await;
    set_password(&server, &ann, "a quite different river").await;
    let mail = the_alert(&server).await;
    assert_eq!((mail.about().as_str(), mail.path().as_str()), ("password_changed", "/account"));
    for part in [&mail.text, &mail.html] {
        assert!(
            part.contains("password of your account at Doorward was changed") && part.contains("2027-01-15 09:00 UTC"),
            "{part}"
        );
    }
    for at in 0..5 {
        server.turn(600);
        set_password(&server, &ann, &format!("yet another river, {at}")).await;
    }
    assert_eq!(alerts(&server).await.len(), 1);
    server.turn(600);
    set_password(&server, &ann, "the last of all rivers").await;
    assert_eq!(alerts(&server).await, ["password_changed"; 2]);
}

#[tokio::test]
async fn a_refresh_token_of_which_somebody_has_a_copy_is_told_so_that_a_layman_understands() {
    for (on_reuse, done) in [(OnReuse::User, "signed out everywhere"), (OnReuse::Grant, "all keys of this application")]
    {
        let (server, _) = server(|_| {}).await;
        let client = server
            .db_client(ClientType::Web, |client| {
                client.name = "Note\u{202e}book <b>".to_owned();
                client.metadata.on_reuse = Some(on_reuse);
            })
            .await;
        let mut browser = server.browser();
        let code = browser.code(&client, ANN, "scope=openid+offline_access").await;
        let first = client.redeem(&code).await.ok()["refresh_token"].as_str().unwrap().to_owned();
        let refresh =
            async |token: &str| client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
        let second = refresh(&first).await.ok()["refresh_token"].as_str().unwrap().to_owned();
        refresh(&second).await.ok();
        refresh(&first).await.refused_json(400, Rejection::ReusedRefreshToken);
        refresh(&first).await;
        refresh(&first).await;
        let mailbox = server.mailbox().await;
        let told: Vec<_> = mailbox.to(ANN).into_iter().filter(|mail| mail.about() == "token_reused").collect();
        assert_eq!(told.len(), 1);
        for part in [&told[0].text, &told[0].html] {
            assert!(part.contains(done) && part.contains("What you can do") && part.contains("203.0.113.7"), "{part}");
            assert!(!part.contains('\u{202e}') && !part.to_lowercase().contains("token"), "{part}");
        }
        assert!(
            told[0].text.contains("Notebook <b>") && told[0].html.contains("Notebook &#60;b&#62;"),
            "{}",
            told[0].html
        );
        assert_eq!(told[0].path(), "/account");
    }
}

#[tokio::test]
async fn a_sign_in_with_an_unknown_device_is_told_and_one_with_a_known_device_is_not() {
    let (server, _) = server(|_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mail = the_alert(&server).await;
    assert_eq!(mail.about(), "new_device");
    assert!(mail.text.contains("203.0.113.7"), "{}", mail.text);
    // The same browser again, days later.
    server.turn(3 * 86_400);
    let page = browser.visit("/login").await;
    assert!(browser.sign_in_on(&page, ANN, PASSWORD).await.text().contains("Your account"));
    assert_eq!(alerts(&server).await.len(), 1);
    // Two others within an hour are one mail, and one after it another.
    server.browser().sign_in(ANN).await;
    server.browser().sign_in(ANN).await;
    assert_eq!(alerts(&server).await.len(), 2);
    server.turn(3600);
    server.browser().sign_in(ANN).await;
    assert_eq!(alerts(&server).await.len(), 3);
}

#[tokio::test]
async fn a_lockout_and_the_end_of_everything_are_told() {
    let (server, ann) = server(|config| {
        config.limits.pause_after = 2;
    })
    .await;
    let mut browser = server.browser();
    for _ in 0..2 {
        let form = browser.visit("/login").await.form("#login-submit");
        let form = form.with("email", ANN).with("password", "a wrong password of some length");
        browser.submit(&form).await.refused_page(400, Rejection::WrongCredentials);
    }
    let mail = the_alert(&server).await;
    assert_eq!(mail.about(), "lockout");
    assert!(mail.text.contains("Nobody has come in"), "{}", mail.text);
    let act = Act::of_operator(server.app.now());
    server.registry().end_sign_ins_of_user(&ann, &act).await.unwrap();
    assert_eq!(alerts(&server).await, ["lockout", "everything_ended"]);
}

#[tokio::test]
async fn an_identity_that_is_linked_or_unlinked_is_told_with_the_name_of_its_provider() {
    let (server, ann) = server(|_| {}).await;
    let now = server.app.now();
    let identity = Vouched::of("google", "https://accounts.google.com", "s").identity(random::row_id(now), &ann, now);
    let act = Act::of_operator(now);
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.insert_identity(&identity, &act).await.unwrap());
    assert!(transaction.delete_identity(&identity.id, &ann, &act).await.unwrap().is_some());
    // Each of them, for another may be another's.
    let other = Vouched::of("google", "https://accounts.google.com", "t").identity(random::row_id(now), &ann, now);
    assert!(transaction.insert_identity(&other, &act).await.unwrap());
    transaction.commit().await.unwrap();
    let mailbox = server.mailbox().await;
    let mut told = mailbox.alerts_to(ANN);
    told.sort();
    assert_eq!(told, ["identity_linked", "identity_linked", "identity_unlinked"]);
    assert!(mailbox.all().iter().all(|mail| mail.text.contains("account at google")), "{mailbox:?}");
}

#[tokio::test]
async fn who_loses_an_address_is_told_at_that_address() {
    let (server, ann) = server(|_| {}).await;
    server
        .db_change_user(&ann, |account| {
            account.user.email_verified = false;
            account.user.roles.clear();
        })
        .await;
    server.database.db_execute(&format!("UPDATE users SET made_by = '{}'", MadeBy::Person)).await;
    let mut transaction = server.app.storage.begin().await.unwrap();
    let act = Act::of_system(server.app.now());
    assert!(transaction.release_address(&ann, ANN, &act).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(the_alert(&server).await.about(), "displaced");
}

/// At the address that is theirs now the owner hears of it, and where a provider says that they read mail whoever had made the account.
#[tokio::test]
async fn both_are_told_when_an_address_goes_to_its_owner() {
    for (email, verified, is_told) in
        [("not.ann@example.org", true, true), ("not.ann@example.org", false, false), (ANN, true, false)]
    {
        let (server, ann) = server(|_| {}).await;
        server.db_change_user(&ann, |account| account.user.email_verified = false).await;
        server
            .database
            .db_execute("UPDATE users SET made_by = 'person', email_authority = 'nobody', roles = '[]'")
            .await;
        let now = server.app.now();
        let address = VouchedAddress { address: email.to_owned(), verified, trusted: false };
        let vouched = Vouched { email: Some(address), ..Vouched::of("google", "https://accounts.google.com", "s") };
        let origin =
            Origin { address: "203.0.113.7".parse().ok(), trace: TraceId::of([7; 16]), device: Device::default() };
        let act = Act { origin: Some(origin), ..Act::of_system(now) };
        let mut transaction = server.app.storage.begin().await.unwrap();
        let identity = vouched.identity(random::row_id(now), &ann, now);
        assert!(transaction.insert_identity(&identity, &act).await.unwrap());
        assert!(transaction.release_address(&ann, ANN, &act).await.unwrap());
        transaction.commit().await.unwrap();
        let mailbox = server.mailbox().await;
        assert_eq!(mailbox.alerts_to(ANN).iter().filter(|kind| *kind == "displaced").count(), 1);
        let elsewhere = mailbox.alerts_to("not.ann@example.org");
        assert_eq!(elsewhere, if is_told { vec!["address_lost"] } else { vec![] }, "{email} {verified}");
        let mails = mailbox.to("not.ann@example.org");
        let tells = |mail: &&Mail| mail.text.contains(ANN) || mail.text.contains("203.0.113.7");
        assert!(mails.iter().all(|mail| mail.text.contains("closed")) && !mails.iter().any(tells), "{mails:?}");
    }
}

#[tokio::test]
async fn what_is_taken_back_is_not_told_and_what_begins_with_an_account_neither() {
    let (server, ann) = server(|_| {}).await;
    let act = Act::of_operator(server.app.now());
    let event = doorward::protocol::audit::Event::of(&act, doorward::protocol::audit::Name::UserSignedOut)
        .on(doorward::protocol::audit::Noun::User, &ann);
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.record(&event).await.unwrap();
    drop(transaction);
    assert_eq!(server.db_mails_waiting().await, 0);
    server.app.storage.record(&event).await.unwrap();
    assert_eq!(server.db_mails_waiting().await, 1);
    let bob = server.db_user("bob@example.org").await;
    set_password(&server, &bob, "a quite different river").await;
    assert_eq!(server.mailbox().await.alerts_to("bob@example.org").len(), 0);
    // And who has no address cannot be told.
    server.turn(3600);
    server.database.db_execute("UPDATE users SET email = NULL, password_hash = NULL").await;
    server.app.storage.record(&event).await.unwrap();
    assert_eq!(server.db_mails_waiting().await, 0);
}

#[tokio::test]
async fn a_former_address_is_told_of_what_an_operator_did_unless_nobody_had_shown_it_to_be_theirs() {
    for was_shown in [true, false] {
        let (server, ann) = server(|_| {}).await;
        server.db_change_user(&ann, |account| account.user.email_verified = was_shown).await;
        for email in [ANN, "ann@elsewhere.example"] {
            let change = UserChange { email: Some(email.to_owned()), ..UserChange::default() };
            server.registry().change_user(&ann, change, &Act::of_operator(server.app.now())).await.unwrap();
        }
        let told = if was_shown { vec!["moved_on"] } else { Vec::new() };
        assert_eq!(alerts(&server).await, told);
    }
}

#[tokio::test]
async fn no_flood_of_mails_that_somebody_asked_for_keeps_an_alert_out() {
    let (server, ann) = server(|config| config.limits.mails_per_hour = 2).await;
    for sends in [true, true, false] {
        assert_eq!(enqueue_from(&server, &message(&server, ANN, About::Test), "203.0.113.7").await, sends);
    }
    set_password(&server, &ann, "a quite different river").await;
    assert_eq!(alerts(&server).await, ["password_changed"]);
    // Nor do alerts take the place of what somebody asks for.
    server.turn(3600);
    assert!(enqueue_from(&server, &message(&server, ANN, About::Test), "203.0.113.7").await);
}

#[tokio::test]
async fn who_has_said_a_language_is_told_in_it_and_in_english_where_there_are_no_words_of_it() {
    for (locale, words) in
        [("de-CH", "Passwort Ihres Kontos"), ("tlh", "password of your account"), ("en", "password of your account")]
    {
        let (server, ann) = server(|_| {}).await;
        let claims = serde_json::json!({ "locale": locale });
        server.db_change_user(&ann, |account| account.user.claims = claims.as_object().unwrap().clone()).await;
        set_password(&server, &ann, "a quite different river").await;
        let mail = the_alert(&server).await;
        assert!(mail.text.contains(words) && mail.html.contains(words), "{locale}: {}", mail.text);
    }
}

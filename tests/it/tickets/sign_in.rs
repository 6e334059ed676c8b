//! Signing in by a mail: who comes in, in which browser, what the account loses that nobody had proved, and what is told of it.

use doorward::config::Config;
use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::protocol::user::EmailAuthority;
use doorward::registry::{Act, NewIdentity, UserChange, WhichIdentity};
use doorward::secret::Secret;
use serde_json::{Value, json};

use super::{ANN, EVE, NEW_PASSWORD, open, type_code};
use crate::federation::{federated_with_mail, newcomer};
use crate::support::{Answer, Browser, Device, PASSWORD, Server, filled, login_form, parallel, unverified_claims};

fn by_mail(config: &mut Config) {
    config.sign_in.email = true;
}

/// A server on which people sign in by mail, too.
async fn start() -> Server {
    Server::with_mail(by_mail).await
}

/// Asks for a mail on the sign-in page; the page that asks for the code.
async fn ask(browser: &mut Browser, address: &str) -> Answer {
    let login = browser.visit("/login").await;
    browser.press(&login.form("#email-sign-in").with("email", address)).await
}

async fn is_in(browser: &mut Browser) -> bool {
    browser.visit("/account").await.has("#sign-out")
}

/// Ann as she is in the database.
async fn ann_of(server: &Server, id: &str) -> doorward::storage::Account {
    server.app.storage.read().await.unwrap().user(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_code_signs_in_where_it_was_asked_for_and_the_application_gets_its_answer() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |c| c.first_party = true).await;
    let mut browser = server.browser();
    let request = format!("scope=openid&login_hint={ANN}&max_age=60&prompt=login&ui_locales=de");
    let login = browser.visit(&client.authorization_url(&request)).await;
    let form = login.form("#email-sign-in");
    assert_eq!((form.action.as_str(), form.field("email").as_str()), ("/login/email", ANN));
    let page = browser.press(&form.with("password", "whatever the browser has filled in")).await;
    let mail = server.mailbox().await.latest_to(ANN);
    assert!(mail.subject.contains("Anmelden"), "{}", mail.subject);
    server.turn(300);
    let answer = type_code(&mut browser, &page, &mail.code().to_lowercase()).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let told = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(told["sub"], ann);
    assert_eq!(told["auth_time"], server.clock.now().seconds());
    assert_eq!((&told["amr"], &told["acr"]), (&json!(["otp"]), &Value::Null));
    // The application's next request with the same wish is asked again, and one without a wish is not.
    assert!(browser.visit(&client.authorization_url("scope=openid&prompt=login")).await.has("#email-sign-in"));
    assert!(browser.visit(&client.authorization_url("scope=openid")).await.location_param("code").is_some());
    // The list says how, and the history.
    assert!(browser.visit("/account/sign-ins").await.text().contains("by a mail"));
    assert!(browser.visit("/account/history").await.text().contains("You signed in by a mail."));
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM tickets").await, 0);
    // A class that a password alone makes true is not reached by a mail.
    let strict = "scope=openid&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A%22urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport%22%7D%7D%7D";
    let silent = browser.visit(&client.authorization_url(&format!("{strict}&prompt=none"))).await;
    assert!(silent.location_param("code").is_none());
}

#[tokio::test]
async fn a_link_signs_in_the_browser_that_opens_it_and_never_the_one_that_asked() {
    let server = start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |c| c.first_party = true).await;
    let (mut asked, mut phone) = (server.browser(), server.browser());
    let login = asked.visit(&client.authorization_url("scope=openid")).await;
    let waiting = asked.press(&login.form("#email-sign-in").with("email", ANN)).await;
    let mail = server.mailbox().await.latest_to(ANN);
    for _ in 0..3 {
        let page = server.browser().visit(&mail.link()).await;
        assert!(page.has("#confirm") && page.text().contains(ANN));
        assert_eq!(page.header("referrer-policy"), "strict-origin");
    }
    let account = open(&mut phone, &mail.link()).await;
    assert!(account.has("#sign-out"), "a way of its own: {}", account.text());
    assert!(!is_in(&mut asked).await);
    // Nothing is left for the one that asked.
    type_code(&mut asked, &waiting, &mail.code()).await.refused_page(400, Rejection::WrongCode);
    asked.visit(&mail.link()).await.refused_page(400, Rejection::UnknownTicket);
    assert!(!is_in(&mut asked).await);

    // In the browser that asked, it goes on with what that came for; so does the tab that still waits, and the back button.
    let waiting = asked.press(&login.form("#email-sign-in").with("email", ANN)).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let answer = open(&mut asked, &link).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    let again = asked.press(&waiting.form("#code-submit").with("code", "BCDF-GHJK")).await;
    assert!(again.location_param("code").is_some(), "{}", again.text());
    let back = asked.visit(&format!("/mail/code?request={}", waiting.form("#code-submit").field("request"))).await;
    assert!(back.location_param("code").is_some(), "{}", back.text());
}

#[tokio::test]
async fn a_ticket_dies_with_time_with_a_newer_one_and_with_the_password() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    ask(&mut browser, ANN).await;
    let first = server.mailbox().await.latest_to(ANN);
    let page = ask(&mut browser, ANN).await;
    let second = server.mailbox().await.latest_to(ANN);
    browser.visit(&first.link()).await.refused_page(400, Rejection::UnknownTicket);
    type_code(&mut browser, &page, &first.code()).await.refused_page(400, Rejection::WrongCode);
    server.turn(900);
    browser.visit(&second.link()).await.refused_page(400, Rejection::ExpiredTicket);
    type_code(&mut browser, &page, &second.code()).await.refused_page(400, Rejection::WrongCode);
    ask(&mut browser, ANN).await;
    let form = browser.visit(&server.mailbox().await.latest_to(ANN).link()).await.form("#confirm");
    let change = UserChange { password: Some(Secret::presented(NEW_PASSWORD)), ..UserChange::default() };
    server.registry().change_user(&ann, change, &Act::of_operator(server.clock.now())).await.unwrap();
    browser.submit(&form).await.refused_page(400, Rejection::UnknownTicket);
    // The account has another address by now, or is off.
    for at in 0..2 {
        ask(&mut browser, ANN).await;
        let form = browser.visit(&server.mailbox().await.latest_to(ANN).link()).await.form("#confirm");
        let change = |account: &mut doorward::storage::Account| match at {
            0 => account.user.email = Some(EVE.to_owned()),
            _ => account.user.disabled_at = Some(account.user.created_at),
        };
        server.db_change_user(&ann, change).await;
        browser.submit(&form).await.refused_page(400, Rejection::UnknownTicket);
        server.db_change_user(&ann, |account| account.user.email = Some(ANN.to_owned())).await;
    }
    assert!(!is_in(&mut browser).await);
    // Not because there were too many in this hour.
    server.turn(3600);
    let waiting = server.mailbox().await.all().len();
    for address in [ANN, EVE] {
        ask(&mut browser, address).await;
    }
    assert_eq!(server.mailbox().await.all().len(), waiting, "nothing is sent for an account that is off or not there");
}

#[tokio::test]
async fn a_ticket_signs_in_once_however_many_ask_at_once() {
    let server = start().await;
    server.db_user(ANN).await;
    ask(&mut server.browser(), ANN).await;
    let link = server.mailbox().await.latest_to(ANN).link();
    let other = server.another_node_with(by_mail).await;
    let signed_in = parallel(8, |at| {
        let (node, link) = (if at % 2 == 0 { server.clone() } else { other.clone() }, link.clone());
        async move {
            let mut browser = node.browser();
            let page = browser.visit(&link).await;
            // Whoever comes late finds a link that was used.
            page.has("#confirm") && browser.press(&page.form("#confirm")).await.has("#sign-out")
        }
    })
    .await;
    assert_eq!(signed_in.iter().filter(|it| **it).count(), 1);
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM sign_ins").await, 1);
}

/// Whoever typed somebody else's address, or told it to a provider that believed them, is out when its owner comes.
#[tokio::test]
async fn the_first_to_show_that_the_address_is_theirs_leaves_no_way_in_of_others() {
    for by in [EmailAuthority::Nobody, EmailAuthority::Provider, EmailAuthority::Operator, EmailAuthority::Mail] {
        let is_first = matches!(by, EmailAuthority::Nobody | EmailAuthority::Provider);
        let server = start().await;
        let ann = server.db_user(ANN).await;
        server
            .db_change_user(&ann, |account| {
                account.user.email_authority = by;
                account.user.email_verified = by == EmailAuthority::Mail;
            })
            .await;
        let eves =
            NewIdentity { provider: "id".into(), issuer: "https://id.example.com".into(), subject: "eve".into() };
        server.registry().link_identity(&ann, &eves, &Act::of_operator(server.clock.now())).await.unwrap();
        let mut squatter = server.browser();
        squatter.sign_in(ANN).await;
        let mut browser = server.browser();
        ask(&mut browser, ANN).await;
        let mail = server.mailbox().await.latest_to(ANN);
        assert_eq!(mail.text.contains("is the first"), is_first, "{by}: {}", mail.text);
        assert!(open(&mut browser, &mail.link()).await.has("#sign-out"));
        let account = ann_of(&server, &ann).await;
        let linked = server.app.storage.read().await.unwrap().identities_of_user(&ann).await.unwrap().len();
        assert_eq!((account.password_hash.is_none(), linked == 0), (is_first, is_first), "{by}");
        assert_eq!(is_in(&mut squatter).await, !is_first, "{by}");
        assert!(account.user.email_verified);
        assert_eq!(account.user.email_authority, EmailAuthority::Mail);
        let (mut other, form) = login_form(&server).await;
        assert_eq!(other.press(&filled(&form, ANN, PASSWORD)).await.has("#sign-out"), !is_first, "{by}");
    }
}

#[tokio::test]
async fn a_closed_account_takes_no_code_and_lets_its_owner_in_by_the_link() {
    let server = Server::with_mail(|config| {
        by_mail(config);
        (config.limits.slow_after, config.limits.close_after) = (10, 11);
    })
    .await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let mut stranger = server.browser();
    for at in 0..11 {
        stranger.address = format!("198.51.{at}.1");
        let form = stranger.visit("/login").await.form("#login-submit");
        stranger.submit(&filled(&form, ANN, "a wrong password of some length")).await;
        if at == 9 {
            server.turn(901);
        }
    }
    let mut browser = server.browser();
    let waiting = ask(&mut browser, ANN).await;
    let mail = server.mailbox().await.latest_to(ANN);
    type_code(&mut browser, &waiting, &mail.code()).await.refused_page(429, Rejection::ClosedToStrangers);
    assert!(open(&mut browser, &mail.link()).await.has("#sign-out"));
    // To others it stays closed; this browser it knows by now.
    let mut other = server.browser();
    let form = other.visit("/login").await.form("#login-submit");
    other.submit(&filled(&form, ANN, PASSWORD)).await.refused_page(429, Rejection::ClosedToStrangers);
    let form = browser.visit("/login?as=another").await.form("#login-submit");
    let account = browser.press(&filled(&form, ANN, PASSWORD)).await;
    assert!(account.has("#sign-out"), "{:?} {}", account.reason, account.text());
}

#[tokio::test]
async fn an_unknown_device_is_told_of_once() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.password_hash = None).await;
    server.turn(3600);
    let mut browser = server.browser();
    for _ in 0..2 {
        ask(&mut browser, ANN).await;
        let link = server.mailbox().await.latest_to(ANN).link();
        let account = open(&mut browser, &link).await;
        browser.press(&account.form("#sign-out")).await;
        server.turn(3601);
    }
    assert_eq!(server.mailbox().await.alerts_to(ANN), ["new_device"]);
}

#[tokio::test]
async fn where_it_is_off_there_is_no_such_page_and_no_such_way() {
    let server = Server::with_mail(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(!login.has("#email-sign-in"));
    browser.visit("/login/email").await.refused_page(404, Rejection::NoSuchPage);
    let form = login.form("#login-submit").with("email", ANN).to("/login/email");
    browser.submit(&form).await.refused_page(404, Rejection::NoSuchPage);
    // What was sent while it was on is worth nothing any more.
    let before = server.another_node_with(by_mail).await;
    ask(&mut before.browser(), ANN).await;
    let link = before.mailbox().await.latest_to(ANN).link();
    let page = browser.visit(&link).await;
    browser.press(&page.form("#confirm")).await.refused_page(400, Rejection::UnknownTicket);
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn without_passwords_a_mail_is_way_enough() {
    let server = Server::with_mail(|config| {
        by_mail(config);
        config.sign_in.password = false;
    })
    .await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(login.has("#email-sign-in") && !login.has("#login-submit") && !login.has("#to-recover"));
    assert_eq!(login.form("#email-sign-in").action, "/login/email");
    for (typed, rejection) in [
        ("", Rejection::MissingEmail),
        ("ann", Rejection::MalformedEmail),
        ("ann@example.org, eve@example.org", Rejection::MalformedEmail),
        ("ann@example.org\r\nBcc: eve@example.org", Rejection::MalformedEmail),
    ] {
        let refused = browser.submit(&login.form("#email-sign-in").with("email", typed)).await;
        refused.refused_page(400, rejection);
        assert!(refused.has("#email-error") && refused.has("#email-sign-in"));
    }
    let waiting = ask(&mut browser, ANN).await;
    let again = browser.visit(&waiting.field("#again", "href").unwrap()).await;
    assert_eq!(again.form("#email-sign-in").field("email"), ANN, "what was typed can be corrected");
    let waiting = browser.press(&again.form("#email-sign-in")).await;
    let code = server.mailbox().await.latest_to(ANN).code();
    assert!(type_code(&mut browser, &waiting, &code).await.has("#ways"));
    // Something sensitive, later: the same mailbox proves it.
    server.turn(601);
    let account = browser.visit("/account").await;
    let question = browser.press(&account.form("#sign-ins button")).await;
    assert!(question.has("#mail-proof"), "{}", question.text());
}

#[tokio::test]
async fn a_proved_address_is_a_way_in_that_others_can_be_given_up_for() {
    let (server, fake) = federated_with_mail(ProviderKind::Oidc, by_mail).await;
    let mut browser = newcomer(&server, &fake).await;
    let (ann,) = server.database.db_rows::<(String,)>("SELECT id FROM users").await.remove(0);
    let which = WhichIdentity { provider: Some("fake".into()), ..WhichIdentity::default() };
    let act = || Act::of_operator(server.clock.now());
    server.db_change_user(&ann, |account| account.user.email_verified = false).await;
    let account = browser.visit("/account").await;
    assert!(account.has("#unlink-fake[disabled]"));
    browser.submit(&account.form("#unlink-fake")).await.refused_page(400, Rejection::LastWayIn);
    assert!(server.registry().unlink_identity(&ann, &which, false, &act()).await.is_err());
    server.db_change_user(&ann, |account| account.user.email_verified = true).await;
    let account = browser.visit("/account").await;
    assert!(!account.has("#unlink-fake[disabled]") && account.text().contains("With a link or a code, to"));
    assert!(browser.press(&account.form("#unlink-fake")).await.has("#signed-out"));
    // Where it is off, it is none.
    let (server, fake) = federated_with_mail(ProviderKind::Oidc, |_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let account = browser.visit("/account").await;
    browser.submit(&account.form("#unlink-fake")).await.refused_page(400, Rejection::LastWayIn);
}

/// The account does without its password where a mail is another way in, and asks for none where it is the only one.
#[tokio::test]
async fn a_password_can_be_given_up_for_a_mail() {
    for on in [false, true] {
        let server = Server::with_mail(|config| config.sign_in.email = on).await;
        let ann = server.db_user(ANN).await;
        server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
        let mut browser = server.browser();
        browser.sign_in(ANN).await;
        let page = browser.visit("/account/password").await;
        assert_eq!(page.has("#remove-password"), on);
        let by_hand = browser.visit("/account").await.form("#sign-out").to("/account/password/remove");
        let answer = browser.press(&by_hand).await;
        let account = ann_of(&server, &ann).await;
        assert_eq!(account.password_hash.is_none(), on, "{}", answer.text());
        if !on {
            answer.refused_page(400, Rejection::LastWayIn);
        }
    }
}

/// A code beside a mail is not two factors: who must have two would be shut out.
#[tokio::test]
async fn who_must_have_two_factors_gives_no_password_up_that_one_of_them_hangs_on() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    server.role_demands("user", Some(MFA_CLASS)).await;
    assert!(!browser.visit("/account/password").await.has("#remove-password"));
    let by_hand = browser.visit("/account").await.form("#sign-out").to("/account/password/remove");
    browser.submit(&by_hand).await.refused_page(400, Rejection::LastStrongWayIn);
    // A passkey is two by itself.
    server.add_passkey(&mut browser, &mut Device::new(), "").await;
    let page = browser.visit("/account/password").await;
    browser.press(&page.form("#remove-password")).await;
    assert!(ann_of(&server, &ann).await.password_hash.is_none());
}

#[tokio::test]
async fn a_single_provider_beside_mails_is_not_gone_to_unasked() {
    let (server, _) = federated_with_mail(ProviderKind::Oidc, |config| {
        by_mail(config);
        config.sign_in.password = false;
    })
    .await;
    let login = server.browser().visit("/login").await;
    assert!(login.has("#email-sign-in") && login.has("#upstream-fake"), "{}", login.text());
}

/// A person who is signed in as somebody else asks on the page for another: nothing goes on by itself before the code.
#[tokio::test]
async fn whoever_wants_to_be_another_comes_in_as_that_one() {
    let server = start().await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let mut browser = server.browser();
    browser.sign_in(EVE).await;
    let login = browser.visit("/login?as=another").await;
    let waiting = browser.press(&login.form("#email-sign-in").with("email", ANN)).await;
    assert!(waiting.has("#code-submit"), "{}", waiting.text());
    let account = type_code(&mut browser, &waiting, &server.mailbox().await.latest_to(ANN).code()).await;
    assert!(account.text().contains(ANN), "{}", account.text());
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
}

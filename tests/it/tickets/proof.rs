//! A mailed code as a fresh proof: for whom, where it is typed and where its link acts, and what applications are told of it.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::{Act, UserChange, WhichIdentity};
use doorward::secret::Secret;
use serde_json::{Value, json};

use super::{ANN, EVE, NEW_PASSWORD, start, type_code};
use crate::federation::{federated_with_mail, newcomer, through};
use crate::support::{Answer, Browser, Client, Provider, Server, parallel, unverified_claims};

/// Ann, who has no password, in a browser that has been open for long, and the page that asks her for a proof before all others are ended.
async fn asked(server: &Server) -> (String, Browser, Answer) {
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.browser().sign_in(ANN).await;
    server.db_change_user(&ann, |account| account.password_hash = None).await;
    server.turn(601);
    let page = question(&mut browser).await;
    (ann, browser, page)
}

/// GitHub's words for her.
fn as_ann(fake: &Provider) {
    fake.person(json!({ "id": 583_231, "login": "ann", "name": "Ann Lee" }));
    fake.emails(json!([{ "email": ANN, "primary": true, "verified": true }]));
}

/// What the page says to whoever wants to end all other sign-ins.
async fn question(browser: &mut Browser) -> Answer {
    let account = browser.visit("/account").await;
    browser.press(&account.form("#end-others")).await
}

async fn live(server: &Server) -> i64 {
    server.database.db_number("SELECT COUNT(*) FROM sign_ins WHERE ended_at IS NULL").await
}

/// The code of an answer that is a redirect to the client.
fn code_of(answer: &Answer) -> Option<String> {
    answer.status.is_redirection().then(|| answer.location_param("code")).flatten()
}

async fn id_token(client: &Client, browser: &mut Browser) -> Value {
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = if page.has("#allow") { browser.press(&page.form("#allow")).await } else { page };
    let tokens = client.redeem(&page.location_param("code").unwrap()).await.ok();
    unverified_claims(tokens["id_token"].as_str().unwrap())
}

#[tokio::test]
async fn whoever_came_by_a_provider_that_cannot_tell_when_confirms_by_a_code() {
    let (server, fake) = federated_with_mail(ProviderKind::Github, |_| {}).await;
    as_ann(&fake);
    let client = server.db_client(ClientType::Spa, |c| c.first_party = true).await;
    let mut browser = newcomer(&server, &fake).await;
    let mut other = server.browser();
    let login = other.visit("/login").await;
    through(&mut other, &fake, &login).await;
    let before = id_token(&client, &mut browser).await;
    let ends = async || server.database.db_number("SELECT MIN(expires_at) FROM sign_ins WHERE ended_at IS NULL").await;
    let first_end = ends().await;
    server.turn(601);
    let page = question(&mut browser).await;
    assert!(page.has("#mail-proof") && page.has("#upstream-fake") && !page.has("#confirm"), "{}", page.text());
    let page = browser.press(&page.form("#mail-proof")).await;
    assert_eq!(live(&server).await, 2, "asking ends nothing");
    let mail = server.mailbox().await.latest_to(ANN);
    assert!(mail.text.contains("somebody else has your account open"), "{}", mail.text);
    let account = type_code(&mut browser, &page, &mail.code()).await;
    assert!(account.has("#done"), "{}", account.text());
    assert_eq!(live(&server).await, 1);
    assert!(!other.visit("/account").await.has("#sign-out"));

    // Nobody signs in by a mail here: no application is told of it, whatever it asks for, and the sign-in ends when it would have.
    let after = id_token(&client, &mut browser).await;
    assert_eq!((&after["auth_time"], &after["amr"], &after["acr"]), (&before["auth_time"], &Value::Null, &Value::Null));
    assert_eq!(ends().await, first_end);
    for demand in ["max_age=60&prompt=none", "prompt=login"] {
        let answer = browser.visit(&client.authorization_url(&format!("scope=openid&{demand}"))).await;
        assert!(code_of(&answer).is_none(), "{demand}");
    }
    // For what is sensitive it counts for its ten minutes.
    assert!(!browser.visit("/account/password").await.has("#begin-password"));
    assert_eq!(after["sid"], before["sid"]);
    let strict = client.authorization_url("scope=openid&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A%22urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport%22%7D%7D%7D&prompt=none");
    assert!(browser.visit(&strict).await.location_param("code").is_none());

    // It still hangs on how it came to be: when that is unlinked, it ends.
    let (ann,) = server.database.db_rows::<(String,)>("SELECT id FROM users").await.remove(0);
    let which = WhichIdentity { provider: Some("fake".into()), ..WhichIdentity::default() };
    server.registry().unlink_identity(&ann, &which, true, &Act::of_operator(server.clock.now())).await.unwrap();
    assert!(!browser.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn the_link_acts_in_the_browser_that_asked_and_in_no_other() {
    let server = start().await;
    let (_, mut browser, page) = asked(&server).await;
    let waiting = browser.press(&page.form("#mail-proof")).await;
    let mail = server.mailbox().await.latest_to(ANN);
    let mut phone = server.browser();
    phone.visit(&mail.link()).await.refused_page(400, Rejection::ForeignPendingRequest);
    // Nor does it by a form that the phone fills in by itself.
    let form =
        phone.visit("/login").await.form("#login-submit").without("email").without("password").without("request");
    let form = form.to("/mail").with("ticket", mail.link().split_once("ticket=").unwrap().1);
    phone.submit(&form).await.refused_page(400, Rejection::ForeignPendingRequest);
    assert_eq!(live(&server).await, 2);
    // Neither the code where it was not asked for: the phone has no such page, and that of the other opens nowhere else.
    let stolen = waiting.form("#code-submit").with("code", &mail.code()).with("csrf", &form.field("csrf"));
    phone.submit(&stolen).await.refused_page(400, Rejection::ForeignPendingRequest);
    // What the phone tried has used up nothing.
    let page = browser.visit(&mail.link()).await;
    assert!(page.has("#confirm"), "{}", page.text());
    let account = browser.press(&page.form("#confirm")).await;
    assert!(account.has("#done"), "{}", account.text());
    assert_eq!(live(&server).await, 1);
    // The tab that still waits for the code goes on.
    let account = browser.press(&waiting.form("#code-submit").with("code", &mail.code())).await;
    assert!(account.has("#sign-out"), "{}", account.text());
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM tickets").await, 0);
}

#[tokio::test]
async fn nobody_is_offered_a_code_who_can_prove_more() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.browser().sign_in(ANN).await;
    server.turn(601);
    let refused = async |browser: &mut Browser, why: &str| {
        let page = question(browser).await;
        assert!(!page.has("#mail-proof"), "{why}");
        let by_hand = page.form("#confirm");
        let by_hand = by_hand.without("password").without("email").to("/account/proof");
        browser.submit(&by_hand).await.refused_page(404, Rejection::NoSuchPage);
    };
    refused(&mut browser, "she has a password").await;
    server.db_change_user(&ann, |account| (account.password_hash, account.user.email_verified) = (None, false)).await;
    let page = question(&mut browser).await;
    assert!(!page.has("#mail-proof"), "nobody has proved the address");
    server.db_change_user(&ann, |account| account.user.email_verified = true).await;
    assert!(question(&mut browser).await.has("#mail-proof"));

    // Where nobody has a password, and the provider is asked for a fresh sign-in, that is what proves.
    for (kind, offered) in [(ProviderKind::Oidc, false), (ProviderKind::Github, true)] {
        let (server, fake) = federated_with_mail(kind, |config| config.sign_in.password = false).await;
        if kind == ProviderKind::Github {
            as_ann(&fake);
        }
        let mut browser = server.browser();
        let login = browser.visit("/login?choose=1").await;
        let page = through(&mut browser, &fake, &login).await;
        browser.press(&page.form("#create-account")).await;
        let mut other = server.browser();
        let login = other.visit("/login?choose=1").await;
        through(&mut other, &fake, &login).await;
        server.turn(601);
        let page = question(&mut browser).await;
        assert_eq!((page.has("#upstream-fake"), page.has("#mail-proof")), (true, offered), "{kind:?}");
    }
    let off = Server::start().await;
    let (_, mut browser, page) = asked(&off).await;
    assert!(!page.has("#mail-proof"));
    let by_hand = page.form("#confirm").without("password").without("email").to("/account/proof");
    browser.submit(&by_hand).await.refused_page(404, Rejection::NoSuchPage);
}

/// What was true when it was asked for must be true when it is typed.
#[tokio::test]
async fn a_code_confirms_nothing_when_the_account_has_changed_meanwhile() {
    for change in ["address", "password", "off", "signed out", "late", "newer"] {
        let server = start().await;
        let (ann, mut browser, page) = asked(&server).await;
        let waiting = browser.press(&page.form("#mail-proof")).await;
        let mail = server.mailbox().await.latest_to(ANN);
        let act = Act::of_operator(server.clock.now());
        match change {
            "address" => server.db_change_user(&ann, |account| account.user.email = Some(EVE.to_owned())).await,
            "password" => {
                let password = Some(Secret::presented(NEW_PASSWORD));
                let change = UserChange { password, ..UserChange::default() };
                server.registry().change_user(&ann, change, &act).await.unwrap();
            }
            "off" => {
                server.db_change_user(&ann, |account| account.user.disabled_at = Some(account.user.created_at)).await;
            }
            "signed out" => {
                let account = browser.visit("/account").await;
                browser.press(&account.form("#sign-out")).await;
            }
            "late" => server.turn(900),
            _ => drop(browser.press(&page.form("#mail-proof")).await),
        }
        let answer = type_code(&mut browser, &waiting, &mail.code()).await;
        let expected = match change {
            "address" | "off" => Rejection::UnknownTicket,
            "signed out" => Rejection::SignInNeeded,
            _ => Rejection::WrongCode,
        };
        answer.refused_in(answer.status.as_u16(), &[expected]);
        assert!((400..500).contains(&answer.status.as_u16()), "{change}");
        let left = match change {
            "password" => 0,
            "signed out" => 1,
            _ => 2,
        };
        assert_eq!(live(&server).await, left, "{change}");
    }
}

/// A password that was set since, in a way that leaves the ticket: the rule is asked again under the lock of the account.
#[tokio::test]
async fn whether_a_code_is_enough_is_decided_when_it_is_spent() {
    let server = start().await;
    let (ann, mut browser, page) = asked(&server).await;
    let waiting = browser.press(&page.form("#mail-proof")).await;
    let mail = server.mailbox().await.latest_to(ANN);
    server.db_change_user(&ann, |account| account.password_hash = Some("$argon2id$x".to_owned())).await;
    let answer = type_code(&mut browser, &waiting, &mail.code()).await;
    answer.refused_page(400, Rejection::UnknownTicket);
    assert_eq!(live(&server).await, 2);
}

#[tokio::test]
async fn a_code_confirms_one_thing_once_on_whatever_node() {
    let server = start().await;
    let (_, mut browser, page) = asked(&server).await;
    let waiting = browser.press(&page.form("#mail-proof")).await;
    let form = waiting.form("#code-submit").with("code", &server.mailbox().await.latest_to(ANN).code());
    let other = server.another_node().await;
    let done = parallel(4, |at| {
        let (mut browser, form) = (browser.at(if at % 2 == 0 { &server } else { &other }), form.clone());
        async move { browser.submit(&form).await.status == 303 }
    })
    .await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM tickets").await, 0);
}

#[tokio::test]
async fn who_has_been_sent_too_many_reads_so_on_the_page_that_asks() {
    let server = Server::with_mail(|config| config.limits.mail_requests_per_hour = 1).await;
    let (_, mut browser, page) = asked(&server).await;
    browser.press(&page.form("#mail-proof")).await;
    let answer = browser.press(&page.form("#mail-proof")).await;
    answer.refused_page(429, Rejection::TooOften);
    assert!(answer.has("#mail-proof"));
}

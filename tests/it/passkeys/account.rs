//! Accounts that are made with a passkey and have no password.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::registry::{Act, Delivery, Invitation};
use serde_json::json;

use super::ANN;
use crate::support::{Answer, Browser, Device, Form, PASSWORD, Said, Server, recovery_codes, unverified_claims};

/// The form of the page that asks for the passkey of a new account, with one on this device.
fn made(server: &Server, page: &Answer, device: &mut Device) -> Form {
    let made = device.create(&page.passkey_options(), &Said::of(server));
    page.form("#passkey-submit").with("credential", &made.to_string())
}

/// The form of an account, as far as a passkey takes it.
async fn newcomer(browser: &mut Browser, path: &str, (name, email): (&str, &str)) -> Answer {
    let form = browser.visit(path).await.form("#register-passkey").without("password");
    browser.submit(&form.with("name", name).with("email", email)).await
}

#[tokio::test]
async fn an_account_is_made_with_a_passkey_and_has_no_password() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page =
        newcomer(&mut browser, &login.field("#to-register", "href").unwrap(), (" Ann ", "Ann@Example.ORG")).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let options = page.passkey_options();
    assert_eq!((&options["user"]["name"], &options["user"]["displayName"]), (&json!(ANN), &json!("Ann")));
    assert_eq!(server.database.db_number("SELECT count(*) FROM users").await, 0, "nobody is there before it is made");
    let mut device = Device::new();
    // Without an answer it is asked for once more, and that is no other account.
    let page = browser.submit(&page.form("#passkey-submit")).await;
    page.refused_page(400, Rejection::NoPasskeyShown);
    let form = made(&server, &page, &mut device);
    let shown = browser.press(&form).await;
    assert_eq!(recovery_codes(&shown).len(), 10, "{}", shown.text());
    let answer = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["swk", "user", "mfa"])));
    assert_eq!(server.database.db_number("SELECT count(*) FROM users WHERE password_hash IS NULL").await, 1);
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"));
    let page = browser.visit("/account").await;
    assert!(page.has("#to-first-password"), "they may choose one: {}", page.text());
    let page = browser.visit("/account/passkeys").await;
    browser.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastWayIn);
    // The answer counts once.
    browser.submit(&form).await;
    assert_eq!(server.database.db_number("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_before_a_device_is_asked() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    for (name, email, rejection, at_fault) in [
        ("", "new@example.org", Rejection::MissingName, "#name-error"),
        ("New", "no address", Rejection::MalformedEmail, "#email-error"),
        ("New", ANN, Rejection::EmailTaken, "#email-error"),
    ] {
        let answer = newcomer(&mut browser, "/register", (name, email)).await;
        answer.refused_page(400, rejection);
        assert!(
            answer.has(at_fault) && answer.has("#register-passkey") && !answer.has("[data-passkey]"),
            "{rejection:?}"
        );
    }
    // An address that somebody has taken while the device was asked.
    let page = newcomer(&mut browser, "/register", ("New", "new@example.org")).await;
    server.db_user("new@example.org").await;
    let answer = browser.submit(&made(&server, &page, &mut Device::new())).await;
    answer.refused_page(400, Rejection::EmailTaken);
    // An answer for another account, to another question, or of another browser.
    let page = newcomer(&mut browser, "/register", ("Bob", "bob@example.org")).await;
    let other = newcomer(&mut browser, "/register", ("Eve", "eve@example.org")).await;
    let crossed =
        made(&server, &page, &mut Device::new()).with("challenge", &other.form("#passkey-submit").field("challenge"));
    browser.submit(&crossed).await.refused_page(400, Rejection::MalformedPasskey);
    let form = made(&server, &page, &mut Device::new());
    let mut elsewhere = server.browser();
    let login = elsewhere.visit("/login").await.form("#login-submit");
    let foreign = form.clone().with("csrf", &login.field("csrf")).with("request", "");
    elsewhere.submit(&foreign).await.refused_page(400, Rejection::StalePasskeyRequest);
    server.turn(600);
    browser.submit(&form).await.refused_page(400, Rejection::StalePasskeyRequest);
    assert_eq!(server.database.db_number("SELECT count(*) FROM users").await, 2);
    for closed in [
        server.another_node_with(|config| config.registration.enabled = false).await,
        server.another_node_with(|config| config.sign_in.password = false).await,
    ] {
        browser.clone().at(&closed).submit(&form).await.refused_page(404, Rejection::RegistrationClosed);
    }
    let without = server.another_node_with(|config| config.sign_in.passkeys = false).await;
    assert!(!without.browser().visit("/register").await.has("#register-passkey"));
    browser.clone().at(&without).submit(&form).await.refused_page(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn the_address_is_proved_first_where_mail_can_be_sent() {
    let server = Server::with_mail(|_| {}).await;
    let mut browser = server.browser();
    let form = browser.visit("/register").await.form("#register-submit").to("/register/passkey");
    let unproved = form.clone().with("name", "Ann").with("email", ANN);
    browser.clone().submit(&unproved).await.refused_page(400, Rejection::UnknownTicket);
    browser.press(&form.to("/register").with("email", ANN)).await;
    let mail = server.mailbox().await.latest_to(ANN);
    let link = browser.visit(&mail.link()).await.form("#confirm");
    let page = browser.press(&link).await;
    assert!(page.has("#register-passkey") && page.has("#register-submit"), "{}", page.text());
    let ask = page.form("#register-passkey").without("password");
    browser.submit(&ask).await.refused_page(400, Rejection::MissingName);
    let page = browser.submit(&ask.with("name", "Ann").with("email", "other@example.org")).await;
    assert_eq!(page.passkey_options()["user"]["name"], json!(ANN), "the one that was proved");
    let mut device = Device::new();
    let shown = browser.press(&made(&server, &page, &mut device)).await;
    assert_eq!(recovery_codes(&shown).len(), 10, "{}", shown.text());
    assert_eq!(
        server
            .database
            .db_number("SELECT count(*) FROM users WHERE email_verified = 1 AND password_hash IS NULL")
            .await,
        1
    );
    // Whoever loses it has the mail, and a recovery code beside the new password.
    let codes = recovery_codes(&shown);
    let mut lost = server.browser();
    let page = lost.visit("/recover").await;
    lost.press(&page.form("#recover-submit").with("email", ANN)).await;
    let mail = server.mailbox().await.latest_to(ANN);
    let link = lost.visit(&mail.link()).await.form("#confirm");
    let page = lost.press(&link).await;
    let step = lost.press(&page.form("#reset-submit").with("password", PASSWORD)).await;
    assert!(step.has("#passkey-submit") && !step.has("#sign-out"), "a mail is not enough: {}", step.text());
    assert!(lost.press(&step.form("#recovery-submit").with("code", &codes[0])).await.has("#sign-out"));
}

#[tokio::test]
async fn whoever_is_invited_comes_with_a_passkey_also_where_there_are_no_passwords() {
    let server = Server::with_mail(|config| config.sign_in.password = false).await;
    let mut browser = server.browser();
    let invitation = Invitation { email: ANN.into(), name: String::new(), roles: Vec::new() };
    server.registry().invite(invitation, Delivery::Mail, &Act::of_operator(server.clock.now())).await.unwrap();
    let mail = server.mailbox().await.latest_to(ANN);
    let link = browser.visit(&mail.link()).await.form("#confirm");
    let page = browser.press(&link).await;
    assert!(page.has("#register-passkey") && !page.has("#password"), "{}", page.text());
    let page = browser.submit(&page.form("#register-passkey").with("name", "Ann")).await;
    let mut device = Device::new();
    browser.press(&made(&server, &page, &mut device)).await;
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"));
}

#[tokio::test]
async fn without_codes_an_account_has_its_passkey_and_nothing_beside_it() {
    let server = Server::with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut browser = server.browser();
    let page = newcomer(&mut browser, "/register", ("Ann", ANN)).await;
    let page = browser.press(&made(&server, &page, &mut Device::new())).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
}

/// Whoever has shown that an address is theirs to have a new password makes no other account by that.
#[tokio::test]
async fn a_link_for_a_new_password_opens_no_registration_that_is_closed() {
    let server = Server::with_mail(|config| {
        (config.registration.enabled, config.registration.prove_address) = (false, false);
    })
    .await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    let mail = server.mailbox().await.latest_to(ANN);
    let link = browser.visit(&mail.link()).await.form("#confirm");
    let page = browser.press(&link).await;
    assert!(!page.has("#register-passkey"), "{}", page.text());
    let form = page.form("#reset-submit").without("password").with("name", "Eve").with("email", "eve@example.org");
    for path in ["/register/passkey", "/register/passkey/new"] {
        browser.submit(&form.clone().to(path)).await.refused_page(404, Rejection::RegistrationClosed);
    }
}

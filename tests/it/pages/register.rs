//! Registering: what a new account must be, and what a form cannot make of it.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, NewUser, UserChange};
use doorward::secret::Secret;

use crate::support::{Answer, Browser, Form, PASSWORD, Server, parallel, unverified_claims};

const ANN: &str = "ann@example.org";

/// The registration form of a new browser, filled in.
async fn register_form(server: &Server) -> (Browser, Form) {
    let mut browser = server.browser();
    let form = browser.visit("/register").await.form("#register-submit");
    (browser, form.with("name", "Ann Lee").with("email", ANN).with("password", PASSWORD))
}

async fn count(server: &Server, sql: &str) -> i64 {
    server.database.db_number(sql).await
}

#[tokio::test]
async fn a_newcomer_registers_consents_and_is_known_to_the_app() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("login_hint=ann%40example.org")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    assert_eq!(register.text_of("p.lead").as_deref(), Some("to continue to Notebook"));
    assert_eq!(register.field("#email", "value").as_deref(), Some(ANN));
    let form = register.form("#register-submit").with("name", " Ann Lee ").with("password", PASSWORD);
    let consent = browser.press(&form).await;
    let answer = browser.press(&consent.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let userinfo = client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    assert_eq!((&userinfo["email"], &userinfo["name"]), (&ANN.into(), &"Ann Lee".into()));
    assert_eq!(userinfo["email_verified"], false);
    assert!(unverified_claims(tokens["access_token"].as_str().unwrap()).get("roles").is_none());
    assert!(server.browser().sign_in(ANN).await.has("#sign-out"));
}

#[tokio::test]
async fn every_field_is_checked_and_pointed_out_before_anything_is_hashed() {
    let server = Server::start().await;
    let (mut browser, form) = register_form(&server).await;
    for (field, value, rejection) in [
        ("name", "", Rejection::MissingName),
        ("name", "   ", Rejection::MissingName),
        ("name", &"n".repeat(201), Rejection::NameTooLong),
        ("name", "Ann\u{202e}eeL", Rejection::UnprintableName),
        ("email", "", Rejection::MissingEmail),
        ("email", "ann", Rejection::MalformedEmail),
        ("email", "\u{430}nn@example.org", Rejection::MalformedEmail),
        ("email", "an\u{200b}n@example.org", Rejection::MalformedEmail),
        ("email", "ann\u{ff20}example.org", Rejection::MalformedEmail),
        ("email", "ann@example.org,eve@example.org", Rejection::MalformedEmail),
        ("email", "e\u{301}ve@example.org", Rejection::MalformedEmail),
        ("email", "Ann <ann@example.org>", Rejection::MalformedEmail),
        ("password", "", Rejection::MissingPassword),
        ("password", "fourteen chars", Rejection::PasswordTooShort),
        ("password", &"pass".repeat(65), Rejection::PasswordTooLong),
        ("password", "ann@example.org", Rejection::PasswordTooCommon),
        ("password", "Password Password", Rejection::PasswordTooCommon),
        ("password", "passwordpassword!", Rejection::PasswordTooCommon),
        ("password", "iloveyou12345678", Rejection::PasswordTooCommon),
        ("password", "qwertyuiop123456", Rejection::PasswordTooCommon),
        ("password", "doorward-doorward-1", Rejection::PasswordTooCommon),
        ("password", "Lee Example 2026", Rejection::PasswordTooCommon),
    ] {
        let answer = browser.submit(&form.clone().with(field, value)).await;
        answer.refused_page(400, rejection);
        let pointed_out = answer.text_of(&format!("#{field}-error"));
        assert_eq!(pointed_out.as_deref(), Some(rejection.description()), "{field}={value}");
        assert_eq!(answer.field("#password", "value"), None);
        for kept in ["name", "email"] {
            let typed = if kept == field { value.to_owned() } else { form.field(kept) };
            assert_eq!(answer.field(&format!("#{kept}"), "value"), Some(typed), "{field}={value}");
        }
    }
    let nothing = browser.submit(&form.without("name").without("email").without("password")).await;
    nothing.refused_page(400, Rejection::MissingName);
    assert!(nothing.has("#name-error") && nothing.has("#email-error") && nothing.has("#password-error"));
    assert_eq!(server.app.hasher.hashes_computed(), 0);
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn how_easily_a_password_is_guessed_is_shown_with_the_reason() {
    let server = Server::start().await;
    let (mut browser, form) = register_form(&server).await;
    let answer = browser.submit(&form.clone().with("password", "qwertyuiop123456")).await;
    answer.refused_page(400, Rejection::PasswordTooCommon);
    let score: u8 = answer.field("#strength meter", "value").unwrap().parse().unwrap();
    assert!(score < 3, "{score}");
    let words = answer.text_of("#strength").unwrap();
    assert!(
        words.contains(&format!("{score} of 4, and 3 are needed.")) && words.ends_with("very many people use."),
        "{words}"
    );
    let described = |page: &Answer| page.field("#password", "aria-describedby");
    assert_eq!(described(&answer).as_deref(), Some("password-error strength password-hint"));
    let answer = browser.submit(&form.with("password", "fourteen chars")).await;
    assert!(!answer.has("#strength"), "what is too short is told to be longer first");
    assert_eq!(described(&answer).as_deref(), Some("password-error password-hint"));
}

/// The SHA-1 of "a heron on the weir", in hexadecimal digits, and its neighbours in a list.
const LEAKED: &str = "0AE8C1D1E1E5E7A4A4E2A3F5C4B0B1E6D0F0C1A2:3\r\n12E68BC9D5CCFD3EF774A6A17BFCC5A84F590528:7\r\nFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:1\r\n";

#[tokio::test]
async fn a_leaked_password_is_refused_to_a_person_and_to_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("leaked.txt");
    std::fs::write(&list, LEAKED).unwrap();
    let server = Server::with(|config| config.password.leaked = list).await;
    let (mut browser, form) = register_form(&server).await;
    let answer = browser.submit(&form.clone().with("password", "a heron on the weir")).await;
    answer.refused_page(400, Rejection::PasswordLeaked);
    assert_eq!(server.app.hasher.hashes_computed(), 0);

    let registry = server.registry();
    let new = |password: &str| NewUser {
        email: "bea@example.org".to_owned(),
        details: UserChange {
            name: Some("Bea".to_owned()),
            password: Some(Secret::presented(password)),
            ..UserChange::default()
        },
    };
    let act = Act::of_operator(server.app.now());
    let refused = registry.create_user(new("a heron on the weir"), &act).await.unwrap_err().to_string();
    assert_eq!(refused, format!("password: {}", Rejection::PasswordLeaked));
    registry.create_user(new("a heron on the bank"), &act).await.unwrap();
    assert!(browser.press(&form).await.has("#sign-out"));
}

#[tokio::test]
async fn a_long_password_and_a_long_name_are_fine() {
    let server = Server::start().await;
    let (mut browser, form) = register_form(&server).await;
    let long: String = (0..90).map(|n| format!("ü{} ", n * n)).collect::<String>().chars().take(256).collect();
    let form = form.with("password", &long).with("name", &"ñ".repeat(200));
    assert!(browser.press(&form).await.has("#sign-out"));
}

#[tokio::test]
async fn one_mailbox_is_one_account_however_it_is_written() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut browser, form) = register_form(&server).await;
    for taken in [ANN, "ANN@EXAMPLE.ORG", " Ann@example.org ", "ann@Example.Org\n"] {
        let answer = browser.submit(&form.clone().with("email", taken)).await;
        answer.refused_page(400, Rejection::EmailTaken);
        let beside = answer.text_of("#email-error").unwrap();
        assert_eq!(beside, format!("{} Sign in", Rejection::EmailTaken.description()));
        let login = browser.visit(&answer.field("#sign-in-instead", "href").unwrap()).await;
        assert!(login.has("#login-submit"));
    }
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins").await, 0);
}

#[tokio::test]
async fn of_thirty_two_people_who_register_one_address_at_once_one_gets_it() {
    let server = Server::start().await;
    let (browser, form) = register_form(&server).await;
    let answers = parallel(32, |_| {
        let (mut browser, form) = (browser.clone(), form.clone());
        async move { browser.submit(&form).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        answer.refused_page(400, Rejection::EmailTaken);
    }
    assert_eq!(count(&server, "SELECT count(*) FROM users").await, 1);
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins").await, 1);
}

#[tokio::test]
async fn registration_can_be_switched_off() {
    let server = Server::start().await;
    let (browser, form) = register_form(&server).await;
    let closed = Server::with(|config| config.registration.enabled = false).await;
    let mut browser = browser.at(&closed);
    browser.get("/register").await.refused_page(404, Rejection::RegistrationClosed);
    let form = form.with("csrf", &browser.visit("/login").await.form("#login-submit").field("csrf"));
    browser.submit(&form).await.refused_page(404, Rejection::RegistrationClosed);
    assert!(!browser.visit("/login").await.has("#to-register"));
    assert_eq!(count(&closed, "SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn whoever_registers_in_a_browser_is_signed_in_there_and_the_former_person_is_not() {
    let server = Server::start().await;
    server.db_user("eve@example.org").await;
    let mut eve = server.browser();
    eve.sign_in("eve@example.org").await;
    let former = eve.clone();
    let form = eve.visit("/register").await.form("#register-submit");
    let account = eve.press(&form.with("name", "Ann").with("email", ANN).with("password", PASSWORD)).await;
    assert!(account.text().contains(ANN));
    assert!(former.clone().visit("/account").await.has("#login-submit"));
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 1);
}

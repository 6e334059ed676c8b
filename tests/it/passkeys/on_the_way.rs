//! Passkeys that people get on the way: because nothing else will do, in the place of an authenticator, or because one is offered.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::user::EmailAuthority;
use doorward::storage::Account;
use serde_json::json;

use super::{ANN, EVE};
use crate::support::{
    Answer, Browser, Device, PASSWORD, Said, Server, filled, first_step, recovery_codes, unverified_claims,
};

/// The form of a page that asks for a new passkey, with one on this device.
fn made(server: &Server, page: &Answer, device: &mut Device) -> crate::support::Form {
    let made = device.create(&page.passkey_options(), &Said::of(server));
    page.form("#passkey-submit").with("credential", &made.to_string())
}

/// On from the recovery codes that came with it.
async fn keep(browser: &mut Browser, shown: &Answer) -> Answer {
    assert_eq!(recovery_codes(shown).len(), 10, "{}", shown.text());
    browser.visit(&shown.field("#codes-kept", "href").unwrap()).await
}

#[tokio::test]
async fn where_everybody_has_a_second_factor_a_passkey_is_one() {
    let server = Server::with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let page = browser.visit(&page.field("#passkey-instead", "href").unwrap()).await;
    assert!(page.has("#authenticator-instead") && !page.has("#later"), "{}", page.text());
    assert!(page.text_of("#why").unwrap().starts_with("Everybody here"), "{}", page.text());
    let answer = browser.submit(&page.form("#passkey-submit")).await;
    answer.refused_page(400, Rejection::NoPasskeyShown);
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins").await, 0);
    let mut device = Device::new();
    let form = made(&server, &answer, &mut device);
    let shown = browser.press(&form.with("name", "Phone")).await;
    let answer = keep(&mut browser, &shown).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["pwd", "swk", "user", "mfa"])));
    assert!(browser.visit("/account/passkeys").await.text().contains("Phone"));
    // Where people have no passkeys there is no way to one.
    let without = server.another_node_with(|config| {
        (config.sign_in.second_factor, config.sign_in.passkeys) = (SecondFactor::Required, false);
    });
    let without = without.await;
    without.db_user("bob@example.org").await;
    let page = first_step(&mut without.browser(), "bob@example.org").await;
    assert!(page.has("#totp-secret") && !page.has("#passkey-instead"), "{}", page.text());
    without.browser().get("/login/new-passkey").await.refused_page(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn whom_a_role_makes_have_one_gets_it_before_they_are_signed_in_and_shows_it_from_then_on() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut early = server.browser();
    early.sign_in(ANN).await;
    server.role_demands("user", Some(PHISHING_RESISTANT_CLASS)).await;
    let page = early.visit("/account").await;
    assert!(page.has("#passkey-submit") && !page.has("#sign-out"), "{}", page.text());
    // On the way to an application, too: that has asked for nothing.
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let page = early.visit(&client.authorization_url("scope=openid")).await;
    assert!(page.text_of("#why").unwrap().starts_with("Your account asks for a passkey"), "{}", page.text());
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    assert!(page.text_of("#why").unwrap().starts_with("Your account asks for a passkey"), "{}", page.text());
    assert!(!page.has("#later") && !page.has("#authenticator-instead"), "{}", page.text());
    assert!(page.text().contains("Switch it on, and load the page again."), "{}", page.text());
    assert!(!page.text().contains("another way"), "there is none: {}", page.text());
    assert!(browser.visit("/account").await.has("#login-submit"), "nobody is signed in yet");
    let (mut phone, mut other) = (Device::new(), Device::new());
    let late = made(&server, &page, &mut other);
    let shown = browser.press(&made(&server, &page, &mut phone)).await;
    assert!(keep(&mut browser, &shown).await.has("#sign-out"));
    // The same page once more, in another tab: by now there is one to be shown.
    let answer = server.browser().submit(&late).await;
    assert_ne!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
    let mut next = server.browser();
    let page = first_step(&mut next, ANN).await;
    assert!(page.has("#passkey-submit") && page.has("#recovery-submit") && !page.has("#totp-submit"));
    assert!(page.passkey_options()["allowCredentials"][0].is_object(), "it is to be shown: {}", page.text());
    let form = server.with_passkey(&page, &mut phone).await;
    assert!(next.press(&form).await.has("#sign-out"));
}

/// A password that was typed a while ago is fresh enough to add a passkey, and not for an application that wants one of this minute.
#[tokio::test]
async fn a_passkey_that_is_added_makes_no_password_newer_than_it_is() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(300);
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{PASSWORD_CLASS}"}}}}}}"#);
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    let login = browser.visit(&client.authorization_url(&format!("scope=openid&max_age=60&claims={claims}"))).await;
    let request = login.form("#login-submit").field("request");
    // The page of the account asks for one, and its answer is sent to the way of the application.
    let page = browser.visit("/account/passkeys").await;
    let form = made(&server, &page, &mut Device::new()).to("/login/new-passkey").with("request", &request);
    let shown = browser.press(&form).await;
    let answer = keep(&mut browser, &shown).await;
    answer.refused_redirect(Rejection::ClassNotMet);
}

/// A code beside a mail is not two factors: nobody is asked for one in vain.
#[tokio::test]
async fn where_there_are_no_passwords_a_passkey_is_the_way_to_two_factors() {
    let server = Server::with_mail(|config| (config.sign_in.password, config.sign_in.email) = (false, true)).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(MFA_CLASS)).await;
    let supported = server.get("/.well-known/openid-configuration").await.json()["acr_values_supported"].clone();
    assert_eq!(supported, json!([PHISHING_RESISTANT_CLASS, MFA_CLASS]));
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.press(&login.form("#email-sign-in").with("email", ANN)).await;
    let code = server.mailbox().await.latest_to(ANN).code();
    let page = browser.press(&page.form("#code-submit").with("code", &code)).await;
    assert!(!page.has("#totp-secret") && !page.has("#authenticator-instead"), "{}", page.text());
    let mut phone = Device::new();
    let shown = browser.press(&made(&server, &page, &mut phone)).await;
    let answer = keep(&mut browser, &shown).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["otp", "swk", "user", "mfa"])));
    // Where there are no passkeys either, nobody can be of any class, which the metadata do not say by an empty list.
    let without =
        server.another_node_with(|config| (config.sign_in.password, config.sign_in.passkeys) = (false, false)).await;
    let told = without.get("/.well-known/openid-configuration").await.json();
    assert!(told.get("acr_values_supported").is_none(), "{told}");
    let answer = without.browser().visit(&client.authorization_url("scope=openid")).await;
    assert_eq!(answer.location_param("error").as_deref(), Some("unmet_authentication_requirements"));
}

/// Also where others have passwords. Whoever has an authenticator shows its code first, which would not have done either.
#[tokio::test]
async fn an_account_without_a_password_gets_a_passkey_where_a_password_is_demanded_or_more() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    let (ann, eve) = (server.db_user(ANN).await, server.db_user(EVE).await);
    let mut browser = server.browser();
    browser.sign_in(EVE).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    for id in [&ann, &eve] {
        let change = |account: &mut Account| {
            (account.user.email_authority, account.password_hash) = (EmailAuthority::Mail, None);
        };
        server.db_change_user(id, change).await;
    }
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let by_mail = async |browser: &mut Browser, email: &str, path: &str| {
        let page = browser.visit(path).await;
        let page = browser.press(&page.form("#email-sign-in").with("email", email)).await;
        let code = server.mailbox().await.latest_to(email).code();
        browser.press(&page.form("#code-submit").with("code", &code)).await
    };
    // A wish that the account can never fulfil has nobody sign in again.
    let wish = client.authorization_url(&format!("scope=openid&acr_values={PASSWORD_CLASS}"));
    let mut browser = server.browser();
    assert!(by_mail(&mut browser, ANN, "/login").await.has("#sign-out"));
    assert!(browser.visit(&wish).await.location_param("code").is_some());
    server.role_demands("user", Some(PASSWORD_CLASS)).await;
    let page = by_mail(&mut server.browser(), ANN, "/login").await;
    assert!(page.text().contains("data-passkey=\"create\"") && !page.has("#totp-secret"), "{}", page.text());
    server.role_demands("user", None).await;
    server.client_demands(&client.id, Some(MFA_CLASS)).await;
    // Who is signed in already gets there as well.
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    assert!(!page.has("#authenticator-instead"), "{}", page.text());
    let shown = browser.press(&made(&server, &page, &mut Device::new())).await;
    let answer = keep(&mut browser, &shown).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], "phr");
    server.turn(30);
    let mut browser = server.browser();
    let step = by_mail(&mut browser, EVE, &client.authorization_url("scope=openid")).await;
    let page = browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(browser.press(&made(&server, &page, &mut Device::new())).await.location_param("code").is_some());
    // Where there are no passkeys nothing will do, and they are told.
    let without =
        server.another_node_with(|config| (config.sign_in.email, config.sign_in.passkeys) = (true, false)).await;
    server.turn(30);
    let mut browser = without.browser();
    let step = by_mail(&mut browser, EVE, &client.authorization_url("scope=openid")).await;
    let answer = browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    answer.refused_redirect(Rejection::ClassNotMet);
}

#[tokio::test]
async fn who_has_an_authenticator_shows_its_code_before_they_get_a_passkey() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    server.role_demands("user", Some(PHISHING_RESISTANT_CLASS)).await;
    server.turn(30);
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    assert!(step.has("#totp-submit"), "{}", step.text());
    assert!(
        !browser
            .visit(&format!("/login/new-passkey?request={}", step.form("#totp-submit").field("request")))
            .await
            .text()
            .contains("data-passkey=\"create\"")
    );
    let page = browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.text_of("#why").unwrap().starts_with("Your account asks"), "{}", page.text());
    let mut device = Device::new();
    let done = browser.press(&made(&server, &page, &mut device)).await;
    assert!(done.has("#sign-out"), "there are codes already: {}", done.text());
    // A code does no more: neither to sign in, nor to change what guards the account.
    server.turn(30);
    let mut next = server.browser();
    let step = first_step(&mut next, ANN).await;
    assert!(step.has("#passkey-submit") && !step.has("#totp-submit"), "{}", step.text());
    let forged = step.form("#passkey-submit").to("/login/code").with("code", &authenticator.code(&server));
    next.submit(&forged).await;
    assert!(!next.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn what_guards_an_account_is_changed_by_nothing_weaker() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    let mut device = Device::new();
    server.add_passkey(&mut browser, &mut device, "").await;
    server.turn(30);
    let mut thief = server.browser();
    let step = first_step(&mut thief, ANN).await;
    let page = thief.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "a password and a code sign in: {}", page.text());
    let page = thief.visit("/account/passkeys").await;
    assert!(page.has("#begin-passkey") && !page.has("#passkey-submit"), "{}", page.text());
    for removal in [page.form("#remove-passkey-1"), page.form("#begin-passkey")] {
        let step = thief.press(&removal).await;
        assert!(step.has("#passkey-submit") && step.has("#recovery-submit") && !step.has("#totp-submit"));
        let options = step.passkey_options();
        assert!(options["allowCredentials"].is_array(), "what there is is to be shown: {options}");
    }
    let page = thief.visit("/account/authenticator").await;
    let step = thief.press(&page.form("#remove-authenticator")).await;
    assert!(step.has("#passkey-submit") && !step.has("#totp-submit"), "{}", step.text());
    let form = server.with_passkey(&step, &mut device).await;
    assert!(thief.press(&form).await.text().contains("Your authenticator is removed"));
}

#[tokio::test]
async fn whoever_has_lost_the_passkey_that_is_asked_for_gets_another_by_a_recovery_code() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let codes = server.add_passkey(&mut browser, &mut Device::new(), "Lost").await;
    server.turn(1);
    server.role_demands("user", Some(PHISHING_RESISTANT_CLASS)).await;
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    // They take their time: what was shown last is recent enough.
    server.turn(540);
    let page = browser.press(&step.form("#recovery-submit").with("code", &codes[0])).await;
    assert!(page.has("#passkey-submit") && !page.has("#sign-out"), "{}", page.text());
    server.turn(120);
    let mut found = Device::new();
    let page = browser.press(&made(&server, &page, &mut found)).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    let page = browser.visit("/account/passkeys").await;
    let page = browser.press(&page.form("#remove-passkey-1")).await;
    assert!(page.text().contains("That passkey is removed"), "{}", page.text());
    assert!(server.sign_in_with_passkey(&mut found).await.1.has("#sign-out"));
}

#[tokio::test]
async fn an_application_that_insists_leads_there_and_asks_for_nothing_twice() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(PHISHING_RESISTANT_CLASS)).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let silent = browser.visit(&client.authorization_url("scope=openid&prompt=none")).await;
    silent.refused_redirect(Rejection::SignInNeeded);
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    assert!(page.has("#passkey-submit") && !page.has("#password"), "{}", page.text());
    assert!(page.text_of("#why").unwrap().contains("asks for a passkey, which"), "{}", page.text());
    // Whoever finds the browser open later puts none of theirs on the account.
    server.turn(601);
    let late = made(&server, &page, &mut Device::new());
    let answer = browser.press(&late).await;
    assert!(answer.has("#password"), "{}", answer.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 0);
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.sign_in_on(&page, ANN, PASSWORD).await;
    let shown = browser.press(&made(&server, &page, &mut Device::new())).await;
    let answer = keep(&mut browser, &shown).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    // Where codes are switched off, a passkey is the way to two factors.
    server.client_demands(&client.id, Some(MFA_CLASS)).await;
    server.db_user("bob@example.org").await;
    let off = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut bob = off.browser();
    let page = bob.visit(&client.authorization_url("scope=openid")).await;
    let page = bob.sign_in_on(&page, "bob@example.org", PASSWORD).await;
    assert!(page.text_of("#why").unwrap().contains("asks for a passkey, which"), "{}", page.text());
    let answer = bob.press(&made(&off, &page, &mut Device::new())).await;
    assert!(answer.location_param("code").is_some(), "no codes are given where nobody types one: {}", answer.text());
}

#[tokio::test]
async fn a_passkey_is_offered_after_a_password_until_the_person_says_not_now() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let sign_in = async |says: &str| {
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid")).await;
        assert_eq!(login.field("[name=can_passkey]", "value"), None, "it is for the browser to say");
        let form = filled(&login.form("#login-submit"), ANN, PASSWORD).with("can_passkey", says);
        let page = browser.press(&form).await;
        (browser, page)
    };
    let (_, page) = sign_in("").await;
    assert!(page.location_param("code").is_some(), "a browser that has none is led on: {}", page.text());
    let (mut browser, page) = sign_in("yes").await;
    assert!(page.has("#later") && page.text().contains("Your password alone"), "{}", page.text());
    let offered = page.clone();
    let answer = browser.press(&page.form("#later")).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    let (mut browser, page) = sign_in("yes").await;
    assert!(page.location_param("code").is_some(), "once is enough: {}", page.text());
    assert!(browser.visit("/login/new-passkey").await.has("#sign-out"), "nothing is offered there any more");
    assert!(browser.visit("/account/passkeys").await.has("#passkey-submit"), "it is there for whoever wants one");
    // Who takes it goes on with it to where they wanted.
    server.database.db_execute("UPDATE users SET passkey_declined_at = NULL").await;
    let (mut browser, page) = sign_in("yes").await;
    let shown = browser.press(&made(&server, &page, &mut Device::new())).await;
    let answer = keep(&mut browser, &shown).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!("phr"));
    // The offer of before is worth nothing to whoever finds it in a browser that is signed out.
    let mut found = server.browser();
    let answer = found.submit(&made(&server, &offered, &mut Device::new())).await;
    assert_ne!(answer.status, 200);
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
}

/// From a sign-in that is there: what is shown is added to it, and leads on as far as it goes, however old the rest is.
#[tokio::test]
async fn whoever_is_signed_in_already_gets_there_step_by_step_and_in_no_circle() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, codes) = server.enrol(&mut browser).await;
    server.role_demands("user", Some(PHISHING_RESISTANT_CLASS)).await;
    server.turn(660);
    // The code is old, then the password is, then one is set up.
    let step = browser.visit("/account").await;
    assert!(step.has("#totp-submit"), "{}", step.text());
    let again = browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(again.has("#password"), "{}", again.text());
    let page = browser.press(&again.form("#login-submit").with("password", PASSWORD)).await;
    assert!(page.text_of("#why").unwrap().starts_with("Your account asks"), "{}", page.text());
    let done = browser.press(&made(&server, &page, &mut Device::new())).await;
    assert!(done.has("#sign-out"), "{}", done.text());
    // Another sign-in without it, whose person has lost it: one recovery code is enough.
    server.role_demands("user", None).await;
    server.turn(30);
    let mut other = server.browser();
    let step = first_step(&mut other, ANN).await;
    let page = other.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    server.role_demands("user", Some(PHISHING_RESISTANT_CLASS)).await;
    let step = other.visit("/account").await;
    assert!(step.has("#recovery-submit") && !step.has("#totp-submit"), "{}", step.text());
    let page = other.press(&step.form("#recovery-submit").with("code", &codes[0])).await;
    assert!(page.text_of("#why").unwrap().starts_with("Your account asks"), "{}", page.text());
    let done = other.press(&made(&server, &page, &mut Device::new())).await;
    assert!(done.has("#sign-out"), "{}", done.text());
    let left = "SELECT count(*) FROM recovery_codes WHERE used_at IS NULL";
    assert_eq!(server.database.db_number(left).await, 9);
}

/// What an application demands is known after the sign-in alone: the way there does not begin over and over.
#[tokio::test]
async fn an_application_that_wants_more_than_was_shown_asks_for_the_rest() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(PHISHING_RESISTANT_CLASS)).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, codes) = server.enrol(&mut browser).await;
    let by_code = async || {
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid")).await;
        let step = browser.sign_in_on(&login, ANN, PASSWORD).await;
        let page = browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
        server.turn(30);
        (browser, page)
    };
    let (mut first, page) = by_code().await;
    assert!(page.text_of("#why").is_some_and(|why| why.contains("asks for a passkey")), "{}", page.text());
    let mut device = Device::new();
    let answer = first.press(&made(&server, &page, &mut device)).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    let (mut second, page) = by_code().await;
    assert!(page.has("#passkey-submit") && page.has("#recovery-submit") && !page.has("#totp-submit"));
    let form = server.with_passkey(&page, &mut device).await;
    assert!(second.press(&form).await.location_param("code").is_some());
    let (mut third, page) = by_code().await;
    let page = third.press(&page.form("#recovery-submit").with("code", &codes[0])).await;
    let answer = third.press(&made(&server, &page, &mut Device::new())).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
}

#[tokio::test]
async fn where_codes_are_off_a_password_alone_adds_nothing_beside_a_passkey() {
    let server = Server::with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut device = Device::new();
    assert!(server.add_passkey(&mut browser, &mut device, "").await.is_empty(), "nobody types codes");
    let mut thief = server.browser();
    assert!(first_step(&mut thief, ANN).await.has("#sign-out"), "the password is one of two ways in");
    let page = thief.visit("/account/passkeys").await;
    assert!(page.has("#begin-passkey") && !page.has("#passkey-submit"), "{}", page.text());
    let step = thief.press(&page.form("#begin-passkey")).await;
    assert!(
        step.passkey_options()["allowCredentials"].is_array(),
        "the one that there is is asked for: {}",
        step.text()
    );
    // Where codes are on again, the next passkey brings those that are missing.
    let on = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Offered).await;
    let (mut browser, _) = on.sign_in_with_passkey(&mut device).await;
    assert_eq!(on.add_passkey(&mut browser, &mut Device::new(), "").await.len(), 10);
}

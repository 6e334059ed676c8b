//! Security keys: a second factor beside a password, and no passkey.

use doorward::config::Config;
use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use serde_json::json;

use super::{ANN, BOB, text};
use crate::support::{AAGUID, Browser, Device, PASSWORD, Said, Server, first_step, unverified_claims};

/// Ann with a security key, in a browser that is signed in with it.
async fn with_key(change: impl FnOnce(&mut Config)) -> (Server, Browser, Device) {
    let server = Server::with(change).await;
    server.db_user(ANN).await;
    let (mut browser, mut key) = (server.browser(), Device::touch_key());
    browser.sign_in(ANN).await;
    server.add_security_key(&mut browser, &mut key, "Ring").await;
    server.turn(1);
    (server, browser, key)
}

#[tokio::test]
async fn a_security_key_is_added_named_and_told_of() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.turn(61);
    let (mut browser, mut elsewhere) = (server.browser(), server.browser());
    browser.sign_in(ANN).await;
    elsewhere.sign_in(ANN).await;
    let page = browser.visit("/account/passkeys").await;
    assert!(page.text().contains("Security keys need JavaScript"), "{}", page.text());
    assert!(!page.has("#to-recovery-codes"), "there is nothing that they stand in for");
    let mut key = Device::touch_key();
    let codes = server.add_security_key(&mut browser, &mut key, " Key ring ").await;
    assert_eq!(codes.len(), 10, "the first second factor brings recovery codes");
    assert!(!elsewhere.visit("/account").await.has("#sign-out"), "and ends what was signed in without");
    let page = browser.visit("/account/passkeys").await;
    assert_eq!(page.text_of("#security-keys strong").as_deref(), Some("Key ring"));
    assert!(!page.has("#passkeys"), "it is no passkey");
    assert!(page.has("#to-recovery-codes"), "which are for the day on which it is lost");
    let excluded = |options: serde_json::Value| options["excludeCredentials"].as_array().unwrap().len();
    assert_eq!(excluded(page.security_key_options()), 1, "no device is to have two of them");
    assert_eq!(excluded(page.passkey_options()), 0, "it may have a passkey as well");
    let page = browser.press(&page.form("#rename-security-key-1").with("name", "Blue")).await;
    assert_eq!(page.text_of("#security-keys strong").as_deref(), Some("Blue"));
    let account = browser.visit("/account").await;
    assert!(account.text().contains("Security keys") && account.text().contains("with a security key"));
    let alerts = server.mailbox().await.alerts_to(ANN);
    assert!(alerts.contains(&"security_key_added".to_owned()), "{alerts:?}");
    let details = format!("SELECT details FROM audit WHERE event = 'passkey.added' AND user_id = '{ann}'");
    let details: serde_json::Value = serde_json::from_str(&text(&server, &details).await).unwrap();
    assert_eq!((&details["security_key"], &details["name"]), (&json!(true), &json!("Key ring")));
    let page = browser.visit("/account/passkeys").await;
    let page = browser.press(&page.form("#remove-security-key-1")).await;
    assert!(page.text().contains("That security key is removed."), "{}", page.text());
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"security_key_removed".to_owned()));
    let history = browser.visit("/account/history").await;
    assert!(
        history.text().contains("A security key was added.") && history.text().contains("A security key was removed.")
    );
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0, "the codes go with the last factor");
    assert!(first_step(&mut server.browser(), ANN).await.has("#sign-out"), "the password is enough again");
}

#[tokio::test]
async fn beside_the_password_it_is_two_factors_to_applications() {
    let (server, _, mut key) = with_key(|_| {}).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let step = browser.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(step.has("#security-key-submit") && step.has("#recovery-submit"), "{}", step.text());
    assert!(!step.has("#totp-submit") && !step.has("#passkey-submit"), "{}", step.text());
    let options = step.security_key_options();
    assert_eq!(options["userVerification"], "discouraged");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    assert!(!browser.visit("/account").await.has("#sign-out"), "nobody is signed in yet");
    let form = server.with_security_key(&step, &mut key).await;
    let answer = browser.press(&form).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(MFA_CLASS), &json!(["pwd", "hwk", "mfa"])));
    assert!(browser.visit("/account/passkeys").await.text().contains("last used"));
}

/// Whatever its device can do: as a security key it was added.
#[tokio::test]
async fn one_that_checks_its_person_and_may_be_copied_is_no_more_and_told_as_what_it_is() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut browser, mut phone) = (server.browser(), Device::new());
    browser.sign_in(ANN).await;
    server.add_security_key(&mut browser, &mut phone, "Phone").await;
    server.turn(1);
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    // It checked its person when it was added, and need not do so now.
    phone.verify(false);
    let form = server.with_security_key(&step, &mut phone).await;
    browser.press(&form).await;
    let answer = browser.get(&client.authorization_url("scope=openid&prompt=none")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(MFA_CLASS), &json!(["pwd", "swk", "mfa"])));
}

#[tokio::test]
async fn where_a_passkey_is_demanded_a_security_key_will_not_do() {
    let (server, mut browser, mut key) = with_key(|_| {}).await;
    server.role_demands("user", Some("phr")).await;
    let page = browser.visit("/account").await;
    assert!(page.has("#passkey-submit") && !page.has("#security-key-submit"), "{}", page.text());
    assert!(page.text().contains("data-passkey=\"create\""), "whoever has none makes one: {}", page.text());
    // It guards the account all the same: none is added without it.
    let mut other = server.browser();
    let step = first_step(&mut other, ANN).await;
    assert!(step.has("#security-key-submit"), "{}", step.text());
    let form = server.with_security_key(&step, &mut key).await;
    let page = other.press(&form).await;
    assert!(page.text().contains("data-passkey=\"create\""), "{}", page.text());
    let mut phone = Device::new();
    let made = phone.create(&page.passkey_options(), &Said::of(&server)).to_string();
    let page = other.press(&page.form("#passkey-submit").with("credential", &made)).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    // From then on the passkey alone changes what guards the account.
    let page = other.visit("/account/passkeys").await;
    assert!(page.has("#security-key-submit") && page.has("#remove-security-key-1"), "{}", page.text());
    server.turn(601);
    let page = other.visit("/account/passkeys").await;
    let question = other.press(&page.form("#remove-security-key-1")).await;
    let step = other.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(step.has("#passkey-submit") && !step.has("#security-key-submit"), "{}", step.text());
}

#[tokio::test]
async fn with_a_security_key_ends_what_rests_on_it_elsewhere() {
    let (server, mut here, mut ring) = with_key(|_| {}).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut blue = Device::touch_key();
    assert!(server.add_security_key(&mut here, &mut blue, "Blue").await.is_empty());
    let url = client.authorization_url("scope=openid+offline_access");
    let (mut elsewhere, mut tokens) = (Vec::new(), Vec::new());
    for key in [&mut ring, &mut blue] {
        let mut browser = server.browser();
        let step = first_step(&mut browser, ANN).await;
        let form = server.with_security_key(&step, key).await;
        assert!(browser.press(&form).await.has("#sign-out"));
        let code = browser.visit(&url).await.location_param("code").unwrap();
        tokens.push(client.redeem(&code).await.ok()["refresh_token"].as_str().unwrap().to_owned());
        elsewhere.push(browser);
    }
    let page = here.visit("/account/passkeys").await;
    here.press(&page.form("#remove-security-key-1")).await;
    assert!(here.visit("/account").await.has("#sign-out"));
    let mut go_on = Vec::new();
    for (browser, token) in elsewhere.iter_mut().zip(&tokens) {
        let answer = client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
        go_on.push((browser.visit("/account").await.has("#sign-out"), answer.status == 200));
    }
    assert_eq!(go_on, [(false, false), (true, true)], "of the one that went, and of the other");
    let history = here.visit("/account/history").await;
    assert!(history.text().contains("made with a security key which was removed"), "{}", history.text());
    // What is somebody else's is left alone.
    server.db_user(BOB).await;
    let mut bob = server.browser();
    bob.sign_in(BOB).await;
    server.add_security_key(&mut bob, &mut Device::touch_key(), "Bob's").await;
    let id = here.visit("/account/passkeys").await.form("#remove-security-key-1").field("id");
    let own = bob.visit("/account/passkeys").await;
    bob.press(&own.form("#remove-security-key-1").with("id", &id)).await;
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys WHERE name = 'Blue'").await, 1);
}

#[tokio::test]
async fn the_last_second_factor_stays_where_everybody_has_one() {
    let (offering, mut browser, _) = with_key(|_| {}).await;
    let server = offering.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    browser = browser.at(&server);
    let page = browser.visit("/account/passkeys").await;
    let last = page.form("#remove-security-key-1");
    browser.submit(&last).await.refused_page(400, Rejection::LastSecondFactor);
    let (authenticator, _) = server.enrol(&mut browser).await;
    drop(authenticator);
    // Either can go as long as the other is there.
    let page = browser.visit("/account/authenticator").await;
    let page = browser.press(&page.form("#remove-authenticator")).await;
    assert!(page.text().contains("Your authenticator is removed"), "{}", page.text());
    browser.submit(&last).await.refused_page(400, Rejection::LastSecondFactor);
    let mut phone = Device::new();
    server.add_passkey(&mut browser, &mut phone, "Phone").await;
    let page = browser.visit("/account/passkeys").await;
    let page = browser.press(&page.form("#remove-passkey-1")).await;
    assert!(page.text().contains("That passkey is removed."), "the security key stays: {}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
}

/// Where nobody is asked for a code or a security key, those that somebody has keep no passkey from being the last that does what is demanded.
#[tokio::test]
async fn where_second_factors_are_off_a_passkey_is_the_last_beside_whatever_else() {
    let (offering, mut browser, _) = with_key(|_| {}).await;
    drop(offering.enrol(&mut browser).await);
    offering.add_passkey(&mut browser, &mut Device::new(), "Phone").await;
    offering.role_demands("user", Some(MFA_CLASS)).await;
    let server = offering.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut browser = browser.at(&server);
    let page = browser.visit("/account/passkeys").await;
    let last = page.form("#remove-passkey-1");
    browser.submit(&last).await.refused_page(400, Rejection::LastStrongWayIn);
    let page = browser.at(&offering).press(&last).await;
    assert!(page.text().contains("That passkey is removed."), "{}", page.text());
}

/// It signs nobody in, so it keeps no way in open.
#[tokio::test]
async fn a_security_key_is_no_way_in_that_an_account_could_be_left_with() {
    let (server, mut browser, _) = with_key(|_| {}).await;
    let mut phone = Device::new();
    server.add_passkey(&mut browser, &mut phone, "Phone").await;
    server.database.db_execute("UPDATE users SET password_hash = NULL").await;
    let page = browser.visit("/account/passkeys").await;
    browser.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastWayIn);
}

#[tokio::test]
async fn makes_that_are_not_wanted_are_refused_and_those_that_are_taken() {
    let of_google = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4";
    let server = Server::with(|config| config.passkeys.authenticators = vec![of_google.parse().unwrap()]).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/passkeys").await;
    let made = Device::touch_key().create(&page.security_key_options(), &Said::of(&server)).to_string();
    let answer = browser.submit(&page.form("#security-key-submit").with("credential", &made)).await;
    answer.refused_page(403, Rejection::UnwantedPasskey);
    let server =
        server.another_node_with(|config| config.passkeys.authenticators = vec![AAGUID.parse().unwrap()]).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.add_security_key(&mut browser, &mut Device::touch_key(), "").await;
}

/// Nobody can show one there, so nobody is asked for it.
#[tokio::test]
async fn where_people_have_no_passkeys_or_no_second_factors_there_are_no_security_keys() {
    let (server, _, mut key) = with_key(|_| {}).await;
    let step = first_step(&mut server.browser(), ANN).await;
    assert!(step.has("#security-key-submit"));
    let off = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut browser = off.browser();
    assert!(first_step(&mut browser, ANN).await.has("#sign-out"), "the password is enough");
    let page = browser.visit("/account/passkeys").await;
    assert!(!page.has("#security-key-submit") && page.has("#remove-security-key-1"), "{}", page.text());
    let made = key.create(&page.passkey_options(), &Said::of(&server)).to_string();
    let form = page.form("#passkey-submit").with("credential", &made);
    for path in ["/account/security-keys", "/account/security-keys/begin"] {
        browser.submit(&form.clone().to(path)).await.refused_page(404, Rejection::NoSuchPage);
    }
    let none = server.another_node_with(|config| config.sign_in.passkeys = false).await;
    let mut browser = none.browser();
    assert!(first_step(&mut browser, ANN).await.has("#sign-out"), "the password is enough");
    let form = browser.visit("/login?as=another").await.form("#login-submit").with("credential", "{}");
    for path in ["/account/security-keys", "/account/security-keys/begin", "/account/security-keys/remove"] {
        browser.submit(&form.clone().to(path)).await.refused_page(404, Rejection::NoSuchPage);
    }
    browser.submit(&form.to("/login/security-key")).await.refused_page(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn without_javascript_the_second_step_says_what_it_takes_and_the_other_ways_are_there() {
    let (server, mut here, _) = with_key(|_| {}).await;
    let page = here.visit("/account/recovery-codes").await;
    let codes = crate::support::recovery_codes(&here.press(&page.form("#make-codes")).await);
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    assert!(step.text().contains("<noscript><p class=\"hint\">Security keys need JavaScript"), "{}", step.text());
    let answer = browser.submit(&step.form("#security-key-submit")).await;
    answer.refused_page(400, Rejection::NoSecurityKeyShown);
    let page = browser.press(&answer.form("#recovery-submit").with("code", &codes[0])).await;
    assert!(page.has("#sign-out"), "{}", page.text());
}

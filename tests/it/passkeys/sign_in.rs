//! Signing in with a passkey: alone, beside a password, and as a fresh proof.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::json;
use url::form_urlencoded;

use super::{ANN, text};
use crate::support::{Device, KeyKind, PASSWORD, Said, Server, first_step, unverified_claims};

/// Ann with a passkey.
async fn with_passkey() -> (Server, String, Device) {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut device = Device::new();
    server.add_passkey(&mut browser, &mut device, "Phone").await;
    // What comes now is newer than that sign-in.
    server.turn(1);
    (server, ann, device)
}

/// A request that insists on a class.
fn insisting_on(class: &str) -> String {
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": class } } });
    form_urlencoded::Serializer::new(String::new()).append_pair("claims", &claims.to_string()).finish()
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_is_two_factors_to_applications() {
    let (server, _, mut device) = with_passkey().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.turn(100);
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    assert_eq!(login.field("#email", "autocomplete").as_deref(), Some("username webauthn"));
    assert_eq!(login.passkey_options()["allowCredentials"], json!([]), "nobody learns who has one");
    let form = server.with_passkey(&login, &mut device).await;
    let answer = browser.press(&form).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], json!(PHISHING_RESISTANT_CLASS));
    assert_eq!(claims["amr"], json!(["swk", "user", "mfa"]));
    assert_eq!(claims["auth_time"], json!(server.clock.now().seconds()));
    // Whoever demands two factors, or wishes for less, asks nothing more.
    let mfa = insisting_on(MFA_CLASS);
    let wish = format!("acr_values={PASSWORD_CLASS}");
    for (asked, told) in [(mfa.as_str(), MFA_CLASS), (wish.as_str(), PHISHING_RESISTANT_CLASS)] {
        let answer = browser.get(&client.authorization_url(&format!("scope=openid&prompt=none&{asked}"))).await;
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(told), "{asked}");
    }
    let page = browser.visit("/account").await;
    assert!(page.text().contains("with a passkey"), "{}", page.text());
    assert!(browser.visit("/account/history").await.text().contains("You signed in with a passkey."));
    assert!(browser.visit("/account/passkeys").await.text().contains("last used"));
    let told = server.get("/.well-known/openid-configuration").await.json();
    assert_eq!(told["acr_values_supported"], json!([PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS]));
}

/// As every device makes it, on the larger curve, and as the TPM of a computer does (Windows Hello).
#[tokio::test]
async fn a_passkey_of_each_kind_of_key_is_added_and_signs_in() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    for kind in [KeyKind::Es256, KeyKind::Es384, KeyKind::Rs256] {
        let mut device = Device::new().making(kind);
        server.add_passkey(&mut here, &mut device, "").await;
        server.turn(1);
        // What it has signed for one answer is no signature of another.
        let mut stranger = server.browser();
        let page = stranger.visit("/login").await;
        let [former, mut forged] = [(); 2].map(|()| device.get(&page.passkey_options(), &Said::of(&server)));
        forged["response"]["signature"] = former["response"]["signature"].clone();
        let form = page.form("#passkey-submit").with("credential", &forged.to_string());
        stranger.submit(&form).await.refused_page(400, Rejection::WrongPasskey);
        let (_, page) = server.sign_in_with_passkey(&mut device).await;
        assert!(page.has("#sign-out"), "{kind:?}: {}", page.text());
    }
    let used = "SELECT count(*) FROM passkeys WHERE last_used_at IS NOT NULL";
    assert_eq!(server.database.db_number(used).await, 3);
}

#[tokio::test]
async fn a_passkey_that_stays_on_its_device_is_told_as_such() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut browser, mut key) = (server.browser(), Device::security_key());
    browser.sign_in(ANN).await;
    server.add_passkey(&mut browser, &mut key, "Key").await;
    assert!(browser.visit("/account/passkeys").await.text().contains("It stays on its device."));
    let (mut browser, _) = server.sign_in_with_passkey(&mut key).await;
    let answer = browser.get(&client.authorization_url("scope=openid&prompt=none")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["hwk", "user", "mfa"])));
}

#[tokio::test]
async fn an_application_that_insists_on_a_passkey_gets_one_and_nothing_else() {
    let (server, _, mut device) = with_passkey().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let phr = &format!("scope=openid&{}", insisting_on("phr"));
    let mut browser = server.browser();
    browser.visit(&client.authorization_url(phr)).await;
    let page = browser.visit(&client.authorization_url(phr)).await;
    let page = browser.sign_in_on(&page, ANN, PASSWORD).await;
    assert!(page.has("#passkey-submit") && !page.has("#password"), "{}", page.text());
    let form = server.with_passkey(&page, &mut device).await;
    let answer = browser.press(&form).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["pwd", "swk", "user", "mfa"])));
    // Nobody reaches it where there are none.
    let off = server.another_node_with(|config| config.sign_in.passkeys = false).await;
    off.browser().get(&client.authorization_url(phr)).await.refused_redirect(Rejection::ClassNotMet);
}

/// Whoever is signed in with less is asked for what is missing alone, and has proved the rest all the same.
#[tokio::test]
async fn a_passkey_that_is_asked_for_alone_is_added_to_what_somebody_is_signed_in_by() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut here, mut device) = (server.browser(), Device::new());
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    server.add_passkey(&mut here, &mut device, "").await;
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    browser.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    server.turn(700);
    let asking = client.authorization_url(&format!("scope=openid&{}", insisting_on("phr")));
    let page = browser.visit(&asking).await;
    let form = server.with_passkey(&page, &mut device).await;
    let answer = browser.press(&form).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["pwd", "otp", "swk", "user", "mfa"])));
    assert_eq!(claims["auth_time"], json!(server.clock.now().seconds()));
    // So nobody types the password again where that is what is insisted on.
    let asking = format!("scope=openid&prompt=none&{}", insisting_on(PASSWORD_CLASS));
    let answer = browser.get(&client.authorization_url(&asking)).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(PASSWORD_CLASS));
}

#[tokio::test]
async fn beside_a_password_the_passkey_of_that_person_is_the_second_step() {
    let (server, _, mut device) = with_passkey().await;
    server.db_user("bob@example.org").await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    let mut bobs = Device::new();
    server.add_passkey(&mut bob, &mut bobs, "").await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    assert_eq!(page.passkey_options()["allowCredentials"].as_array().unwrap().len(), 1, "{}", page.text());
    let form = server.with_passkey(&page, &mut bobs).await;
    let answer = browser.submit(&form).await;
    answer.refused_page(400, Rejection::WrongPasskey);
    assert!(answer.has("#passkey-submit") && answer.has("#another"), "still at the second step: {}", answer.text());
    let form = server.with_passkey(&answer, &mut device).await;
    assert!(browser.press(&form).await.has("#sign-out"));
    let methods = "SELECT proofs FROM sign_ins WHERE ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1";
    let proofs = text(&server, methods).await;
    assert!(proofs.contains("password") && proofs.contains("passkey"), "{proofs}");
}

#[tokio::test]
async fn a_password_that_is_another_by_now_counts_no_more_beside_a_passkey() {
    let (server, ann, mut device) = with_passkey().await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    let form = server.with_passkey(&page, &mut device).await;
    server.db_change_user(&ann, |account| account.password_hash = Some("$argon2id$other".to_owned())).await;
    assert!(browser.press(&form).await.has("#sign-out"), "the passkey is enough by itself");
    let newest = "SELECT proofs FROM sign_ins WHERE ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1";
    let proofs = text(&server, newest).await;
    assert!(!proofs.contains("password") && proofs.contains("passkey"), "{proofs}");
}

#[tokio::test]
async fn accounts_that_are_closed_or_left_are_told_so_as_for_a_password() {
    let (server, _, mut device) = with_passkey().await;
    server.database.db_execute("UPDATE users SET delete_after = 1900000000").await;
    let (_, answer) = server.sign_in_with_passkey(&mut device).await;
    answer.refused_page(403, Rejection::AccountLeaving);
    server.database.db_execute("UPDATE users SET delete_after = NULL, disabled_at = 1").await;
    let (_, answer) = server.sign_in_with_passkey(&mut device).await;
    answer.refused_page(400, Rejection::WrongPasskey);
    server.database.db_execute("UPDATE users SET disabled_at = NULL").await;
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"));
}

#[tokio::test]
async fn without_javascript_the_page_says_what_it_takes() {
    let (server, ..) = with_passkey().await;
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    assert!(page.text().contains("<noscript><p class=\"hint\">Passkeys need JavaScript"), "{}", page.text());
    assert!(page.text().contains("Switch it on, or choose another way."), "{}", page.text());
    let answer = browser.submit(&page.form("#passkey-submit")).await;
    answer.refused_page(400, Rejection::NoPasskeyShown);
    assert!(answer.has("#login-submit"), "and the other ways are there");
}

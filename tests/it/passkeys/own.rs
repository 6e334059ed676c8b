//! The page of a person's own passkeys.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;

use super::{ANN, BOB, text};
use crate::support::{AAGUID, Device, PASSWORD, Said, Server, first_step};

#[tokio::test]
async fn a_passkey_is_added_named_and_told_of() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    // What happens to an account in its first minute is told to nobody.
    server.turn(61);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/passkeys").await;
    assert!(!page.has("#passkeys") && page.text().contains("Passkeys need JavaScript"), "{}", page.text());
    let options = page.passkey_options();
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["attestation"], "none");
    let mut device = Device::new();
    let codes = server.add_passkey(&mut browser, &mut device, " My phone ").await;
    assert_eq!(codes.len(), 10, "the first second factor brings recovery codes");
    let page = browser.visit("/account/passkeys").await;
    assert_eq!(page.text_of("#passkeys strong").as_deref(), Some("My phone"));
    assert!(page.text().contains("It is on your other devices too."), "{}", page.text());
    let known = device.create(&page.passkey_options(), &Said::of(&server))["id"].clone();
    let excluded = &page.passkey_options()["excludeCredentials"];
    assert_eq!(excluded.as_array().unwrap().len(), 1, "no device is to have two of them");
    assert_ne!(excluded[0]["id"], known);
    // A second one brings no codes, and is called as the browser is when nobody says otherwise.
    server.turn(1);
    assert!(server.add_passkey(&mut browser, &mut Device::new(), "").await.is_empty());
    let page = browser.visit("/account/passkeys").await;
    let summaries = page.fields(".rename summary", "aria-label");
    assert!(summaries.len() == 2 && summaries.iter().all(|label| label.starts_with("Rename ")), "{summaries:?}");
    assert!(summaries[0] != summaries[1], "each says which it renames: {summaries:?}");
    let form = page.form("#rename-passkey-2");
    for (name, kept) in [("Key ring", "Key ring"), ("", "Key ring"), ("a\u{202e}b", "Key ring")] {
        let page = browser.press(&form.clone().with("name", name)).await;
        assert!(page.text().contains(kept), "{}", page.text());
    }
    let stored = text(&server, "SELECT aaguid FROM passkeys ORDER BY created_at LIMIT 1").await;
    assert_eq!(stored, AAGUID);
    let alerts = server.mailbox().await.alerts_to(ANN);
    let added = alerts.iter().filter(|alert| *alert == "passkey_added").count();
    assert_eq!(added, 2, "each is told, the second may be somebody else's: {alerts:?}");
    assert!(!alerts.contains(&"recovery_codes_made".to_owned()), "those come with it: {alerts:?}");
    let added = format!("SELECT count(*) FROM audit WHERE event = 'passkey.added' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&added).await, 2);
    assert!(browser.visit("/account/history").await.text().contains("A passkey was added."));
    assert!(browser.visit("/account").await.text().contains("You have 2."));
}

/// Whether it is copied is as its device has said last (WebAuthn §6.1.3).
#[tokio::test]
async fn a_passkey_is_told_as_copied_once_it_is() {
    const MAY_BE: &str = "It can be copied to your other devices.";
    const IS: &str = "It is on your other devices too.";
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut device = Device::new();
    device.copy(false);
    server.add_passkey(&mut browser, &mut device, "Phone").await;
    assert!(browser.visit("/account/passkeys").await.text().contains(MAY_BE), "before it is used as well");
    for (is_copied, told, other) in [(false, MAY_BE, IS), (true, IS, MAY_BE), (false, MAY_BE, IS)] {
        device.copy(is_copied);
        let (mut browser, page) = server.sign_in_with_passkey(&mut device).await;
        assert!(page.has("#sign-out"), "{}", page.text());
        let page = browser.visit("/account/passkeys").await.text();
        assert!(page.contains(told) && !page.contains(other), "{page}");
        let export = server.app.storage.export(&ann, "https://as.test", server.clock.now()).await.unwrap().unwrap();
        assert_eq!((export.passkeys[0].may_be_copied, export.passkeys[0].is_copied), (true, is_copied));
    }
}

#[tokio::test]
async fn with_a_first_passkey_sign_ins_end_that_were_made_without() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let (mut here, mut elsewhere) = (server.browser(), server.browser());
    here.sign_in(ANN).await;
    elsewhere.sign_in(ANN).await;
    server.add_passkey(&mut here, &mut Device::new(), "").await;
    assert!(here.visit("/account").await.has("#sign-out"), "who has made it has shown it");
    assert!(!elsewhere.visit("/account").await.has("#sign-out"));
    let page = first_step(&mut elsewhere, ANN).await;
    assert!(
        page.has("#passkey-submit") && page.has("#recovery-submit") && !page.has("#totp-submit"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn whoever_finds_a_browser_open_adds_and_removes_nothing() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut device = Device::new();
    server.add_passkey(&mut browser, &mut device, "").await;
    let fresh = browser.visit("/account/passkeys").await;
    let made = Device::new().create(&fresh.passkey_options(), &Said::of(&server)).to_string();
    let removal = fresh.form("#remove-passkey-1");
    server.turn(601);
    let page = browser.visit("/account/passkeys").await;
    assert!(page.has("#begin-passkey") && !page.has("#passkey-submit"), "{}", page.text());
    let late = fresh.form("#passkey-submit").with("credential", &made);
    let page = browser.press(&late).await;
    assert!(page.has("#begin-passkey"), "{}", page.text());
    let question = browser.press(&removal).await;
    assert!(question.has("#confirm") && question.has("#passkey-submit"), "{}", question.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
    // The password is not enough: the second factor too must be fresh.
    let step = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(step.has("#passkey-submit") && !step.has("#confirm"), "{}", step.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
    // The passkey is.
    let question = browser.press(&removal).await;
    let form = server.with_passkey(&question, &mut device).await;
    let page = browser.press(&form).await;
    assert!(page.text().contains("That passkey is removed."), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 0);
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0, "the codes go with the last factor");
    assert!(first_step(&mut server.browser(), ANN).await.has("#sign-out"), "the password is enough again");
}

#[tokio::test]
async fn with_a_passkey_the_sign_ins_end_that_it_has_made_and_others_go_on() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.turn(61);
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (mut phone, mut ring) = (Device::new(), Device::new());
    server.add_passkey(&mut here, &mut phone, "Phone").await;
    server.turn(1);
    server.add_passkey(&mut here, &mut ring, "Ring").await;
    let (mut by_phone, _) = server.sign_in_with_passkey(&mut phone).await;
    let (mut by_ring, _) = server.sign_in_with_passkey(&mut ring).await;
    let page = here.visit("/account/passkeys").await;
    here.press(&page.form("#remove-passkey-1")).await;
    assert!(here.visit("/account").await.has("#sign-out") && by_ring.visit("/account").await.has("#sign-out"));
    assert!(!by_phone.visit("/account").await.has("#sign-out"));
    let (_, answer) = server.sign_in_with_passkey(&mut phone).await;
    answer.refused_page(400, Rejection::WrongPasskey);
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"passkey_removed".to_owned()));
    let removed = format!("SELECT count(*) FROM audit WHERE event = 'passkey.removed' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&removed).await, 1);
    assert!(here.visit("/account/history").await.text().contains("A passkey was removed."));
    let page = here.visit("/account/passkeys").await;
    assert_eq!(page.text_of("#passkeys strong").as_deref(), Some("Ring"));
    // What is somebody else's is left alone.
    server.db_user(BOB).await;
    let mut bob = server.browser();
    bob.sign_in(BOB).await;
    server.add_passkey(&mut bob, &mut Device::new(), "Bob's").await;
    let id = page.form("#remove-passkey-1").field("id");
    let own = bob.visit("/account/passkeys").await;
    bob.press(&own.form("#remove-passkey-1").with("id", &id)).await;
    bob.press(&own.form("#rename-passkey-1").with("id", &id).with("name", "Mine")).await;
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys WHERE name = 'Ring'").await, 1);
}

#[tokio::test]
async fn with_a_passkey_ends_what_it_has_allowed_applications_elsewhere() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    // Its grants go on when the sign-in ends.
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (mut phone, mut ring) = (Device::new(), Device::new());
    server.add_passkey(&mut here, &mut phone, "Phone").await;
    let url = client.authorization_url("scope=openid+offline_access");
    let mut codes = vec![here.visit(&url).await.location_param("code").unwrap()];
    server.turn(1);
    server.add_passkey(&mut here, &mut ring, "Ring").await;
    for device in [&mut phone, &mut ring] {
        let (mut elsewhere, _) = server.sign_in_with_passkey(device).await;
        codes.push(elsewhere.visit(&url).await.location_param("code").unwrap());
        // Where the sign-in ended before, too.
        let page = elsewhere.visit("/account").await;
        elsewhere.press(&page.form("#sign-out")).await;
    }
    let mut tokens = Vec::new();
    for code in &codes {
        tokens.push(client.redeem(code).await.ok()["refresh_token"].as_str().unwrap().to_owned());
    }
    let page = here.visit("/account/passkeys").await;
    let page = here.press(&page.form("#remove-passkey-1")).await;
    assert!(page.text().contains("That passkey is removed."), "{}", page.text());
    let mut go_on = Vec::new();
    for token in &tokens {
        let answer = client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
        go_on.push(answer.status == 200);
    }
    assert_eq!(go_on, [true, false, true], "the one of this browser, of the lost phone, of the key ring");
}

#[tokio::test]
async fn the_last_second_factor_stays_where_everybody_has_one() {
    let server = Server::with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    let authenticator = crate::support::Authenticator::with(&page.text_of("#totp-secret").unwrap());
    browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let mut device = Device::new();
    assert!(server.add_passkey(&mut browser, &mut device, "").await.is_empty(), "there are codes already");
    let page = browser.visit("/account/authenticator").await;
    let page = browser.press(&page.form("#remove-authenticator")).await;
    assert!(page.text().contains("Your authenticator is removed"), "the passkey stays: {}", page.text());
    let page = browser.visit("/account/passkeys").await;
    browser.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastSecondFactor);
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut device = Device::new();
    server.add_passkey(&mut browser, &mut device, "").await;
    let page = browser.visit("/account/password").await;
    let page = browser.press(&page.form("#remove-password")).await;
    assert!(!page.text().contains("only way"), "the passkey is another: {}", page.text());
    server.db_change_user(&ann, |account| account.password_hash = None).await;
    let (mut browser, page) = server.sign_in_with_passkey(&mut device).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    let page = browser.visit("/account/passkeys").await;
    browser.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastWayIn);
}

#[tokio::test]
async fn makes_that_are_not_wanted_and_more_than_there_can_be_are_refused() {
    let of_google = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4";
    let server = Server::with(|config| config.passkeys.authenticators = vec![of_google.parse().unwrap()]).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/passkeys").await;
    let made = Device::new().create(&page.passkey_options(), &Said::of(&server)).to_string();
    browser
        .submit(&page.form("#passkey-submit").with("credential", &made))
        .await
        .refused_page(403, Rejection::UnwantedPasskey);
    let server =
        server.another_node_with(|config| config.passkeys.authenticators = vec![AAGUID.parse().unwrap()]).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut waiting = browser.visit("/account/passkeys").await;
    for _ in 0..25 {
        waiting = browser.visit("/account/passkeys").await;
        server.add_passkey(&mut browser, &mut Device::new(), "").await;
    }
    let page = browser.visit("/account/passkeys").await;
    assert!(page.has("#full") && !page.has("#passkey-submit"), "{}", page.text());
    let made = Device::new().create(&waiting.passkey_options(), &Said::of(&server)).to_string();
    let answer = browser.submit(&waiting.form("#passkey-submit").with("credential", &made)).await;
    answer.refused_page(400, Rejection::TooManyPasskeys);
}

#[tokio::test]
async fn where_people_have_none_there_is_no_page_and_nobody_is_asked() {
    let server = Server::with(|config| config.sign_in.passkeys = false).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(!login.has("#passkey-submit") && !login.text().contains("webauthn"), "{}", login.text());
    let form = login.form("#login-submit").to("/login/passkey").with("credential", "{}");
    browser.submit(&form).await.refused_page(404, Rejection::NoSuchPage);
    browser.sign_in(ANN).await;
    browser.get("/account/passkeys").await.refused_page(404, Rejection::NoSuchPage);
    assert!(!browser.visit("/account").await.text().contains("/account/passkeys"));
    let told = server.get("/.well-known/openid-configuration").await.json()["acr_values_supported"].to_string();
    assert!(!told.contains("phr"), "{told}");
    // Those of before count for nothing until they are switched on again.
    let on = server.another_node_with(|config| config.sign_in.passkeys = true).await;
    let mut there = on.browser();
    there.sign_in(ANN).await;
    on.add_passkey(&mut there, &mut Device::new(), "").await;
    assert!(first_step(&mut server.browser(), ANN).await.has("#sign-out"));
    assert!(first_step(&mut on.browser(), ANN).await.has("#passkey-submit"));
}

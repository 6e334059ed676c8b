//! Devices that are kept: whoever has one of another account, an older one, or a copy of one.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, BOB, count};
use crate::support::{Authenticator, Browser, PASSWORD, Server, first_step};

const COOKIE: &str = "doorward_device";
const NEW: &str = "another quiet river at noon";

/// Ann with an authenticator, and a browser that she keeps.
async fn kept() -> (Server, Browser, Authenticator, Browser) {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    let kept = server.keep_device(&authenticator).await;
    (server, here, authenticator, kept)
}

/// The entry of an account is worth nothing for another: Bob's device, Ann's name for him on it, or his device under the mark of her account.
#[tokio::test]
async fn e22_a_device_cookie_of_another_account_is_asked_for_the_code() {
    let (server, here, _, ann) = kept().await;
    server.db_user(BOB).await;
    let mut bob = server.browser();
    bob.sign_in(BOB).await;
    assert!(server.asks_for_a_code(&mut bob.clone()).await);
    let entries = [&ann, &bob].map(|browser| browser.cookies[COOKIE].split('.').map(str::to_owned).collect::<Vec<_>>());
    let [of_ann, of_bob] = &entries;
    let forged = |whose: &str, device: &str, at: &str, seal: &str| format!("{whose}.{device}.{at}.{seal}");
    for value in [
        forged(&of_ann[0], &of_bob[1], &of_bob[2], &of_bob[3]),
        forged(&of_ann[0], &of_ann[1], &of_ann[2], &of_bob[3]),
        forged(&of_bob[0], &of_ann[1], &of_bob[2], &of_bob[3]),
        forged(&of_ann[0], &of_bob[1], &of_ann[2], &of_ann[3]),
        // Its name alone, as it stands in the counters of a database that was stolen.
        forged(&of_ann[0], &of_ann[1], &of_ann[2], ""),
    ] {
        let mut thief = here.clone();
        thief.cookies.insert(COOKIE.to_owned(), value.clone());
        assert!(server.asks_for_a_code(&mut thief).await, "{value}");
    }
    assert!(!server.asks_for_a_code(&mut ann.clone()).await);
}

/// A cookie from before another password, another authenticator or a reset is worth nothing afterwards, also when the device was kept anew since.
#[tokio::test]
async fn e22_an_older_cookie_is_asked_for_the_code() {
    let (server, _, authenticator, mut ann) = kept().await;
    let older = ann.clone();
    let page = ann.visit("/account/password").await;
    let form = page.form("#change-password").with("current_password", PASSWORD).with("password", NEW);
    let page = ann.press(&form.without("end_all")).await;
    assert!(page.has("#done"), "{}", page.text());
    server.turn(30);
    server.database.db_execute("UPDATE sign_ins SET ended_at = 1, end_reason = 'test'").await;
    let with_new = async |browser: &mut Browser| {
        let page = browser.visit("/login?as=another").await;
        browser.sign_in_on(&page, ANN, NEW).await
    };
    let page = with_new(&mut ann).await;
    let form = page.form("#totp-submit").with("code", &authenticator.code(&server)).with("keep_device", "yes");
    assert!(ann.press(&form).await.has("#sign-out"));
    server.database.db_execute("UPDATE sign_ins SET ended_at = 1, end_reason = 'test'").await;
    assert!(with_new(&mut older.clone()).await.has("#totp-submit"), "the same device, sealed over the former password");
    assert!(with_new(&mut ann.clone()).await.has("#sign-out"));
    // Without the authenticator, and with another.
    let act = crate::registry::operator();
    server.registry().reset_factors(ANN, &act).await.unwrap();
    assert_eq!(count(&server, "SELECT count(*) FROM kept_devices").await, 0);
    assert!(with_new(&mut ann).await.has("#sign-out"), "there is nothing to be asked for");
    server.enrol(&mut ann).await;
    server.database.db_execute("UPDATE sign_ins SET ended_at = 1, end_reason = 'test'").await;
    assert!(with_new(&mut ann).await.has("#totp-submit"));
}

/// A cookie of the same browser from before it was kept is not kept with it, though the account knows it; nor is one from before it was kept anew.
#[tokio::test]
async fn e22_a_copy_from_before_a_device_was_kept_is_asked_for_the_code() {
    let (server, _, authenticator, mut ann) = kept().await;
    let mut copy = ann.clone();
    server.turn(700);
    assert!(!server.asks_for_a_code(&mut ann).await);
    let page = ann.visit("/account/authenticator").await;
    let page = ann.press(&page.form("#begin-authenticator")).await;
    let form = page.form("#totp-submit").with("code", &authenticator.code(&server)).with("keep_device", "yes");
    assert!(ann.press(&form).await.has("#totp-secret"));
    assert!(!server.asks_for_a_code(&mut ann).await && server.asks_for_a_code(&mut copy).await);
    assert_eq!(count(&server, "SELECT count(*) FROM kept_devices").await, 1);
    // Known before, and not kept.
    let mut known = server.browser();
    for keeps in [false, true] {
        assert!(server.asks_for_a_code(&mut known).await);
        copy = known.clone();
        server.turn(30);
        let form = first_step(&mut known, ANN).await.form("#totp-submit").with("code", &authenticator.code(&server));
        let form = if keeps { form.with("keep_device", "yes") } else { form };
        assert!(known.press(&form).await.has("#sign-out"));
    }
    assert!(!server.asks_for_a_code(&mut known).await && server.asks_for_a_code(&mut copy).await);
}

/// Class: a stolen device: with the password it signs in, as the docs say, and is seen in the list. It changes no factor, and a guess at the code is
/// one of five, however often the right password stands between them.
#[tokio::test]
async fn e22_a_copied_device_is_listed_and_has_no_endless_guesses_at_the_code() {
    let (server, _, authenticator, mut ann) = kept().await;
    let mut thief = server.browser();
    thief.address = "198.51.100.9".to_owned();
    thief.cookies.insert(COOKIE.to_owned(), ann.cookies[COOKIE].clone());
    server.turn(700);
    assert!(!server.asks_for_a_code(&mut thief).await);
    let listed = thief.visit("/account/authenticator").await.text_of("#kept-devices").unwrap();
    assert!(listed.contains("Chosen 11 minutes ago, last used just now"), "{listed}");
    for guess in 1..=5 {
        server.turn(700);
        assert!(!server.asks_for_a_code(&mut thief).await, "{guess}");
        let page = thief.visit("/account/authenticator").await;
        let page = thief.press(&page.form("#begin-authenticator")).await;
        assert!(page.has("#totp-submit") && !page.has("#totp-secret"), "{}", page.text());
        let form = page.form("#totp-submit").with("code", &authenticator.wrong(&server));
        thief.submit(&form).await.refused_page(400, Rejection::WrongSecondFactor);
    }
    server.turn(700);
    assert!(server.asks_for_a_code(&mut thief).await);
    assert_eq!(count(&server, "SELECT count(*) FROM audit WHERE event = 'device.ended'").await, 1);
    let page = first_step(&mut ann, ANN).await;
    let page = ann.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "{}", page.text());
}

/// Class: the same, by what each cookie of before says: the copy signs in by the password again and again, each time under another name, and guesses under all
/// of these names.
#[tokio::test]
async fn e22_a_copied_device_has_no_more_guesses_for_signing_in_often() {
    let (server, _, authenticator, ann) = kept().await;
    let mut thief = server.browser();
    thief.address = "198.51.100.9".to_owned();
    thief.cookies.insert(COOKIE.to_owned(), ann.cookies[COOKIE].clone());
    let mut names = Vec::new();
    for _ in 0..40 {
        names.push(thief.cookies[COOKIE].clone());
        assert!(!server.asks_for_a_code(&mut thief).await);
    }
    let mut thief = server.browser();
    thief.address = "198.51.100.9".to_owned();
    let form = first_step(&mut thief, ANN).await.form("#totp-submit").with("code", &authenticator.wrong(&server));
    let mut evaluated = 0;
    for name in names {
        thief.cookies.insert(COOKIE.to_owned(), name);
        evaluated += usize::from(thief.submit(&form).await.status == 400);
    }
    assert_eq!(evaluated, 20 + 5, "those of the browser and its copies, and those of a stranger in a minute");
}

/// Class: a stolen device and the password. The application demands two factors of the last five minutes; its address, with a wish for a password alone, gets
/// no further by a code of days ago.
#[tokio::test]
async fn e22_a_wish_for_less_makes_no_kept_code_a_recent_one() {
    let (server, _, authenticator, mut ann) = kept().await;
    let demanding = |client: &mut doorward::protocol::client::Client| {
        client.first_party = true;
        client.metadata.acr = Some(MFA_CLASS.to_owned());
    };
    let client = server.db_client(ClientType::Web, demanding).await;
    server.turn(3 * 86_400);
    assert!(!server.asks_for_a_code(&mut ann).await);
    assert!(ann.visit(&client.authorization_url("scope=openid")).await.location_param("code").is_some());
    for wish in [String::new(), format!("&acr_values={PASSWORD_CLASS}")] {
        let page = ann.visit(&client.authorization_url(&format!("scope=openid&max_age=300{wish}"))).await;
        assert!(page.has("#totp-submit"), "{wish}: {}", page.text());
    }
    let page = ann.visit(&client.authorization_url("scope=openid&prompt=none&max_age=300")).await;
    assert_eq!(page.location_param("error").as_deref(), Some("login_required"));
    let page = ann.visit(&client.authorization_url("scope=openid&max_age=300")).await;
    let answer = ann.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
}

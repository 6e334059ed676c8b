//! Devices that people keep: no code is asked for there for a while, as long as nothing has changed and nothing fresh is demanded.

use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::kept_device::{KeptDevice, hash_of};
use doorward::protocol::passkey::{Aaguid, Passkey, PublicKey, Use};
use doorward::protocol::second_factor::FactorKind;
use doorward::protocol::user::{EmailAuthority, UserField};
use doorward::secret::Secret;
use doorward::storage::Transaction;
use serde_json::json;
use url::form_urlencoded;

use super::ANN;
use crate::registry::operator;
use crate::support::{Authenticator, Browser, Device, PASSWORD, Server, filled, first_step, unverified_claims};

const DAY: i64 = 86_400;
const KEPT: &str = "SELECT count(*) FROM kept_devices";

impl Server {
    /// A browser in which Ann shows both, ticks the box, and is signed in.
    pub async fn keep_device(&self, authenticator: &Authenticator) -> Browser {
        let mut browser = self.browser();
        self.turn(30);
        let page = first_step(&mut browser, ANN).await;
        let form = page.form("#totp-submit").with("code", &authenticator.code(self)).with("keep_device", "yes");
        let page = browser.press(&form).await;
        assert!(page.has("#sign-out"), "{}", page.text());
        browser
    }

    /// Whether Ann is asked for a code there after a right password, when no sign-in holds any more.
    pub async fn asks_for_a_code(&self, browser: &mut Browser) -> bool {
        let ended = "UPDATE sign_ins SET ended_at = 1, end_reason = 'test' WHERE ended_at IS NULL";
        self.database.db_execute(ended).await;
        let page = first_step(browser, ANN).await;
        assert!(page.has("#totp-submit") != page.has("#sign-out"), "{}", page.text());
        page.has("#totp-submit")
    }
}

/// Ann with an authenticator, in a browser that is signed in.
async fn with_authenticator() -> (Server, String, Browser, Authenticator) {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    (server, ann, here, authenticator)
}

#[tokio::test]
async fn who_keeps_a_device_is_asked_for_no_code_there_for_thirty_days() {
    let (server, ann, here, authenticator) = with_authenticator().await;
    let page = first_step(&mut server.browser(), ANN).await;
    assert!(page.has("#keep_device:not([checked])"), "{}", page.text());
    assert!(page.text().contains("Do not ask for a code on this device for 30 days"));
    let mut plain = server.browser();
    let form = first_step(&mut plain, ANN).await.form("#totp-submit");
    plain.press(&form.with("code", &authenticator.code(&server))).await;
    assert_eq!(server.database.db_number(KEPT).await, 0, "nobody keeps what they did not choose to");
    let mut kept = server.keep_device(&authenticator).await;
    let kept_at = server.clock.now().seconds();
    server.turn(29 * DAY);
    assert!(!server.asks_for_a_code(&mut kept).await);
    assert!(server.asks_for_a_code(&mut plain).await && server.asks_for_a_code(&mut here.clone()).await);
    // What applications are told is what was shown, and when.
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    assert!(!server.asks_for_a_code(&mut kept).await);
    let code = kept.code(&client, ANN, "scope=openid").await;
    let claims = unverified_claims(client.redeem(&code).await.ok()["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["auth_time"]), (&json!(MFA_CLASS), &json!(kept_at)));
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
    let page = kept.visit("/account/authenticator").await;
    let listed = page.text_of("#kept-devices").unwrap();
    assert!(listed.contains("this browser") && listed.contains("Chosen 29 days ago, last used just now"), "{listed}");
    assert!(kept.visit("/account/history").await.text().contains("You chose not to be asked for a code on a device."));
    let recorded = format!("SELECT count(*) FROM audit WHERE event = 'device.kept' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&recorded).await, 1);
    let by_device =
        "SELECT count(*) FROM audit WHERE event = 'sign_in.succeeded' AND details LIKE '%\"kept_device\":true%'";
    assert_eq!(server.database.db_number(by_device).await, 2);
    let export = server.app.storage.export(&ann, "https://as.test", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(export.kept_devices.len(), 1);
    server.turn(DAY - 1);
    assert!(!server.asks_for_a_code(&mut kept).await);
    server.turn(1);
    assert!(server.asks_for_a_code(&mut kept).await);
    server.turn(1);
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
    assert_eq!(server.database.db_number(KEPT).await, 0);
}

#[tokio::test]
async fn what_demands_a_fresh_proof_asks_for_the_code_all_the_same() {
    let (server, _, _, authenticator) = with_authenticator().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut kept = server.keep_device(&authenticator).await;
    let kept_at = server.clock.now().seconds();
    server.turn(700);
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": MFA_CLASS } } });
    let mfa = form_urlencoded::Serializer::new(String::new()).append_pair("claims", &claims.to_string()).finish();
    for (extra, asks) in [("max_age=600", true), ("prompt=login", true), ("max_age=900", false), (mfa.as_str(), false)]
    {
        assert!(!server.asks_for_a_code(&mut kept).await);
        kept.cookies.remove("doorward_sign_in");
        let login = kept.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let answer = kept.sign_in_on(&login, ANN, PASSWORD).await;
        assert_eq!(answer.has("#totp-submit"), asks, "{extra}: {}", answer.text());
        if !asks {
            let code = answer.location_param("code").unwrap();
            let claims = unverified_claims(client.redeem(&code).await.ok()["id_token"].as_str().unwrap());
            assert_eq!((&claims["acr"], &claims["auth_time"]), (&json!(MFA_CLASS), &json!(kept_at)), "{extra}");
        }
    }
    // Signed in by the device, an application that wants it fresh asks for the code alone.
    assert!(!server.asks_for_a_code(&mut kept).await);
    let page = kept.visit(&client.authorization_url("scope=openid&max_age=600")).await;
    assert!(page.has("#totp-submit") && !page.has("#password"), "{}", page.text());
    // And so does whatever changes factors.
    for path in ["/account/authenticator", "/account/recovery-codes"] {
        let page = kept.visit(path).await;
        let begin = if path.ends_with("codes") { "#begin-codes" } else { "#begin-authenticator" };
        let page = kept.press(&page.form(begin)).await;
        assert!(page.has("#totp-submit") && !page.has("#totp-secret"), "{path}: {}", page.text());
    }
}

/// Where a passkey is wanted nothing else is lent: whoever has one is asked for it, as without the device.
#[tokio::test]
async fn a_kept_device_never_stands_in_for_a_passkey() {
    let (server, _, mut here, authenticator) = with_authenticator().await;
    let mut device = Device::new();
    server.add_passkey(&mut here, &mut device, "Phone").await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut kept = server.keep_device(&authenticator).await;
    assert!(!server.asks_for_a_code(&mut kept).await);
    server.db_change_client(&client.id, |client| client.metadata.acr = Some("phr".into())).await;
    kept.cookies.remove("doorward_sign_in");
    let login = kept.visit(&client.authorization_url("scope=openid")).await;
    let page = kept.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(page.has("#passkey-submit") && !page.has("#password"), "{}", page.text());
    let form = server.with_passkey(&page, &mut device).await;
    let answer = kept.press(&form).await;
    let code = answer.location_param("code").unwrap_or_else(|| panic!("{}", answer.text()));
    let claims = unverified_claims(client.redeem(&code).await.ok()["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["auth_time"]), (&json!("phr"), &json!(server.clock.now().seconds())));
}

/// One for each verb through which the password and the factors change, or everything ends.
#[tokio::test]
async fn every_change_of_the_password_and_the_factors_keeps_no_device_any_more() {
    let (server, ann, _, authenticator) = with_authenticator().await;
    server.keep_device(&authenticator).await;
    let now = server.clock.now();
    let key = PublicKey {
        credential_id: b"x".to_vec(),
        credential: String::new(),
        counter: 0,
        may_be_copied: false,
        is_copied: false,
        transports: Vec::new(),
        aaguid: "00000000-0000-0000-0000-000000000000".parse::<Aaguid>().unwrap(),
        is_attested: false,
    };
    let passkey = Passkey {
        id: "p".into(),
        user_id: ann.clone(),
        name: "x".into(),
        created_at: now,
        last_used_at: None,
        used_as: Use::Passkey,
        key,
    };
    let kept = KeptDevice {
        user_id: ann.clone(),
        hash: hash_of("another"),
        sign_in_id: "s".into(),
        shown: FactorKind::Authenticator,
        kept_at: now,
        last_used_at: None,
        expires_at: now.plus(DAY),
        user_agent: String::new(),
    };
    assert_eq!(server.database.db_number(KEPT).await, 1);
    let act = operator();
    for verb in ["password", "name", "authenticator", "codes", "new passkey", "no passkey", "everything", "access"] {
        let mut transaction: Transaction = server.app.storage.begin().await.unwrap();
        transaction.hold_user(&ann).await.unwrap();
        transaction.end_kept_devices(&ann, None).await.unwrap();
        transaction.keep_device(&kept).await.unwrap();
        let account = transaction.user(&ann).await.unwrap().unwrap();
        match verb {
            "password" => transaction.change_user(&account, &[UserField::Password]).await.map(drop),
            "name" => transaction.change_user(&account, &[UserField::Name]).await.map(drop),
            "authenticator" => transaction.forget_factor(&ann, FactorKind::Authenticator).await.map(drop),
            "codes" => transaction.forget_factor(&ann, FactorKind::RecoveryCodes).await.map(drop),
            "new passkey" => transaction.insert_passkey(&passkey).await.map(drop),
            "no passkey" => transaction.delete_passkey("p", &ann).await.map(drop),
            "everything" => transaction.end_everything_of_user(&ann, "test", &act).await,
            _ => transaction.end_access_of_user(&ann, "test", &act).await,
        }
        .unwrap();
        let left = transaction.kept_devices(&ann).await.unwrap().len();
        assert_eq!(left > 0, verb == "name", "{verb}");
        transaction.commit().await.unwrap();
    }
    // Those who go take theirs along.
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.keep_device(&kept).await.unwrap();
    transaction.commit().await.unwrap();
    server.registry().delete_user(ANN, &operator()).await.unwrap();
    assert_eq!(server.database.db_number(KEPT).await, 0);
}

#[tokio::test]
async fn whoever_sees_a_device_in_the_list_ends_it_there_without_a_fresh_proof() {
    let (server, ann, mut here, authenticator) = with_authenticator().await;
    let mut kept = server.keep_device(&authenticator).await;
    let mut other = server.keep_device(&authenticator).await;
    server.turn(700);
    assert!(!server.asks_for_a_code(&mut other).await);
    let page = other.visit("/account/authenticator").await;
    assert!(page.has("#end-device-2") && !page.has("#end-device-3"), "{}", page.text());
    // Somebody else's are left alone.
    server.db_user("bob@example.org").await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    let own = bob.visit("/account/authenticator").await;
    assert!(!own.has("#kept-devices"));
    let theirs = page.form("#end-device-2").with("csrf", &own.form("#totp-submit").field("csrf"));
    assert_eq!(bob.submit(&theirs).await.location(), "/account/authenticator");
    assert_eq!(server.database.db_number(KEPT).await, 2);
    let page = other.press(&page.form("#end-device-2")).await;
    assert!(page.has("#end-device-1") && !page.has("#end-device-2"), "{}", page.text());
    assert!(page.text_of("#kept-devices").unwrap().contains("this browser"), "the older one was ended");
    assert!(server.asks_for_a_code(&mut kept).await && !server.asks_for_a_code(&mut other).await);
    let ended = format!("SELECT count(*) FROM audit WHERE event = 'device.ended' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&ended).await, 1);
    assert!(other.visit("/account/history").await.text().contains("You are asked for a code on a device again."));
    // Ending all others leaves this one.
    let mut third = server.keep_device(&authenticator).await;
    assert_eq!(server.database.db_number(KEPT).await, 2);
    let page = third.visit("/account/sign-ins").await;
    third.press(&page.form("#end-others")).await;
    assert_eq!(server.database.db_number(KEPT).await, 1);
    assert!(!server.asks_for_a_code(&mut third).await && server.asks_for_a_code(&mut other).await);
    assert!(server.asks_for_a_code(&mut here).await);
}

/// In the list of sign-ins, or by the operator: then the code is asked for there again. Signing out is no mistrust, and a device that is lent is noted with the
/// sign-in that it has now.
#[tokio::test]
async fn whoever_ends_a_sign_in_by_hand_keeps_its_device_no_more() {
    let (server, ann, mut here, authenticator) = with_authenticator().await;
    let mut kept = server.keep_device(&authenticator).await;
    let page = kept.visit("/account").await;
    kept.press(&page.form("#sign-out")).await;
    assert!(!server.asks_for_a_code(&mut kept).await, "who has signed out is still at their own device");
    server.turn(30);
    let page = first_step(&mut here, ANN).await;
    here.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let mut other = server.keep_device(&authenticator).await;
    // Both are signed in, and the other is ended there.
    let page = first_step(&mut kept, ANN).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    let newest = async |browser: &Browser| {
        let secret = Secret::presented(browser.cookies["doorward_sign_in"].clone());
        server.app.storage.read().await.unwrap().sign_in_by_secret(&secret.hash()).await.unwrap().unwrap().id
    };
    let page = here.visit("/account/sign-ins").await;
    let id = newest(&kept).await;
    let end = page.form("#end-others").to("/account/sign-ins/end").with("id", &id);
    let page = here.press(&end).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(!kept.visit("/account").await.has("#sign-out"));
    assert_eq!(server.database.db_number(KEPT).await, 1);
    assert!(server.asks_for_a_code(&mut kept).await && !server.asks_for_a_code(&mut other).await);
    // That of the other, which it has now, by the operator.
    let id = newest(&other).await;
    server.registry().end_sign_in(&id, &operator()).await.unwrap();
    assert!(server.asks_for_a_code(&mut other).await);
    assert_eq!(server.database.db_number(&format!("{KEPT} WHERE user_id = '{ann}'")).await, 0);
}

#[tokio::test]
async fn where_no_device_is_kept_nobody_is_offered_it_and_former_ones_count_no_more() {
    let (server, _, _, authenticator) = with_authenticator().await;
    let kept = server.keep_device(&authenticator).await;
    let off = server.another_node_with(|config| config.sign_in.keep_device_days = 0).await;
    let mut browser = off.browser();
    off.turn(30);
    let page = first_step(&mut browser, ANN).await;
    assert!(!page.has("#keep_device") && !page.has("#keep_device_too"), "{}", page.text());
    let form = page.form("#totp-submit").with("code", &authenticator.code(&off)).with("keep_device", "yes");
    let page = browser.press(&form).await;
    assert!(page.has("#sign-out") && !browser.visit("/account/authenticator").await.has("#kept-devices"));
    assert_eq!(server.database.db_number(KEPT).await, 1);
    assert!(off.asks_for_a_code(&mut kept.at(&off)).await);
    let shorter = server.another_node_with(|config| config.sign_in.keep_device_days = 1).await;
    let mut kept = kept.at(&shorter);
    assert!(!shorter.asks_for_a_code(&mut kept).await);
    shorter.turn(DAY);
    assert!(shorter.asks_for_a_code(&mut kept).await);
    assert!(!server.asks_for_a_code(&mut kept.at(&server)).await, "here they are kept for longer");
}

#[tokio::test]
async fn a_recovery_code_keeps_a_device_too_and_a_wrong_one_keeps_none() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (_, codes) = server.enrol(&mut here).await;
    let mut browser = server.browser();
    let form = first_step(&mut browser, ANN).await.form("#recovery-submit").with("keep_device", "yes");
    let page = browser.submit(&form.clone().with("code", "0000-0000-0000-0000")).await;
    assert!(page.has("#keep_device_too[checked]"), "what was chosen is still chosen: {}", page.text());
    assert_eq!(server.database.db_number(KEPT).await, 0);
    let page = browser.press(&form.with("code", &codes[0])).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    assert!(!server.asks_for_a_code(&mut browser).await);
}

/// Otherwise mistyped passwords of a month would add up, and the device be forgotten for them.
#[tokio::test]
async fn a_right_password_on_a_kept_device_is_a_whole_success_of_that_device() {
    let (server, _, _, authenticator) = with_authenticator().await;
    let mut kept = server.keep_device(&authenticator).await;
    for round in 0..8 {
        for _ in 0..3 {
            let login = kept.visit("/login?as=another").await;
            kept.press(&filled(&login.form("#login-submit"), ANN, "not the password")).await;
        }
        server.turn(61);
        assert!(!server.asks_for_a_code(&mut kept).await, "{round}");
        server.turn(61);
    }
    // What strangers did to the account is no business of it: with both, somebody who has stolen them would open it over and over.
    let mut stranger = server.browser();
    stranger.address = "198.51.100.9".to_owned();
    for _ in 0..3 {
        let login = stranger.visit("/login").await;
        stranger.press(&filled(&login.form("#login-submit"), ANN, "not the password")).await;
    }
    let failed = "SELECT max(in_row) FROM attempt_counters WHERE id LIKE 'a %'";
    assert_eq!(server.database.db_number(failed).await, 3);
    assert!(!server.asks_for_a_code(&mut kept).await);
    assert_eq!(server.database.db_number(failed).await, 3);
}

/// Of two browsers with the same cookie, as a copy of it makes them, the one that comes next is asked: by that its owner sees that there is another.
#[tokio::test]
async fn a_cookie_that_was_copied_stands_in_for_one_of_its_browsers_alone() {
    let (server, _, _, authenticator) = with_authenticator().await;
    let mut kept = server.keep_device(&authenticator).await;
    let mut copy = kept.clone();
    assert!(!server.asks_for_a_code(&mut copy).await);
    assert!(server.asks_for_a_code(&mut kept).await, "the name is another since");
    assert!(!server.asks_for_a_code(&mut copy).await);
    assert!(!server.asks_for_a_code(&mut copy).await, "and is taken along each time");
}

/// What its owner shows ends a request of somebody else's; so nobody shows less while there is one.
#[tokio::test]
async fn while_somebody_says_that_the_factors_are_lost_their_owner_is_asked_on_a_kept_device_too() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    let mut kept = server.keep_device(&authenticator).await;
    server.begin_reset(ANN).await;
    server.turn(30);
    kept.cookies.remove("doorward_sign_in");
    let step = first_step(&mut kept, ANN).await;
    assert!(step.has("#totp-submit"), "{}", step.text());
    kept.press(&step.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert_eq!(server.db_resets().await, 0);
    assert!(!server.asks_for_a_code(&mut kept).await, "it is kept as before");
}

/// Whoever is asked for a code all the same in a browser that they keep, which has stood in for one before, keeps it.
#[tokio::test]
async fn a_device_stays_kept_when_a_code_is_shown_on_it() {
    let (server, _, _, authenticator) = with_authenticator().await;
    let mut ann = server.keep_device(&authenticator).await;
    server.turn(700);
    assert!(!server.asks_for_a_code(&mut ann).await);
    let page = ann.visit("/account/authenticator").await;
    let page = ann.press(&page.form("#begin-authenticator")).await;
    let form = page.form("#totp-submit").with("code", &authenticator.code(&server));
    assert!(ann.press(&form).await.has("#totp-secret"));
    assert!(!server.asks_for_a_code(&mut ann.clone()).await);
    assert_eq!(server.database.db_number(KEPT).await, 1);
}

//! Passkeys whose makers attest that hardware keeps the keys: which are taken for that, the class `phrh`, and the way to one where nothing else will do.

use std::path::PathBuf;

use doorward::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::edit::Edit;
use doorward::protocol::passkey::Attestation;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::registry::{ClientChange, RoleChange};
use rcgen::{DnType, IsCa, date_time_ymd};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::form_urlencoded::byte_serialize;

use super::{ANN, BOB, text};
use crate::registry::operator;
use crate::support::{
    AAGUID, Answer, Browser, Client, Device, Form, Maker, PASSWORD, Said, Server, Statement, first_step,
    recovery_codes, unverified_claims,
};

/// A maker whose root certificate is in a file, as an operator has it.
struct Trusted {
    maker: Maker,
    folder: TempDir,
}

impl Trusted {
    fn new() -> Self {
        let (maker, folder) = (Maker::new("Keys and Sons"), tempfile::tempdir().unwrap());
        // Beside another of the same name: which of the two it is, the signature says.
        let roots = format!("{}\n{}", Maker::new("Keys and Sons").pem(), maker.pem());
        std::fs::write(folder.path().join("roots.pem"), roots).unwrap();
        Self { maker, folder }
    }

    fn roots(&self) -> PathBuf {
        self.folder.path().join("roots.pem")
    }

    async fn server(&self, attestation: Attestation) -> Server {
        Server::with(|config| {
            (config.passkeys.attestation, config.passkeys.attestation_roots) = (attestation, self.roots());
        })
        .await
    }

    async fn node(&self, server: &Server, attestation: Attestation) -> Server {
        let roots = self.roots();
        server
            .another_node_with(|config| {
                (config.passkeys.attestation, config.passkeys.attestation_roots) = (attestation, roots);
            })
            .await
    }

    /// A security key of this maker.
    fn device(&self) -> Device {
        Device::security_key().saying(Statement::Packed(self.maker.attesting(|_| {})))
    }
}

/// The form of a page that asks for a new passkey, with one on this device.
fn made(server: &Server, page: &Answer, device: &mut Device) -> Form {
    let made = device.create(&page.passkey_options(), &Said::of(server));
    page.form("#passkey-submit").with("credential", &made.to_string())
}

/// What the application is told of whoever signs in there, on a page that is at its end.
async fn told(client: &Client, answer: &Answer) -> Value {
    let code = answer.location_param("code").unwrap_or_else(|| panic!("{}", answer.text()));
    let tokens = client.redeem(&code).await.ok();
    unverified_claims(tokens["id_token"].as_str().unwrap())
}

/// Whoever has just got recovery codes goes on.
async fn keep(browser: &mut Browser, shown: &Answer) -> Answer {
    assert_eq!(recovery_codes(shown).len(), 10, "{}", shown.text());
    browser.visit(&shown.field("#codes-kept", "href").unwrap()).await
}

/// Somebody who is signed in by a password.
async fn signed_in(server: &Server, email: &str) -> Browser {
    server.db_user(email).await;
    let mut browser = server.browser();
    browser.sign_in(email).await;
    browser
}

#[tokio::test]
async fn a_passkey_in_attested_hardware_is_of_the_highest_class_and_said_to_be_so() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let page = browser.visit("/account/passkeys").await;
    assert_eq!(page.passkey_options()["attestation"], "direct");
    let mut device = trusted.device();
    server.add_passkey(&mut browser, &mut device, "Key ring").await;
    let page = browser.visit("/account/passkeys").await;
    assert!(page.text().contains("It stays on its device. The maker vouches for the device."), "{}", page.text());
    let recorded = "SELECT details FROM audit WHERE event = 'passkey.added'";
    assert_eq!(serde_json::from_str::<Value>(&text(&server, recorded).await).unwrap()["is_attested"], true);
    let user = serde_json::to_value(server.registry().user(&ann).await.unwrap()).unwrap();
    assert!(user["second_factors"].to_string().contains(r#""is_attested":true"#), "{user}");
    let kept = text(&server, "SELECT credential FROM passkeys").await;
    assert!(kept.len() < 1000, "the certificates are judged and not kept: {kept}");
    let supported = server.get("/.well-known/openid-configuration").await.json()["acr_values_supported"].clone();
    assert_eq!(supported, json!([HARDWARE_CLASS, PHISHING_RESISTANT_CLASS, MFA_CLASS, PASSWORD_CLASS]));
    let essential = |class: &str| {
        let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{class}"}}}}}}"#);
        format!("scope=openid&claims={}", byte_serialize(claims.as_bytes()).collect::<String>())
    };
    for (wish, acr) in [
        ("scope=openid".to_owned(), HARDWARE_CLASS),
        ("scope=openid&acr_values=phrh".to_owned(), HARDWARE_CLASS),
        ("scope=openid&acr_values=phr".to_owned(), PHISHING_RESISTANT_CLASS),
        (essential(HARDWARE_CLASS), HARDWARE_CLASS),
        (essential(PHISHING_RESISTANT_CLASS), PHISHING_RESISTANT_CLASS),
    ] {
        let (mut browser, _) = server.sign_in_with_passkey(&mut device).await;
        let claims = told(&client, &browser.visit(&client.authorization_url(&wish)).await).await;
        assert_eq!((&claims["acr"], &claims["amr"]), (&json!(acr), &json!(["hwk", "user", "mfa"])), "{wish}");
    }
    // Where makers are asked for nothing any more, it is a passkey as any.
    let without = trusted.node(&server, Attestation::None).await;
    let (mut browser, _) = without.sign_in_with_passkey(&mut device).await;
    let claims = told(&client, &browser.visit(&client.authorization_url("scope=openid")).await).await;
    assert_eq!(claims["acr"], PHISHING_RESISTANT_CLASS);
    let refused = browser.visit(&client.authorization_url(&essential(HARDWARE_CLASS))).await;
    refused.refused_redirect(Rejection::ClassNotMet);
}

#[tokio::test]
async fn a_passkey_that_is_removed_opens_nothing_where_it_was_shown_before() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let mut owner = signed_in(&server, ANN).await;
    let (mut lost, mut kept) = (Device::new(), Device::new());
    server.add_passkey(&mut owner, &mut lost, "Lost").await;
    server.turn(1);
    server.add_passkey(&mut owner, &mut kept, "Kept").await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(HARDWARE_CLASS)).await;
    // Whoever has found the device is where a better one is added.
    let mut thief = server.browser();
    let login = thief.visit(&client.authorization_url("scope=openid")).await;
    let form = server.with_passkey(&login, &mut lost).await;
    let page = thief.press(&form).await;
    let form = made(&server, &page, &mut trusted.device());
    let own = owner.visit("/account/passkeys").await;
    assert!(owner.press(&own.form("#remove-passkey-1")).await.text().contains("That passkey is removed"));
    let answer = thief.press(&form).await;
    assert!(answer.has("#login-submit"), "{}", answer.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 1);
}

/// A demand that nobody can meet, as the settings are, is taken with a warning that names those which would change that: they may come later.
#[tokio::test]
async fn whoever_demands_more_than_anybody_can_show_is_warned() {
    let trusted = Trusted::new();
    let with = trusted.server(Attestation::Asked).await;
    let without = trusted.node(&with, Attestation::None).await;
    let client = with.db_client(ClientType::Web, |_| {}).await;
    for (server, acr, remedy) in [
        (&with, HARDWARE_CLASS, None),
        (&without, PHISHING_RESISTANT_CLASS, None),
        (&without, HARDWARE_CLASS, Some(": passkeys.attestation = \"asked\", with passkeys.attestation_roots")),
        (&without_passkeys(&with, true).await, HARDWARE_CLASS, Some(": sign_in.passkeys = true, and passkeys.att")),
        (&without_passkeys(&with, true).await, PHISHING_RESISTANT_CLASS, Some(": sign_in.passkeys = true")),
        (&without_passkeys(&with, true).await, MFA_CLASS, None),
        (&without_passkeys(&with, false).await, MFA_CLASS, Some(": sign_in.passkeys = true")),
        (&with.without_factors().await, MFA_CLASS, Some(": sign_in.second_factor = \"offered\", or sign_in.passkeys")),
    ] {
        let act = operator();
        let demand = RoleChange { acr: Edit::Set(acr.to_owned()), ..RoleChange::default() };
        let role = server.registry().change_role("user", demand, &act).await.unwrap();
        let demand = ClientChange { acr: Edit::Set(acr.to_owned()), ..ClientChange::default() };
        let of_client = server.registry().change_client(&client.id, demand, &act).await.unwrap();
        let warned = [role.warnings, of_client.warnings];
        let is_remedied = |words: &String| remedy.is_none_or(|remedy| words.contains(remedy));
        let is_named = |words: &String| words.contains(&format!("'{acr}'")) && is_remedied(words);
        let named = |warnings: &Vec<String>| warnings.iter().any(is_named);
        assert_eq!(warned.iter().map(named).collect::<Vec<_>>(), [remedy.is_some(); 2], "{acr}: {warned:?}");
    }
    let renamed = ClientChange { name: Some("Vault".to_owned()), ..ClientChange::default() };
    let changed = without.registry().change_client(&client.id, renamed, &operator()).await.unwrap();
    assert_eq!(changed.warnings, Vec::<String>::new(), "it is said once");
}

async fn without_passkeys(server: &Server, with_password: bool) -> Server {
    server.another_node_with(|config| (config.sign_in.passkeys, config.sign_in.password) = (false, with_password)).await
}

/// What says nothing of its make, or nothing that can be believed, each as it is called.
fn worthless(trusted: &Trusted) -> Vec<(&'static str, Statement)> {
    let maker = &trusted.maker;
    let packed = |change: fn(&mut rcgen::CertificateParams)| Statement::Packed(maker.attesting(change));
    let other = "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4";
    vec![
        ("nothing", Statement::None),
        ("that it is as it says", Statement::OfItself),
        ("in a way that nobody knows", Statement::Unheard),
        ("by a maker who is not trusted", Statement::Packed(Maker::new("Keys and Cousins").attesting(|_| {}))),
        ("by one who only has the same name", Statement::Packed(Maker::new("Keys and Sons").attesting(|_| {}))),
        ("of another make", Statement::Packed(maker.of_make(other, |_| {}))),
        ("with another signature", Statement::Bent(maker.attesting(|_| {}))),
        ("as U2F, of which neither make nor flags are signed", Statement::U2f(maker.attesting(|_| {}))),
        ("by a certificate that has expired", packed(|leaf| leaf.not_after = date_time_ymd(2000, 1, 1))),
        ("by one that is not valid yet", packed(|leaf| leaf.not_before = date_time_ymd(2999, 1, 1))),
        ("by one of an authority", packed(|leaf| leaf.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained))),
        ("by one that is for something else", {
            packed(|leaf| leaf.distinguished_name.push(DnType::OrganizationalUnitName, "Billing"))
        }),
    ]
}

#[tokio::test]
async fn what_no_trusted_maker_attests_is_taken_for_what_it_was_or_refused_where_it_must_be_attested() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let strict = trusted.node(&server, Attestation::Required).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = signed_in(&server, ANN).await;
    for (what, statement) in worthless(&trusted) {
        let mut device = Device::security_key().saying(statement);
        server.turn(1);
        server.add_passkey(&mut browser, &mut device, what).await;
        let page = browser.visit("/account/passkeys").await;
        assert!(page.text().contains(what) && !page.text().contains("vouches"), "{what}: {}", page.text());
        let (mut again, _) = server.sign_in_with_passkey(&mut device).await;
        let claims = told(&client, &again.visit(&client.authorization_url("scope=openid&acr_values=phrh")).await).await;
        assert_eq!(claims["acr"], PHISHING_RESISTANT_CLASS, "{what}");
        // The same device, where it must be attested.
        let (mut there, _) = strict.sign_in_with_passkey(&mut device).await;
        let page = there.visit("/account/passkeys").await;
        let count = server.database.db_number("SELECT count(*) FROM passkeys").await;
        let refused = there.submit(&made(&strict, &page, &mut device)).await;
        refused.refused_page(403, Rejection::UnattestedPasskey);
        assert!(refused.has("#passkey-submit"), "{what}: another may be tried: {}", refused.text());
        assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, count);
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys WHERE is_attested = 1").await, 0);
}

#[tokio::test]
async fn an_attested_passkey_that_may_be_copied_is_taken_and_is_not_of_the_highest_class() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Required).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = signed_in(&server, ANN).await;
    let mut device = Device::new().saying(Statement::Packed(trusted.maker.attesting(|_| {})));
    server.add_passkey(&mut browser, &mut device, "Cloud").await;
    let page = browser.visit("/account/passkeys").await;
    assert!(page.text().contains("The maker vouches for the device."), "{}", page.text());
    let (mut browser, _) = server.sign_in_with_passkey(&mut device).await;
    let claims = told(&client, &browser.visit(&client.authorization_url("scope=openid")).await).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phr"), &json!(["swk", "user", "mfa"])));
    // Nor does it lead there where that is demanded.
    server.role_demands("user", Some(HARDWARE_CLASS)).await;
    let step = browser.visit("/account").await;
    let page = browser.press(&server.with_passkey(&step, &mut device).await).await;
    let refused = browser.submit(&made(&server, &page, &mut device)).await;
    refused.refused_page(403, Rejection::UnattestedPasskey);
}

#[tokio::test]
async fn an_account_is_made_with_an_attested_passkey_where_it_must_be_one() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Required).await;
    let mut browser = server.browser();
    let form = browser.visit("/register").await.form("#register-passkey").without("password");
    let page = browser.submit(&form.with("email", ANN).with("name", "Ann")).await;
    assert_eq!(page.passkey_options()["attestation"], "direct");
    let refused = browser.submit(&made(&server, &page, &mut Device::security_key())).await;
    refused.refused_page(403, Rejection::UnattestedPasskey);
    assert_eq!(server.database.db_number("SELECT count(*) FROM users").await, 0);
    let shown = browser.press(&made(&server, &refused, &mut trusted.device())).await;
    assert!(keep(&mut browser, &shown).await.has("#sign-out"));
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys WHERE is_attested = 1").await, 1);
}

#[tokio::test]
async fn recovery_codes_that_come_with_a_passkey_which_will_not_do_are_shown_all_the_same() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    server.role_demands("user", Some(HARDWARE_CLASS)).await;
    let mut browser = server.browser();
    let form = browser.visit("/register").await.form("#register-passkey").without("password");
    let page = browser.submit(&form.with("email", ANN).with("name", "Ann")).await;
    let shown = browser.press(&made(&server, &page, &mut Device::security_key())).await;
    assert_eq!(recovery_codes(&shown).len(), 10, "{}", shown.text());
    let page = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    assert!(page.text_of("#why").unwrap().contains("never leaves its device"), "{}", page.text());
    assert!(browser.press(&made(&server, &page, &mut trusted.device())).await.has("#sign-out"));
}

#[tokio::test]
async fn a_chain_that_only_keeps_us_busy_is_not_looked_at() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let mut browser = signed_in(&server, ANN).await;
    for (times, attested) in [(5, 0), (4, 1)] {
        let padded = Statement::Packed(trusted.maker.attesting(|_| {}).padded(times));
        server.turn(1);
        server.add_passkey(&mut browser, &mut Device::security_key().saying(padded), "").await;
        let count = server.database.db_number("SELECT count(*) FROM passkeys WHERE is_attested = 1").await;
        assert_eq!(count, attested, "{times} certificates behind its own");
    }
}

#[tokio::test]
async fn what_was_asked_decides_and_a_change_of_the_settings_meanwhile_lets_nothing_through() {
    let trusted = Trusted::new();
    let plain = Server::start().await;
    let (asked, required) =
        (trusted.node(&plain, Attestation::Asked).await, trusted.node(&plain, Attestation::Required).await);
    let mut browser = signed_in(&plain, ANN).await;
    let page = browser.visit("/account/passkeys").await;
    let mut there = browser.at(&required);
    let refused = there.submit(&made(&plain, &page, &mut Device::security_key())).await;
    refused.refused_page(403, Rejection::UnattestedPasskey);
    // Asked for by one that asks, answered to one that does not: taken, and for no more than any.
    for statement in [Statement::Unheard, Statement::Packed(trusted.maker.attesting(|_| {}))] {
        let page = browser.at(&asked).visit("/account/passkeys").await;
        let shown = browser.press(&made(&plain, &page, &mut Device::security_key().saying(statement))).await;
        assert!(shown.status == 200 && shown.error_code().is_none(), "{}", shown.text());
    }
    assert_eq!(plain.database.db_number("SELECT count(*) FROM passkeys").await, 2);
    assert_eq!(plain.database.db_number("SELECT count(*) FROM passkeys WHERE is_attested = 1").await, 0);
}

#[tokio::test]
async fn the_makes_that_are_wanted_are_guarded_where_they_are_attested() {
    let trusted = Trusted::new();
    let roots = trusted.roots();
    let server = Server::with(|config| {
        (config.passkeys.attestation, config.passkeys.attestation_roots) = (Attestation::Required, roots);
        config.passkeys.authenticators = vec!["ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4".parse().unwrap()];
    });
    let server = server.await;
    let mut browser = signed_in(&server, ANN).await;
    let page = browser.visit("/account/passkeys").await;
    let refused = browser.submit(&made(&server, &page, &mut trusted.device())).await;
    refused.refused_page(403, Rejection::UnwantedPasskey);
    let wanted = trusted.node(&server, Attestation::Required).await;
    let wanted = wanted.another_node_with(|config| {
        (config.passkeys.attestation, config.passkeys.attestation_roots) = (Attestation::Required, trusted.roots());
        config.passkeys.authenticators = vec![AAGUID.parse().unwrap()];
    });
    let wanted = wanted.await;
    let mut browser = wanted.browser();
    browser.sign_in(ANN).await;
    wanted.add_passkey(&mut browser, &mut trusted.device(), "").await;
}

#[tokio::test]
async fn whom_a_role_makes_have_one_in_hardware_gets_it_on_the_way_and_no_other_does() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    server.db_user(ANN).await;
    server.role_demands("user", Some(HARDWARE_CLASS)).await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    assert!(page.text_of("#why").unwrap().contains("never leaves its device"), "{}", page.text());
    assert_eq!(page.passkey_options()["hints"], json!(["security-key"]));
    // One that will not do is not added, and leads to where it can be tried again.
    let mut waiting = page;
    for device in [&mut Device::new(), &mut Device::security_key()] {
        let refused = browser.submit(&made(&server, &waiting, device)).await;
        refused.refused_page(403, Rejection::UnattestedPasskey);
        assert!(refused.has("#passkey-submit") && !refused.has("#sign-out"), "{}", refused.text());
        waiting = refused;
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 0);
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins").await, 0);
    let mut device = trusted.device();
    let shown = browser.press(&made(&server, &waiting, &mut device)).await;
    assert!(keep(&mut browser, &shown).await.has("#sign-out"));
    let mut next = server.browser();
    let step = first_step(&mut next, ANN).await;
    assert!(step.text_of("#why").unwrap().contains("never leaves its device"), "{}", step.text());
    assert!(next.press(&server.with_passkey(&step, &mut device).await).await.has("#sign-out"));
    // It is what the account hangs on, for which no authenticator would do: another beside it changes nothing about that.
    let page = next.visit("/account/passkeys").await;
    next.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastStrongWayIn);
    server.turn(1);
    server.add_passkey(&mut next, &mut Device::new(), "Phone").await;
    assert!(next.visit("/account").await.has("#sign-out"), "what was shown in hardware is not forgotten");
    let page = next.visit("/account/passkeys").await;
    next.submit(&page.form("#remove-passkey-1")).await.refused_page(400, Rejection::LastStrongWayIn);
    let page = next.press(&page.form("#remove-passkey-2")).await;
    assert!(page.text().contains("That passkey is removed"), "{}", page.text());
}

#[tokio::test]
async fn an_application_that_insists_asks_for_the_one_in_hardware_alone_and_whoever_has_others_gets_one_by_them() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(HARDWARE_CLASS)).await;
    let mut browser = signed_in(&server, ANN).await;
    let mut phone = Device::new();
    server.add_passkey(&mut browser, &mut phone, "Phone").await;
    let mut plain = Device::security_key();
    server.add_passkey(&mut browser, &mut plain, "Key").await;
    server.turn(700);
    // The password alone adds nothing: the passkey that there is comes first.
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let step = browser.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(!step.passkey_options()["allowCredentials"].as_array().unwrap().is_empty(), "{}", step.text());
    let page = browser.press(&server.with_passkey(&step, &mut phone).await).await;
    assert!(page.text_of("#why").unwrap().contains("never leaves its device"), "{}", page.text());
    // The key may make a better one in the place of its own; what the phone makes is as the one that it has.
    assert_eq!(page.passkey_options()["excludeCredentials"].as_array().unwrap().len(), 1);
    let count = || server.database.db_number("SELECT count(*) FROM passkeys");
    let refused = browser.submit(&made(&server, &page, &mut plain)).await;
    refused.refused_page(403, Rejection::UnattestedPasskey);
    assert_eq!(count().await, 3, "what has taken the place of another on the key is known");
    let page = refused;
    let mut key = trusted.device();
    let answer = browser.press(&made(&server, &page, &mut key)).await;
    let claims = told(&client, &answer).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("phrh"), &json!(["pwd", "hwk", "user", "mfa"])));
    // From then on that one is asked for, and the other does not do.
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let step = browser.press(&server.with_passkey(&login, &mut phone).await).await;
    let allowed = step.passkey_options()["allowCredentials"].clone();
    assert_eq!(allowed.as_array().unwrap().len(), 1, "{allowed}");
    let again = browser.press(&server.with_passkey(&step, &mut phone).await).await;
    assert!(again.has("#passkey-submit"), "{}", again.text());
    let answer = browser.press(&server.with_passkey(&again, &mut key).await).await;
    assert_eq!(told(&client, &answer).await["acr"], HARDWARE_CLASS);
}

#[tokio::test]
async fn what_guards_an_account_in_hardware_is_changed_by_nothing_weaker() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let mut browser = signed_in(&server, ANN).await;
    let (mut phone, mut key) = (Device::new(), trusted.device());
    server.add_passkey(&mut browser, &mut phone, "Phone").await;
    server.turn(1);
    let codes = server.add_passkey(&mut browser, &mut key, "Key").await;
    assert!(codes.is_empty());
    server.turn(700);
    let (mut thief, page) = server.sign_in_with_passkey(&mut phone).await;
    assert!(page.has("#sign-out"), "it signs in: {}", page.text());
    let page = thief.visit("/account/passkeys").await;
    assert!(page.has("#begin-passkey") && !page.has("#passkey-submit"), "{}", page.text());
    for change in [page.form("#begin-passkey"), page.form("#remove-passkey-2")] {
        let step = thief.press(&change).await;
        assert_eq!(step.passkey_options()["allowCredentials"].as_array().unwrap().len(), 1, "{}", step.text());
        let again = thief.press(&server.with_passkey(&step, &mut phone).await).await;
        assert!(again.passkey_options()["allowCredentials"].is_array(), "{}", again.text());
    }
    assert_eq!(server.database.db_number("SELECT count(*) FROM passkeys").await, 2);
    let step = thief.press(&page.form("#remove-passkey-1")).await;
    let done = thief.press(&server.with_passkey(&step, &mut key).await).await;
    assert!(done.text().contains("That passkey is removed"), "{}", done.text());
}

#[tokio::test]
async fn whoever_has_lost_the_one_in_hardware_gets_another_by_a_recovery_code() {
    let trusted = Trusted::new();
    let server = trusted.server(Attestation::Asked).await;
    let mut browser = signed_in(&server, ANN).await;
    let codes = server.add_passkey(&mut browser, &mut trusted.device(), "Lost").await;
    server.role_demands("user", Some(HARDWARE_CLASS)).await;
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    let page = browser.press(&step.form("#recovery-submit").with("code", &codes[0])).await;
    let refused = browser.submit(&made(&server, &page, &mut Device::security_key())).await;
    refused.refused_page(403, Rejection::UnattestedPasskey);
    let done = browser.press(&made(&server, &refused, &mut trusted.device())).await;
    assert!(done.has("#sign-out"), "{}", done.text());
}

#[tokio::test]
async fn where_it_cannot_be_reached_it_is_refused_to_everybody() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(HARDWARE_CLASS)).await;
    let mut browser = signed_in(&server, BOB).await;
    server.add_passkey(&mut browser, &mut Device::security_key(), "").await;
    browser.visit(&client.authorization_url("scope=openid")).await.refused_redirect(Rejection::ClassNotMet);
    let off = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut browser = off.browser();
    browser.visit(&client.authorization_url("scope=openid")).await.refused_redirect(Rejection::ClassNotMet);
}

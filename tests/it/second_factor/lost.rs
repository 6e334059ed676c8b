//! Whoever has lost the authenticator and the recovery codes.

use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::user::EmailAuthority;
use doorward::registry::{Act, State, UserChange};
use doorward::secret::Secret;
use serde_json::json;

use super::ANN;
use super::lost_links::{AT_PROVIDER, FORMER, add_addresses};
use crate::support::{Authenticator, Device, PASSWORD, Server, WAIT, first_step, lost_page, unverified_claims};

const NEW_PASSWORD: &str = "another quiet river at noon";

fn act(server: &Server) -> Act {
    Act::of_operator(server.clock.now())
}

#[tokio::test]
async fn whoever_has_lost_them_all_waits_while_everybody_is_told_and_removes_them_then() {
    let server = Server::with_mail(|_| {}).await;
    let (mut here, _, ann) = server.db_guarded(ANN).await;
    add_addresses(&server, &ann).await;
    let mut browser = server.browser();
    let page = lost_page(&mut browser, ANN).await;
    assert!(page.text_of("#what-happens").unwrap().contains("24 hours"), "{}", page.text());
    let page = browser.press(&page.form("#lost-submit")).await;
    assert!(page.has("#read-mail"), "{}", page.text());
    assert_eq!(server.db_resets().await, 0, "nothing begins without the mail");
    let mail = server.mails_about(ANN, "reset_factors").await.remove(0);
    assert!(mail.text.contains("is good for 60 minutes"), "{}", mail.text);
    let mut phone = server.browser();
    let page = phone.visit(&mail.link()).await;
    assert_eq!(server.db_resets().await, 0, "programs look at links before people do");
    let page = phone.press(&page.form("#confirm")).await;
    assert!(page.text().contains("Your request waits"), "{}", page.text());
    phone.visit(&mail.link()).await.refused_page(400, Rejection::UnknownTicket);

    // Every address is told, and every page of whoever is signed in says so.
    let mut links = Vec::new();
    for (address, says_where) in [(ANN, true), (FORMER, false), (AT_PROVIDER, false)] {
        let told = server.mails_about(address, "factor_reset_began").await;
        assert_eq!(told.len(), 1, "{address}");
        assert_eq!(told[0].text.contains("From: 203.0.113"), says_where, "{}", told[0].text);
        links.push(told[0].link());
    }
    links.dedup();
    assert_eq!(links.len(), 3);
    for path in ["/account", "/account/authenticator", "/account/history", "/account/sign-ins", "/account/data"] {
        assert!(here.visit(path).await.has("#reset-notice #stop-reset"), "{path}");
    }
    let seen = server.registry().user(ANN).await.unwrap().factor_reset.unwrap();
    let opens_at = server.clock.now().plus(WAIT);
    assert_eq!(seen.opens_at, opens_at.to_string());
    let export = server.app.storage.export(&ann, "https://as.test", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(export.factor_reset.unwrap().lapses_at, opens_at.plus(7 * 86_400).to_string());

    // Nothing is removed before, and asking again changes nothing.
    server.turn(WAIT - 1);
    let page = lost_page(&mut browser, ANN).await;
    assert!(page.has("#wait-until") && !page.has("#remove-lost") && !page.has("#lost-submit"), "{}", page.text());
    let form = first_step(&mut browser, ANN).await.form("#totp-submit");
    assert!(browser.press(&form.clone().to("/login/lost")).await.has("#wait-until"));
    let early = browser.submit(&form.to("/login/lost/remove")).await;
    early.refused_page(400, Rejection::FactorResetNotOpen);
    assert_eq!(server.mails_about(ANN, "reset_factors").await.len(), 1);
    server.turn(1);
    let step = first_step(&mut browser, ANN).await;
    assert_eq!(step.text_of("#to-lost").as_deref(), Some("Remove what you have lost"));
    let page = browser.visit(&step.field("#to-lost", "href").unwrap()).await;
    let page = browser.press(&page.form("#remove-lost")).await;
    assert!(page.has("#sign-out") && !page.has("#reset-notice"), "{}", page.text());
    assert_eq!(server.database.db_counts(&["factors", "recovery_codes", "factor_resets"]).await, [0, 0, 0]);
    let live = "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL";
    assert_eq!(server.database.db_number(live).await, 1, "whoever was signed in is so no more");
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"lost_factors_removed".to_owned()));
    for event in ["factor_reset.asked", "factor_reset.began", "user.factors_reset"] {
        let rows = format!("SELECT count(*) FROM audit WHERE event = '{event}' AND user_id = '{ann}'");
        assert_eq!(server.database.db_number(&rows).await, 1, "{event}");
    }
    let history = browser.visit("/account/history").await.text();
    assert!(history.contains("were removed, as was asked for") && history.contains("The wait began"), "{history}");
    for link in links {
        server.browser().visit(&link).await.refused_page(400, Rejection::UnknownTicket);
    }
}

/// Where everybody must have one, whoever has none any more sets one up before they are signed in, and goes on to where they wanted to.
#[tokio::test]
async fn where_one_is_required_another_is_set_up_on_the_very_way() {
    let server = Server::with_mail(|_| {}).await;
    server.db_guarded(ANN).await;
    server.begin_reset(ANN).await;
    server.turn(WAIT);
    let strict = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": MFA_CLASS } } }).to_string();
    let claims: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = strict.browser();
    let login = browser.visit(&client.authorization_url(&format!("scope=openid&claims={claims}"))).await;
    let step = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let page = browser.visit(&step.field("#to-lost", "href").unwrap()).await;
    assert!(page.text().contains("to continue to"), "{}", page.text());
    let page = browser.press(&page.form("#remove-lost")).await;
    let key = page.text_of("#totp-secret").unwrap_or_else(|| panic!("{}", page.text()));
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await, 0);
    let authenticator = Authenticator::with(&key);
    let shown = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let answer = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(MFA_CLASS));
}

#[tokio::test]
async fn a_request_ends_with_whatever_shows_that_it_may_not_be_its_persons() {
    type Ending = (&'static str, &'static str);
    const ENDINGS: [Ending; 11] = [
        ("a recovery code", "second factor shown"),
        ("a button of a signed-in browser", "stopped by the person"),
        ("a link", "stopped by a link"),
        ("a new password by mail", "password reset"),
        ("another password", "new password"),
        ("another address", "address changed"),
        ("an operator's password", "new password"),
        ("an operator signs everybody out", "ended by the operator"),
        ("an operator switches off", "account switched off"),
        ("the person leaves", "account left"),
        ("the account's page asks for everything", "second factor shown"),
    ];
    let server = Server::with_mail(|_| {}).await;
    for (number, (by, reason)) in ENDINGS.iter().enumerate() {
        let email = format!("ann{number}@example.org");
        let (mut here, codes, ann) = server.db_guarded(&email).await;
        server.begin_reset(&email).await;
        assert_eq!(server.db_resets().await, 1, "{by}");
        let (registry, act) = (server.registry(), act(&server));
        let changed = |change: UserChange| registry.change_user(&ann, change, &act);
        match *by {
            "a recovery code" => {
                let mut browser = server.browser();
                let form = first_step(&mut browser, &email).await.form("#recovery-submit");
                assert!(browser.press(&form.with("code", &codes[0])).await.has("#sign-out"));
            }
            "a button of a signed-in browser" => {
                let form = here.visit("/account").await.form("#stop-reset");
                let page = here.press(&form).await;
                assert!(page.text_of("#done").unwrap().contains("nothing was removed"), "{}", page.text());
                // Pressed again in another tab it changes nothing.
                assert!(here.press(&form).await.has("#sign-out"));
            }
            "a link" => {
                let link = server.mails_about(&email, "factor_reset_began").await.remove(0).link();
                let mut browser = server.browser();
                let page = browser.visit(&link).await;
                let page = browser.press(&page.form("#confirm")).await;
                assert!(page.text().contains("Your second factors stay"), "{}", page.text());
            }
            "a new password by mail" => {
                let mut browser = server.browser();
                let page = browser.visit("/recover").await;
                let waiting = browser.press(&page.form("#recover-submit").with("email", &email)).await;
                let code = server.mails_about(&email, "reset").await.remove(0).code();
                let page = browser.press(&waiting.form("#code-submit").with("code", &code)).await;
                let page = browser.press(&page.form("#reset-submit").with("password", NEW_PASSWORD)).await;
                assert!(page.has("#totp-submit"), "{}", page.text());
            }
            "another password" => {
                let form = here.visit("/account/password").await.form("#change-password");
                let form = form.with("current_password", PASSWORD).with("password", NEW_PASSWORD).without("end_all");
                here.press(&form).await;
            }
            "another address" => {
                let change = UserChange { email: Some(format!("new{number}@example.org")), ..UserChange::default() };
                changed(change).await.unwrap();
            }
            "an operator's password" => {
                let password = Some(Secret::presented(NEW_PASSWORD));
                changed(UserChange { password, ..UserChange::default() }).await.unwrap();
            }
            "an operator signs everybody out" => drop(registry.end_sign_ins_of_user(&ann, &act).await.unwrap()),
            "an operator switches off" => drop(registry.switch_user(&ann, State::Off, &act).await.unwrap()),
            "the person leaves" => drop(registry.leave_user(&ann, 86_400, &act).await.unwrap()),
            _ => {
                let page = here.visit("/account/authenticator").await;
                server.turn(601);
                let question = here.press(&page.form("#begin-authenticator")).await;
                let step = here.press(&question.form("#confirm").with("password", PASSWORD)).await;
                let page = here.press(&step.form("#recovery-submit").with("code", &codes[0])).await;
                assert!(page.has("#totp-secret"), "{}", page.text());
            }
        }
        assert_eq!(server.db_resets().await, 0, "{by}");
        let ended = format!("SELECT count(*) FROM audit WHERE event = 'factor_reset.ended' AND user_id = '{ann}'");
        let because = format!("{ended} AND details LIKE '%\"reason\":\"{reason}\"%'");
        assert_eq!(server.database.db_number(&ended).await, 1, "{by}");
        assert_eq!(server.database.db_number(&because).await, 1, "{by}");
        let to = if *by == "another address" { format!("new{number}@example.org") } else { email };
        assert!(server.mailbox().await.alerts_to(&to).contains(&"factor_reset_ended".to_owned()), "{by}");
        let stops = "SELECT count(*) FROM tickets WHERE purpose IN ('keep_factors', 'reset_factors')";
        assert_eq!(server.database.db_number(stops).await, 0, "{by}");
    }
    // An operator takes the factors away at once, and an account that goes takes its request along: neither is the end of a request.
    for number in ["first", "second"] {
        let email = format!("{number}@example.org");
        let (_, _, ann) = server.db_guarded(&email).await;
        server.begin_reset(&email).await;
        if number == "first" {
            server.registry().reset_factors(&ann, &act(&server)).await.unwrap();
            assert!(!server.mailbox().await.alerts_to(&email).contains(&"factor_reset_ended".to_owned()));
        } else {
            server.registry().delete_user(&ann, &act(&server)).await.unwrap();
        }
        assert_eq!(server.db_resets().await, 0);
    }
}

#[tokio::test]
async fn a_request_that_nobody_uses_lapses_after_a_week_and_another_can_begin() {
    let server = Server::with_mail(|_| {}).await;
    server.db_guarded(ANN).await;
    server.begin_reset(ANN).await;
    server.turn(WAIT + 7 * 86_400 - 1);
    let mut browser = server.browser();
    let form = lost_page(&mut browser, ANN).await.form("#remove-lost");
    server.turn(1);
    let page = browser.submit(&form).await;
    page.refused_page(400, Rejection::FactorResetNotOpen);
    assert!(page.has("#lost-submit"), "{}", page.text());
    let clean = async || server.app.storage.clean(86_400, server.clock.now()).await.unwrap();
    clean().await;
    assert_eq!(server.db_resets().await, 1, "it is known for a day longer");
    server.begin_reset(ANN).await;
    assert!(lost_page(&mut browser, ANN).await.has("#wait-until"));
    server.turn(WAIT + 8 * 86_400 + 1);
    clean().await;
    assert_eq!(server.db_resets().await, 0);
    let ended = "SELECT count(*) FROM audit WHERE event = 'factor_reset.ended'";
    assert_eq!(server.database.db_number(ended).await, 0);
}

#[tokio::test]
async fn without_mail_or_a_proved_address_the_operator_is_asked_and_switched_off_there_is_no_such_page() {
    let server = Server::start().await;
    server.db_guarded(ANN).await;
    let mut browser = server.browser();
    let page = lost_page(&mut browser, ANN).await;
    assert!(page.has("#ask-operator") && !page.has("form"), "{}", page.text());
    let unproved = Server::with_mail(|_| {}).await;
    let (_, _, ann) = unproved.db_guarded(ANN).await;
    let mut browser = unproved.browser();
    let asking = lost_page(&mut browser, ANN).await.form("#lost-submit");
    unproved.db_change_user(&ann, |account| account.user.email_verified = false).await;
    let page = browser.submit(&asking).await;
    assert!(page.has("#ask-operator") && !page.has("form"), "{}", page.text());
    assert_eq!(unproved.mails_about(ANN, "reset_factors").await.len(), 0);
    let off = server.another_node_with(|config| config.recovery.second_factor = false).await;
    let mut browser = off.browser();
    let step = first_step(&mut browser, ANN).await;
    assert!(!step.has("#to-lost"));
    let request = step.form("#totp-submit").field("request");
    assert!(browser.visit(&format!("/login/lost?request={request}")).await.has("#totp-submit"));
}

/// Whoever is signed in and is asked for the code again has not given the first proof there: a browser that somebody finds open asks for nothing.
#[tokio::test]
async fn whoever_is_only_signed_in_is_not_asked_whether_they_have_lost_them() {
    let server = Server::with_mail(|_| {}).await;
    server.db_guarded(ANN).await;
    let (mut here, codes, _) = server.db_guarded("bob@example.org").await;
    let page = here.visit("/account/authenticator").await;
    assert!(page.has("#begin-authenticator") && codes.len() == 10);
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.database.db_execute("UPDATE sign_ins SET proofs = '[{\"kind\":\"password\",\"at\":1790000000}]'").await;
    let step = here.visit(&client.authorization_url("scope=openid")).await;
    assert!(step.has("#totp-submit") && !step.has("#to-lost"), "{}", step.text());
    let form = step.form("#totp-submit");
    let request = form.field("request");
    assert!(here.visit(&format!("/login/lost?request={request}")).await.has("#totp-submit"));
    assert!(here.press(&form.clone().to("/login/lost")).await.has("#totp-submit"));
    let refused = here.submit(&form.to("/login/lost/remove")).await;
    refused.refused_page(404, Rejection::NoSuchPage);
    assert_eq!(server.mails_about("bob@example.org", "reset_factors").await.len(), 0);
}

/// Asking counts with all that somebody asks to have sent to the address, such as a new password.
#[tokio::test]
async fn asking_counts_with_the_other_mails_that_are_asked_for() {
    let server = Server::with_mail(|config| config.limits.mails_per_hour = 2).await;
    server.db_guarded(ANN).await;
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    for sent in [1, 1, 1] {
        let form = lost_page(&mut browser, ANN).await.form("#lost-submit");
        assert!(browser.press(&form).await.has("#read-mail"), "nobody is told that none is sent");
        assert_eq!(server.mails_about(ANN, "reset_factors").await.len(), sent);
    }
    let few = server.another_node_with(|config| config.limits.mail_requests_per_hour = 1).await;
    let mut browser = few.browser();
    let form = lost_page(&mut browser, ANN).await.form("#lost-submit");
    browser.submit(&form).await;
    let page = browser.submit(&form).await;
    page.refused_page(429, Rejection::TooOften);
}

/// A passkey is a second factor beside a password: showing it ends a request, alone as well, and a request takes it away.
#[tokio::test]
async fn a_passkey_ends_a_request_and_goes_with_one() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let mut device = Device::new();
    server.add_passkey(&mut here, &mut device, "Phone").await;
    server.begin_reset(ANN).await;
    assert!(server.sign_in_with_passkey(&mut device).await.1.has("#sign-out"));
    assert_eq!(server.db_resets().await, 0);
    server.begin_reset(ANN).await;
    let mut browser = server.browser();
    let step = first_step(&mut browser, ANN).await;
    let form = server.with_passkey(&step, &mut device).await;
    assert!(browser.press(&form).await.has("#sign-out"));
    assert_eq!(server.db_resets().await, 0);
    let ended = "SELECT count(*) FROM audit WHERE event = 'factor_reset.ended' AND details LIKE '%factor shown%'";
    assert_eq!(server.database.db_number(ended).await, 2);
    server.begin_reset(ANN).await;
    server.turn(WAIT);
    let mut browser = server.browser();
    let form = lost_page(&mut browser, ANN).await.form("#remove-lost");
    assert!(browser.press(&form).await.has("#sign-out"));
    assert_eq!(server.database.db_counts(&["passkeys", "factors"]).await, [0, 0]);
    let taken = "SELECT count(*) FROM audit WHERE event = 'user.factors_reset' AND details LIKE '%passkeys%'";
    assert_eq!(server.database.db_number(taken).await, 1);
}

/// A mailbox and a day are not as much as a passkey.
#[tokio::test]
async fn whoever_has_a_role_that_takes_a_passkey_asks_the_operator() {
    let server = Server::with_mail(|_| {}).await;
    let (mut browser, _, _) = server.db_guarded(ANN).await;
    server.add_passkey(&mut browser, &mut Device::new(), "Lost").await;
    server.begin_reset(ANN).await;
    server.role_demands("user", Some("phr")).await;
    server.turn(WAIT);
    let mut lost = server.browser();
    let page = lost_page(&mut lost, ANN).await;
    assert!(page.has("#ask-operator") && !page.has("form"), "{}", page.text());
    server.role_demands("user", None).await;
    let page = lost_page(&mut server.browser(), ANN).await;
    assert!(page.has("form"), "{}", page.text());
}

/// A link that nobody has opened yet begins nothing against what was set up since.
#[tokio::test]
async fn a_link_that_was_not_opened_ends_with_the_factors_that_it_was_for() {
    let server = Server::with_mail(|_| {}).await;
    let (_, _, ann) = server.db_guarded(ANN).await;
    let mut lost = server.browser();
    let page = lost_page(&mut lost, ANN).await;
    lost.press(&page.form("#lost-submit")).await;
    let mails = server.mails_about(ANN, "reset_factors").await;
    server.registry().reset_factors(&ann, &act(&server)).await.unwrap();
    let mut again = server.browser();
    again.sign_in(ANN).await;
    server.enrol(&mut again).await;
    lost.visit(&mails.last().unwrap().link()).await.refused_page(400, Rejection::UnknownTicket);
    assert_eq!(server.db_resets().await, 0);
}

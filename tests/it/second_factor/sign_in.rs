//! The second step of a sign-in.

use std::io::Write;
use std::process::{Command, Stdio};

use doorward::clock::Timestamp;
use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::protocol::authenticator::Seed;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use serde_json::json;

use super::ANN;
use crate::support::{Authenticator, PASSWORD, Server, filled, first_step, unverified_claims};

#[tokio::test]
async fn whoever_has_an_authenticator_is_asked_for_its_code_and_signed_in_with_both() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, codes) = server.enrol(&mut here).await;
    assert_eq!(codes.len(), 10);
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(page.has("#totp-submit") && page.has("#recovery-submit"), "{}", page.text());
    assert!(page.text().contains("to continue to"));
    let before = server.database.db_number("SELECT count(*) FROM sign_ins WHERE ended_at IS NULL").await;
    assert_eq!(before, 1, "nobody is signed in yet");
    server.turn(7);
    let code = authenticator.code(&server);
    let answer = browser.press(&page.form("#totp-submit").with("code", &code)).await;
    let answer = browser.press(&answer.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(MFA_CLASS), &json!(["pwd", "otp", "mfa"])));
    let proved_at = server.clock.now().seconds() - 7;
    assert_eq!(claims["auth_time"], json!(proved_at), "when the older of the two was proved");
    // Whoever asks for less is told no more.
    let plain = browser.code(&client, ANN, &format!("scope=openid&acr_values={PASSWORD_CLASS}")).await;
    let tokens = client.redeem(&plain).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(PASSWORD_CLASS));
    let page = browser.visit("/account").await;
    assert!(page.text().contains("with a code from the authenticator"), "{}", page.text());
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_authenticator_once_and_few_of_them_are_told() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (_, codes) = server.enrol(&mut here).await;
    for (at, code) in codes.iter().enumerate() {
        let mut browser = server.browser();
        let form = first_step(&mut browser, ANN).await.form("#recovery-submit");
        let typed = if at % 2 == 0 { code.clone() } else { code.to_lowercase().replace('-', " ") };
        let page = browser.press(&form.clone().with("code", &typed)).await;
        assert!(page.has("#sign-out"), "{}", page.text());
        let notice = page.text_of("#codes-notice");
        let said = match at {
            7 => Some("2 recovery codes are left."),
            8 => Some("1 recovery code is left."),
            9 => Some("No recovery code is left."),
            _ => None,
        };
        assert_eq!(notice.is_some(), said.is_some(), "{at}");
        assert!(notice.unwrap_or_default().starts_with(said.unwrap_or_default()), "{at}: {}", page.text());
        let mut again = server.browser();
        let step = first_step(&mut again, ANN).await;
        assert_eq!(step.has("#recovery-submit"), at < 9, "whoever has none is asked for none");
        let form = step.form("#totp-submit").to("/login/recovery");
        let answer = again.submit(&form.with("code", code)).await;
        answer.refused_page(400, Rejection::WrongRecoveryCode);
        assert!(answer.has("details[open] #error"));
        let own = here.visit("/account/recovery-codes").await;
        let left = own.text_of("#codes-left").unwrap();
        let begins = match at {
            8 => "1 code is left".to_owned(),
            9 => "None is left".to_owned(),
            _ => format!("{} codes are left", 9 - at),
        };
        assert!(left.starts_with(&begins), "{left}");
        assert_eq!(own.has("#codes-left.notice") && left.ends_with("Make new ones now."), at >= 7, "{left}");
        server.turn(61);
    }
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"recovery_code_used".to_owned()));
    let used = format!("SELECT count(*) FROM audit WHERE event = 'recovery_code.used' AND user_id = '{ann}'");
    assert_eq!(server.database.db_number(&used).await, 10);
    for code in &codes {
        assert!(!server.database.db_holds(code).await && !server.database.db_holds(&code.replace('-', "")).await);
    }
}

#[tokio::test]
async fn a_sign_in_from_before_is_worth_nothing_until_the_code_is_shown_and_asks_for_that_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut here, mut there) = (server.browser(), server.browser());
    there.sign_in(ANN).await;
    here.sign_in(ANN).await;
    server.enrol(&mut here).await;
    assert!(there.visit("/account").await.has("#login-submit"), "the sign-in that was made without it has ended");
    // One that an older program has made, or that comes out of a backup.
    server.database.db_execute("UPDATE sign_ins SET ended_at = NULL, end_reason = NULL").await;
    for path in ["/account", "/account/password", "/account/profile", "/account/data", "/account/history"] {
        let page = there.visit(path).await;
        assert!(page.has("#totp-submit") && !page.has("#password"), "{path}: {}", page.text());
    }
    let silent = there.visit(&client.authorization_url("scope=openid&prompt=none")).await;
    silent.refused_redirect(Rejection::SignInNeeded);
    let page = there.visit(&client.authorization_url("scope=openid")).await;
    assert!(page.has("#totp-submit") && !page.has("#password"));
    // They can sign out, and be somebody else.
    assert!(there.visit("/login?as=another").await.has("#login-submit"));
}

#[tokio::test]
async fn the_code_alone_makes_a_sign_in_from_before_whole_and_it_keeps_its_name() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut here, mut there) = (server.browser(), server.browser());
    there.sign_in(ANN).await;
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    server.database.db_execute("UPDATE sign_ins SET ended_at = NULL, end_reason = NULL").await;
    let page = there.visit(&client.authorization_url("scope=openid")).await;
    let answer = there.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], json!(MFA_CLASS));
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins").await, 2, "no new row");
    assert!(there.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn a_demand_to_sign_in_anew_asks_for_both_once_more() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    for extra in ["prompt=login", "max_age=20"] {
        server.turn(60);
        let page = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let page = browser.sign_in_on(&page, ANN, PASSWORD).await;
        assert!(page.has("#totp-submit"), "{extra}: {}", page.text());
        let answer = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["auth_time"], json!(server.clock.now().seconds()), "{extra}");
    }
}

#[tokio::test]
async fn what_was_proved_before_counts_no_more_with_another_password_or_without_the_account() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    let mut thief = server.browser();
    let pending = first_step(&mut thief, ANN).await.form("#totp-submit");
    let page = here.visit("/account/password").await;
    let form = page.form("#change-password").with("current_password", PASSWORD);
    let page = here.press(&form.with("password", "another quiet river at noon")).await;
    assert!(page.has("#done") && page.has("#sign-out"), "whoever has shown both goes on: {}", page.text());
    let code = authenticator.code(&server);
    let answer = thief.press(&pending.clone().with("code", &code)).await;
    assert!(answer.has("#login-submit") && !answer.has("#sign-out"), "{}", answer.text());
    // The code was not even looked at: it is still good.
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = browser.press(&filled(&login.form("#login-submit"), ANN, "another quiet river at noon")).await;
    let pending = page.form("#totp-submit");
    let page = browser.clone().press(&pending.clone().with("code", &code)).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    server.turn(30);
    server.registry().switch_user(&ann, doorward::registry::State::Off, &crate::registry::operator()).await.unwrap();
    let page = browser.press(&pending.with("code", &authenticator.code(&server))).await;
    assert!(!page.has("#sign-out"), "{}", page.text());
}

#[tokio::test]
async fn the_second_step_takes_no_longer_than_a_sign_in_and_then_begins_anew() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    server.turn(590);
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    // The time on the first page is not taken off the second.
    server.turn(590);
    let form = page.form("#totp-submit");
    let mut late = browser.clone();
    let answer = browser.press(&form.clone().with("code", &authenticator.code(&server))).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    server.turn(30);
    let page = late.press(&form.with("code", &authenticator.code(&server))).await;
    assert!(page.has("#login-submit") && page.onward().is_none(), "{}", page.text());
}

/// The independent judge: a library in another language, which also reads the address that the QR code shows.
#[test]
fn our_codes_are_those_of_pyotp() {
    const SCRIPT: &str = "import sys, pyotp\n\
        for line in sys.stdin:\n    \
            key, uri, at = line.split()\n    \
            app = pyotp.parse_uri(uri)\n    \
            print(pyotp.TOTP(key).at(int(at)), app.at(int(at)), app.issuer, app.name)\n";
    const MISSING: &str = "pyotp cannot be used: install python3-pyotp (`tests/run --only install` does)";
    let seeds: Vec<Seed> = (0..200).map(|_| Seed::of(doorward::random::bytes())).collect();
    let at = |number: usize| 1_700_000_000 + 7_919 * i64::try_from(number).unwrap();
    // That of the system, where its packages are.
    let python =
        Command::new("/usr/bin/python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut python = python.expect(MISSING);
    let lines = seeds.iter().enumerate().map(|(number, seed)| {
        format!("{} {} {}\n", seed.base32().as_str(), seed.uri("Example", ANN).as_str(), at(number))
    });
    let lines: String = lines.collect();
    // One that has ended reads nothing: its status says so.
    let written = python.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{MISSING}");
    written.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), 200);
    for (number, (seed, line)) in seeds.iter().zip(said.lines()).enumerate() {
        let code = line.split(' ').next().unwrap();
        assert_eq!(line, format!("{code} {code} Example {ANN}"));
        let now = Timestamp::from_seconds(at(number));
        assert_eq!(seed.step_of(code, now), Some(at(number) / 30));
        assert_eq!(Authenticator::with(&seed.base32()).code_at(at(number)), code);
    }
}

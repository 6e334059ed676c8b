//! The second step: codes that are used twice, at once or by another, guesses, and ways around it (RFC 6238 §5.2, OWASP ASVS 6.5).

use doorward::config::Config;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;

use crate::attacks::{ANN, BOB, count, is_signed_in};
use crate::support::{Authenticator, Browser, Form, PASSWORD, Server, filled, first_step, parallel};

fn unhurry(config: &mut Config) {
    config.limits.failures_per_minute = 1_000_000;
    config.limits.account_failures_per_minute = 1_000_000;
    config.limits.pause_after = 1_000_000;
    config.limits.long_pause_after = 2_000_000;
    config.limits.slow_after = 1_000_000;
    config.limits.close_after = 2_000_000;
}

/// Ann with an authenticator and her recovery codes, in a browser that is signed in; nothing slows tries down.
async fn unhurried() -> (Server, Browser, Authenticator, Vec<String>) {
    let server = Server::with(unhurry).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, codes) = server.enrol(&mut browser).await;
    (server, browser, authenticator, codes)
}

/// New browsers at the second step.
async fn at_the_second_step(server: &Server, number: usize, submit: &str) -> Vec<(Browser, Form)> {
    let mut all = Vec::new();
    for _ in 0..number {
        let mut browser = server.browser();
        let form = first_step(&mut browser, ANN).await.form(submit);
        all.push((browser, form));
    }
    all
}

/// The same code, or the same recovery code, in 32 browsers at once on two nodes, and again later: one sign-in comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e7_a_code_signs_in_once_also_when_it_comes_32_times_at_once_to_two_nodes() {
    let (server, _, authenticator, codes) = unhurried().await;
    let other = server.another_node_with(unhurry).await;
    for (submit, code, wrong) in [
        ("#totp-submit", authenticator.code(&server), Rejection::WrongSecondFactor),
        ("#recovery-submit", codes[0].clone(), Rejection::WrongRecoveryCode),
    ] {
        let before = count(&server, "SELECT count(*) FROM sign_ins").await;
        let waiting = at_the_second_step(&server, 32, submit).await;
        let answers = parallel(32, |at| {
            let (browser, form) = waiting[at].clone();
            let mut browser = if at % 2 == 0 { browser } else { browser.at(&other) };
            let form = form.with("code", &code);
            async move { browser.submit(&form).await }
        })
        .await;
        let (through, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
        assert_eq!((through.len(), refused.len()), (1, 31), "{submit}");
        for answer in refused {
            answer.refused_page(400, wrong);
        }
        assert_eq!(count(&server, "SELECT count(*) FROM sign_ins").await, before + 1);
        server.turn(1);
        let (mut late, form) = waiting[5].clone();
        late.submit(&form.with("code", &code)).await.refused_page(400, wrong);
    }
}

/// A code of this step, of the one before and of the one after, and of no other; one that is newer than the last; of nobody else's authenticator, and in no
/// other shape. The key has 160 bits.
#[tokio::test]
async fn e7_a_code_is_good_for_its_person_and_its_minute() {
    let (server, _, authenticator, _) = unhurried().await;
    assert_eq!(authenticator.key().len() * 8, 160);
    server.db_user(BOB).await;
    let mut bob = server.browser();
    bob.sign_in(BOB).await;
    let (other, _) = server.enrol(&mut bob).await;
    server.turn(3600);
    let now = server.clock.now().seconds();
    let (browser, form) = at_the_second_step(&server, 1, "#totp-submit").await.remove(0);
    let tries = async |code: &str| browser.clone().submit(&form.clone().with("code", code)).await;
    let right = authenticator.code_at(now);
    let mut wrong: Vec<String> = [-600, -90, -60, 60, 90, 600].map(|away| authenticator.code_at(now + away)).to_vec();
    wrong.extend([other.code_at(now), String::new(), right[..5].to_owned(), format!("0{right}"), format!("{right}0")]);
    wrong.extend([format!("{right};{right}"), format!("+{}", &right[1..]), "\u{661}".repeat(6), "9".repeat(50)]);
    for code in wrong.iter().filter(|code| **code != right) {
        tries(code).await.refused_page(400, Rejection::WrongSecondFactor);
    }
    // The newest that was taken is the oldest that counts.
    for (away, is_taken) in [(-30, true), (0, true), (-30, false), (0, false), (30, true), (0, false)] {
        let answer = tries(&authenticator.code_at(now + away)).await;
        assert_eq!(answer.status == 303, is_taken, "{away}");
    }
}

/// Whoever knows the password has no more guesses at the code than a stranger has at the password: five a minute from a network, a hundred in all, in however many
/// sessions and with the right password between them. The owner's own browser is not shut out by it.
#[tokio::test]
async fn e8_guesses_at_the_second_factor_are_counted_with_all_others() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    let at = async |network: &str| {
        let mut browser = server.browser();
        browser.address = network.to_owned();
        let page = first_step(&mut browser, ANN).await;
        page.has("#totp-submit").then(|| (browser, page.form("#totp-submit"), page.form("#recovery-submit")))
    };
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(at("192.0.2.1").await.unwrap());
    }
    let wrong = authenticator.wrong(&server);
    let answers = parallel(40, |number| {
        let (mut browser, code, recovery) = sessions[number % 10].clone();
        let form =
            if number % 4 == 0 { recovery.with("code", "0000-0000-0000-0000") } else { code.with("code", &wrong) };
        async move { browser.submit(&form).await }
    })
    .await;
    let evaluated = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!(evaluated, 5, "in ten sessions, of both kinds");
    for answer in answers.iter().filter(|answer| answer.status != 400) {
        answer.refused_page(429, Rejection::TooManyFailures);
    }
    assert!(at("192.0.2.1").await.is_none(), "nor is another password looked at from there");
    let mut evaluated = evaluated;
    for number in 0..130 {
        server.turn(90_000);
        let network = format!("10.1.{}.{}", number / 200, number % 200);
        let Some((mut browser, form, _)) = at(&network).await else { continue };
        let wrong = authenticator.wrong(&server);
        evaluated += usize::from(browser.submit(&form.with("code", &wrong)).await.status == 400);
    }
    assert!((20..=100).contains(&evaluated), "{evaluated} guesses were evaluated");
    let page = first_step(&mut owner, ANN).await;
    let page = owner.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "{}", page.text());
}

/// Class: the step between the password and the sign-in: no other page, no other tab, no silent request and no older cookie gets past it, and a sign-in row is there after it and not
/// before.
#[tokio::test]
async fn e9_the_second_step_is_not_skipped() {
    let (server, owner, authenticator, _) = unhurried().await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut thief = server.browser();
    let login = thief.visit(&client.authorization_url("scope=openid")).await;
    let answer = thief.submit(&filled(&login.form("#login-submit"), ANN, PASSWORD)).await;
    let sealed = answer.location().strip_prefix("/login/code?request=").unwrap().to_owned();
    // And one that has the cookie of a time when nobody was asked for it.
    let off = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Off).await;
    let mut older = off.browser();
    assert!(older.sign_in(ANN).await.has("#sign-out"));
    let mut older = older.at(&server);
    let before = count(&server, "SELECT count(*) FROM sign_ins").await;
    assert_eq!(before, 2);
    for path in [
        format!("/authorize/continue?request={sealed}"),
        format!("/consent?request={sealed}"),
        format!("/login?request={sealed}"),
        format!("/login/authenticator?request={sealed}"),
        format!("/login/new-passkey?request={sealed}"),
        format!("/account/authenticator?request={sealed}"),
        format!("/account/passkeys?request={sealed}"),
        format!("/login/security-key?request={sealed}"),
        format!("/account/recovery-codes?request={sealed}"),
        format!("/account/password?request={sealed}"),
        "/account".to_owned(),
        "/account/authenticator".to_owned(),
        "/account/passkeys".to_owned(),
        "/login/security-key".to_owned(),
        client.authorization_url("scope=openid"),
    ] {
        for (browser, is_theirs) in [(&mut thief, true), (&mut older, false)] {
            let page = browser.visit(&path).await;
            // Another browser's half is worth nothing there.
            let is_foreign = !is_theirs && path.contains(&sealed) && page.status == 400;
            // What takes forms alone shows nothing.
            let is_no_page = path.starts_with("/login/security-key") && page.status == 405;
            let is_stopped = page.has("#login-submit") || page.has("#totp-submit") || is_no_page;
            assert!(is_stopped || is_foreign, "{path}: {}", page.text());
            assert!(!page.has("form[data-passkey=create]") && !page.has("#begin-passkey"), "{path}: {}", page.text());
            assert!(!page.has("#sign-out") && !page.has("#totp-secret") && page.onward().is_none(), "{path}");
        }
    }
    // The forms of the pages behind it, with the sealed request of the step.
    for browser in [&mut thief, &mut older] {
        let silent = browser.visit(&client.authorization_url("scope=openid&prompt=none")).await;
        silent.refused_redirect(Rejection::SignInNeeded);
        let csrf = browser.visit("/login?as=another").await.form("#login-submit").field("csrf");
        for path in [
            "/consent",
            "/login/passkey",
            "/login/security-key",
            "/login/authenticator",
            "/login/new-passkey",
            "/login/new-passkey/later",
            "/account/authenticator",
            "/account/authenticator/begin",
            "/account/authenticator/remove",
            "/account/passkeys",
            "/account/passkeys/begin",
            "/account/security-keys",
            "/account/security-keys/begin",
            "/account/recovery-codes",
            "/account/recovery-codes/begin",
            "/account/password/remove",
        ] {
            let fields = [("csrf", csrf.as_str()), ("request", &sealed), ("decision", "allow"), ("code", "123456")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            let answer = browser.submit(&Form { action: path.to_owned(), fields }).await;
            let is_refused = answer.status == 400;
            assert!(is_refused || (answer.status == 303 && answer.location_param("code").is_none()), "{path}");
        }
    }
    assert_eq!(count(&server, "SELECT count(*) FROM sign_ins").await, before);
    assert_eq!(count(&server, "SELECT count(*) FROM codes").await, 0);
    assert_eq!(count(&server, "SELECT count(*) FROM factors").await, 2);
    assert_eq!(count(&server, "SELECT count(*) FROM passkeys").await, 0);
    // Another browser's half is worth nothing there, and the other way round.
    let mut other = server.browser();
    other.visit("/login").await;
    other.get(&format!("/login/code?request={sealed}")).await.refused_page(400, Rejection::ForeignPendingRequest);
    let page = thief.visit(&format!("/login/code?request={sealed}")).await;
    let page = thief.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.location_param("code").is_some());
    assert!(is_signed_in(&mut owner.clone()).await);
}

/// Class: a stolen sign-in: ten minutes after it was made nothing of the second factors is shown or changed with it, nor with the password beside it, when there is
/// a second factor.
#[tokio::test]
async fn e9_a_stolen_sign_in_changes_no_second_factor() {
    let (server, owner, authenticator, _) = unhurried().await;
    server.db_user(BOB).await;
    let mut bob = server.browser();
    bob.sign_in(BOB).await;
    let offered = bob.visit("/account/authenticator").await;
    let key = Authenticator::with(&offered.text_of("#totp-secret").unwrap());
    server.turn(601);
    let mut thief = bob.clone();
    let page = thief.visit("/account/authenticator").await;
    assert!(!page.has("#totp-secret") && !page.has("svg#qr"));
    let form = offered.form("#totp-submit").with("code", &key.code(&server));
    thief.press(&form).await;
    assert_eq!(count(&server, "SELECT count(*) FROM factors").await, 2, "Ann's");
    // Of Ann they have the sign-in and the password.
    for button in ["#begin-authenticator", "#remove-authenticator"] {
        let mut thief = owner.clone();
        let page = thief.visit("/account/authenticator").await;
        let question = thief.press(&page.form(button)).await;
        let page = thief.press(&question.form("#confirm").with("password", PASSWORD)).await;
        assert!(page.has("#totp-submit") && !page.has("#totp-secret"), "{}", page.text());
        let answer = thief.submit(&page.form("#totp-submit").with("code", &authenticator.wrong(&server))).await;
        answer.refused_page(400, Rejection::WrongSecondFactor);
        let page = thief.visit("/account/authenticator").await;
        assert!(!page.has("#totp-secret"));
    }
    assert_eq!(count(&server, "SELECT count(*) FROM factors").await, 2);
}

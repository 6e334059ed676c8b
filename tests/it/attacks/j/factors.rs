//! Guessing at second factors.

use doorward::protocol::rejection::Rejection;

use super::WRONG;
use crate::attacks::ANN;
use crate::support::{Server, WAIT, filled, first_step, lost_page};

/// A code and a recovery code are behind the lock of the password: what fails at one door counts at all of them.
#[tokio::test]
async fn j4_the_second_step_is_behind_the_same_lock() {
    for (submit, code, wrong) in [
        ("#totp-submit", "", Rejection::WrongSecondFactor),
        ("#recovery-submit", "0000-0000-0000-0000", Rejection::WrongRecoveryCode),
    ] {
        let server = Server::start().await;
        server.db_user(ANN).await;
        let mut owner = server.browser();
        owner.sign_in(ANN).await;
        let (authenticator, codes) = server.enrol(&mut owner).await;
        let right = if code.is_empty() { authenticator.code(&server) } else { codes[0].clone() };
        let code = if code.is_empty() { authenticator.wrong(&server) } else { code.to_owned() };
        let mut browser = server.browser();
        let form = first_step(&mut browser, ANN).await.form(submit);
        for _ in 0..3 {
            browser.submit(&form.clone().with("code", &code)).await.refused_page(400, wrong);
        }
        let login = browser.visit("/login?as=another").await.form("#login-submit");
        for _ in 0..2 {
            browser.submit(&filled(&login, ANN, WRONG)).await.refused_page(400, Rejection::WrongCredentials);
        }
        browser.submit(&form.clone().with("code", &right)).await.refused_page(429, Rejection::TooManyFailures);
        server.turn(61);
        let form = first_step(&mut browser, ANN).await.form(submit);
        let right = if submit == "#totp-submit" { authenticator.code(&server) } else { codes[0].clone() };
        assert!(browser.press(&form.with("code", &right)).await.has("#sign-out"));
    }
}

/// A recovery code has eighty bits: at five tries a minute for a year the chance is far below 2^-20. One that was used, one that never was and one that cannot be
/// get the same answer.
#[tokio::test]
async fn j10_recovery_codes_cannot_be_guessed() {
    let server = Server::with(|config| config.limits.account_failures_per_minute = 1_000_000).await;
    server.db_user(ANN).await;
    let mut owner = server.browser();
    owner.sign_in(ANN).await;
    let (_, codes) = server.enrol(&mut owner).await;
    let letters: Vec<usize> = codes.iter().map(|code| code.replace('-', "").len()).collect();
    assert_eq!(letters, [16; 10]);
    let used: std::collections::BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
    assert!(used.len() > 20 && !used.contains(&'O') && !used.contains(&'I'), "{used:?}");
    let mut browser = server.browser();
    let form = first_step(&mut browser, ANN).await.form("#recovery-submit");
    browser.clone().press(&form.clone().with("code", &codes[3])).await;
    let mut bodies = Vec::new();
    for typed in [codes[3].as_str(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "not a code", ""] {
        let answer = browser.submit(&form.clone().with("code", typed)).await;
        answer.refused_page(400, Rejection::WrongRecoveryCode);
        bodies.push(answer.text_of("#error"));
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{bodies:?}");
}

/// Whether somebody has asked to have second factors taken away is told to nobody who has not given the first proof: not by the page, not by the form, and not by whatever
/// is asked about the address.
#[tokio::test]
async fn j7_nobody_learns_of_a_request_without_the_first_proof() {
    let server = Server::with_mail(|_| {}).await;
    server.db_guarded(ANN).await;
    let mut bodies = Vec::new();
    for turn in [0, 1, WAIT] {
        if turn == 1 {
            server.begin_reset(ANN).await;
        }
        server.turn(turn);
        let mut stranger = server.browser();
        let login = stranger.visit("/login").await.form("#login-submit");
        let mut seen = Vec::new();
        for path in ["/login/lost", "/login/code", "/login"] {
            let answer = stranger.get(path).await;
            seen.push((answer.status.as_u16(), answer.headers.get("location").cloned()));
        }
        for path in ["/login/lost", "/login/lost/remove", "/account/second-factor/keep"] {
            let answer = stranger.submit(&filled(&login.clone().to(path), ANN, WRONG)).await;
            seen.push((answer.status.as_u16(), answer.headers.get("location").cloned()));
        }
        let wrong = stranger.submit(&filled(&login, ANN, WRONG)).await;
        seen.push((wrong.status.as_u16(), None));
        bodies.push((seen, wrong.text_of("main")));
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{bodies:#?}");
    assert!(lost_page(&mut server.browser(), ANN).await.has("#remove-lost"));
}

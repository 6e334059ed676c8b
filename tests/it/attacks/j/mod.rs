//! Group J: guessing, finding out, and who the guesser is (NIST SP 800-63B-4 §3.2.2, OWASP ASVS 6.3). The numbers are the defaults of `[limits]`.

mod factors;
mod guessing;
mod passkeys;
mod secrets;
mod sources;

use doorward::protocol::rejection::Rejection;

use crate::support::{Answer, Browser, Form, Server, filled, login_form};

const WRONG: &str = "a wrong password of some length";
const REFUSALS: &[Rejection] = &[Rejection::TooManyFailures, Rejection::ClosedToStrangers];

/// A browser that nobody knows, at its sign-in page, and its attempts from any network.
struct Guesser {
    browser: Browser,
    form: Form,
}

impl Guesser {
    async fn at(server: &Server) -> Self {
        let (browser, form) = login_form(server).await;
        Self { browser, form }
    }

    async fn tries(&self, network: &str, email: &str, password: &str) -> Answer {
        let mut browser = self.browser.clone();
        browser.address = network.to_owned();
        browser.submit(&filled(&self.form, email, password)).await
    }
}

/// A network that no other test step has.
fn network(at: usize) -> String {
    format!("10.{}.{}.{}", at / 65_536 % 256, at / 256 % 256, at % 256)
}

/// Asserts a refusal for the limit: 429, how long in words and in `Retry-After`, and the code on the page.
#[track_caller]
fn turned_away(answer: &Answer) {
    answer.refused_in(429, REFUSALS);
    assert_eq!(answer.error_code().as_deref(), Some("too_many_attempts"));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(!answer.header("set-cookie").contains("sign_in"));
}

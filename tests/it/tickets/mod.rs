//! What is proved by mail: a new password, an address, an account (`signin/tickets.rs`, `signin/recover.rs`). The mails are read where they were sent, and
//! their links and codes used as people use them.

mod address;
mod operator;
mod proof;
mod recover;
mod registration;
mod sign_in;

use crate::support::{Answer, Browser, Server};

const ANN: &str = "ann@example.org";
const EVE: &str = "eve@example.org";
const NEW_PASSWORD: &str = "a louder river at dusk";

/// A server that can send mail.
async fn start() -> Server {
    Server::with_mail(|_| {}).await
}

/// Asks for a new password in this browser; the page that asks for the code.
async fn ask(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.visit("/recover").await;
    browser.press(&page.form("#recover-submit").with("email", address)).await
}

/// Opens the link of a mail in a browser, and presses the button.
async fn open(browser: &mut Browser, link: &str) -> Answer {
    let page = browser.visit(link).await;
    browser.press(&page.form("#confirm")).await
}

/// Types a code where it is asked for.
async fn type_code(browser: &mut Browser, page: &Answer, code: &str) -> Answer {
    browser.press(&page.form("#code-submit").with("code", code)).await
}

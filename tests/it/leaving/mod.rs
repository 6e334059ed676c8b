//! People who leave: what ends at once, who learns of it, how the account comes back, and what is left when it does not
//! (`storage/leaving.rs`, `registry/leaving.rs`, `signin/leaving.rs`).

mod commands;
mod export;
mod grace;
mod job;
mod page;

use doorward::registry::Act;

use crate::support::{Answer, Browser, PASSWORD, Server, filled};

const ANN: &str = "ann@example.org";
const EVE: &str = "eve@example.org";
const DAY: i64 = 86_400;

/// A server that can send mail.
async fn start() -> Server {
    Server::with_mail(|_| {}).await
}

/// The operator, now.
fn operator(server: &Server) -> Act {
    Act::of_operator(server.clock.now())
}

/// Closes Ann's account with the usual time to come back.
async fn leave(server: &Server) {
    server.registry().leave_user(ANN, 7 * DAY, &operator(server)).await.unwrap();
}

/// What the sign-in page answers to Ann with this password.
async fn sign_in(server: &Server, password: &str) -> Answer {
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#login-submit");
    browser.submit(&filled(&form, ANN, password)).await
}

/// Whether Ann can sign in.
async fn is_open(server: &Server) -> bool {
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    browser.sign_in_on(&page, ANN, PASSWORD).await.has("#sign-out")
}

/// Opens the link of a mail in a browser, and presses the button.
async fn open(browser: &mut Browser, link: &str) -> Answer {
    let page = browser.visit(link).await;
    browser.press(&page.form("#confirm")).await
}

async fn users(server: &Server) -> i64 {
    server.database.db_number("SELECT COUNT(*) FROM users").await
}

async fn events(server: &Server, id: &str) -> Vec<String> {
    let sql = format!("SELECT event FROM audit WHERE user_id = '{id}' AND event LIKE 'user.%' ORDER BY id");
    server.database.db_rows::<(String,)>(&sql).await.into_iter().map(|(event,)| event).collect()
}

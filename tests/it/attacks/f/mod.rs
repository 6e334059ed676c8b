//! Group F: sign-in through providers, and what is linked to whom (OpenID Connect Core §5.7, RFC 9700 §4, OWASP ASVS 6.8). The provider is
//! `support/provider.rs`, and everything goes through our pages.

mod accounts;
mod answers;
mod endless;
mod invited;
mod trust;
mod ways;

use doorward::protocol::client::ClientType;

use super::{ANN, BOB, EVE};
use crate::federation::{answer_of, counted, federated, federated_with, identity, leave, newcomer, through};
use crate::support::{Answer, Browser, PASSWORD, Provider, Server};

/// What comes of it when a new browser goes through the provider.
async fn come(server: &Server, fake: &Provider) -> (Browser, Answer) {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, fake, &login).await;
    (browser, page)
}

/// How many are signed in.
async fn signed_in(server: &Server) -> i64 {
    server.database.db_number("SELECT COUNT(*) FROM sign_ins WHERE ended_at IS NULL").await
}

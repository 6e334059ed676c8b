//! Sign-in through a provider from end to end: a browser at our pages, the provider that `support/provider.rs` plays, and the browser back here.

mod errands;
mod first;
mod invited;
mod linking;
mod news;
mod own_password;
mod passed_on;
mod refusals;
mod takeover;
pub mod trusted;
mod ways;

pub use first::form_of;
pub use invited::invite;

use doorward::config::{Config, UpstreamConfig};
use doorward::protocol::upstream::{Identity, ProviderKind};
use url::{Url, form_urlencoded};

use crate::support::{Answer, Browser, Provider, Server};

const ANN: &str = "ann@example.org";
/// The provider's id.
const ID: &str = "fake";

/// A server with one provider of OpenID Connect, and that provider.
pub async fn federated(change: impl FnOnce(&mut UpstreamConfig)) -> (Server, Provider) {
    federated_with(ProviderKind::Oidc, change, |_| {}).await
}

/// A server with other settings, and a provider of this kind.
pub async fn federated_with(
    kind: ProviderKind,
    change: impl FnOnce(&mut UpstreamConfig),
    settings: impl FnOnce(&mut Config),
) -> (Server, Provider) {
    let fake = Provider::start().await;
    let server = Server::with(|config| {
        fake.add_to(config, ID, kind, change);
        settings(config);
    });
    met(server.await, fake).await
}

/// As [`federated_with`], where mail can be sent.
pub async fn federated_with_mail(kind: ProviderKind, settings: impl FnOnce(&mut Config)) -> (Server, Provider) {
    let fake = Provider::start().await;
    let server = Server::with_mail(|config| {
        fake.add_to(config, ID, kind, |_| {});
        settings(config);
    });
    met(server.await, fake).await
}

async fn met(server: Server, fake: Provider) -> (Server, Provider) {
    fake.follow(&server.clock);
    server.app.providers.discover().await;
    assert_eq!(server.app.providers.get(ID).unwrap().trouble(), None);
    (server, fake)
}

/// Presses the provider's button on a page: where the browser is sent.
pub async fn leave(browser: &mut Browser, page: &Answer) -> Url {
    let answer = browser.submit(&page.form("#upstream-fake")).await;
    let address = answer.onward().unwrap_or_else(|| panic!("{} {:?}", answer.text(), answer.reason));
    Url::parse(&address).unwrap()
}

/// What the provider gives the browser there, as the address that it comes back to.
pub async fn answer_of(fake: &Provider, sent_to: &Url) -> String {
    let brought = fake.visit(sent_to).await;
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&brought).finish();
    format!("/upstream/{ID}/callback?{query}")
}

/// From the button to where it leads in the end.
pub async fn through(browser: &mut Browser, fake: &Provider, page: &Answer) -> Answer {
    let sent_to = leave(browser, page).await;
    let callback = answer_of(fake, &sent_to).await;
    browser.visit(&callback).await
}

/// A new browser that has come through the provider for the first time, and has made an account.
pub async fn newcomer(server: &Server, fake: &Provider) -> Browser {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, fake, &login).await;
    let account = browser.press(&page.form("#create-account")).await;
    assert!(account.has("#sign-out"), "{}", account.text());
    browser
}

/// The identity of Ann at the provider.
pub async fn identity(server: &Server, fake: &Provider) -> Option<Identity> {
    let mut reader = server.app.storage.read().await.unwrap();
    reader.identity(&fake.issuer(), "ann-at-the-provider").await.unwrap()
}

/// How many accounts and identities there are.
pub async fn counted(server: &Server) -> (i64, i64) {
    let count = async |table: &str| server.database.db_number(&format!("SELECT COUNT(*) FROM {table}")).await;
    (count("users").await, count("identities").await)
}

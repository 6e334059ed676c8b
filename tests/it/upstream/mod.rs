//! The client side of sign-in through providers, against a provider that misbehaves as it is told (`support/provider.rs`): from the address that a browser is sent
//! to, to what is vouched for.

mod admission;
mod answers;
mod back_channel;
mod discovery;
mod kinds;

use doorward::config::UpstreamConfig;
use doorward::failure::Error;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::{Callback, Errand, ProviderKind, Vouched};
use doorward::upstream::Ask;
use url::Url;

use crate::support::{Provider, Server};

/// The id of the provider.
const ID: &str = "fake";

/// A server with one provider of this kind, discovered.
async fn server(kind: ProviderKind, change: impl FnOnce(&mut UpstreamConfig)) -> (Server, Provider) {
    let (server, fake) = unreached(kind, change).await;
    server.app.providers.discover().await;
    assert_eq!(server.app.providers.get(ID).unwrap().trouble(), None);
    (server, fake)
}

/// The same before its discovery.
async fn unreached(kind: ProviderKind, change: impl FnOnce(&mut UpstreamConfig)) -> (Server, Provider) {
    let fake = Provider::start().await;
    let of = fake.clone();
    let server = Server::with(move |config| of.add_to(config, ID, kind, change)).await;
    fake.follow(&server.clock);
    (server, fake)
}

fn begin(server: &Server, ask: &Ask<'_>) -> (Url, Errand) {
    server.app.providers.get(ID).unwrap().begin(ask, "the-state", server.app.now()).unwrap()
}

/// Comes back from an errand with what the provider gave the browser.
async fn finish(server: &Server, fake: &Provider, sent: &(Url, Errand)) -> Result<Vouched, Rejection> {
    let back = fake.visit(&sent.0).await;
    let of = |name: &str| back.get(name).map(String::as_str);
    let callback = Callback { code: of("code"), iss: of("iss"), error: of("error"), user: of("user") };
    let finished = server.app.providers.get(ID).unwrap().finish(&sent.1, &callback, server.app.now()).await;
    finished.map_err(|error| match error {
        Error::Rejected(refusal) => refusal.rejection,
        Error::Failed(failure) => panic!("{failure}"),
    })
}

/// A whole sign-in.
async fn sign_in(server: &Server, fake: &Provider) -> Result<Vouched, Rejection> {
    let sent = begin(server, &Ask::default());
    finish(server, fake, &sent).await
}

/// A parameter of the address that a browser is sent to.
fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

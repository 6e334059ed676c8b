//! Group I at the door of providers: what we fetch of them (OWASP ASVS 13.2.4).

use std::time::Duration;

use doorward::config::UpstreamConfig;
use doorward::protocol::upstream::ProviderKind;
use doorward::upstream::Ask;

use super::Server;
use crate::attacks::i::Listener;

/// What a provider says of itself, and its keys, read as everything that is fetched: endless, dripping, silent, zipped and full of headers, each is cut off after
/// five seconds or 64 KiB, while others are answered. (Its other answers: F13.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_a_discovery_without_end_is_cut_off() {
    const CHUNK: &[u8] = &[b' '; 16_384];
    let drip = Duration::from_millis(300);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let endless = format!("{head}Content-Length: 1000000000\r\n\r\n{{").leak();
    let listeners = [
        Listener::saying(endless, CHUNK, Duration::from_millis(1)).await,
        Listener::saying("HTTP/1.1 200 OK\r\n\r\n{", CHUNK, Duration::from_millis(1)).await,
        Listener::saying("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b" ", drip).await,
        Listener::saying("HTTP/1.1 200 OK\r\n", b"X-A: aaaaaaaaaaaaaaaaaaaaaaaa\r\n", Duration::from_millis(1)).await,
        Listener::saying("", b"", drip).await,
    ];
    let providers: Vec<_> = listeners
        .iter()
        .enumerate()
        .map(|(at, listener)| UpstreamConfig {
            id: format!("p{at}"),
            kind: Some(ProviderKind::Oidc),
            client_id: "x".to_owned(),
            issuer: listener.url().trim_end_matches('/').to_owned(),
            ..UpstreamConfig::default()
        })
        .collect();
    let allow = listeners.iter().map(|listener| format!("127.0.0.1:{}", listener.port)).collect();
    let server = Server::with(|config| (config.upstream, config.outgoing.allow) = (providers, allow)).await;
    let others = async {
        for _ in 0..20 {
            assert_eq!(server.get("/login").await.status, 200);
        }
        // The last one says nothing at all: it is still waited for.
        let last = server.app.providers.all().last().unwrap();
        assert_eq!(last.trouble().as_deref(), Some("it has not been reached yet"), "the pages waited for a provider");
    };
    tokio::join!(server.app.providers.discover(), others);
    for provider in server.app.providers.all() {
        let why = provider.trouble().unwrap();
        assert!(["no answer in time", "more than 65536", "it broke"].iter().any(|known| why.contains(known)), "{why}");
        assert!(provider.begin(&Ask::default(), "state", server.app.now()).is_err());
    }
    assert!(listeners.iter().all(|listener| listener.calls() == 1), "none is asked again and again");
}

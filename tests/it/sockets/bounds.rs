//! Connections that want to be waited for: too many, too slow, or in the middle of a handshake.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::serve;
use crate::support::socket::{connect, connect_from, rest, serves, serves_at};
use crate::support::{Database, END, Live};
use crate::tls::certificate;

#[tokio::test]
async fn nobody_fills_the_house_alone() {
    let (_database, server) = serve(&[("MAX_CONNECTIONS", "40"), ("MAX_CONNECTIONS_PER_NETWORK", "5")]).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(connect_from("127.0.0.2", &server).await);
    }
    // Five are waited for, and all others closed at once.
    for stream in &mut silent[5..] {
        assert_eq!(rest(stream).await, "");
    }
    serves_at("127.0.0.3", &server).await;
    for stream in &mut silent[..5] {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(rest(stream).await.starts_with("HTTP/1.1 200"), "they were there first");
    }
    serves_at("127.0.0.2", &server).await;
}

#[tokio::test]
async fn a_trusted_proxy_brings_as_many_as_it_likes() {
    let settings = [("MAX_CONNECTIONS_PER_NETWORK", "5"), ("TRUSTED_PROXIES", "127.0.0.2")];
    let (_database, server) = serve(&settings).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(connect_from("127.0.0.2", &server).await);
    }
    for stream in &mut open {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        assert!(rest(stream).await.starts_with("HTTP/1.1 200"));
    }
}

/// Many, from many networks, who say nothing: those that have had some seconds go for whoever comes.
#[tokio::test]
async fn many_silent_connections_keep_no_newcomer_out() {
    let settings = [("MAX_CONNECTIONS", "100"), ("MAX_CONNECTIONS_PER_NETWORK", "1000"), ("HEAD_TIMEOUT", "600")];
    let (_database, server) = serve(&settings).await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(connect(&server).await);
    }
    serves(&server).await;
}

#[tokio::test]
async fn idle_connections_make_room_however_many_they_are() {
    let (_database, server) = serve(&[("MAX_CONNECTIONS", "100"), ("MAX_CONNECTIONS_PER_NETWORK", "1000")]).await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        idle.push(stream);
    }
    for _ in 0..20 {
        serves(&server).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let (_database, server) = serve(&[("HEAD_TIMEOUT", "1")]).await;
    // On a new connection, and after an answer.
    for first in ["", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut slow = connect(&server).await;
        slow.write_all(first.as_bytes()).await.unwrap();
        let dripping = async {
            while slow.write_all(b"G").await.is_ok() {
                // The attacker's own pace: nothing is waited for.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(END, dripping).await.expect("it is closed");
    }
    serves(&server).await;
}

#[tokio::test]
async fn a_handshake_that_stops_in_the_middle_is_not_waited_for() {
    let database = Database::copy().await;
    let pem = certificate(database.folder.path(), "a", 2099);
    let settings = [
        ("DOORWARD__SERVER__TLS__CERT", "a.crt"),
        ("DOORWARD__SERVER__TLS__KEY", "a.key"),
        ("DOORWARD__SERVER__HEAD_TIMEOUT", "1"),
    ];
    let server = Live::serve_with(&database, &settings);
    // The record of a greeting of 512 bytes, which do not come; nothing; what is no TLS.
    for begun in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut all = Vec::new();
        for _ in 0..20 {
            let mut stream = connect(&server).await;
            stream.write_all(begun).await.unwrap();
            all.push(stream);
        }
        for stream in &mut all {
            rest(stream).await;
        }
    }
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    assert_eq!(client.get(format!("{}/healthz", server.issuer)).send().await.unwrap().status(), 200);
}

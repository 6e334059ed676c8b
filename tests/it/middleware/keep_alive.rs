//! Connections that idle between two requests.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::socket::{connect, rest};
use crate::support::{Database, END, Live};

/// Asks on a connection that stays open; whether it is answered.
async fn ask(stream: &mut TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut head = [0; 4096];
    if stream.write_all(request).await.is_err() {
        return false;
    }
    let count = tokio::time::timeout(END, stream.read(&mut head)).await.unwrap().unwrap_or(0);
    head[..count].starts_with(b"HTTP/1.1 200")
}

#[tokio::test]
async fn a_connection_that_idles_for_as_long_as_the_settings_say_is_closed() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__KEEP_ALIVE", "1")]);
    let mut stream = connect(&server).await;
    assert!(ask(&mut stream).await);
    rest(&mut stream).await;
}

#[tokio::test]
async fn near_the_bound_the_connection_that_has_idled_longest_makes_room() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__MAX_CONNECTIONS", "10")]);
    let mut open = Vec::new();
    for _ in 0..9 {
        let mut stream = connect(&server).await;
        assert!(ask(&mut stream).await);
        open.push(stream);
    }
    // Used again, so that the second is the one that has idled longest.
    assert!(ask(&mut open[0]).await);
    let mut tenth = connect(&server).await;
    assert!(ask(&mut tenth).await);
    rest(&mut open[1]).await;
    for at in [0, 2, 3, 4, 5, 6, 7, 8] {
        assert!(ask(&mut open[at]).await, "{at}");
    }
}

/// Two threads: the client of HTTP/2 hears that it is to leave while the test goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_of_http2_without_a_request_makes_room_like_any_other() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__MAX_CONNECTIONS", "10")]);
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let asks = async || http2.get(format!("{}/healthz", server.issuer)).send().await.unwrap().text().await.unwrap();
    assert_eq!(asks().await, "ok\n");
    let mut open = Vec::new();
    for _ in 0..9 {
        let mut stream = connect(&server).await;
        assert!(ask(&mut stream).await);
        open.push(stream);
    }
    for stream in &mut open {
        assert!(ask(stream).await);
    }
    assert_eq!(asks().await, "ok\n", "on another connection");
}

#[tokio::test]
async fn at_the_bound_the_next_is_served_when_another_has_gone() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__MAX_CONNECTIONS", "10")]);
    let mut heads = Vec::new();
    for _ in 0..10 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        heads.push(stream);
    }
    let mut next = connect(&server).await;
    let asking = tokio::spawn(async move { ask(&mut next).await });
    // Answered, it idles, and makes room.
    heads[3].write_all(b"Host: localhost\r\n\r\n").await.unwrap();
    rest(&mut heads[3]).await;
    assert!(asking.await.unwrap());
    assert!(ask(&mut connect(&server).await).await);
}

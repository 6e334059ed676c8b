//! Stopping the real binary, and the connections that would keep it from serving or from stopping.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Database, END, Live, Receiver, eventually};

const BODY: &str = "grant_type=client_credentials";
/// The first bytes of HTTP/2: its preface and an empty SETTINGS frame (RFC 9113 §3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

async fn connect(server: &Live, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// A token request of which the server has everything but the body's last byte: it is under way until that comes.
async fn unfinished(server: &Live) -> TcpStream {
    let head = format!(
        "POST /token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    let mut stream = connect(server, head.as_bytes()).await;
    // The server asks for the body only when the handler reads it.
    let mut interim = vec![0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    timeout(END, stream.read_exact(&mut interim)).await.unwrap().unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&interim));
    stream.write_all(&BODY.as_bytes()[..BODY.len() - 1]).await.unwrap();
    stream
}

/// Sends the last byte; the whole answer.
async fn finish(mut stream: TcpStream) -> String {
    stream.write_all(&BODY.as_bytes()[BODY.len() - 1..]).await.unwrap();
    let mut answer = String::new();
    timeout(END, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

/// Waits until the server has closed the connection, whatever it said before.
async fn closed(mut stream: TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let _reset_counts_too = timeout(END, stream.read_to_end(&mut said)).await.expect("the server closes it");
    said
}

/// Asks until the server says that it is not ready.
async fn until_not_ready(server: &Live) {
    let asks = async || (server.browser().get("/readyz").await.status == 503).then_some(());
    eventually("the server is not ready", asks).await;
}

#[tokio::test]
async fn a_server_that_stops_says_not_ready_and_serves_while_load_balancers_take_note() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__NOTICE", "600")]);
    assert_eq!(server.browser().get("/readyz").await.status, 200);
    let under_way = unfinished(&server).await;
    server.terminate();
    until_not_ready(&server).await;
    let new = server.browser().get("/.well-known/jwks.json").await;
    assert_eq!(new.status, 200, "new connections are still served");
    assert_eq!(server.browser().get("/healthz").await.status, 200, "it lives");
    assert!(finish(under_way).await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn a_stop_closes_the_socket_finishes_what_is_under_way_and_ends_with_zero() {
    let database = Database::copy().await;
    let settings = [("DOORWARD__SERVER__NOTICE", "1"), ("DOORWARD__SERVER__DRAIN", "600")];
    let mut server = Live::serve_with(&database, &settings);
    let under_way = unfinished(&server).await;
    server.terminate();
    let refused = async || TcpStream::connect(server.address()).await.err();
    eventually("no connection is taken", refused).await;
    assert!(finish(under_way).await.starts_with("HTTP/1.1 401"), "it was under way when the socket closed");
    assert_eq!(server.wait(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn what_runs_by_itself_goes_on_until_the_last_request_is_answered() {
    let (database, receiver) = (Database::copy().await, Receiver::start().await);
    let allowed = receiver.address.to_string();
    let settings = [("DOORWARD__SERVER__DRAIN", "600"), ("DOORWARD__OUTGOING__ALLOW", allowed.as_str())];
    let mut server = Live::serve_with(&database, &settings);
    let client = server.client("web", &["--backchannel-logout-uri", &receiver.uri()]);
    let under_way = unfinished(&server).await;
    server.terminate();
    let refused = async || TcpStream::connect(server.address()).await.err();
    eventually("no connection is taken", refused).await;
    let id = &client.id;
    let notice = format!(
        "INSERT INTO logout_outbox (client_id, sign_in_id, user_id, ended_at, due_at) VALUES ('{id}', 'sid', 'sub', 1, 1)"
    );
    database.db_execute(&notice).await;
    // Of this application the node hears by the news alone, and tells it in its last moments.
    assert!(!receiver.next().await.is_empty());
    assert!(finish(under_way).await.starts_with("HTTP/1.1 401"));
    assert_eq!(server.wait(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let database = Database::copy().await;
    let long = [("DOORWARD__SERVER__NOTICE", "600"), ("DOORWARD__SERVER__DRAIN", "600")];
    let mut server = Live::serve_with(&database, &long);
    let under_way = unfinished(&server).await;
    server.terminate();
    until_not_ready(&server).await;
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    closed(under_way).await;
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off() {
    let database = Database::copy().await;
    let mut server = Live::serve_with(&database, &[("DOORWARD__SERVER__DRAIN", "1")]);
    let never_finished = unfinished(&server).await;
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(server.log().contains("requests were still under way"), "{}", server.log());
    closed(never_finished).await;
}

/// Two threads: a client of HTTP/2 answers the server's ping while the test waits for the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_delay_a_stop() {
    let database = Database::copy().await;
    let mut server = Live::serve_with(&database, &[("DOORWARD__SERVER__DRAIN", "600")]);
    let mut kept_alive = connect(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let mut answer = [0; 15];
    kept_alive.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    let silent = connect(&server, b"").await;
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let answer = http2.get(format!("{}/healthz", server.issuer)).send().await.unwrap();
    assert_eq!((answer.version(), answer.text().await.unwrap().as_str()), (reqwest::Version::HTTP_2, "ok\n"));
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    assert!(!server.log().contains("requests were still under way"), "{}", server.log());
    for connection in [kept_alive, silent] {
        closed(connection).await;
    }
}

/// Sends a byte of a header that never ends, again and again, until the server has had enough.
async fn trickle(server: &Live) {
    let stream = connect(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
    let (mut reading, mut writing) = stream.into_split();
    let dripping = async {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = dripping => {}
        _ = reading.read_to_end(&mut said) => {}
    }
}

#[tokio::test]
async fn connections_that_send_no_whole_request_are_closed() {
    let database = Database::copy().await;
    // One that was answered may idle for longer than the head of a request may take, by the settings.
    let server = Live::serve_with(&database, &[("DOORWARD__SERVER__KEEP_ALIVE", "2")]);
    let mut kept_alive = connect(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    kept_alive.read_exact(&mut [0; 15]).await.unwrap();
    let slow = [
        connect(&server, b"").await,
        connect(&server, b"G").await,
        connect(&server, b"GET / HTTP/1.1\r\nHost: local").await,
        connect(&server, b"PRI * HTTP/2.0\r\n").await,
        connect(&server, HTTP2).await,
        kept_alive,
    ];
    let closing = slow.map(|stream| tokio::spawn(closed(stream)));
    timeout(END, trickle(&server)).await.expect("the server closes a connection that only trickles");
    for connection in closing {
        connection.await.unwrap();
    }
    assert_eq!(server.browser().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_comes_is_answered_all_the_same() {
    if !crate::support::is_long() {
        return;
    }
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let said = closed(unfinished(&server).await).await;
    assert!(said.starts_with(b"HTTP/1.1 503"), "{}", String::from_utf8_lossy(&said));
}

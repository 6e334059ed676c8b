//! Sockets that are used as nobody uses them.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::socket::{connect, connect_from, rest, send, serves, serves_at};
use crate::support::{Database, END, Live, parallel};

/// Sends each of these so many times at once, and waits until the other end has closed all; what it said to each.
async fn until_closed(server: Arc<Live>, all: Vec<Vec<u8>>, times: usize) -> Vec<String> {
    parallel(all.len() * times, |at| {
        let (server, bytes) = (server.clone(), all[at % all.len()].clone());
        async move { send(&server, &bytes).await }
    })
    .await
}

/// A head that is not finished, a body that does not come, a connection that says nothing, one that idles after an answer, and one whose answers nobody reads
/// are cut off, each after its own time; with more idle ones than there are places the oldest goes, and who comes next from elsewhere is served meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l2_who_is_slow_is_cut_off_and_keeps_nobody_out() {
    let database = Database::copy().await;
    let settings = [
        ("DOORWARD__SERVER__HEAD_TIMEOUT", "2"),
        ("DOORWARD__SERVER__UNREAD_TIMEOUT", "2"),
        ("DOORWARD__SERVER__MAX_CONNECTIONS", "120"),
        ("DOORWARD__SERVER__MAX_CONNECTIONS_PER_NETWORK", "50"),
    ];
    let server = Arc::new(Live::serve_with(&database, &settings));
    let form = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let slow = [
        "GET /healthz HTTP/1.1\r\nHost: loc".to_owned(),
        "G".to_owned(),
        String::new(),
        format!("POST /token HTTP/1.1\r\n{form}Content-Length: 100\r\n\r\ngrant_type="),
        format!("POST /login HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    ];
    let cutting = tokio::spawn(until_closed(server.clone(), slow.map(String::into_bytes).to_vec(), 8));
    let mut stream = connect(&server).await;
    let unread = tokio::spawn(async move {
        let requests = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
        let asking = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
        tokio::time::timeout(END, asking).await.expect("who reads nothing is cut off");
    });
    while !(cutting.is_finished() && unread.is_finished()) {
        serves_at("127.0.0.9", &server).await;
    }
    unread.await.unwrap();
    for said in cutting.await.unwrap() {
        assert!(!said.starts_with("HTTP/1.1 2"), "{said}");
    }
    // From ten networks three hundred that idle after an answer: the oldest go.
    let mut idle = Vec::new();
    for at in 0..300 {
        let mut stream = connect_from(&format!("127.0.7.{}", at / 30 + 1), &server).await;
        if stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.is_ok() {
            let mut head = [0; 2048];
            let count = tokio::time::timeout(END, stream.read(&mut head)).await.expect("an answer").unwrap_or(0);
            assert!(head[..count].starts_with(b"HTTP/1.1 200"), "{at}");
        }
        idle.push(stream);
    }
    serves_at("127.0.0.9", &server).await;
    // The oldest has gone.
    rest(&mut idle[0]).await;
    serves(&server).await;
}

/// Class: much in one heap: heads of 64 KiB and more, headers by the thousand and a hundred requests in one write are bounded, and the next client is served.
/// That streams of HTTP/2 which are opened and taken back end their connection is shown in `tests/it/sockets/http2.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_much_at_once_is_bounded() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let get = |headers: &str| format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    let many: String = (0..3000).map(|n| format!("X-{n}: y\r\n")).collect();
    for (what, head) in [
        ("one header", get(&format!("X: {}\r\n", "a".repeat(80_000)))),
        ("headers by the thousand", get(&many)),
        ("a long path", format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(80_000))),
        ("a long method", format!("{} / HTTP/1.1\r\nHost: localhost\r\n\r\n", "A".repeat(80_000))),
        ("cookies", get(&format!("Cookie: {}\r\n", "a=b; ".repeat(16_000)))),
    ] {
        let said = send(&server, head.as_bytes()).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{what}: {said:.100}");
    }
    let mut heap = get("").repeat(100);
    heap.push_str(&get("Connection: close\r\n"));
    let said = send(&server, heap.as_bytes()).await;
    assert_eq!(said.matches("HTTP/1.1 200").count(), 101, "pipelined requests are answered in their order");
    serves(&server).await;
}

/// Handshakes that stop halfway, are no handshakes, or are of old versions: each ends, and whoever comes next is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_a_broken_handshake_hangs_nobody() {
    let database = Database::copy().await;
    let pem = crate::tls::certificate(database.folder.path(), "a", 2099);
    let settings = [
        ("DOORWARD__SERVER__TLS__CERT", "a.crt"),
        ("DOORWARD__SERVER__TLS__KEY", "a.key"),
        ("DOORWARD__SERVER__HEAD_TIMEOUT", "2"),
    ];
    let server = Arc::new(Live::serve_with(&database, &settings));
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let url = format!("{}/healthz", server.issuer);
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 200]].concat();
    let broken: Vec<Vec<u8>> = vec![
        hello[..3].to_vec(),
        hello.clone(),
        [&hello[..], &[0xff; 4000]].concat(),
        vec![0x16, 3, 0, 0xff, 0xff],
        vec![0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10],
        vec![0x15, 3, 3, 0, 2, 2, 40],
        vec![0x17, 3, 3, 0x40, 0],
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        vec![0; 20_000],
        b"".to_vec(),
    ];
    let breaking = tokio::spawn(until_closed(server.clone(), broken, 4));
    while !breaking.is_finished() {
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    }
    assert!(breaking.await.unwrap().iter().all(|said| !said.contains("HTTP/1.1 2")));
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}

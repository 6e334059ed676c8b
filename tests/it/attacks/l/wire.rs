//! Sockets that are used as nobody uses them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Database, END, Live, parallel};

async fn is_served(server: &Live) -> bool {
    is_served_from("127.0.0.1", server).await
}

/// A connection from an address of this machine.
async fn connect_from(address: &str, server: &Live) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(server.address().parse().unwrap()).await.unwrap()
}

async fn is_served_from(address: &str, server: &Live) -> bool {
    let mut stream = connect_from(address, server).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(END, stream.read_to_end(&mut said)).await.expect("the next client is served").unwrap();
    String::from_utf8_lossy(&said).starts_with("HTTP/1.1 200")
}

/// Sends these bytes, and waits until the other end has closed; what it said.
async fn until_closed(address: String, bytes: Vec<u8>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Whoever is cut off in the middle may fail to write the rest.
    let _ = stream.write_all(&bytes).await;
    let mut said = Vec::new();
    let _ = tokio::time::timeout(END, stream.read_to_end(&mut said)).await.expect("the connection is closed");
    String::from_utf8_lossy(&said).into_owned()
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
    let server = Live::serve_with(&database, &settings);
    let form = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let slow = [
        "GET /healthz HTTP/1.1\r\nHost: loc".to_owned(),
        "G".to_owned(),
        String::new(),
        format!("POST /token HTTP/1.1\r\n{form}Content-Length: 100\r\n\r\ngrant_type="),
        format!("POST /login HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    ];
    let cutting = parallel(40, |at| until_closed(server.address(), slow[at % slow.len()].clone().into_bytes()));
    let unread = async {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let requests = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
        let asking = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
        tokio::time::timeout(END, asking).await.expect("who reads nothing is cut off");
    };
    let serving = async {
        for _ in 0..20 {
            assert!(is_served_from("127.0.0.9", &server).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (said, (), ()) = tokio::join!(cutting, unread, serving);
    for said in said {
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
    assert!(is_served_from("127.0.0.9", &server).await);
    let mut oldest = idle.remove(0);
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(END, oldest.read_to_end(&mut rest)).await.expect("the oldest has gone");
    assert!(is_served(&server).await);
}

/// Class: much in one heap: heads of 64 KiB and more, headers by the thousand, a hundred requests in one write, and streams of HTTP/2 that are opened and
/// dropped: bounded, and the next client is served.
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
        let said = until_closed(server.address(), head.into_bytes()).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{what}: {said:.100}");
    }
    let mut heap = get("").repeat(100);
    heap.push_str(&get("Connection: close\r\n"));
    let said = until_closed(server.address(), heap.into_bytes()).await;
    assert_eq!(said.matches("HTTP/1.1 200").count(), 101, "pipelined requests are answered in their order");
    // HTTP/2: requests that are given up as soon as they are sent, on one connection.
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let url = format!("{}/login", server.issuer);
    assert_eq!(http2.get(&url).send().await.unwrap().status(), 200);
    for _ in 0..20 {
        let given_up = parallel(50, |_| {
            let (http2, url) = (http2.clone(), url.clone());
            async move { tokio::time::timeout(Duration::from_micros(50), http2.get(&url).send()).await.is_ok() }
        });
        given_up.await;
    }
    assert!(is_served(&server).await);
    assert!(http2.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) || is_served(&server).await);
}

/// Handshakes that stop halfway, are no handshakes, or are of old versions: each ends, and whoever comes next is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_a_broken_handshake_hangs_nobody() {
    let database = Database::copy().await;
    let pem = crate::tls::certificate(database.folder.path(), "a", 2099);
    let settings = [("DOORWARD__SERVER__TLS__CERT", "a.crt"), ("DOORWARD__SERVER__TLS__KEY", "a.key")];
    let server = Live::serve_with(&database, &settings);
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
    let breaking = parallel(broken.len() * 4, |at| until_closed(server.address(), broken[at % broken.len()].clone()));
    let serving = async {
        for _ in 0..10 {
            assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (said, ()) = tokio::join!(breaking, serving);
    assert!(said.iter().all(|said| !said.contains("HTTP/1.1 2")));
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}

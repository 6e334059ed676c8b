//! Answers that nobody reads.

use std::collections::BTreeSet;

use tokio::io::AsyncWriteExt;

use super::raw_http2::{DATA, HEADERS, PING, RST_STREAM, WHOLE, frame, get, next, open};
use super::serve;
use crate::support::END;
use crate::support::socket::{connect, serves};

#[tokio::test]
async fn requests_without_reading_the_answers_are_not_answered_for_ever() {
    let (_database, server) = serve(&[("UNREAD_TIMEOUT", "1")]).await;
    let mut stream = connect(&server).await;
    let requests = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let asking = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(END, asking).await.expect("it is closed");
    serves(&server).await;
}

#[tokio::test]
async fn a_stream_without_a_window_is_given_up_and_the_others_of_its_connection_go_on() {
    let (_database, server) = serve(&[("UNREAD_TIMEOUT", "1")]).await;
    // INITIAL_WINDOW_SIZE
    let mut stream = open(&server, &[(4, 0)]).await;
    let asked: BTreeSet<u32> = (1..128).step_by(2).collect();
    for id in &asked {
        stream.write_all(&frame(HEADERS, WHOLE, *id, &get("/login"))).await.unwrap();
    }
    let mut given_up = BTreeSet::new();
    while given_up != asked {
        let next = next(&mut stream).await.expect("the connection lives");
        assert_ne!(next.kind, DATA);
        if next.kind == RST_STREAM {
            given_up.insert(next.stream);
        }
    }
    stream.write_all(&frame(PING, 0, 0, b"01234567")).await.unwrap();
    while next(&mut stream).await.expect("the connection lives").payload != b"01234567" {}
    serves(&server).await;
}

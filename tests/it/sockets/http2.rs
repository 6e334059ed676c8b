//! HTTP/2 that asks for work and takes it back, or for nothing.

use tokio::io::AsyncWriteExt;

use super::raw_http2::{
    ACK, CONTINUATION, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, WHOLE, frame, get, next, open, until_closed,
};
use super::serve;
use crate::support::END;
use crate::support::socket::serves;

#[tokio::test]
async fn a_connection_that_answers_pings_and_asks_for_nothing_is_closed_and_told_so() {
    let (_database, server) = serve(&[("KEEP_ALIVE", "2")]).await;
    let mut stream = open(&server, &[]).await;
    stream.write_all(&frame(HEADERS, WHOLE, 1, &get("/healthz"))).await.unwrap();
    let pinging = async {
        let mut is_told = false;
        while let Some(next) = next(&mut stream).await {
            is_told |= next.kind == GOAWAY;
            if next.kind == PING && next.flags & ACK == 0 {
                let _ = stream.write_all(&frame(PING, ACK, 0, &next.payload)).await;
            }
            // It keeps asking whether the server is there, which is no request.
            let _ = stream.write_all(&frame(PING, 0, 0, b"01234567")).await;
        }
        is_told
    };
    assert!(tokio::time::timeout(END, pinging).await.expect("it is closed"));
    serves(&server).await;
}

#[tokio::test]
async fn a_connection_that_sends_nothing_but_its_greeting_is_closed() {
    let (_database, server) = serve(&[("HEAD_TIMEOUT", "1")]).await;
    let mut stream = open(&server, &[]).await;
    until_closed(&mut stream, GOAWAY).await;
    serves(&server).await;
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let (_database, server) = serve(&[]).await;
    let mut stream = open(&server, &[]).await;
    let mut flood = Vec::new();
    for id in (1..4000).step_by(2) {
        flood.extend(frame(HEADERS, WHOLE, id, &get("/login")));
        flood.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
    }
    let _ = stream.write_all(&flood).await;
    let told = until_closed(&mut stream, GOAWAY).await;
    // ENHANCE_YOUR_CALM, unless the end came first.
    assert!(told.iter().all(|frame| frame.payload[4..8] == 11_u32.to_be_bytes()), "{told:?}");
    serves(&server).await;
}

#[tokio::test]
async fn headers_that_go_on_for_ever_end_the_connection() {
    let (_database, server) = serve(&[]).await;
    let mut stream = open(&server, &[]).await;
    let mut flood = frame(HEADERS, 0x1, 1, &get("/login"));
    let field = [&[0x00, 1, b'x', 100][..], &[b'a'; 100]].concat();
    for _ in 0..20_000 {
        flood.extend(frame(CONTINUATION, 0, 1, &field));
    }
    let _ = stream.write_all(&flood).await;
    until_closed(&mut stream, GOAWAY).await;
    serves(&server).await;
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection_and_nothing_else() {
    let (_database, server) = serve(&[("HEAD_TIMEOUT", "2")]).await;
    for broken in [
        frame(HEADERS, WHOLE, 2, &get("/login")),
        frame(HEADERS, WHOLE, 0, &get("/login")),
        frame(HEADERS, WHOLE, 1, &[0xff; 50]),
        frame(SETTINGS, 0, 0, &[1, 2, 3]),
        frame(PING, 0, 0, &[0; 3]),
        frame(RST_STREAM, 0, 5, &8_u32.to_be_bytes()),
        [0xff; 100].to_vec(),
    ] {
        let mut stream = open(&server, &[]).await;
        let _ = stream.write_all(&broken).await;
        until_closed(&mut stream, GOAWAY).await;
    }
    serves(&server).await;
}

#[tokio::test]
async fn settings_and_pings_without_end_are_answered_as_they_are_read_and_no_more() {
    let (_database, server) = serve(&[("UNREAD_TIMEOUT", "1")]).await;
    let mut stream = open(&server, &[]).await;
    // Nobody reads the answers.
    let pings: Vec<u8> = (0..1000).flat_map(|_| frame(PING, 0, 0, b"01234567")).collect();
    let flooding = async { while stream.write_all(&pings).await.is_ok() {} };
    tokio::time::timeout(END, flooding).await.expect("it is closed");
    serves(&server).await;
}

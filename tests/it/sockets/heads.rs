//! Requests that are written wrong, or too long.

use tokio::io::AsyncWriteExt;

use super::serve;
use crate::support::socket::{connect, rest, send, serves, statuses};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_and_one_of_many_cookies_is_read() {
    let (_database, server) = serve(&[]).await;
    let head = |more: &str| format!("GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n");
    let long = format!("X: {}\r\n", "a".repeat(64 * 1024));
    assert_eq!(statuses(&send(&server, head(&long).as_bytes()).await), ["431"]);
    let path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(64 * 1024));
    assert!(["414", "431"].contains(&statuses(&send(&server, path.as_bytes()).await)[0]));
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    assert_eq!(statuses(&send(&server, head(&many).as_bytes()).await), ["431"]);
    let cookies: String = (0..700).map(|number| format!("doorward_browser_{number}=abcdefghijkl; ")).collect();
    assert_eq!(statuses(&send(&server, head(&format!("Cookie: {cookies}\r\n")).as_bytes()).await), ["200"]);
    // A head without an end is too long before it is too slow.
    let mut stream = connect(&server).await;
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(1 << 20)).as_bytes()).await;
    rest(&mut stream).await;
    serves(&server).await;
}

#[tokio::test]
async fn a_request_that_two_may_read_in_two_ways_ends_its_connection() {
    let (_database, server) = serve(&[]).await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (what, headers) in [
        ("two different lengths", "Content-Length: 3\r\nContent-Length: 4\r\n"),
        ("a list of lengths", "Content-Length: 3, 4\r\n"),
        ("a length with a sign", "Content-Length: +3\r\n"),
        ("a length that is none", "Content-Length: a\r\n"),
        ("an encoding that is not the last", "Transfer-Encoding: chunked, gzip\r\n"),
        ("an encoding that nobody knows", "Transfer-Encoding: xchunked\r\n"),
        ("a folded header", "X: a\r\n b\r\n"),
        ("a space before the colon", "Content-Length : 3\r\n"),
        ("a NUL in a value", "X: a\0b\r\n"),
        ("a NUL in a name", "X\0: a\r\n"),
    ] {
        let request = format!("POST /token HTTP/1.1\r\nHost: localhost\r\n{FORM}{headers}\r\na=1{smuggled}");
        let answers = send(&server, request.as_bytes()).await;
        assert_eq!(statuses(&answers), ["400"], "{what}: {answers}");
        assert!(!answers.contains("hyper") && !answers.to_lowercase().contains("server:"), "{what}: {answers}");
    }
    // With both, the length is not looked at (RFC 9112 §6.3), and nothing that follows is answered.
    let both = format!(
        "POST /token HTTP/1.1\r\nHost: localhost\r\n{FORM}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let answers = send(&server, format!("{both}0\r\n\r\n{smuggled}").as_bytes()).await;
    assert!(statuses(&answers).len() == 1, "{answers}");
    serves(&server).await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    let (_database, server) = serve(&[]).await;
    for (what, head) in [
        ("a NUL in the address", &b"GET /login?a=\0 HTTP/1.1\r\nHost: localhost\r\n"[..]),
        ("Latin-1 in a cookie", b"GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: a=\xe4; \xff=b\r\n"),
        ("Latin-1 in the user agent", b"GET /login HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \xe4\xff\r\n"),
        ("invalid UTF-8 in the address", b"GET /login?a=%ff%fe&request=%c0%80 HTTP/1.1\r\nHost: localhost\r\n"),
        ("bytes in the address", b"GET /login?a=\xff HTTP/1.1\r\nHost: localhost\r\n"),
        ("bytes in the host", b"GET /login HTTP/1.1\r\nHost: \xff\r\n"),
        ("bytes in the method", b"G\xffT /login HTTP/1.1\r\nHost: localhost\r\n"),
        ("no HTTP at all", b"\x00\x01\x02\x03\r\n"),
    ] {
        let answers = send(&server, &[head, b"Connection: close\r\n\r\n"].concat()).await;
        let status = statuses(&answers);
        assert!(status.len() == 1 && ["200", "400", "421"].contains(&status[0]), "{what}: {answers}");
    }
    serves(&server).await;
}

#[tokio::test]
async fn a_body_without_an_end_is_refused_when_it_is_too_long() {
    let (_database, server) = serve(&[]).await;
    for path in ["/token", "/revoke", "/introspect", "/userinfo", "/login", "/register", "/authorize"] {
        let origin = format!("Origin: {}\r\n", server.issuer);
        let mut request =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{FORM}{origin}Transfer-Encoding: chunked\r\n\r\n");
        for _ in 0..40 {
            request.push_str(&format!("1000\r\n{}\r\n", "a".repeat(4096)));
        }
        let answers = send(&server, request.as_bytes()).await;
        assert_eq!(statuses(&answers), ["413"], "{path}: {answers}");
    }
    serves(&server).await;
}

//! What two servers on the way could read as two different requests (RFC 9112 §6 and §11).

use std::sync::Arc;

use crate::support::socket::{send, statuses};
use crate::support::{Database, Live, parallel};

/// Both lengths, two lengths, folded lines, odd chunks: one answer, which refuses, and the end of the connection; what follows on it is never
/// read as a request. A bare line feed is a line end as RFC 9112 §2.2 allows, and not refused as the list wants: hyper reads it so.
#[tokio::test]
async fn h11_a_request_whose_length_is_in_doubt_ends_the_connection() {
    let database = Database::copy().await;
    let server = Arc::new(Live::serve(&database));
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let form = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let requests = [
        (
            "both",
            format!(
                "POST /token HTTP/1.1\r\n{form}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
        ),
        (
            "both, the other way",
            format!(
                "POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\nContent-Length: 64\r\n\r\n0\r\n\r\n{smuggled}"
            ),
        ),
        (
            "two lengths",
            format!("POST /token HTTP/1.1\r\n{form}Content-Length: 0\r\nContent-Length: 44\r\n\r\n{smuggled}"),
        ),
        ("a list of lengths", format!("POST /token HTTP/1.1\r\n{form}Content-Length: 0, 44\r\n\r\n{smuggled}")),
        ("a signed length", format!("POST /token HTTP/1.1\r\n{form}Content-Length: +4\r\n\r\n{smuggled}")),
        ("a negative length", format!("POST /token HTTP/1.1\r\n{form}Content-Length: -1\r\n\r\n{smuggled}")),
        ("a hexadecimal length", format!("POST /token HTTP/1.1\r\n{form}Content-Length: 0x4\r\n\r\n{smuggled}")),
        (
            "a huge length",
            format!("POST /token HTTP/1.1\r\n{form}Content-Length: 99999999999999999999999\r\n\r\n{smuggled}"),
        ),
        (
            "another encoding",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "chunked is not last",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "twice encoded",
            format!(
                "POST /token HTTP/1.1\r\n{form}Transfer-Encoding: identity\r\nTransfer-Encoding: x\r\n\r\n{smuggled}"
            ),
        ),
        ("a folded header", format!("POST /token HTTP/1.1\r\n{form}X: a\r\n b\r\nContent-Length: 0\r\n\r\n{smuggled}")),
        (
            "a folded encoding",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "a space before the colon",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        ("a name of other characters", format!("POST /token HTTP/1.1\r\n{form}Content-Len\0gth: 4\r\n\r\n{smuggled}")),
        ("a NUL in a value", format!("POST /token HTTP/1.1\r\n{form}X: a\0b\r\n\r\n{smuggled}")),
        ("a bare carriage return", format!("POST /token HTTP/1.1\r\n{form}X: a\rContent-Length: 9\r\n\r\n{smuggled}")),
        (
            "chunked in HTTP/1.0",
            format!("POST /token HTTP/1.0\r\n{form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        (
            "a bad chunk size",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n{smuggled}"),
        ),
        (
            "a huge chunk size",
            format!(
                "POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff0\r\n\r\n{smuggled}"
            ),
        ),
        (
            "a signed chunk size",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{smuggled}"),
        ),
        (
            "no end of a chunk",
            format!("POST /token HTTP/1.1\r\n{form}Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n{smuggled}"),
        ),
        ("no version", format!("GET /healthz\r\n\r\n{smuggled}")),
        ("another version", format!("GET /healthz HTTP/3.7\r\nHost: localhost\r\n\r\n{smuggled}")),
        ("spaces in the path", format!("GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n{smuggled}")),
    ];
    let answers = parallel(requests.len(), |at| {
        let (server, request) = (server.clone(), requests[at].1.clone());
        async move { send(&server, request.as_bytes()).await }
    })
    .await;
    let mut wrong = Vec::new();
    for ((what, _), said) in requests.iter().zip(&answers) {
        let statuses = statuses(said);
        let refused = statuses.len() <= 1 && statuses.iter().all(|status| status.starts_with('4'));
        if !refused || said.contains("ok\n") {
            wrong.push(format!("{what}: {statuses:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A bare line feed ends a line (RFC 9112 §2.2 lets it), so that it never stands within a value: what follows it here is a length in doubt.
    let doubt = format!(
        "POST /token HTTP/1.1\r\n{form}X: a\nContent-Length: 4\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
    );
    let said = send(&server, doubt.as_bytes()).await;
    assert!(statuses(&said).len() <= 1 && !said.contains("ok\n"), "{said}");
    // Two honest requests on one connection are two.
    let closing = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let said = send(&server, format!("{smuggled}{closing}").as_bytes()).await;
    assert_eq!(statuses(&said), ["200", "200"]);
}

//! A page of which the end comes late: a real Chromium draws it once, whole, and nothing in it moves.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::look::look;
use crate::support::{Chromium, Database, Live, was_shown_on_sqlite};

/// A name in the midst of a line whose words are centred.
const NAME: &str = "Sample provider";

/// A line to a server, whose address is given; that of this end of it. Whatever has the name in it comes in two pieces, of which the second begins with it.
fn slow_line(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for browser in listener.incoming().map_while(Result::ok) {
            let server = server.clone();
            // A browser opens connections ahead, and closes some without a word.
            std::thread::spawn(move || carry(browser, &server));
        }
    });
    address
}

/// Carries one request there, and its answer back.
fn carry(mut browser: TcpStream, server: &str) -> std::io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut next = [0];
        browser.read_exact(&mut next)?;
        asked.push(next[0]);
    }
    let asked = String::from_utf8_lossy(&asked).replace("\r\nConnection: keep-alive\r\n", "\r\nConnection: close\r\n");
    let mut there = TcpStream::connect(server)?;
    there.write_all(asked.as_bytes())?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer)?;
    let place = answer.windows(NAME.len()).position(|text| text == NAME.as_bytes());
    let (first, second) = answer.split_at(place.unwrap_or(answer.len()));
    browser.write_all(first)?;
    if !second.is_empty() {
        // Long enough to draw what has come, on a machine that is not very busy. On one that is, this finds nothing wrong.
        std::thread::sleep(Duration::from_secs(1));
    }
    browser.write_all(second)
}

#[tokio::test]
async fn a_page_that_comes_in_pieces_is_drawn_once() {
    if was_shown_on_sqlite() {
        return;
    }
    let database = Database::copy().await;
    let server = Live::serve_with(
        &database,
        &[
            ("DOORWARD__UPSTREAM__SAMPLE__CLIENT_ID", "doorward"),
            ("DOORWARD__UPSTREAM__SAMPLE__CLIENT_SECRET", "a secret of ours"),
            ("DOORWARD__UPSTREAM__SAMPLE__KIND", "oidc"),
            ("DOORWARD__UPSTREAM__SAMPLE__NAME", NAME),
            ("DOORWARD__UPSTREAM__SAMPLE__ISSUER", "https://127.0.0.1:9/sample"),
        ],
    );
    let line = slow_line(server.issuer.strip_prefix("http://").unwrap().to_owned());
    let browser = Chromium::open(390, 844).await;
    browser.goto(&format!("{line}/login")).await;
    browser.find("#upstream-sample").await;
    look(&browser, "slow-line").await;
    browser.close().await;
}

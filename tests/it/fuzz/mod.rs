//! Every parser that a stranger reaches, under random input: it never panics, takes no more than it may, and what it takes holds what the
//! rest of the code relies on.
//!
//! bolero makes the randomness, here and now on a stable toolchain; what is tried are seeds of each grammar, cut, joined and spiced with what
//! parsers stumble over. Two seconds a target, or as many as `DOORWARD_FUZZ_SECONDS` says: `tests/run --long --only fuzz` gives each five minutes. A
//! finding is printed with the bytes that lead to it.

mod parsers;
mod requests;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// What parsers stumble over.
const SPICES: &[&str] = &[
    "%00",
    "%",
    "%ff",
    "%2f",
    "%0d%0a",
    "..",
    "/",
    "//",
    "\\",
    "@",
    "#",
    "?",
    "&",
    "=",
    ";",
    ":",
    ",",
    ".",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "<",
    ">",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{202e}",
    "\u{200b}",
    "\u{ff20}",
    "\u{130}",
    "\u{df}",
    "e\u{301}",
    "\u{1f600}",
    "-1",
    "0",
    "1e400",
    "18446744073709551616",
    "null",
    "true",
    "xn--",
    "127.0.0.1",
    "[::1]",
    "*",
    "+",
    "==",
    "Basic ",
    "Bearer ",
];

/// How long a target is tried.
fn time() -> Duration {
    let seconds = std::env::var("DOORWARD_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Tries `test` with texts that begin as one of the seeds.
fn try_texts(seeds: &[&str], test: impl Fn(&str)) {
    try_bytes(seeds, |bytes| test(&String::from_utf8_lossy(bytes)));
}

/// Tries `test` with bytes that begin as one of the seeds.
fn try_bytes(seeds: &[&str], test: impl Fn(&[u8])) {
    let target = bolero::check!().with_type::<Vec<u8>>().with_max_len(64);
    // A panic ends the target, so nobody sees what it has left half done.
    let test = AssertUnwindSafe(test);
    target.with_test_time(time()).with_iterations(usize::MAX).for_each(|choices| {
        let test = &test;
        test(&made(seeds, choices));
    });
}

/// What comes of a seed by these choices.
fn made(seeds: &[&str], choices: &[u8]) -> Vec<u8> {
    let mut choices = choices.iter().copied().map(usize::from);
    let mut next = || choices.next();
    let mut bytes = seeds[next().unwrap_or(0) % seeds.len()].as_bytes().to_vec();
    while let (Some(what), Some(at)) = (next(), next()) {
        let at = at * (bytes.len() + 1) / 256;
        let end = (at + 1 + next().unwrap_or(0) % 8).min(bytes.len());
        match what % 8 {
            0 => drop(bytes.drain(at.min(end)..end)),
            1..=3 => {
                let spice = SPICES[next().unwrap_or(0) % SPICES.len()];
                bytes.splice(at..at, spice.bytes());
            }
            4 => {
                let again = bytes[at.min(end)..end].to_vec();
                let times = 1 + next().unwrap_or(0) % 40;
                bytes.splice(at..at, again.repeat(times));
            }
            5 => bytes.insert(at, next().unwrap_or(0) as u8),
            6 => {
                let other = seeds[next().unwrap_or(0) % seeds.len()].as_bytes();
                bytes.splice(at.., other[at.min(other.len())..].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (next().unwrap_or(0) % 8);
                }
            }
        }
    }
    bytes
}

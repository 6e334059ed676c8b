//! Every secret of a whole run is a canary: what went over the wire as one must stand in no log line and in no database. A finding is kept
//! beside the build, for the guard in `tests/rules.rs`, and fails nothing here: the line may be written before its secret is known as one.
//!
//! Secrets and logs are compared word by word, a word being forty or more characters of base64url: every secret of ours is one, or two of
//! them with a dot between. Passwords are looked for as they stand.

use std::collections::HashSet;
use std::fmt::{Debug, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::PASSWORD;

/// The shortest word that is compared.
const SHORTEST: usize = 40;

#[derive(Default)]
struct Known {
    secrets: HashSet<String>,
    logged: HashSet<String>,
}

/// Made with the folder of the findings, which ends those of the run before.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(|| {
    let _ = std::fs::remove_dir_all(folder());
    std::fs::create_dir_all(folder()).unwrap();
    Mutex::default()
});

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The words. Databases are mostly zeros and short names: of forty bytes the last one that is no letter of a word tells where the next
/// word can begin at the earliest.
fn words(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(shortest) = text.get(at..at + SHORTEST) {
            if let Some(gap) = shortest.iter().rposition(|byte| !is_letter(*byte)) {
                at += gap + 1;
                continue;
            }
            let rest = &text[at..];
            let word = &rest[..rest.iter().position(|byte| !is_letter(*byte)).unwrap_or(rest.len())];
            at += word.len();
            return str::from_utf8(word).ok();
        }
        None
    })
}

fn is_letter(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-')
}

/// Takes note of a secret that went over the wire.
pub fn secret(text: &str) {
    let mut known = known();
    for word in words(text.as_bytes()) {
        if known.logged.contains(word) {
            found("a log line", word);
        }
        known.secrets.insert(word.to_owned());
    }
}

/// Looks for secrets in what a process has logged.
pub fn log(text: &str) {
    if text.contains(PASSWORD) {
        found("a log line", PASSWORD);
    }
    let mut known = known();
    for word in words(text.as_bytes()) {
        if known.secrets.contains(word) {
            found("a log line", word);
        }
        // Trace ids and times are many, and no secrets.
        if !word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            known.logged.insert(word.to_owned());
        }
    }
}

/// Looks for secrets in the bytes of a database.
pub fn database(bytes: &[u8]) {
    if String::from_utf8_lossy(bytes).contains(PASSWORD) {
        found("a database", PASSWORD);
    }
    // Others are not kept waiting while it is read.
    let words: Vec<&str> = words(bytes).collect();
    let known = known();
    for word in words.into_iter().filter(|word| known.secrets.contains(*word)) {
        found("a database", word);
    }
}

/// Keeps a finding for the guard.
fn found(place: &str, word: &str) {
    LazyLock::force(&KNOWN);
    std::fs::write(folder().join(word.replace(' ', "_")), format!("{word} stood in {place}")).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("canaries")
}

/// Begins to listen to what is logged in this process.
pub fn listen() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        LazyLock::force(&KNOWN);
        let _ = tracing::subscriber::set_global_default(Listener);
    });
}

/// Hears every event of ours, at every level.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.is_event() && about.target().starts_with("doorward")
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        log(&line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

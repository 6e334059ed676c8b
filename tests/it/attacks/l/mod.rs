//! Group L: what costs an attacker little and the server much (OWASP ASVS 13 and 15): bounded in rows, memory and time, and the next client is served.

mod bounds;
mod load;
mod mail;
mod wire;

use std::path::Path;

use crate::support::Server;

/// Every table of the migrations, but those that a later one drops, with the number of its rows.
async fn rows(server: &Server) -> Vec<(String, i64)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut tables = Vec::new();
    for text in files.iter().map(|file| std::fs::read_to_string(file).unwrap()) {
        let named = |line: &str, verb: &str| Some(line.strip_prefix(verb)?.split([' ', ';', '(']).next()?.to_owned());
        for line in text.lines() {
            tables.extend(named(line, "CREATE TABLE "));
            let dropped = named(line, "DROP TABLE ");
            tables.retain(|table| Some(table) != dropped.as_ref());
            if let Some((from, to)) = line.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" RENAME TO "))
            {
                tables.retain(|table| table != from);
                tables.push(to.trim_end_matches(';').to_owned());
            }
        }
    }
    assert!(tables.len() >= 9, "{tables:?}");
    let counts = server.database.db_counts(&tables.iter().map(String::as_str).collect::<Vec<_>>()).await;
    tables.into_iter().zip(counts).collect()
}

/// The rows of one table.
fn of(rows: &[(String, i64)], table: &str) -> i64 {
    rows.iter().find(|(name, _)| name == table).unwrap_or_else(|| panic!("no {table}")).1
}

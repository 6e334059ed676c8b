//! The guard of the storage: every SQL text is prepared on the database at hand, and both databases have the same migrations.

use crate::sources::sources;
use crate::support::Server;

#[tokio::test]
async fn every_statement_prepares() {
    let files = sources("src/storage");
    let written: usize = files.iter().map(|(_, text)| statements(text)).sum();
    assert!(written > 20, "the statements were not found");
    let server = Server::start().await;
    let prepared = server.app.storage.prepare_every_statement().await.unwrap();
    assert_eq!(prepared, written, "src/storage/mod.rs: every_statement() leaves a file out");
}

/// How many constants the `statements!` of a file has.
fn statements(text: &str) -> usize {
    let Some((_, rest)) = text.split_once("\nstatements! {\n") else { return 0 };
    let block = rest.split("\n}\n").next().unwrap();
    block
        .lines()
        .filter(|line| line.contains(" = \"") && line.starts_with("    ") && !line.starts_with("     "))
        .count()
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |folder: &str| {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert!(!names("migrations/sqlite").is_empty());
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
}

#[tokio::test]
async fn the_statements_of_requests_are_counted_and_no_others() {
    let server = Server::start().await;
    let storage = &server.app.storage;
    let before = storage.statements_run();
    let mut reader = storage.read().await.unwrap();
    reader.user("nobody").await.unwrap();
    reader.grant("none").await.unwrap();
    drop(reader);
    assert_eq!(storage.statements_run(), before + 2);
    let mut transaction = storage.begin().await.unwrap();
    transaction.hold_user("nobody").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(storage.statements_run(), before + 3, "neither BEGIN nor COMMIT counts");
    server.poll().await;
    server.app.storage.clean(3600, server.clock.now()).await.unwrap();
    assert_eq!(storage.statements_run(), before + 3, "what runs by itself does not count");
}

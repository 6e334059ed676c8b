//! The guard of the storage: every SQL text is prepared on the database at hand, and both databases have the same migrations.

use std::path::PathBuf;

use doorward::protocol::client::ClientType;
use doorward::protocol::client_metadata::ClientMetadata;
use doorward::protocol::pkce::PkceMode;
use doorward::storage::Storage;

use crate::sources::sources;
use crate::support::{Database, Server, is_postgres};

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
    block.lines().filter(|line| line.contains(" = ") && line.starts_with("    ") && !line.starts_with("     ")).count()
}

#[tokio::test]
async fn a_client_of_an_older_version_keeps_what_it_had() {
    let database = Database::empty().await;
    std::fs::create_dir(database.folder.path().join("data")).unwrap();
    let storage = Storage::open(&database.config, true).await.unwrap();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(format!("migrations/{}", if is_postgres() { "postgres" } else { "sqlite" }))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    files.sort();
    for file in files {
        database.db_execute(&std::fs::read_to_string(&file).unwrap()).await;
        if !file.ends_with("0005_cleanup.sql") {
            continue;
        }
        for (kind, uri, list, pkce) in
            [("web", "'https://a.test/terms'", r#"["https://a.test/out"]"#, 1), ("service", "NULL", "[]", 0)]
        {
            let row = format!(
                "INSERT INTO clients (client_id, client_type, name, auth_method, redirect_uris, post_logout_redirect_uris, scopes, \
                 resources, pkce_required, first_party, created_at, tos_uri, backchannel_logout_uri) VALUES ('{kind}', '{kind}', 'A', \
                 'client_secret_basic', '{list}', '{list}', 'a b', '[]', {pkce}, 0, 7, {uri}, {uri})"
            );
            database.db_execute(&row).await;
        }
    }
    let mut reader = storage.read().await.unwrap();
    let web = reader.client("web").await.unwrap().unwrap();
    assert_eq!(web.grant_types, ClientType::Web.default_grant_types());
    assert_eq!(web.metadata.post_logout_redirect_uris, ["https://a.test/out"]);
    assert_eq!((web.metadata.policy_uri, web.metadata.tos_uri), (None, Some("https://a.test/terms".to_owned())));
    assert_eq!(web.backchannel_logout_uri.as_deref(), Some("https://a.test/terms"));
    let service = reader.client("service").await.unwrap().unwrap();
    assert_eq!(service.grant_types, ClientType::Service.default_grant_types());
    assert_eq!(service.metadata, ClientMetadata::default());
    assert_eq!((web.pkce, service.pkce), (PkceMode::Required, PkceMode::Optional));
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
    reader.user("none").await.unwrap();
    drop(reader);
    assert_eq!(storage.statements_run(), before + 2);
    let mut transaction = storage.begin().await.unwrap();
    transaction.hold_user("nobody").await.unwrap();
    transaction.commit().await.unwrap();
    let run = before + 2 + u64::from(is_postgres());
    assert_eq!(storage.statements_run(), run, "neither BEGIN nor COMMIT counts, and SQLite need hold nobody");
    server.poll().await;
    server.app.storage.clean(3600, server.clock.now()).await.unwrap();
    assert_eq!(storage.statements_run(), run, "what runs by itself does not count");
}

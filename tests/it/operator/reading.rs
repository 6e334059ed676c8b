//! Commands that list, show, change or end what is there make no database, no key and no tables.

use std::fs;

use super::names;
use crate::support::{Database, Live, is_postgres, refused};

/// Every command that makes nothing.
const COMMANDS: &[&[&str]] = &[
    &["user", "list"],
    &["user", "show", "ann@example.org"],
    &["user", "update", "ann@example.org", "--name", "Ann"],
    &["user", "disable", "ann@example.org"],
    &["client", "list"],
    &["client", "show", "a"],
    &["client", "update", "a", "--name", "A"],
    &["client", "new-secret", "a"],
    &["client", "secrets", "a"],
    &["client", "revoke-secret", "a", "b"],
    &["client", "disable", "a"],
    &["resource", "list"],
    &["resource", "show", "https://api.test"],
    &["session", "list"],
    &["session", "end", "a"],
    &["key", "list"],
    &["key", "show", "a"],
    &["key", "export-public"],
    &["key", "rotate"],
    &["key", "rewrap"],
];

#[test]
fn commands_in_an_empty_folder_say_where_they_looked_and_make_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in COMMANDS {
        for json in [&[][..], &["--json"]] {
            let said = refused(folder.path(), &[], &[*arguments, json].concat());
            let place = folder.path().canonicalize().unwrap().join("data/doorward.db");
            assert!(said.contains("there is no database at") && said.contains(place.to_str().unwrap()), "{said}");
        }
    }
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
}

#[tokio::test]
async fn commands_on_an_empty_database_make_no_tables_and_no_key() {
    let database = Database::empty().await;
    if let Some(file) = database.file() {
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    let mut environment = Live::environment(&database);
    if !is_postgres() {
        environment.retain(|(name, _)| name != "DOORWARD__KEYS__MASTER_KEY");
    }
    for arguments in [["user", "list"], ["client", "list"], ["key", "list"]] {
        let said = refused(database.folder.path(), &environment, &arguments);
        assert!(said.contains("the database is empty"), "{said}");
    }
    if is_postgres() {
        let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
        assert_eq!(database.db_number(tables).await, 0);
    } else {
        assert_eq!(database.db_number("SELECT count(*) FROM sqlite_schema").await, 0);
        assert_eq!(names(database.file().unwrap().parent().unwrap()), ["doorward.db"]);
    }
}

#[tokio::test]
async fn commands_leave_the_database_of_an_older_version_as_it_is() {
    let database = Database::copy().await;
    database
        .db_execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .await;
    let applied = "SELECT CAST(count(*) AS BIGINT) FROM _sqlx_migrations";
    let before = database.db_number(applied).await;
    let environment = Live::environment(&database);
    for arguments in [["user", "list"], ["client", "list"], ["key", "list"]] {
        let said = refused(database.folder.path(), &environment, &arguments);
        assert!(said.contains("an older version of Doorward") && said.contains("doorward migrate"), "{said}");
    }
    assert_eq!(database.db_number(applied).await, before);
}

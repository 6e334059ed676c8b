//! Starts that must fail: one clear sentence, exit code 1, and everything on disk and in the database as it was.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Database, Live, free_address, is_postgres, refused, refused_by};

/// Everything below a folder: mode and bytes of each file, mode of each folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let bytes = fs::read(&path).unwrap_or_default();
        if metadata.is_dir() {
            found.extend(contents(&path));
        }
        found.insert(path, (metadata.mode(), bytes));
    }
    found
}

fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A start that must be refused with words that hold these, and change nothing in the folder.
fn refuses(folder: &Path, environment: &[(String, String)], words: &[&str]) {
    refuses_with(folder, environment, Live::SERVE, words);
}

fn refuses_with(folder: &Path, environment: &[(String, String)], arguments: &[&str], words: &[&str]) {
    let before = contents(folder);
    let sentence = refused(folder, environment, arguments);
    for word in words {
        assert!(sentence.contains(word), "'{word}' is not in: {sentence}");
    }
    let after = contents(folder);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{sentence}");
    assert!(after == before, "a file was changed: {sentence}");
}

/// A folder where a server has run once, on SQLite with its own settings.
fn installation() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Live::run(folder.path(), vec![], Live::SERVE);
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    folder
}

#[test]
fn a_busy_port_is_refused() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    refuses_with(folder.path(), &[], &["serve", "--listen", &address], &[&address, "another process uses it"]);
    let folder = installation();
    refuses_with(folder.path(), &[], &["serve", "--listen", &address, "--json"], &[&address]);
}

#[test]
fn an_address_that_is_not_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in ["localhost", "127.0.0.1:99999", "192.0.2.1:8000"] {
        refuses_with(folder.path(), &[], &["serve", "--listen", wrong], &["cannot listen on", wrong]);
    }
}

#[test]
fn a_master_key_file_that_cannot_be_used_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("garbage"), "not a key\n").unwrap();
    fs::write(folder.path().join("short"), "c2hvcnQ\n").unwrap();
    fs::write(folder.path().join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    for name in ["missing", "folder", "garbage", "short", "binary", "empty"] {
        let environment = settings(&[("DOORWARD__KEYS__MASTER_KEY_FILE", name)]);
        refuses(folder.path(), &environment, &["the master key file", name]);
    }
    let environment = settings(&[("DOORWARD__KEYS__MASTER_KEY", "c2hvcnQ")]);
    refuses(folder.path(), &environment, &["keys.master_key", "32 bytes"]);

    let folder = installation();
    fs::write(folder.path().join("data/master.key"), "garbage").unwrap();
    refuses(folder.path(), &[], &["data/master.key", "32 bytes"]);
}

#[test]
fn the_master_key_of_another_database_is_refused() {
    let (folder, other) = (installation(), installation());
    let key = fs::read_to_string(other.path().join("data/master.key")).unwrap();
    let given = settings(&[("DOORWARD__KEYS__MASTER_KEY", key.trim())]);
    refuses(folder.path(), &given, &["not the one that this database belongs to"]);
    fs::copy(other.path().join("data/master.key"), folder.path().join("data/master.key")).unwrap();
    refuses(folder.path(), &[], &["not the one that this database belongs to"]);
}

#[tokio::test]
async fn a_wrong_master_key_does_not_even_bring_the_database_up_to_date() {
    let database = Database::copy().await;
    let mut environment = Live::environment(&database);
    environment.push(("DOORWARD__KEYS__MASTER_KEY".to_owned(), "B".repeat(42) + "A"));
    database
        .db_execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .await;
    let applied = "SELECT CAST(count(*) AS BIGINT) FROM _sqlx_migrations";
    let before = database.db_number(applied).await;
    refuses(database.folder.path(), &environment, &["not the one that this database belongs to"]);
    assert_eq!(database.db_number(applied).await, before);
}

#[test]
fn a_master_key_without_its_database_is_refused_and_the_other_way_round() {
    let folder = installation();
    fs::rename(folder.path().join("data/doorward.db"), folder.path().join("kept.db")).unwrap();
    refuses(folder.path(), &[], &["data/master.key", "no database", "data/doorward.db"]);
    fs::rename(folder.path().join("kept.db"), folder.path().join("data/doorward.db")).unwrap();
    fs::remove_file(folder.path().join("data/master.key")).unwrap();
    refuses(folder.path(), &[], &["data/master.key is missing"]);
    refuses_with(folder.path(), &[], &["client", "list"], &["data/master.key is missing"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), "[server]\nisuer = \"https://login.example.org\"\n").unwrap();
    let arguments = [["--config", "own.toml"].as_slice(), Live::SERVE].concat();
    refuses_with(folder.path(), &[], &arguments, &["own.toml", "'server.isuer'", "'server.issuer'"]);
    let environment = settings(&[("DOORWARD__TOKENS__CODE_LIVETIME", "9")]);
    refuses(folder.path(), &environment, &["DOORWARD__TOKENS__CODE_LIVETIME", "'tokens.code_lifetime'"]);
    refuses_with(folder.path(), &environment, &["config", "check"], &["DOORWARD__TOKENS__CODE_LIVETIME"]);
}

#[test]
fn a_configuration_that_is_wrong_is_refused_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("not.toml"), "[server\n").unwrap();
    for (file, words) in [("not.toml", "is not TOML"), ("none.toml", "cannot be read")] {
        let arguments = [["--config", file].as_slice(), Live::SERVE].concat();
        refuses_with(folder.path(), &[], &arguments, &[file, words]);
    }
    for (name, value, words) in [
        ("DOORWARD__SERVER__ISSUER", "http://login.example.org", "server.issuer"),
        ("DOORWARD__SERVER__ISSUER", "login.example.org", "server.issuer"),
        ("DOORWARD__SERVER__NOTICE", "soon", "server.notice"),
        ("DOORWARD__DATABASE__URL", "mysql://db/doorward", "database.url"),
        ("DOORWARD__LOG__LEVEL", "loud", "log.level"),
    ] {
        refuses(folder.path(), &settings(&[(name, value)]), &[words]);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let database = Database::copy().await;
    let columns = "version, description, installed_on, success, checksum, execution_time";
    let newer = "9000, 'from the future', installed_on, success, checksum, execution_time";
    database
        .db_execute(&format!(
            "INSERT INTO _sqlx_migrations ({columns}) SELECT {newer} FROM _sqlx_migrations WHERE version = 1"
        ))
        .await;
    let environment = Live::environment(&database);
    refuses(database.folder.path(), &environment, &["newer version of Doorward", "9000"]);
    refuses_with(database.folder.path(), &environment, &["migrate"], &["newer version of Doorward", "9000"]);
    refuses_with(database.folder.path(), &environment, &["user", "list"], &["newer version of Doorward", "9000"]);
}

#[test]
fn a_postgres_without_a_master_key_is_refused_before_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let environment = settings(&[("DOORWARD__DATABASE__URL", "postgres://doorward@127.0.0.1:1/doorward")]);
    refuses(folder.path(), &environment, &["PostgreSQL needs a master key", "keys.master_key_file"]);
}

#[tokio::test]
async fn a_postgres_without_a_master_key_stays_empty() {
    if !is_postgres() {
        return;
    }
    let database = Database::empty().await;
    let mut environment = Live::environment(&database);
    environment.retain(|(name, _)| name != "DOORWARD__KEYS__MASTER_KEY");
    refuses(database.folder.path(), &environment, &["PostgreSQL needs a master key"]);
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(database.db_number(tables).await, 0);
}

#[test]
fn a_postgres_that_does_not_answer_is_refused() {
    let free = free_address();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://doorward:a-password-of-the-database@{free}/doorward");
    let environment = settings(&[
        ("DOORWARD__DATABASE__URL", url.as_str()),
        ("DOORWARD__DATABASE__ACQUIRE_TIMEOUT", "1"),
        ("DOORWARD__DATABASE__START_TIMEOUT", "0"),
        ("DOORWARD__KEYS__MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ]);
    refuses(folder.path(), &environment, &["the database cannot be opened"]);
    let sentence = refused(folder.path(), &environment, &["client", "list"]);
    assert!(!sentence.contains("a-password-of-the-database"), "{sentence}");
}

#[test]
fn a_database_path_that_cannot_be_one_is_refused_and_no_folder_is_left() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("file"), "plain").unwrap();
    fs::write(folder.path().join("other.db"), "not a database at all, but long enough to be read as one".repeat(9))
        .unwrap();
    for (path, words) in [("folder", "is a folder"), ("file/doorward.db", "file"), ("other.db", "not a database")] {
        let environment = settings(&[("DOORWARD__DATABASE__URL", &format!("sqlite://{path}"))]);
        refuses(folder.path(), &environment, &[words]);
    }
    let environment = settings(&[("DOORWARD__SERVER__DATA", "file/data")]);
    refuses(folder.path(), &environment, &["the folder file/data cannot be made"]);
}

/// The command line of the server as a user who may do nothing: `nobody` when this is root, who may do everything; else ourselves.
fn as_nobody(folder: &Path) -> Command {
    let binary = env!("CARGO_BIN_EXE_doorward");
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        return Command::new(binary);
    }
    // Where the tests were built may be closed to others.
    let open = folder.join("doorward");
    fs::hard_link(binary, &open).or_else(|_| fs::copy(binary, &open).map(drop)).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--"]).arg(open);
    command
}

#[test]
fn what_this_user_may_not_read_or_write_is_refused() {
    let folder = installation();
    fs::set_permissions(folder.path().join("data"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(folder.path().join("data/master.key"), fs::Permissions::from_mode(0o000)).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let command = as_nobody(folder.path());
    let (program, first): (PathBuf, Vec<_>) =
        (command.get_program().into(), command.get_args().map(ToOwned::to_owned).collect());
    let refuses = |environment: &[(&str, &str)], words: &[&str]| {
        let before = contents(folder.path());
        let mut command = Command::new(&program);
        command.args(&first);
        let sentence = refused_by(command, folder.path(), &settings(environment), Live::SERVE);
        for word in words {
            assert!(sentence.contains(word), "'{word}' is not in: {sentence}");
        }
        assert!(contents(folder.path()) == before, "something was changed: {sentence}");
    };
    refuses(&[], &["the master key file data/master.key cannot be read"]);
    refuses(&[("DOORWARD__SERVER__DATA", "closed/data")], &["the folder closed/data cannot be made"]);
    refuses(&[("DOORWARD__SERVER__DATA", "closed")], &["the folder closed cannot be written to"]);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::set_permissions(elsewhere.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let url = format!("sqlite://{}", elsewhere.path().join("deep/doorward.db").display());
    let environment = [("DOORWARD__SERVER__DATA", "closed"), ("DOORWARD__DATABASE__URL", url.as_str())];
    refuses(&environment, &["the folder closed cannot be written to"]);
    assert!(contents(elsewhere.path()).is_empty(), "nothing is left where it could write");
}

#[test]
fn a_logo_that_cannot_be_shown_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("large.svg"), format!("<svg>{}</svg>", " ".repeat(20_000))).unwrap();
    fs::write(folder.path().join("logo.gif"), "GIF89a").unwrap();
    for (file, words) in [
        ("missing.svg", "cannot be read"),
        ("large.svg", "20011 bytes"),
        ("logo.gif", "neither an SVG nor a PNG"),
        (".", "cannot be read"),
    ] {
        let environment = settings(&[("DOORWARD__BRAND__LOGO", file)]);
        refuses(folder.path(), &environment, &["brand.logo", file, words]);
    }
    refuses(folder.path(), &settings(&[("DOORWARD__BRAND__ACCENT", "blue")]), &["brand.accent", "'blue'", "#0b6b5b"]);
}

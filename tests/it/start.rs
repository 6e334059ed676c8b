//! Starting the real binary: what a first start makes and says, who the issuer is, and that no moment of being killed does harm.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use doorward::clock::Stopwatch;
use doorward::random;
use tempfile::TempDir;

use crate::support::{Database, Live, binary, is_postgres, rounds};

/// No settings at all, in an empty folder.
fn first_start(folder: &TempDir) -> Live {
    Live::run(folder.path(), vec![], Live::SERVE)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The names of the keys that sign now: the server makes the next one by itself soon after a first start.
fn active(server: &Live) -> Vec<String> {
    let keys = server.command(&["key", "list"]);
    let keys = keys.as_array().unwrap().iter().filter(|key| key["state"] == "active");
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn stop(mut server: Live) -> String {
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
    server.log()
}

#[test]
fn a_first_start_makes_folder_database_and_keys_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = first_start(&folder);
    let kid = active(&server).pop().unwrap();
    let log = stop(server);
    for made in [
        "made the folder: data",
        "made the database: data/doorward.db",
        "made the master key: data/master.key",
        &format!("made a signing key: {kid}"),
    ] {
        assert!(log.contains(made), "{made} is not said: {log}");
    }
    let data = folder.path().join("data");
    assert_eq!(files(folder.path()), BTreeSet::from(["data".to_owned()]));
    assert_eq!(files(&data), BTreeSet::from(["doorward.db".to_owned(), "master.key".to_owned()]));
    assert_eq!((mode(&data), mode(&data.join("master.key"))), (0o700, 0o600));
    assert_eq!(mode(&data.join("doorward.db")), 0o600);
}

#[test]
fn a_second_start_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = first_start(&folder);
    let keys = active(&first);
    stop(first);
    let master_key = fs::read(folder.path().join("data/master.key")).unwrap();

    let second = first_start(&folder);
    assert_eq!(active(&second), keys);
    let log = stop(second);
    assert!(!log.contains("made the") && !log.contains("made a signing key:"), "{log}");
    assert_eq!(fs::read(folder.path().join("data/master.key")).unwrap(), master_key);
}

#[test]
fn a_command_that_creates_makes_what_the_server_then_uses() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["client", "create", "--type", "service", "--name", "Nightly job"];
    let output = binary().args(create).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = stop(first_start(&folder));
    assert!(!log.contains("made the master key") && log.contains("made a signing key:"), "{log}");
}

#[test]
fn the_issuer_is_the_bound_loopback_address_when_none_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let server = first_start(&folder);
    assert!(server.issuer.starts_with("http://127.0.0.1:"), "{}", server.issuer);
    assert_eq!(server.ready["listen"], server.address());
    assert_ne!(server.address(), "127.0.0.1:0");
    assert_eq!(server.ready["event"], "ready");
}

#[test]
fn a_configured_issuer_wins_over_the_bound_address() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), "[server]\nissuer = \"https://login.example.org\"\n").unwrap();
    let arguments = [["--config", "own.toml"].as_slice(), Live::SERVE].concat();
    let server = Live::run(folder.path(), vec![], &arguments);
    assert_eq!(server.issuer, "https://login.example.org");
    drop(server);

    let environment = vec![("DOORWARD__SERVER__ISSUER".to_owned(), "https://id.example.org".to_owned())];
    let server = Live::run(folder.path(), environment, &arguments);
    assert_eq!(server.issuer, "https://id.example.org");
}

#[test]
fn without_settings_the_issuer_is_localhost_8000() {
    let folder = tempfile::tempdir().unwrap();
    let output = binary().args(["config", "check", "--json"]).current_dir(folder.path()).output().unwrap();
    let settings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(settings["server"]["issuer"], "http://localhost:8000");
    assert_eq!(settings["server"]["listen"], "127.0.0.1:8000");
    assert_eq!(settings["database"]["url"], "sqlite://data/doorward.db");
    assert_eq!(files(folder.path()), BTreeSet::new(), "looking at the settings makes nothing");
}

/// A number below the bound.
fn below(bound: u64) -> u64 {
    u64::from_be_bytes(random::bytes()) % bound.max(1)
}

async fn database_of_first_start() -> (Database, Vec<(String, String)>) {
    let database = Database::empty().await;
    let mut environment = Live::environment(&database);
    if !is_postgres() {
        environment.retain(|(name, _)| name != "DOORWARD__KEYS__MASTER_KEY");
    }
    (database, environment)
}

#[tokio::test]
async fn a_first_start_that_is_killed_is_always_followed_by_one_that_succeeds() {
    let rounds = rounds(10, 50);
    let (database, environment) = database_of_first_start().await;
    let watch = Stopwatch::start();
    drop(Live::run(database.folder.path(), environment, Live::SERVE));
    let whole = u64::try_from(watch.elapsed().as_micros()).unwrap();
    for round in 0..rounds {
        let (database, environment) = database_of_first_start().await;
        let mut child = binary()
            .args(Live::SERVE)
            .current_dir(database.folder.path())
            .envs(environment.iter().cloned())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Where in the start the kill falls is left to chance; what comes of it is not.
        std::thread::sleep(Duration::from_micros(below(whole)));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = files(database.folder.path());

        let server = Live::run(database.folder.path(), environment, Live::SERVE);
        assert_eq!(active(&server).len(), 1, "round {round}, after {found:?}");
        let ready = server.browser().get("/readyz").await;
        assert_eq!(ready.status, 200, "round {round}, after {found:?}");
    }
}

/// Several processes at once; all must come up.
fn together(database: &Database, environment: &[(String, String)], count: usize) -> Vec<Live> {
    std::thread::scope(|scope| {
        let start = || Live::run(database.folder.path(), environment.to_vec(), Live::SERVE);
        let starting: Vec<_> = (0..count).map(|_| scope.spawn(start)).collect();
        starting.into_iter().map(|start| start.join().unwrap()).collect()
    })
}

#[tokio::test]
async fn nodes_that_start_together_on_an_empty_database_make_one_signing_key() {
    let (database, environment) = database_of_first_start().await;
    let nodes = together(&database, &environment, 3);
    let keys = active(&nodes[0]);
    assert_eq!(keys.len(), 1, "{keys:?}");
    for node in &nodes {
        let jwks = node.browser().get("/.well-known/jwks.json").await.ok();
        assert_eq!(jwks["keys"][0]["kid"], keys[0], "{jwks}");
    }
    let said: String = nodes.into_iter().map(stop).collect();
    assert_eq!(said.matches("made a signing key:").count(), 1, "{said}");
    assert_eq!(said.matches("made the master key").count(), usize::from(!is_postgres()), "{said}");
}

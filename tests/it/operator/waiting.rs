//! A database that is not there yet is waited for; what is logged is its real cause, and never a password.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::{run, text};
use crate::support::{Database, Live, binary, eventually, free_address, is_postgres};

/// The settings of a database behind another address, that of a database that is not there yet.
fn behind(database: &Database, address: &str) -> Vec<(String, String)> {
    let mut environment = Live::environment(database);
    let (_, place) = database.config.url.split_once('@').unwrap();
    let (_, name) = place.split_once('/').unwrap();
    environment.push(("DOORWARD__DATABASE__URL".to_owned(), format!("postgres://doorward:sEcrEt@{address}/{name}")));
    environment
}

#[tokio::test]
async fn a_database_that_comes_later_is_waited_for_with_its_cause_in_the_log() {
    if !is_postgres() {
        return;
    }
    let database = Database::copy().await;
    let address = free_address();
    let (_, place) = database.config.url.split_once('@').unwrap();
    let real = place.split_once('/').unwrap().0.to_owned();
    let mut child = binary()
        .args(Live::SERVE)
        .current_dir(database.folder.path())
        .envs(behind(&database, &address))
        .env("DOORWARD__DATABASE__ACQUIRE_TIMEOUT", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let kept = log.clone();
    std::thread::spawn(move || {
        lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push_str(&format!("{line}\n")));
    });
    let waits = "the database is not there yet: waiting for it";
    eventually("it says that it waits", async || log.lock().unwrap().contains(waits).then_some(())).await;
    assert!(log.lock().unwrap().contains("Connection refused"), "{}", log.lock().unwrap());
    // Now it comes.
    let listener = TcpListener::bind(&address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let real = real.clone();
            tokio::spawn(async move {
                let mut there = TcpStream::connect(real).await.unwrap();
                let _ = copy_bidirectional(&mut here, &mut there).await;
            });
        }
    });
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let first_line = move || {
        let mut line = String::new();
        out.read_line(&mut line).map(|_| line)
    };
    let ready = tokio::task::spawn_blocking(first_line).await.unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready.contains("\"event\":\"ready\""), "{ready}{}", log.lock().unwrap());
    assert!(!log.lock().unwrap().contains("sEcrEt"), "{}", log.lock().unwrap());
}

#[test]
fn one_that_never_comes_ends_the_start_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    // One refuses, one has a name that cannot be (no name server is asked), one takes the connection and says nothing. Only of the last is an
    // answer waited for in vain: the others have time enough on a machine that is busy.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ends_with_its_cause = |command: &[&str], host: &str, cause: &str, [one_try, all_of_it]: [&str; 2]| {
        let url = format!("postgres://ann:sEcrEt@{host}/doorward");
        let environment = [
            ("DOORWARD__DATABASE__URL", url.as_str()),
            ("DOORWARD__DATABASE__ACQUIRE_TIMEOUT", one_try),
            ("DOORWARD__DATABASE__START_TIMEOUT", all_of_it),
            ("DOORWARD__KEYS__MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ];
        let output = run(folder.path(), &environment, command);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let last = said.lines().last().unwrap();
        assert!(last.starts_with("doorward: the database cannot be opened") && last.contains(cause), "{said}");
        assert!(said.lines().count() > 1 && said.lines().all(|line| line.contains(cause)), "{said}");
        assert!(!said.contains("sEcrEt"), "{said}");
    };
    let (gone, nameless) = (free_address(), format!("{}.invalid", "a".repeat(64)));
    let silent_host = silent.local_addr().unwrap().to_string();
    std::thread::scope(|scope| {
        for command in [Live::SERVE, &["migrate"]] {
            scope.spawn(|| ends_with_its_cause(command, &gone, "Connection refused", ["5", "12"]));
            scope.spawn(|| ends_with_its_cause(command, &nameless, "lookup", ["20", "3"]));
            scope.spawn(|| ends_with_its_cause(command, &silent_host, "no answer within 1 s", ["1", "3"]));
        }
    });
}

#[test]
fn odd_urls_are_refused_without_their_password() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "postgres://ann:1/sEcrEt@db/doorward",
        "postgres://ann:1?a=sEcrEt@db/doorward",
        "postgres://ann:1#sEcrEt@db/doorward",
        "postgres://ann:sEcrEt@db:port/doorward",
        "postgres://db/doorward?passwort=sEcrEt",
        "postgres://db/doorward?password=sEcrEt&sslmode=sEcrEt",
        "postgres://db/doorward?port=sEcrEt",
        "postgre://ann:sEcrEt@db/doorward",
    ] {
        let environment = [
            ("DOORWARD__DATABASE__URL", url),
            ("DOORWARD__KEYS__MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ("DOORWARD__LOG__LEVEL", "trace"),
        ];
        for command in [Live::SERVE, &["config", "check"], &["user", "list"]] {
            let output = run(folder.path(), &environment, command);
            let said = text(&output.stderr) + &text(&output.stdout);
            assert_eq!(output.status.code(), Some(1), "{url}: {said}");
            assert!(said.contains("database.url") && !said.contains("sEcrEt"), "{url}: {said}");
        }
    }
}

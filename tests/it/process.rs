//! The server as a process: it starts, works beside commands, survives being killed, and stops when asked to.

use crate::support::{Database, Live, binary, is_postgres};

#[tokio::test]
async fn a_server_stops_cleanly_when_asked_to() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    assert!(server.issuer.starts_with("http://127.0.0.1:"));
    let user = server.user("ann@example.org");
    assert_eq!(server.command(&["user", "list"])[0]["id"], user);
    server.terminate();
    assert_eq!(server.wait(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn what_was_committed_survives_a_killed_process() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    server.user("ann@example.org");
    server.kill();
    let server = Live::serve(&database);
    assert_eq!(server.command(&["user", "list"])[0]["email"], "ann@example.org");
}

#[tokio::test]
async fn postgresql_without_a_master_key_is_refused() {
    if !is_postgres() {
        return;
    }
    let database = Database::empty().await;
    let output = binary()
        .arg("serve")
        .current_dir(database.folder.path())
        .env("DOORWARD__DATABASE__URL", &database.config.url)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("master_key"));
}

//! A full disk, really full: a small file system in memory that the test fills and frees. What is written fails while it is full,
//! readiness says so, and when there is space again everything works without a restart.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::storage::Storage;
use tempfile::TempDir;

use crate::support::{Database, Server, eventually, is_postgres};

/// A file system of four MiB; gone when dropped.
struct Disk(TempDir);

impl Disk {
    /// Needs the rights to mount; says so on the terminal, past the capture of the tests, when it has them not.
    fn mount() -> Option<Self> {
        let skip = |why: &str| {
            let _ = writeln!(std::io::stderr(), "full_disk: SKIPPED, {why}");
        };
        if is_postgres() {
            skip("the disk of a PostgreSQL is not ours to fill");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=4m", "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(folder.path()).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            skip("this user may not mount a file system");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing more can be.
    fn fill(&self) {
        let mut file = fs::File::create(self.path().join("ballast")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_must_be_kept_and_everything_works_when_there_is_space_again() {
    let Some(disk) = Disk::mount() else { return };
    let server = Server::on(Database::copy_to(disk.path()).await).await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "scope=openid+offline_access").await;
    assert_eq!(server.get("/readyz").await.status, 200);

    disk.fill();
    for _ in 0..3 {
        let answer = client.redeem(&code).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"), "{}", answer.text());
        let ready = server.get("/readyz").await;
        assert_eq!((ready.status.as_u16(), ready.text().as_str()), (503, "the database takes no writes\n"));
        assert_eq!(server.get("/.well-known/jwks.json").await.status, 200, "what writes nothing goes on");
    }

    disk.free();
    let asks = async || (server.get("/readyz").await.status == 200).then_some(());
    eventually("it is ready again without a restart", asks).await;
    // The code that could not be consumed is as good as before: nothing was half done.
    let tokens = client.redeem(&code).await.ok();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await.ok();
    client.redeem(&code).await.refused_json(400, Rejection::ReplayedCode);
}

#[tokio::test]
async fn a_write_that_is_tried_and_committed_ends_the_doubt() {
    let Some(disk) = Disk::mount() else { return };
    let database = Database::copy_to(disk.path()).await;
    let storage = Storage::open(&database.config, false).await.unwrap();
    disk.fill();
    let mut transaction = storage.begin().await.unwrap();
    transaction.deny_request("any", doorward::clock::Timestamp::from_seconds(1)).await.unwrap();
    transaction.commit().await.expect_err("there is no space");
    storage.can_write().await.expect_err("the try fails too");
    disk.free();
    // Space is free, but the outcome of the last try holds, however many ask; then it works.
    eventually("writing works again", async || storage.can_write().await.ok()).await;
    let tries = database.db_number("SELECT COUNT(*) FROM meta WHERE name = 'trial'").await;
    assert_eq!(tries, 1, "the try is a row that was committed");
}

//! The examples against the real server: `doorward demo`, which has a service and an API for them.
#![cfg(all(feature = "token-source", feature = "reqwest"))]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that comes by itself.
const END: Duration = Duration::from_secs(60);

/// A process with what it says, line by line. Killed when dropped.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || said.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(END).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `doorward demo` on free ports.
struct Demo {
    _process: Process,
    folder: TempDir,
    ready: Value,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = doorward(folder.path());
        let process = Process::start(command.args(["demo", "--listen", "127.0.0.1:0", "--json"]));
        let ready = serde_json::from_str(&process.line()).unwrap();
        Self { _process: process, folder, ready }
    }

    fn told(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    fn secret(&self) -> &str {
        let (_, rest) = self.told("token_command").split_once("demo-service:").unwrap();
        rest.split(' ').next().unwrap()
    }

    fn api(&self) -> String {
        format!("{}/api/notes", self.told("app"))
    }

    /// A command of the operator beside it; its JSON.
    fn command(&self, arguments: &[&str]) -> Value {
        let mut command = doorward(self.folder.path());
        command.env("DOORWARD__SERVER__DATA", "demo-data").args(arguments).arg("--json");
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// An example as the demo's service.
    fn example(&self, name: &str) -> Command {
        let mut command = Command::new(built().join("examples").join(name));
        command.envs([("ISSUER", self.told("issuer")), ("CLIENT_ID", "demo-service"), ("SCOPE", "notes:read")]);
        command.envs([("CLIENT_SECRET", self.secret()), ("API", &self.api()), ("EVERY", "20")]);
        command
    }
}

/// The folder of what cargo builds. The examples are there: cargo builds them with the tests of a package.
fn built() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
}

/// The server beside the tests. `cargo test --workspace` has just built it; alone, this package's tests build it where it is missing.
fn doorward(folder: &Path) -> Command {
    let server = built().join("doorward");
    if !server.exists() {
        let build = ["build", "--locked", "-p", "doorward", "--bin", "doorward"];
        assert!(Command::new(env!("CARGO")).args(build).status().unwrap().success());
    }
    let mut command = Command::new(server);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).current_dir(folder);
    command
}

#[test]
fn the_service_reads_the_notes_of_the_demo() {
    let demo = Demo::start();
    let output = demo.example("service").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("200 ") && said.contains("Water the plants") && said.contains("demo-service"), "{said}");
}

/// The status of the demo's API for a token.
async fn status(demo: &Demo, token: &str) -> u16 {
    let request = reqwest::Client::new().get(demo.api()).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_worker_never_gets_a_wrong_answer_while_keys_rotate_and_one_is_revoked() {
    let demo = Demo::start();
    let worker = Process::start(&mut demo.example("worker"));
    let work = |times: usize| (0..times).for_each(|_| assert_eq!(worker.line(), "200"));
    work(5);
    let source = doorward_client::TokenSource::discover(demo.told("issuer")).client("demo-service");
    let source = source.secret(demo.secret()).scope("notes:read").build().unwrap();
    let before = source.get().await.unwrap();
    assert_eq!(status(&demo, before.expose()).await, 200);
    let keys = demo.command(&["key", "rotate", "--now"])["keys"].clone();
    work(5);
    // Not even one that ends at once, with every token under it.
    let active = keys.as_array().unwrap().iter().find(|key| key["state"] == "active").unwrap();
    demo.command(&["key", "revoke", active["kid"].as_str().unwrap(), "--yes"]);
    let deadline = tokio::time::Instant::now() + END;
    while status(&demo, before.expose()).await != 401 {
        assert!(tokio::time::Instant::now() < deadline, "the key holds on");
        work(1);
    }
    work(50);
}

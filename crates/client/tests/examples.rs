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

    /// Sends it a signal, such as `STOP`.
    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Ends it at once, and waits for its end.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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
    process: Process,
    folder: TempDir,
    ready: Value,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, ready) = Self::run(folder.path(), &["--listen", "127.0.0.1:0"]);
        Self { process, folder, ready }
    }

    fn run(folder: &Path, places: &[&str]) -> (Process, Value) {
        let process = Process::start(doorward(folder).args(["demo", "--json"]).args(places));
        let ready = serde_json::from_str(&process.line()).unwrap();
        (process, ready)
    }

    /// Starts it again where it was, after it was killed. Its service has another secret then.
    fn come_back(&mut self) {
        // Host and port alone.
        let place = |name: &str| self.told(name).split('/').nth(2).unwrap().to_owned();
        let (listen, app, provider) = (self.told("listen").to_owned(), place("app"), place("provider"));
        let places = ["--listen", &listen, "--app-listen", &app, "--provider-listen", &provider];
        (self.process, self.ready) = Self::run(self.folder.path(), &places);
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

/// The folder of what cargo builds. The examples are there: cargo builds them with all tests of a package, though not with one that is named
/// by `--test`.
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

/// The status of an API for a token.
async fn status(api: &str, token: &str) -> u16 {
    let request = reqwest::Client::new().get(api).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

/// Where tokens of the demo's service are from.
fn source(demo: &Demo) -> doorward_client::TokenSource {
    let source = doorward_client::TokenSource::discover(demo.told("issuer")).client("demo-service");
    source.secret(demo.secret()).scope("notes:read").build().unwrap()
}

/// The example of an API, as one of the demo's; where its notes are.
fn api(demo: &Demo) -> (Process, String) {
    let mut command = Command::new(built().join("examples/api"));
    command.env("ISSUER", demo.told("issuer")).env("AUDIENCE", format!("{}/api", demo.told("app")));
    let process = Process::start(command.env("LISTEN", "127.0.0.1:0"));
    let notes = format!("{}/notes", process.line());
    (process, notes)
}

#[tokio::test]
async fn the_api_takes_the_tokens_of_the_demo_and_no_others() {
    let demo = Demo::start();
    let (_api, notes) = api(&demo);
    let token = source(&demo).get().await.unwrap();
    let answer = reqwest::Client::new().get(&notes).bearer_auth(token.expose()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.text().await.unwrap(), "the notes of demo-service\n");
    let none = reqwest::get(&notes).await.unwrap();
    assert_eq!(none.status().as_u16(), 401);
    assert!(none.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    let (signed, _) = token.expose().rsplit_once('.').unwrap();
    for wrong in [signed, &format!("{signed}."), &format!("{signed}.{}", "A".repeat(342)), "x"] {
        assert_eq!(status(&notes, wrong).await, 401, "{wrong}");
    }
    // Of the same shape, of another server.
    let other = Demo::start();
    assert_eq!(status(&notes, source(&other).get().await.unwrap().expose()).await, 401);
}

#[tokio::test]
async fn the_worker_never_gets_a_wrong_answer_while_keys_rotate_and_one_is_revoked() {
    let demo = Demo::start();
    let worker = Process::start(&mut demo.example("worker"));
    // Of a key that is new at once the API may have to wait until it reads keys again, at most every ten seconds: it says that it cannot say.
    let works = || {
        let mut lines = std::iter::repeat_with(|| worker.line()).take(3000);
        let answer = lines.find(|line| line != "503").expect("the API has read the new keys");
        assert_eq!(answer, "200");
    };
    let work = |times: usize| (0..times).for_each(|_| works());
    work(5);
    let before = source(&demo).get().await.unwrap();
    assert_eq!(status(&demo.api(), before.expose()).await, 200);
    let keys = demo.command(&["key", "rotate", "--now"])["keys"].clone();
    work(5);
    // Not even one that ends at once, with every token under it.
    let active = keys.as_array().unwrap().iter().find(|key| key["state"] == "active").unwrap();
    demo.command(&["key", "revoke", active["kid"].as_str().unwrap(), "--yes"]);
    let mut turns = 0;
    while let now = status(&demo.api(), before.expose()).await
        && now != 401
    {
        assert!([200, 503].contains(&now), "{now}");
        // The worker takes 20 ms for each.
        assert!(turns < 3000, "the key holds on");
        turns += 1;
        work(1);
    }
    work(50);
}

#[test]
fn the_worker_never_gets_a_wrong_answer_while_the_issuer_is_away() {
    let mut demo = Demo::start();
    let (_api, notes) = api(&demo);
    let worker = |demo: &Demo| Process::start(demo.example("worker").env("API", &notes));
    let work = |worker: &Process, times: usize| (0..times).for_each(|_| assert_eq!(worker.line(), "200"));
    let begins = |worker: &Process| {
        while let line = worker.line()
            && line != "200"
        {
            assert!(line.starts_with("no answer"), "{line}");
        }
    };
    let first = worker(&demo);
    work(&first, 5);
    // It hangs: whoever has a token works on, and whoever has none gets one when it goes on.
    demo.process.signal("STOP");
    let second = worker(&demo);
    work(&first, 50);
    demo.process.signal("CONT");
    begins(&second);
    demo.command(&["key", "rotate", "--now"]);
    work(&first, 5);
    // It is gone, and comes back.
    demo.process.kill();
    work(&first, 50);
    let away = worker(&demo);
    assert!(away.line().starts_with("no answer"));
    demo.come_back();
    work(&first, 50);
    work(&second, 50);
    work(&worker(&demo), 5);
}

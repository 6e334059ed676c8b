//! The real binary as a process of its own, on a socket of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use serde_json::Value;

use super::database::MASTER_KEY;
use super::{Database, END, LiveBrowser, LiveClient, canaries, eventually, eventually_blocking};

/// A running server process. Killed when dropped.
pub struct Live {
    child: Child,
    pub issuer: String,
    /// The line of JSON that it began with.
    pub ready: Value,
    pub folder: PathBuf,
    environment: Vec<(String, String)>,
    log: Arc<Mutex<String>>,
    /// What it has said on stdout after its first line.
    said: Arc<Mutex<String>>,
    /// Reads the log, until the process ends.
    reading: Option<JoinHandle<()>>,
}

/// The binary.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap());
    command
}

/// Runs a command that must be refused: exit code 1, nothing on stdout, one sentence on stderr; the sentence.
pub fn refused(folder: &Path, environment: &[(String, String)], arguments: &[&str]) -> String {
    refused_by(binary(), folder, environment, arguments)
}

/// As [`refused`], by a command line that begins with another program, such as `runuser`.
pub fn refused_by(program: Command, folder: &Path, environment: &[(String, String)], arguments: &[&str]) -> String {
    // A start that goes well by mistake would never end.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(program.get_program()).args(program.get_args());
    let path = std::env::var("PATH").unwrap();
    command.env_clear().env("PATH", path).envs(environment.iter().cloned());
    let output = command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let (said, sentence) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}{sentence}");
    assert_eq!(said, "", "{arguments:?}");
    assert!(sentence.starts_with("doorward: ") && sentence.ends_with('\n'), "{sentence}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    sentence
}

impl Live {
    /// `serve` over the database with cheap password hashes, on any free port.
    pub fn serve(database: &Database) -> Self {
        Self::serve_with(database, &[])
    }

    /// `serve` with further settings.
    pub fn serve_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        let mut environment = Self::environment(database);
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::run(database.folder.path(), environment, Self::SERVE)
    }

    /// `serve` below a path, such as `/auth`.
    pub fn serve_below(database: &Database, path: &str) -> Self {
        let listen = free_address();
        let mut environment = Self::environment(database);
        environment.push(("DOORWARD__SERVER__ISSUER".to_owned(), format!("http://{listen}{path}")));
        Self::run(database.folder.path(), environment, &["serve", "--listen", &listen, "--json"])
    }

    /// `serve` under a name, as passkeys want it.
    pub fn serve_by_name(database: &Database) -> Self {
        let listen = free_address();
        let mut environment = Self::environment(database);
        environment.push((
            "DOORWARD__SERVER__ISSUER".to_owned(),
            format!("http://{}", listen.replace("127.0.0.1", "localhost")),
        ));
        Self::run(database.folder.path(), environment, &["serve", "--listen", &listen, "--json"])
    }

    /// The arguments that serve on any free port.
    pub const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0", "--json"];

    /// The settings for this database.
    pub fn environment(database: &Database) -> Vec<(String, String)> {
        [
            ("DOORWARD__DATABASE__URL", database.config.url.as_str()),
            ("DOORWARD__DATABASE__POOLED", if database.config.pooled { "true" } else { "false" }),
            ("DOORWARD__DATABASE__DIRECT_URL", database.config.direct_url.as_str()),
            ("DOORWARD__KEYS__MASTER_KEY", MASTER_KEY),
            ("DOORWARD__PASSWORD__MEMORY_KIB", "8"),
            ("DOORWARD__PASSWORD__ITERATIONS", "1"),
            ("DOORWARD__SERVER__NOTICE", "0"),
            // As in the servers within the tests.
            ("DOORWARD__LIMITS__REGISTRATIONS_PER_HOUR", "0"),
            ("DOORWARD__LIMITS__NEW_PASSWORDS_PER_MINUTE", "0"),
            ("DOORWARD__LIMITS__FAILED_CLIENTS_PER_MINUTE", "0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Any serving command in a folder, with these settings; waits for its line of JSON.
    pub fn run(folder: &Path, environment: Vec<(String, String)>, arguments: &[&str]) -> Self {
        let mut child = binary()
            .args(arguments)
            .current_dir(folder)
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().unwrap());
        let kept = log.clone();
        let reading = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let said = Arc::default();
        let line = first_line(child.stdout.take().unwrap(), Arc::clone(&said));
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            reading.join().unwrap();
            panic!("no line of JSON but '{line}': {}", log.lock().unwrap())
        };
        let issuer = ready["issuer"].as_str().unwrap().to_owned();
        Self { child, issuer, ready, folder: folder.to_owned(), environment, log, said, reading: Some(reading) }
    }

    /// Runs another command beside the server; its JSON.
    pub fn command(&self, arguments: &[&str]) -> Value {
        self.command_with(arguments, "")
    }

    /// As [`Live::command`], with this on its standard input.
    pub fn command_with(&self, arguments: &[&str], input: &str) -> Value {
        let said = self.say(&[arguments, &["--json"]].concat(), input);
        let mut lines = said.lines();
        let value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(lines.next(), None, "more than one JSON value: {said}");
        value
    }

    /// Begins another command beside the server.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        binary()
            .args(arguments)
            .current_dir(&self.folder)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs another command beside the server, as a person would; what it says on stdout.
    pub fn say(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self.begin(arguments);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Changes a setting of the commands to come; the server keeps those it began with.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Runs a command beside the server that must be refused; its one sentence.
    pub fn refused(&self, arguments: &[&str]) -> String {
        refused(&self.folder, &self.environment, arguments)
    }

    /// Runs a command beside the server that must be refused after it has said something; all that it says.
    pub fn refused_at_length(&self, arguments: &[&str]) -> String {
        let mut command = binary();
        command.args(arguments).current_dir(&self.folder).envs(self.environment.iter().cloned());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a person with [`super::PASSWORD`].
    pub fn user(&self, email: &str) -> String {
        let arguments = ["user", "create", "--email", email, "--name", "Ann Lee", "--password-stdin"];
        self.command_with(&arguments, &format!("{}\n", super::PASSWORD))["id"].as_str().unwrap().to_owned()
    }

    /// A new browser.
    pub fn browser(&self) -> LiveBrowser {
        LiveBrowser::new(&self.issuer)
    }

    /// Registers a client with the command line; `https://rp.test/cb` is the redirect URI of every type but `service`.
    pub fn client(&self, kind: &str, options: &[&str]) -> LiveClient {
        let mut arguments = vec!["client", "create", "--type", kind, "--name", "Notebook"];
        if kind != "service" {
            arguments.extend(["--redirect-uri", "https://rp.test/cb"]);
        }
        arguments.extend(options);
        LiveClient::new(&self.issuer, &self.command(&arguments))
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The one line in which this member is this, when the log is JSON.
    pub async fn logged(&self, member: &str, is: &str) -> Value {
        let lines = || self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>();
        let is_it = |line: &Value| line[member] == is;
        let what = format!("the log has {member} {is}");
        let found = eventually(&what, async || lines().into_iter().find(is_it)).await;
        assert_eq!(lines().iter().filter(|line| is_it(line)).count(), 1, "{}", self.log());
        found
    }

    /// What it has said so far on stdout after its first line.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The address that it listens on.
    pub fn address(&self) -> String {
        self.issuer.split_once("://").unwrap().1.to_owned()
    }

    /// Sends SIGTERM; the process goes on until [`Live::wait`].
    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Sends SIGHUP and waits until the log says that it was taken.
    pub fn hang_up(&self, words: &str) {
        let seen = self.log().matches(words).count();
        assert!(Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap().success());
        eventually_blocking(words, || (self.log().matches(words).count() > seen).then_some(()));
    }

    /// Waits for the end of the process and of its log; the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let status = eventually_blocking("the process ends", || self.child.try_wait().unwrap());
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        status.code()
    }
}

/// An address of this machine with a port that is free and that nobody is given who asks for any: for whoever must name it beforehand.
pub fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let mut first_tries = (0..8000).map(|_| {
        let offset = NEXT.fetch_add(1, Ordering::SeqCst).wrapping_add((std::process::id() % 8000) as u16 * 7 % 8000);
        format!("127.0.0.1:{}", 12_000 + offset % 8000)
    });
    first_tries.find(|address| TcpListener::bind(address).is_ok()).expect("no port is free")
}

/// The first line that a process writes, or nothing when none comes; what follows is kept.
fn first_line(stdout: ChildStdout, rest: Arc<Mutex<String>>) -> String {
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = said.send(line);
        for line in stdout.lines().map_while(Result::ok) {
            rest.lock().unwrap().push_str(&format!("{line}\n"));
        }
    });
    heard.recv_timeout(END).unwrap_or_default()
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        canaries::log(&self.log());
    }
}

//! The real binary as a process of its own, on a socket of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::Database;
use super::database::MASTER_KEY;

/// A running server process. Killed when dropped.
pub struct Live {
    child: Child,
    pub issuer: String,
    pub folder: PathBuf,
    environment: Vec<(String, String)>,
    log: Arc<Mutex<String>>,
}

/// The binary.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap());
    command
}

impl Live {
    /// `serve` over the database with cheap password hashes, on any free port.
    pub fn serve(database: &Database) -> Self {
        Self::serve_with(database, &[])
    }

    /// `serve` with further settings.
    pub fn serve_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        let mut environment = vec![
            ("DOORWARD__DATABASE__URL".to_owned(), database.config.url.clone()),
            ("DOORWARD__KEYS__MASTER_KEY".to_owned(), MASTER_KEY.to_owned()),
            ("DOORWARD__PASSWORD__MEMORY_KIB".to_owned(), "8".to_owned()),
            ("DOORWARD__PASSWORD__ITERATIONS".to_owned(), "1".to_owned()),
            ("DOORWARD__SERVER__NOTICE".to_owned(), "0".to_owned()),
        ];
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::run(database.folder.path(), environment, &["serve", "--listen", "127.0.0.1:0", "--json"])
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
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no line of JSON but '{line}': {}", log.lock().unwrap()));
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let issuer = ready["issuer"].as_str().unwrap().to_owned();
        Self { child, issuer, folder: folder.to_owned(), environment, log }
    }

    /// Runs another command beside the server; its JSON.
    pub fn command(&self, arguments: &[&str]) -> Value {
        let output = binary()
            .args(arguments)
            .arg("--json")
            .current_dir(&self.folder)
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Makes a person with [`super::PASSWORD`].
    pub fn user(&self, email: &str) -> String {
        let mut child = binary()
            .args(["user", "create", "--email", email, "--name", "Ann Lee", "--password-stdin", "--json"])
            .current_dir(&self.folder)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{}", super::PASSWORD).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM; the process goes on until [`Live::wait`].
    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Waits for the end; the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

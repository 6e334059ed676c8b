//! A Doorward of its own to measure: a fresh database, the release binary, and nothing that is not public: its command line, its environment and
//! its HTTP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;
use tempfile::TempDir;

use crate::Outcome;
use crate::clock::Moment;
use crate::cores::{Cores, Place};
use crate::operation::get;
use crate::process::Running;

/// How long a start may take.
const START: Duration = Duration::from_secs(60);
/// How long to wait between two looks at a server that is starting.
const LOOK: Duration = Duration::from_micros(100);
/// Where a start is seen.
pub const JWKS: &str = "/.well-known/jwks.json";

/// A folder, a database and an address.
pub struct Installation {
    /// The program that serves it.
    pub program: PathBuf,
    /// Where it listens while it runs.
    pub address: SocketAddr,
    cores: Cores,
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Installation {
    /// A fresh one in a folder in `place`; on SQLite unless a PostgreSQL is named.
    ///
    /// # Errors
    /// When the folder cannot be made or no port is free.
    pub fn new(program: &Path, cores: Cores, place: &Path, database: Option<&str>, log_level: &str) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("doorward-load.").tempdir_in(place)?;
        let mut environment = vec![
            ("DOORWARD__SERVER__DATA".to_owned(), folder.path().join("data").display().to_string()),
            ("DOORWARD__SERVER__NOTICE".to_owned(), "0".to_owned()),
            ("DOORWARD__LOG__LEVEL".to_owned(), log_level.to_owned()),
            // All load comes from one address.
            ("DOORWARD__LIMITS__TOKENS_PER_MINUTE".to_owned(), "0".to_owned()),
            ("DOORWARD__LIMITS__INTROSPECTIONS_PER_MINUTE".to_owned(), "0".to_owned()),
            ("DOORWARD__LIMITS__USERINFO_PER_MINUTE".to_owned(), "0".to_owned()),
            ("DOORWARD__LIMITS__AUTHORIZATIONS_PER_MINUTE".to_owned(), "0".to_owned()),
        ];
        if let Some(url) = database {
            let mut key = [0; 32];
            SystemRandom::new().fill(&mut key).map_err(|_| "no random bytes")?;
            environment.push(("DOORWARD__DATABASE__URL".to_owned(), url.to_owned()));
            environment.push(("DOORWARD__KEYS__MASTER_KEY".to_owned(), BASE64URL.encode(key)));
        }
        let program = program.canonicalize().map_err(|why| format!("{}: {why}", program.display()))?;
        // Free a moment ago: the issuer hangs on the port, which therefore stays the same over all starts.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        Ok(Self { program, address, cores, folder, environment })
    }

    /// Gives it one more setting.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Runs a command of the program and gives the JSON that it prints.
    ///
    /// # Errors
    /// When it fails, with what it says.
    pub fn run(&self, arguments: &[&str], input: &str) -> Outcome<Value> {
        let mut command = self.command();
        command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.cores.spawn(Place::Anywhere, &mut command)?;
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(format!("doorward {}: {}", arguments.join(" "), why.trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Starts the server, and tells how long it took until the first answer of 200.
    ///
    /// # Errors
    /// When it ends instead, with the end of its log.
    pub fn start(&self) -> Outcome<(Running, Duration)> {
        // Its log goes to a file that begins anew with each start. Appended to, so that it can be emptied under the server.
        std::fs::File::create(self.log())?;
        let log = std::fs::OpenOptions::new().append(true).open(self.log())?;
        let mut command = self.command();
        command.args(["serve", "--listen", &self.address.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let began = Moment::now();
        let mut running = Running::new(self.cores.spawn(Place::Measured, &mut command)?)?;
        while !answers(self.address) {
            if let Some(status) = running.ended() {
                return Err(format!("the server has ended ({status}):\n{}", self.end_of_log()).into());
            }
            if began.elapsed() > START {
                return Err(format!("the server does not answer:\n{}", self.end_of_log()).into());
            }
            std::thread::sleep(LOOK);
        }
        Ok((running, began.elapsed()))
    }

    /// Empties the log, so that a long run fills no disk.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn empty_log(&self) -> Outcome<()> {
        Ok(std::fs::OpenOptions::new().write(true).open(self.log())?.set_len(0)?)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn end_of_log(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The program in this installation's folder and environment, without settings that came from outside.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DOORWARD_") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.folder.path()).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Whether a request gets a 200 there.
fn answers(address: SocketAddr) -> bool {
    let asked = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(START))?;
        stream.write_all(&get(&address.to_string(), JWKS, ""))?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    asked().unwrap_or(false)
}

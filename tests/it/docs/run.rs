//! The commands that pages print are run as printed, page by page, each in a folder of its own that is empty at first.
//!
//! A block ```` ```sh run ```` must end well. A block ```` ```sh start ```` begins a server, which goes on until the next such block or the
//! end of the page; where none stands before the first block that is run, `doorward serve` is running. What differs from the printed
//! words: the addresses `https://login.example.org` and `127.0.0.1:8000` are the server's, a `CLIENT_ID` and its `CLIENT_SECRET` are the last
//! that were printed, and `cargo` builds nothing but runs the binary of these tests.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use super::{blocks, pages};
use crate::support::{END, free_address, was_shown_on_sqlite};

/// What stands for the program, before all others. A port that is not given is that of the page.
const DOORWARD: &str = "#!/bin/sh\ncase \" $* \" in *' demo '*) set -- \"$@\" --listen \"$DOORWARD__SERVER__LISTEN\" --app-listen 127.0.0.1:0;; esac\nexec BINARY \"$@\"\n";
const CARGO: &str =
    "#!/bin/sh\n[ \"$1\" = run ] || exit 0\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec doorward \"$@\"\n";

/// Where a page's commands run.
struct Place {
    folder: tempfile::TempDir,
    address: String,
    client: [String; 2],
    server: Option<Server>,
}

/// A server that a block began, with all the processes of that block.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, script: &str| {
            let path = folder.path().join("bin").join(name);
            std::fs::write(&path, script.replace("BINARY", env!("CARGO_BIN_EXE_doorward"))).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        std::fs::create_dir_all(folder.path().join("work/target/release")).unwrap();
        write("doorward", DOORWARD);
        write("cargo", CARGO);
        symlink(folder.path().join("bin/doorward"), folder.path().join("work/target/release/doorward")).unwrap();
        Self {
            folder,
            address: free_address(),
            client: ["CLIENT_ID", "CLIENT_SECRET"].map(str::to_owned),
            server: None,
        }
    }

    fn shell(&self, script: &str) -> Command {
        let [id, secret] = &self.client;
        let script = script
            .replace("https://login.example.org", &format!("http://{}", self.address))
            .replace("127.0.0.1:8000", &self.address)
            .replace("CLIENT_ID", id)
            .replace("CLIENT_SECRET", secret);
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-eu", "-o", "pipefail", "-c", &script]).current_dir(self.folder.path().join("work"));
        command.env_clear().env("PATH", path).env("DOORWARD__SERVER__LISTEN", &self.address);
        command.env("DOORWARD__SERVER__NOTICE", "0").stdin(Stdio::null());
        command
    }

    /// Begins a server and waits until it says that it runs.
    fn start(&mut self, script: &str) {
        self.server = None;
        let mut child =
            self.shell(script).process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        self.server = Some(Server(child));
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = stdout.lines().map_while(Result::ok);
            let is_running = lines.any(|line| line.starts_with("Doorward is "));
            let _ = said.send(is_running);
            lines.for_each(drop);
        });
        assert!(heard.recv_timeout(END).unwrap(), "no server was begun by: {script}");
    }

    /// Runs a script to its good end; keeps the ids that it prints.
    fn run(&mut self, script: &str) {
        if self.server.is_none() {
            self.start("doorward serve");
        }
        let mut child = self.shell(script).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let output = child.wait_with_output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{script}\n{said}\n{complaint}");
        for line in said.lines() {
            for (name, kept) in ["client id ", "client secret "].iter().zip(&mut self.client) {
                // Not the head of a list.
                if let Some(value) = line.strip_prefix(name).map(str::trim).filter(|value| !value.contains(' ')) {
                    *kept = value.to_owned();
                }
            }
        }
    }
}

/// Runs what a page marks; tells how many blocks that were.
fn run_page(path: &str, page: &str) -> usize {
    let mut place = None;
    let mut ran = 0;
    for block in blocks(page) {
        match block.info.split(' ').collect::<Vec<_>>().as_slice() {
            ["sh", "start"] => place.get_or_insert_with(Place::new).start(&block.text),
            ["sh", "run"] => place.get_or_insert_with(Place::new).run(&block.text),
            // Not to be run, or quoted from a file.
            [_] => continue,
            [_, file] if file.contains('/') => continue,
            other => panic!("{path}, line {}: what is {other:?}?", block.line),
        }
        ran += 1;
    }
    ran
}

#[test]
fn the_commands_of_every_page_run_as_they_are_printed() {
    if was_shown_on_sqlite() {
        return;
    }
    let pages = pages();
    std::thread::scope(|scope| {
        let running: Vec<_> =
            pages.iter().map(|(path, page)| (path, scope.spawn(move || run_page(path, page)))).collect();
        for (path, page) in running {
            let ran = page.join().unwrap();
            assert!(ran > 3 || path != "README.md", "of the README's commands only {ran} were run");
        }
    });
}

//! `doorward-load`: what a request to Doorward costs, beside what the machine allows. `docs/load.md` tells how to run it and how to read it.
//!
//! | file | what |
//! | --- | --- |
//! | `arguments.rs` | the command line |
//! | `rows.rs`, `memory.rs`, `scale.rs`, `storm.rs`, `black_hole.rs`, `mails.rs`, `against.rs` | the seven things that it does |
//! | `bench.rs`, `round.rs`, `floor.rs` | an operation beside its floor |
//! | `installation.rs`, `doorward.rs`, `browser.rs` | a Doorward of its own, made through public means |
//! | `operation.rs`, `passkey.rs`, `http.rs` | what is sent, and what must come back |
//! | `cores.rs`, `process.rs`, `clock.rs` | the machine |
//! | `report.rs`, `progress.rs` | what is said |

mod against;
mod arguments;
mod bench;
mod black_hole;
mod browser;
mod clock;
mod cores;
mod doorward;
mod floor;
mod http;
mod installation;
mod mails;
mod memory;
mod operation;
mod passkey;
mod process;
mod progress;
mod report;
mod round;
mod rows;
mod scale;
mod storm;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use serde_json::Value;
use tokio::runtime::Builder;

use arguments::{Arguments, Hidden};
use cores::{Cores, Place};
use progress::Progress;
use report::Report;

/// As in the server: a floor on another allocator would not be its floor.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What went wrong, in a sentence for a person.
type Problem = Box<dyn std::error::Error + Send + Sync>;
/// What came out, or what went wrong.
type Outcome<T, E = Problem> = Result<T, E>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "doorward-load: {why}");
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Arguments) -> Outcome<()> {
    if let Some(Hidden::Floor { jwks }) = arguments.hidden {
        // The runtime that the server has.
        return Builder::new_multi_thread().enable_all().build()?.block_on(floor::serve(jwks));
    }
    let cores = Cores::choose(arguments.server_core, arguments.generator_core)?;
    let progress = Progress::new();
    arguments.rounds()?;
    let program = match (&arguments.server, &arguments.against) {
        (_, Some(_)) => PathBuf::new(),
        (Some(program), None) => program.clone(),
        (None, None) => build(&cores, &progress)?,
    };
    cores.pin_generator()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut report = runtime.block_on(async {
        match &arguments.against {
            Some(issuer) => against::run(&arguments, issuer, cores, &progress).await,
            None if arguments.storm => storm::run(&arguments, &program, cores, &progress).await,
            None if arguments.black_hole => black_hole::run(&arguments, &program, cores, &progress).await,
            None if arguments.mails => mails::run(&arguments, &program, cores, &progress).await,
            None if arguments.scale => scale::run(&arguments, &program, cores, &progress).await,
            None => rows::run(&arguments, &program, cores, &progress).await,
        }
    })?;
    describe(&mut report, &arguments, &cores, &program);
    let text = if arguments.json { format!("{}\n", report.json()?) } else { report.text() };
    let mut stdout = std::io::stdout().lock();
    Ok(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?)
}

/// Builds the release server and gives its path, as cargo names it.
fn build(cores: &Cores, progress: &Progress) -> Outcome<PathBuf> {
    progress.say("building the release server");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--release", "--locked", "--package", "doorward", "--bin", "doorward"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).stdin(Stdio::null()).stdout(Stdio::piped());
    let output = cores.spawn(Place::Anywhere, &mut command)?.wait_with_output()?;
    if !output.status.success() {
        return Err("the server cannot be built; --server names one that is".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    Ok(executable.ok_or("cargo names no program that it built")?)
}

/// What, how and where, for whoever compares two runs.
fn describe(report: &mut Report, arguments: &Arguments, cores: &Cores, program: &std::path::Path) {
    let Arguments { connections, rounds, seconds, log_level, .. } = arguments;
    let mut about = Vec::new();
    if arguments.against.is_none() {
        let version = Command::new(program).arg("--version").output();
        let version =
            version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        let database = if arguments.database.is_some() { "PostgreSQL" } else { "SQLite" };
        about.push(("server", format!("{version} ({})", program.display())));
        about.push(("database", database.to_owned()));
        about.push(("log level", log_level.clone()));
    }
    about.push((
        "method",
        format!("{connections} keep-alive connections, {rounds} rounds of {seconds} s, in turn with the floor"),
    ));
    about.push(("cores", format!("server and floor on {}, generator on {}", cores.server, cores.generator)));
    about.push(("machine", machine()));
    if cores.shared() {
        report.notes.push("server and generator share one core: the figures are too high".to_owned());
    }
    report.about.extend(about);
}

/// Processor and kernel.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (cpu, load) = (read("/proc/cpuinfo"), read("/proc/loadavg"));
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{model}, Linux {}, load average {}", kernel.trim(), load.split(' ').next().unwrap_or_default())
}

//! The log: to standard error, one line per event, for people or as JSON. What is written never holds a secret: secrets are
//! types that print nothing, and no request is logged beyond its method, path and outcome.
//!
//! A line of a request is not worth a system call of its own. Lines gather for some milliseconds and go out together, in their order; a
//! warning or an error takes all before it along at once. Nothing is dropped: whoever logs faster than standard error takes waits
//! for it. Only a process that is killed outright can lose the last few milliseconds.

pub mod numbers;
pub mod traces;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry_http::HttpClient;
use tracing::{Level, Metadata};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogConfig, LogFormat, TelemetryConfig};
use crate::failure::Failure;

/// How long lines gather.
const GATHER: Duration = Duration::from_millis(10);
/// How many bytes gather at most.
const FULL: usize = 256 * 1024;

static LINES: Lines = Lines { waiting: Mutex::new(Vec::new()), some: Condvar::new(), out: Mutex::new(()) };

static IS_STARTED: AtomicBool = AtomicBool::new(false);
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Begins to write the log of this process. A second call does nothing.
pub fn start(config: &LogConfig) {
    let lines = tracing_subscriber::fmt::layer().with_writer(Writers).with_target(false);
    let registry = tracing_subscriber::registry().with(filter(config));
    let begun = match config.format {
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if begun.is_ok() {
        started(config);
    }
}

/// As [`start`], and tells a collector of traces over this client.
///
/// # Errors
/// A sentence when the collector's address is wrong.
pub fn start_with_traces(
    config: &LogConfig,
    collector: &TelemetryConfig,
    client: impl HttpClient + 'static,
) -> Result<(), Failure> {
    let spans = Targets::new().with_target(traces::SPANS, LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer().with_tracer(traces::tracer(collector, client)?);
    let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
    let lines = tracing_subscriber::fmt::layer().with_writer(Writers).with_target(false);
    let registry = tracing_subscriber::registry().with(layer.with_level(false).with_filter(spans));
    // The log sees no spans: each of its lines stands for itself.
    let begun = match config.format {
        LogFormat::Text => registry.with(lines.with_ansi(false).with_filter(filter(config))).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_filter(filter(config))).try_init(),
    };
    if begun.is_ok() {
        started(config);
    }
    Ok(())
}

/// What the log shows.
fn filter(config: &LogConfig) -> Targets {
    let level = config.level.parse().unwrap_or(LevelFilter::INFO);
    let others = ["sqlx", "hyper", "h2", "rustls"].map(|name| (name, level.min(LevelFilter::WARN)));
    // What strangers send is no error of ours, though these crates call it one.
    let quiet = ["webauthn_rs", "webauthn_rs_core", "crypto_glue", traces::SPANS].map(|name| (name, LevelFilter::OFF));
    Targets::new().with_default(level).with_targets(others).with_targets(quiet)
}

fn started(config: &LogConfig) {
    IS_STARTED.store(true, Ordering::SeqCst);
    if config.format == LogFormat::Json {
        IS_JSON.store(true, Ordering::SeqCst);
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
    std::thread::spawn(|| LINES.write_for_ever());
}

/// Whether this process writes a log.
pub fn is_started() -> bool {
    IS_STARTED.load(Ordering::SeqCst)
}

/// Whether the log of this process is written as JSON: then nothing else may stand between its lines.
pub fn is_json() -> bool {
    IS_JSON.load(Ordering::SeqCst)
}

/// Writes the line of an event to standard output, for whoever collects them there.
pub fn event(line: &str) {
    let mut out = io::stdout().lock();
    // A reader that has gone away ends no request.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Tells and writes what still waits: to be called before the process ends, while its threads still run.
pub fn finish() {
    traces::finish();
    LINES.write_out();
}

/// Lines on their way to standard error.
struct Lines {
    waiting: Mutex<Vec<u8>>,
    some: Condvar,
    /// Held while lines go out, so that they keep their order.
    out: Mutex<()>,
}

impl Lines {
    fn add(&self, line: &[u8], at_once: bool) {
        let mut waiting = held(&self.waiting);
        let is_first = waiting.is_empty();
        waiting.extend_from_slice(line);
        let is_full = waiting.len() > FULL;
        drop(waiting);
        if at_once || is_full {
            self.write_out();
        } else if is_first {
            self.some.notify_one();
        }
    }

    fn write_out(&self) {
        let _alone = held(&self.out);
        let lines = std::mem::take(&mut *held(&self.waiting));
        // A log that cannot be written ends no request.
        let _ = io::stderr().write_all(&lines);
    }

    fn write_for_ever(&self) {
        loop {
            let waiting = self.some.wait_while(held(&self.waiting), |waiting| waiting.is_empty());
            drop(waiting.unwrap_or_else(PoisonError::into_inner));
            std::thread::sleep(GATHER);
            self.write_out();
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the writer of each event.
struct Writers;

impl MakeWriter<'_> for Writers {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { at_once: true }
    }

    fn make_writer_for(&self, about: &Metadata<'_>) -> Line {
        Line { at_once: *about.level() <= Level::WARN }
    }
}

/// Takes the line of one event.
struct Line {
    at_once: bool,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

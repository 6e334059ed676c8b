//! An operator's first hours: commands where there is nothing yet, settings that are wrong, and what the log says of all that.

mod config_check;
mod lockout;
mod log;
mod metrics;
mod reading;
mod traces;
mod upstream;
mod verbs;
mod waiting;

use std::path::Path;
use std::process::Output;

use crate::support::binary;

/// Runs a command to its end, whatever that is.
fn run(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = binary();
    command.args(arguments).current_dir(folder).envs(environment.iter().copied());
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

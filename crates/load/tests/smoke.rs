//! The tool against a debug server, over a few operations of each kind: that it still knows the commands, the pages and the endpoints. What it
//! measures there means nothing, and nothing here looks at it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Every row but the one whose key may have to wait for minutes until it signs.
const ROWS: [&str; 16] = [
    "jwks",
    "discovery",
    "client-credentials",
    "introspection",
    "api-key",
    "api-key-trade",
    "userinfo",
    "code",
    "refresh",
    "api-key-beside-token",
    "jwks-error",
    "discovery-error",
    "passkey",
    "memory-idle",
    "memory-loaded",
    "start",
];

/// The server beside the tool. `cargo test --workspace` has just built it; alone, this package's tests build it where it is missing.
fn server() -> PathBuf {
    let server = Path::new(env!("CARGO_BIN_EXE_doorward-load")).with_file_name("doorward");
    if !server.exists() {
        let build =
            Command::new(env!("CARGO")).args(["build", "--locked", "-p", "doorward", "--bin", "doorward"]).status();
        assert!(build.unwrap().success());
    }
    server
}

/// Runs the tool for moments and gives its JSON.
fn run(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward-load"))
        .args(["--json", "--connections", "2", "--rounds", "1", "--seconds", "0.05", "--starts", "1"])
        .args(arguments)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(report: &Value) -> Vec<&str> {
    report["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn a_run_over_all_rows_fills_them() {
    let only = "jwks,discovery,client-credentials,introspection,api-key,api-key-trade,userinfo,code,refresh,jwks-error,\
        discovery-error,passkey,memory,start";
    let report = run(&["--server", server().to_str().unwrap(), "--reads", "40", "--writes", "40", "--only", only]);
    assert_eq!(names(&report), ROWS);
    for row in report["rows"].as_array().unwrap() {
        assert!(row["value"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["met"].is_boolean() || row["name"] == "passkey", "{row}");
    }
    assert_eq!(report["floors"].as_array().unwrap().len(), 2, "{report}");
}

#[test]
fn a_small_scale_run_compares_before_and_after() {
    let few = ["--scale", "--clients", "4", "--refresh-tokens", "10", "--people", "3", "--only", "jwks,refresh"];
    let report = run(&[&["--server", server().to_str().unwrap()], few.as_slice()].concat());
    assert_eq!(names(&report), ["jwks", "refresh"]);
    assert!(report["notes"].to_string().contains("4 clients were registered"), "{report}");
}

#[test]
fn a_small_storm_tells_memory_and_what_became_of_the_sign_ins() {
    let report = run(&["--server", server().to_str().unwrap(), "--storm", "--sign-ins", "6", "--people", "2"]);
    assert_eq!(names(&report), ["storm-memory", "storm-slower", "calm-p99", "storm-p99", "storm-length"]);
    assert!(report["notes"].to_string().contains("6 sign-ins at once: 6 signed in"), "{report}");
}

#[test]
fn an_unknown_row_is_refused_with_the_known_ones() {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward-load")).args(["--only", "jwk"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("client-credentials-es256"));
}

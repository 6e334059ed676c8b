//! A JSON log is JSON from its first line to its last, whatever happens: on both streams, since containers gather them into one.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{run, text};
use crate::support::{Database, Live, binary};

const JSON: (&str, &str) = ("DOORWARD__LOG__FORMAT", "json");

#[track_caller]
fn all_json(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[test]
fn a_first_start_and_a_stop_say_nothing_but_json() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = binary()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .envs([JSON])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    out.read_line(&mut ready).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&ready).unwrap()["event"], "ready");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let (mut rest, mut log) = (String::new(), String::new());
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    out.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    let lines = all_json(&log);
    for words in ["made the master key", "stopping"] {
        let said = lines.iter().any(|line| line["message"].as_str().is_some_and(|said| said.starts_with(words)));
        assert!(said, "'{words}' is not in: {log}");
    }
    assert_eq!(rest, "");
}

#[test]
fn a_refused_start_says_nothing_but_json() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), "[log]\nformat = \"json\"\n[server]\nnotice = -1\ndrain = -1\n").unwrap();
    let refused = |environment: &[(&str, &str)], arguments: &[&str], begins: &[&str]| {
        let output = run(folder.path(), environment, arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{said}");
        let lines = all_json(&said);
        assert_eq!(lines.len(), begins.len(), "{said}");
        for (line, begin) in lines.iter().zip(begins) {
            assert_eq!(line["level"], "ERROR");
            assert!(line["message"].as_str().unwrap().starts_with(begin), "{said}");
        }
    };
    refused(&[JSON, ("DOORWARD__SERVER__NOTICE", "soon")], &["serve"], &["server.notice"]);
    refused(&[], &["--config", "own.toml"], &["server.notice", "server.drain"]);
    refused(&[JSON, ("DOORWARD__SERVER__LISTEN", "nowhere")], &["serve"], &["cannot listen on nowhere"]);
}

#[tokio::test]
async fn who_lacks_a_scope_is_logged_with_what_was_needed_and_nobody_else_is() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[JSON]);
    let user = server.user("ann@example.org");
    let app = server.client("spa", &[]);
    let redirect = server.browser().authorize(&app.authorization_path("scope=profile"), "ann@example.org").await;
    let tokens = app.redeem(&redirect).await.ok();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(token).await.status, 403);
    let line = server.logged("rejection", "TokenWithoutOpenid").await;
    assert_eq!(
        [&line["level"], &line["client"], &line["sub"], &line["path"], &line["scope"], &line["status"]],
        [&json!("WARN"), &json!(app.id), &json!(user), &json!("/userinfo"), &json!("openid"), &json!(403)]
    );
    // Of a token whose signature is wrong nothing is known, not even what it says of itself.
    assert_eq!(app.userinfo(&token[..token.len() - 4]).await.status, 401);
    let line = server.logged("rejection", "WrongSignature").await;
    assert_eq!((&line["client"], line.get("sub"), line.get("scope")), (&json!("-"), None, None));
}

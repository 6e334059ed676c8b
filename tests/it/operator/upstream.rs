//! `upstream list` and `upstream check`, and what a start and `config check` say of providers.

use std::process::Output;

use serde_json::{Value, json};

use super::{run, text};
use crate::support::{Instead, Provider, UPSTREAM_CLIENT};

/// Runs a command with one provider in the environment, whose id is `work`.
fn with(fake: &Provider, further: &[(&str, &str)], arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, address) = (fake.issuer(), fake.address.to_string());
    let mut environment = vec![
        ("DOORWARD__UPSTREAM__WORK__KIND", "oidc"),
        ("DOORWARD__UPSTREAM__WORK__ISSUER", issuer.as_str()),
        ("DOORWARD__UPSTREAM__WORK__CLIENT_ID", UPSTREAM_CLIENT),
        ("DOORWARD__UPSTREAM__WORK__CLIENT_SECRET", "a-secret-of-the-operator"),
        ("DOORWARD__OUTGOING__ALLOW", address.as_str()),
    ];
    environment.extend(further);
    let output = run(folder.path(), &environment, arguments);
    assert_eq!(super::names(folder.path()), Vec::<String>::new(), "nothing is made");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains("a-secret-of-the-operator"), "{said}");
    output
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_has_each_providers_callback_address_and_calls_nobody() {
    let fake = Provider::start().await;
    let listed = with(&fake, &[], &["upstream", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["id"], "work");
    assert_eq!(listed[0]["callback"], "http://localhost:8000/upstream/work/callback");
    assert_eq!(listed[0]["backchannel_logout"], "http://localhost:8000/upstream/work/backchannel-logout");
    assert_eq!((&listed[0]["issuer"], &listed[0]["kind"]), (&json!(fake.issuer()), &json!("oidc")));
    let table = text(&with(&fake, &[], &["upstream", "list"]).stdout);
    assert!(table.contains("/upstream/work/callback"), "{table}");
    let off = [("DOORWARD__UPSTREAM__WORK__ENABLED", "false")];
    assert!(text(&with(&fake, &off, &["upstream", "list"]).stdout).contains("No [[upstream]] is switched on"));
    assert_eq!(fake.asked("/.well-known/openid-configuration"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_plays_one_discovery_and_says_what_is_wrong() {
    let fake = Provider::start().await;
    let check = |further: &[(&str, &str)]| with(&fake, further, &["upstream", "check", "work", "--json"]);
    let seen: Value = serde_json::from_slice(&check(&[]).stdout).unwrap();
    assert_eq!((&seen["usable"], &seen["problem"]), (&json!(true), &json!(null)));
    assert_eq!((fake.asked("/.well-known/openid-configuration"), fake.asked("/keys"), fake.asked("/token")), (1, 1, 1));
    let wrong = |output: Output, why: &str| {
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problem = seen["problem"].as_str().unwrap().to_owned();
        assert!(problem.contains(why), "{why} is not in: {problem}");
        assert_eq!((output.status.code(), &seen["usable"]), (Some(1), &json!(false)));
        assert_eq!(text(&output.stderr), format!("doorward: work cannot be used: {problem}\n"));
    };
    fake.answer("/token", Instead::Json(401, json!({ "error": "invalid_client" })));
    wrong(check(&[]), "it does not know client_id and client_secret");
    fake.mend("/token");
    fake.discovery(json!({ "issuer": "https://evil.test" }));
    wrong(check(&[]), "is of the issuer 'https://evil.test'");
    fake.answer("/.well-known/openid-configuration", Instead::Html);
    wrong(check(&[]), "it is no JSON");
    wrong(check(&[("DOORWARD__OUTGOING__ALLOW", "")]), "may not be called: it is not https");
    let unknown = with(&fake, &[], &["upstream", "check", "nobody"]);
    assert_eq!(text(&unknown.stderr), "doorward: no [[upstream]] with the id 'nobody' is switched on\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_cannot_be_read_is_a_mistake_and_keeps_nothing_else_from_working() {
    let fake = Provider::start().await;
    let missing = [
        ("DOORWARD__UPSTREAM__WORK__CLIENT_SECRET", ""),
        ("DOORWARD__UPSTREAM__WORK__CLIENT_SECRET_FILE", "missing.secret"),
    ];
    let said = text(&with(&fake, &missing, &["config", "check"]).stderr);
    assert!(said.contains("upstream.work.client_secret_file: missing.secret"), "{said}");
    // Issue 13: a provider that is wrong fails closed and alone, so it is listed, and what is wrong is told when it is looked at.
    let listed = with(&fake, &missing, &["upstream", "list", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&listed.stdout).unwrap()[0]["id"], "work");
    let checked = text(&with(&fake, &missing, &["upstream", "check", "work"]).stderr);
    assert!(checked.contains("work cannot be used: upstream.work.client_secret_file: missing.secret"), "{checked}");
    let shown = text(&with(&fake, &[], &["config", "check"]).stdout);
    assert!(shown.contains("[[upstream]]") && shown.contains("client_secret = \"...\""), "{shown}");
}

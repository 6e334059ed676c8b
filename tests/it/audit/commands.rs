//! `audit list` and `audit verify` beside a running server, and what the server says on standard output.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::support::{Database, Live, PASSWORD, eventually_blocking};

const ANN: &str = "ann@example.org";

fn events(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_has_what_operators_and_people_did_and_is_filtered() {
    let database = Database::copy().await;
    let mut server = Live::serve(&database);
    server.set("USER", "carla");
    let ann = server.user(ANN);
    let client = server.client("spa", &[]);
    let mut browser = server.browser();
    browser.authorize(&client.authorization_path("scope=openid"), ANN).await;
    let all = eventually_blocking("the start is recorded", || {
        let all = server.command(&["audit", "list"]);
        events(&all).contains(&"server.started").then_some(all)
    });
    for name in ["server.started", "user.created", "client.created", "sign_in.succeeded", "consent.given"] {
        assert_eq!(events(&all).iter().filter(|event| **event == name).count(), 1, "{name}: {all}");
    }
    let names = [
        "id",
        "at",
        "event",
        "actor",
        "subject",
        "user",
        "client_id",
        "network",
        "trace",
        "outcome",
        "count",
        "details",
    ];
    for row in all.as_array().unwrap() {
        for name in names {
            assert!(row.get(name).is_some(), "{name} is missing: {row}");
        }
    }
    let own = server.command(&["audit", "list", "--user", ANN]);
    assert_eq!(events(&own), ["user.created", "sign_in.succeeded", "consent.given"]);
    assert_eq!(server.command(&["audit", "list", "--user", &ann]), own);
    let created = &own[0];
    assert_eq!((&created["actor"], &created["subject"]), (&json!("operator"), &json!(format!("user:{ann}"))));
    assert_eq!(created["details"], json!({ "os_user": "carla" }));
    assert_eq!(events(&server.command(&["audit", "list", "--event", "sign_in"])), ["sign_in.succeeded"]);
    assert_eq!(events(&server.command(&["audit", "list", "--event", "user.created"])), ["user.created"]);
    assert_eq!(
        events(&server.command(&["audit", "list", "--limit", "2", "--user", ANN])),
        ["sign_in.succeeded", "consent.given"]
    );
    assert_eq!(server.command(&["audit", "list", "--since", "2999-01-01"]), json!([]));
    assert!(events(&server.command(&["audit", "list", "--since", "1h"])).len() >= 5);
    let wrong = server.begin(&["audit", "list", "--event", "sing_in"]).wait_with_output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let sentence = server.refused(&["audit", "list", "--user", "anne@example.org"]);
    assert!(sentence.contains("there is no account 'anne@example.org'"), "{sentence}");
    // Who is deleted is found by the id.
    server.command(&["user", "delete", ANN, "--yes"]);
    assert!(events(&server.command(&["audit", "list", "--user", &ann])).ends_with(&["user.deleted"]));
}

#[tokio::test]
async fn whoever_follows_sees_what_comes_line_by_line() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user(ANN);
    let mut following = server.begin(&["audit", "list", "--follow", "--limit", "1", "--event", "user", "--json"]);
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["event"], "user.created");
    server.command(&["user", "update", ANN, "--name", "Ann Lee"]);
    server.command(&["user", "disable", ANN]);
    assert_eq!(next()["event"], "user.changed");
    assert_eq!(next()["event"], "user.disabled");
    // Nobody reads any more: the next line is the last one that it tries to write.
    drop(lines);
    server.command(&["user", "enable", ANN]);
    let ended = eventually_blocking("it ends by itself", || following.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn verify_says_where_the_record_was_changed_and_ends_with_1() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user(ANN);
    let verified = eventually_blocking("everything is sealed", || {
        let verified = server.command(&["audit", "verify"]);
        (verified["sealed"] != json!(0) && verified["unsealed"] == json!(0)).then_some(verified)
    });
    assert_eq!((&verified["ok"], &verified["faults"]), (&json!(true), &json!([])));
    let head = format!("{}:{}", verified["head"]["batch"], verified["head"]["hash"].as_str().unwrap());
    assert_eq!(server.command(&["audit", "verify", "--expect", &head])["ok"], true);
    database.db_execute("UPDATE audit SET actor = 'system' WHERE event = 'user.created'").await;
    let said = server.refused_at_length(&["audit", "verify", "--expect", &head]);
    assert!(said.contains("the audit record is not as it was written: 1 finding"), "{said}");
}

#[tokio::test]
async fn a_collector_gets_a_line_of_json_for_each_event_after_the_one_that_says_ready() {
    let database = Database::copy().await;
    let mut server = Live::serve_with(&database, &[("DOORWARD__AUDIT__STDOUT", "true")]);
    server.user(ANN);
    let mut browser = server.browser();
    let page = browser.visit("/login").await;
    browser.press(&page.form("#login-submit").with("email", ANN).with("password", PASSWORD)).await;
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    let said = eventually_blocking("the last line is read", || {
        let said = server.said();
        said.contains("server.stopped").then_some(said)
    });
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The key of the copied database is from 1970, and is taken over from at once.
    let lines: Vec<&Value> =
        lines.iter().filter(|line| !line["event.action"].as_str().unwrap().starts_with("key.")).collect();
    let actions: Vec<&str> = lines.iter().map(|line| line["event.action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["server.started", "sign_in.succeeded", "server.stopped"]);
    assert_eq!(lines[1]["event.category"], json!(["authentication"]));
    assert_eq!(lines[1]["source.ip"], "127.0.0.1");
}

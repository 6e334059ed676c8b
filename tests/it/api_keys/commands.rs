//! The commands, as an operator types them beside a running server.

use serde_json::{Value, json};

use super::ANN;
use crate::support::{Database, Live, eventually, http};

const API: &str = "https://api.example.org";

fn orders(server: &Live) {
    let scope = ["--scope", "read:orders", "--scope", "write:orders"];
    server.command(&[&["resource", "create", "--identifier", API, "--name", "Orders"], &scope[..]].concat());
}

fn create<'a>(owner: [&'a str; 2], more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["--name", "Backup", "--resource", API, "--scope", "read:orders"];
    [&["api-key", "create"], &owner[..], &fixed[..], more].concat()
}

#[tokio::test]
async fn a_key_is_made_listed_shown_replaced_and_ended_beside_a_running_server() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    orders(&server);
    let ann = server.user(ANN);
    let made = server.command(&create(["--user", ANN], &["--expires", "30d"]));
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    assert!(key.starts_with(id) && key.len() == 65, "{key}");
    assert_eq!(
        (&made["user_id"], &made["scope"], &made["state"]),
        (&json!(ann), &json!("read:orders"), &json!("live"))
    );

    let trade = async |key: &str| {
        let kind = "urn:ietf:params:oauth:grant-type:token-exchange";
        let of = "urn:doorward:params:oauth:token-type:api-key";
        let fields = [("grant_type", kind), ("subject_token_type", of), ("subject_token", key)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = http().post(format!("{}/token", server.issuer));
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    eventually("the server knows the API", async || (trade(key).await == 200).then_some(())).await;
    let shown = server.command(&["api-key", "show", id]);
    assert_eq!((shown.get("key"), shown["uses"].as_array().unwrap().len()), (None, 1));
    assert_eq!((&shown["uses"][0]["how"], &shown["uses"][0]["network"]), (&json!("traded"), &json!("127.0.0.1")));
    let listed = server.command(&["api-key", "list", "--user", ANN]);
    assert_eq!((&listed[0]["id"], listed.as_array().unwrap().len()), (&json!(id), 1));
    assert!(!listed.to_string().contains(key) && !shown.to_string().contains(key));

    let next = server.command(&["api-key", "rotate", id, "--overlap", "1h"]);
    let next_key = next["key"].as_str().unwrap();
    assert_eq!((trade(key).await, trade(next_key).await), (200, 200));
    let last = server.command(&["api-key", "rotate", next["id"].as_str().unwrap(), "--now"]);
    assert_eq!(trade(next_key).await, 400);
    let ended = server.command(&["api-key", "revoke", last["id"].as_str().unwrap()]);
    assert_eq!(ended["state"], "ended");
    assert_eq!(trade(last["key"].as_str().unwrap()).await, 400);
    assert_eq!(server.command(&["api-key", "list"]).as_array().unwrap().len(), 3);

    assert!(server.refused(&["api-key", "show", "dwk_nothing"]).contains("no API key 'dwk_nothing'"));
    assert!(server.refused(&["api-key", "list", "--user", "nobody@example.org"]).contains("no account"));
    assert!(server.refused(&create(["--user", ANN], &["--expires", "400d"])).contains("at most 365 days"));
    for made in [&made, &next, &last] {
        let secret = &made["key"].as_str().unwrap()[16..];
        assert!(server.log().contains("api_key") && !server.log().contains(secret), "nothing of it is logged");
    }
    let job = server.client("service", &["--scope", "read:orders"]);
    let of_service = server.command(&create(["--client", &job.id], &[]));
    assert_eq!((&of_service["client_id"], &of_service["user_id"]), (&json!(job.id), &Value::Null));
}

#[tokio::test]
async fn a_scan_tells_which_of_the_keys_that_it_finds_can_be_used() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    orders(&server);
    server.user(ANN);
    let [live, ended] = [(); 2].map(|()| server.command(&create(["--user", ANN], &[])));
    server.command(&["api-key", "revoke", ended["id"].as_str().unwrap()]);
    let (_, unknown) = doorward::protocol::api_key::assemble("aaaaaaaaaaaa", &doorward::random::secret_digits());
    let folder = database.folder.path().join("sources");
    std::fs::create_dir_all(folder.join("deep/er")).unwrap();
    let text = |value: &Value| value["key"].as_str().unwrap().to_owned();
    std::fs::write(folder.join("deep/er/.env"), format!("# keys\nKEY={}\n", text(&ended))).unwrap();
    std::fs::write(folder.join("deep/code.rs"), format!("let key = \"{}\";", unknown.expose())).unwrap();
    let path = folder.to_str().unwrap();
    let scanned = server.command(&["api-key", "scan", path]);
    let told = |found: &Value| {
        let rows = found.as_array().unwrap().iter();
        let place = |row: &Value| row["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        rows.map(|row| (place(row), row["line"].as_i64().unwrap(), row["state"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    let two = [("code.rs".to_owned(), 1, "unknown".to_owned()), (".env".to_owned(), 2, "ended".to_owned())];
    assert_eq!(told(&scanned), two, "none of these can be used: exit code 0");

    let mut bytes = vec![0xff, b'\n'];
    bytes.extend(text(&live).bytes());
    std::fs::write(folder.join("a.bin"), bytes).unwrap();
    let sentence = server.refused_at_length(&["api-key", "scan", path, "--json"]);
    assert!(sentence.contains("1 of the keys can be used"), "{sentence}");
    // What is piped in.
    let diff = format!("+KEY={}\n-KEY={}\n", text(&ended), unknown.expose());
    let piped = server.command_with(&["api-key", "scan", "-"], &diff);
    assert_eq!(told(&piped), [("-".to_owned(), 1, "ended".to_owned()), ("-".to_owned(), 2, "unknown".to_owned())]);
    assert!(server.refused_at_length(&["api-key", "scan", "/nowhere/at/all"]).contains("could not be read"));
}

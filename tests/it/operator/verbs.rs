//! What commands say and take beyond one thing: parts of lists, searches, lists that are cleared, deletion, and words for whoever is stuck.

use serde_json::{Value, json};

use super::text;
use crate::support::{Database, Live, PASSWORD};

/// Runs a command beside the server that must do well; what it says on stdout, and on stderr.
fn both(server: &Live, arguments: &[&str]) -> (String, String) {
    let child = server.begin(arguments);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn field(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn accounts_are_found_by_address_and_name_in_any_case_and_language() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    for (email, name) in
        [("ann@example.org", "Ann Lee"), ("ozgur@example.org", "Özgür 100%"), ("b_b@example.org", "Bo!")]
    {
        server.command(&["user", "create", "--email", email, "--name", name]);
    }
    for (search, found) in [
        ("LEE", &["ann@example.org"][..]),
        ("Ann@", &["ann@example.org"]),
        ("Özgür", &["ozgur@example.org"]),
        ("00%", &["ozgur@example.org"]),
        ("_", &["b_b@example.org"]),
        ("!", &["b_b@example.org"]),
        ("EXAMPLE.org", &["ann@example.org", "b_b@example.org", "ozgur@example.org"]),
        ("nobody", &[]),
    ] {
        // Those of one second come in the order of their ids.
        let mut listed = field(&server.command(&["user", "list", "--search", search]), "email");
        listed.sort();
        assert_eq!(listed, found, "{search}");
    }
    assert!(server.say(&["user", "list", "--search", "nobody"], "").contains("No account has that"));
}

#[tokio::test]
async fn lists_come_in_parts_and_say_where_they_ended() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    for number in 0..5 {
        server.user(&format!("a{number}@example.org"));
    }
    let all = field(&server.command(&["user", "list"]), "id");
    let (first, said) = both(&server, &["user", "list", "--limit", "2", "--json"]);
    assert_eq!(field(&serde_json::from_str(&first).unwrap(), "id"), all[..2]);
    let place = said.split('\'').nth(1).unwrap();
    assert!(said.starts_with("There are more: go on with --after "), "{said}");
    let (second, said) = both(&server, &["user", "list", "--limit", "3", "--after", place, "--json"]);
    assert_eq!(field(&serde_json::from_str(&second).unwrap(), "id"), all[2..]);
    assert_eq!(said, "");
    for noun in ["client", "resource", "session"] {
        assert_eq!(server.command(&[noun, "list", "--limit", "1"]), json!([]));
    }
}

#[tokio::test]
async fn clients_are_listed_by_type() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let made: Vec<_> = ["web", "spa", "native", "service"]
        .map(|kind| {
            let uri = if kind == "native" { "http://127.0.0.1/cb" } else { "https://rp.test/cb" };
            let create = ["client", "create", "--type", kind, "--name", "Notebook", "--redirect-uri", uri];
            let create = if kind == "service" { &create[..6] } else { &create[..] };
            (kind, server.command(create)["client_id"].as_str().unwrap().to_owned())
        })
        .into();
    for (kind, id) in made {
        assert_eq!(field(&server.command(&["client", "list", "--type", kind]), "client_id"), [id], "{kind}");
    }
    assert_eq!(server.command(&["client", "list"]).as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_empty_value_clears_a_list() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let api = "https://api.test";
    server.command(&["resource", "create", "--identifier", api, "--name", "Notes", "--scope", "notes:read"]);
    let web = server.client("web", &["--post-logout-redirect-uri", "https://rp.test/out", "--resource", api]);
    let cleared = server.command(&[
        "client",
        "update",
        &web.id,
        "--post-logout-redirect-uri",
        "",
        "--resource",
        "",
        "--scope",
        "",
    ]);
    assert_eq!((&cleared["post_logout_redirect_uris"], &cleared["resources"]), (&json!([]), &json!([])));
    assert_eq!(cleared["scope"], "");
    assert!(
        server
            .refused(&["client", "update", &web.id, "--redirect-uri", ""])
            .contains("needs at least one redirect URI")
    );

    server.command(&["resource", "update", api, "--introspector", &web.id]);
    let cleared = server.command(&["resource", "update", api, "--introspector", "", "--scope", ""]);
    assert_eq!((&cleared["introspectors"], &cleared["scopes"]), (&json!([]), &json!([])));

    let create = ["user", "create", "--email", "ann@example.org", "--name", "Ann Lee", "--role", "editor"];
    assert_eq!(server.command(&create)["roles"], json!(["editor"]));
    assert_eq!(server.command(&["user", "update", "ann@example.org", "--role", ""])["roles"], json!([]));
}

#[tokio::test]
async fn an_account_without_a_password_is_said_to_let_nobody_in() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let (made, said) = both(&server, &["user", "create", "--email", "ann@example.org", "--name", "Ann Lee", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&made).unwrap()["signs_in_by"], json!([]));
    assert!(
        said.contains("Nobody can sign in") && said.contains("user update ann@example.org --password-stdin"),
        "{said}"
    );
    let (_, said) = both(&server, &["user", "show", "ann@example.org"]);
    assert!(said.contains("Nobody can sign in"), "{said}");
    server.command_with(&["user", "update", "ann@example.org", "--password-stdin"], &format!("{PASSWORD}\n"));
    let (shown, said) = both(&server, &["user", "show", "ann@example.org"]);
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("signs in by password") && said.is_empty(), "{shown}{said}");
}

#[tokio::test]
async fn what_was_made_begins_with_its_id_and_secret() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let (made, _) = both(&server, &["client", "create", "--type", "service", "--name", "Nightly job"]);
    let names: Vec<&str> = made.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names[..2], ["client id", "client secret"], "{made}");
    let (made, _) = both(&server, &["user", "create", "--email", "ann@example.org", "--name", "Ann Lee"]);
    assert!(made.starts_with("id "), "{made}");
    let (made, _) = both(&server, &["resource", "create", "--identifier", "https://api.test", "--name", "Notes"]);
    assert!(made.starts_with("identifier "), "{made}");
}

#[tokio::test]
async fn who_ends_a_session_by_something_else_is_told_of_the_option_for_a_person() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user("ann@example.org");
    assert!(server.refused(&["session", "end", "ann@example.org"]).contains("--user USER ends all of one person"));
    let child = server.begin(&["session", "end"]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--user"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn no_name_reaches_the_terminal_with_characters_that_control_it() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let create = ["client", "create", "--type", "service", "--name", "Note\u{202e}koob"];
    assert!(server.refused(&create).contains("name: the name must have 1 to 200 characters"));
    let create = ["user", "create", "--email", "ann@example.org", "--name", "Ann\u{2066}Lee"];
    assert!(server.refused(&create).contains("name: "));
    let create = ["resource", "create", "--identifier", "https://api.test", "--name", "Notes\u{7}"];
    assert!(server.refused(&create).contains("name: "));
    // One that was made before that rule.
    server.command(&["user", "create", "--email", "ann@example.org", "--name", "Ann Lee"]);
    database.db_execute("UPDATE users SET name = 'Ann\u{202e}\u{1b}[2J'").await;
    for arguments in
        [&["user", "list"][..], &["user", "show", "ann@example.org"], &["user", "delete", "ann@example.org", "--yes"]]
    {
        let (out, said) = both(&server, arguments);
        assert!(!format!("{out}{said}").contains(['\u{202e}', '\u{1b}']), "{out}{said}");
    }
}

#[tokio::test]
async fn deletion_says_what_goes_asks_and_does_nothing_without_a_yes() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let api = "https://api.test";
    server.command(&["resource", "create", "--identifier", api, "--name", "Notes", "--scope", "notes:read"]);
    let user = server.user("ann@example.org");
    let client = server.client("web", &["--resource", api]);
    let mut browser = server.browser();
    let redirect = browser.authorize(&client.authorization_path("scope=openid"), "ann@example.org").await;
    client.redeem(&redirect).await.ok();
    for (arguments, words) in [
        (["client", "delete", &client.id], "what 1 people have allowed it"),
        (["user", "delete", "ann@example.org"], "1 sign-ins and the access of 1 applications"),
        (["resource", "delete", api], "its scopes: notes:read"),
    ] {
        let said = server.refused_at_length(&arguments);
        assert!(said.contains("for good") && said.contains(words) && said.contains("nothing was done"), "{said}");
        server.command(&[arguments[0], "show", arguments[2]]);
    }
    // A client that is limited to it would be limited no more.
    let named = server.refused_at_length(&["resource", "delete", api, "--yes"]);
    assert!(named.contains("change them first") && named.contains(&client.id), "{named}");

    let typed = server.say(&["client", "delete", &client.id, "--json"], "yes\n");
    assert_eq!(serde_json::from_str::<Value>(&typed).unwrap(), json!({ "client_id": client.id, "deleted": true }));
    assert_eq!(server.command(&["user", "delete", &user, "--yes"]), json!({ "id": user, "deleted": true }));
    assert_eq!(server.command(&["resource", "delete", api, "--yes"]), json!({ "identifier": api, "deleted": true }));
    for (noun, id) in [("client", client.id.as_str()), ("user", &user), ("resource", api)] {
        assert!(server.refused(&[noun, "show", id]).contains("there is no"));
        assert!(server.refused(&[noun, "delete", id, "--yes"]).contains("there is no"));
        assert_eq!(server.command(&[noun, "list"]), json!([]));
    }
}

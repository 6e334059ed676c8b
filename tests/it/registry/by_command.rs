//! Two commands at once, in processes of their own.

use std::io::Write;
use std::process::Child;

use rustix::io::ioctl_fionread;
use serde_json::json;

use crate::support::{Database, Live, eventually_blocking};

/// Waits for the end of a command that must do well.
fn end(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn a_password_that_is_still_being_typed_does_not_bring_back_an_account_that_is_switched_off_meanwhile() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let id = server.user("ann@example.org");
    let mut update = server.begin(&["user", "update", &id, "--name", "Ann Smith", "--password-stdin"]);
    let mut typing = update.stdin.take().unwrap();
    typing.write_all(b"a quiet river").unwrap();
    // Once the command has taken the first half it waits for the other.
    eventually_blocking("the password is read", || (ioctl_fionread(&typing).unwrap() == 0).then_some(()));
    assert_eq!(server.command(&["user", "disable", &id])["state"], "off");
    typing.write_all(b" at dusk\n").unwrap();
    drop(typing);
    end(update);
    let user = server.command(&["user", "show", &id]);
    assert_eq!((&user["state"], &user["name"]), (&json!("off"), &json!("Ann Smith")));
}

#[tokio::test]
async fn commands_that_change_one_client_at_once_leave_every_change() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let client = server.client("web", &[]);
    for round in 0..5 {
        let name = format!("Notebook {round}");
        let begun = [
            server.begin(&["client", "update", &client.id, "--name", &name]),
            server.begin(&["client", "disable", &client.id]),
            server.begin(&[
                "client",
                "update",
                &client.id,
                "--first-party",
                if round % 2 == 0 { "true" } else { "false" },
            ]),
        ];
        begun.into_iter().for_each(end);
        let shown = server.command(&["client", "show", &client.id]);
        assert_eq!((&shown["name"], &shown["state"]), (&json!(name), &json!("off")));
        assert_eq!(shown["first_party"], round % 2 == 0);
        server.command(&["client", "enable", &client.id]);
    }
}

#[tokio::test]
async fn a_command_says_everything_that_is_wrong_with_its_field() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let said = server.refused_at_length(&[
        "client",
        "create",
        "--type",
        "spa",
        "--name",
        "",
        "--redirect-uri",
        "https://rp.test/cb",
        "--redirect-uri",
        "http://rp.test/cb",
        "--resource",
        "https://api.test",
    ]);
    let lines: Vec<&str> = said.lines().collect();
    for (line, begins) in
        lines.iter().zip(["name: ", "redirect_uris[1]: the redirect URI 'http://rp.test/cb' ", "resources[0]: "])
    {
        assert!(line.starts_with(&format!("doorward: {begins}")), "{said}");
    }
    assert_eq!(lines.len(), 3, "{said}");
    assert_eq!(server.command(&["client", "list"]), json!([]));
}

//! `user delete --grace`, `user undelete`, `user export`.

use serde_json::json;

use super::ANN;
use crate::support::{Database, Live};

#[tokio::test]
async fn operators_close_accounts_bring_them_back_and_write_down_what_is_known() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let ann = server.user(ANN);
    assert_eq!(server.command(&["user", "show", ANN])["delete_after"], json!(null));
    let asked = server.refused_at_length(&["user", "delete", ANN, "--grace", "7d"]);
    assert!(asked.contains("is closed, and goes later") && asked.contains("nothing was done"), "{asked}");
    for wrong in ["7", "d", "0d", "-1d", "a week", "7w"] {
        let grace = format!("--grace={wrong}");
        let output = server.begin(&["user", "delete", ANN, &grace, "--yes"]).wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("how long there is to come back"), "{wrong}: {said}");
    }
    let closed = server.command(&["user", "delete", ANN, "--grace", "7d", "--yes"]);
    assert_eq!((&closed["id"], &closed["deleted"]), (&json!(ann), &json!(false)));
    let shown = server.command(&["user", "show", ANN]);
    assert_eq!((&shown["delete_after"], &shown["state"]), (&closed["delete_after"], &json!("off")));
    assert!(closed["delete_after"].as_str().unwrap().ends_with('Z'));
    assert!(server.refused(&["user", "enable", ANN]).contains("user undelete"));
    let exported = server.command(&["user", "export", &ann]);
    assert_eq!(exported["account"]["delete_after"], closed["delete_after"]);
    assert!(server.say(&["user", "export", ANN], "").starts_with("{\n  \"version\": 1,"));
    let back = server.command(&["user", "undelete", ANN]);
    assert_eq!((&back["delete_after"], &back["state"]), (&json!(null), &json!("on")));
    assert!(server.refused(&["user", "undelete", ANN]).contains("is not about to be deleted"));
    for verb in ["undelete", "export"] {
        assert!(server.refused(&["user", verb, "eve@example.org"]).contains("there is no account"), "{verb}");
    }
}

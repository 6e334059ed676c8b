//! `lockout list` and `user unlock` beside a running server.

use serde_json::json;

use crate::support::{Database, Live};

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn a_command_opens_an_account_beside_a_running_server() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let ann = server.user(ANN);
    assert_eq!(server.command(&["lockout", "list"]), json!([]));
    let closed = |which: &str, network: &str| {
        format!(
            "INSERT INTO attempt_counters (id, account, network, started_at, taken, failed, places, in_row, stop_at, spread, spread_at, \
             closed_until, keep_until) VALUES ({which}, {network}, 0, 0, 0, 5, 100, 101, 0, 0, {}, {})",
            i64::MAX,
            i64::MAX
        )
    };
    database.db_execute(&closed(&format!("'a {ann}', '{ann}'"), "NULL")).await;
    database.db_execute(&closed("'a ?hash', '?hash'", "NULL")).await;
    let seen = server.command(&["lockout", "list"]);
    let first = json!({
        "refused": "strangers", "user_id": ann, "email": ANN, "network": null, "failures": 100, "until": null, "count": 1
    });
    assert_eq!(seen[0], first);
    assert_eq!(
        (&seen[1]["refused"], &seen[1]["count"], &seen[1]["email"]),
        (&json!("unknown_names"), &json!(1), &json!(null))
    );
    assert_eq!(server.command(&["user", "unlock", ANN]), json!({ "id": ann, "unlocked": true }));
    assert_eq!(server.command(&["lockout", "list"]).as_array().unwrap().len(), 1);
}

//! The commands, as an operator types them beside a running server.

use serde_json::json;

use super::ANN;
use crate::support::{Database, Live, eventually};

const API: &str = "https://api.example.org";

#[tokio::test]
async fn a_role_is_made_given_shown_and_taken_beside_a_running_server() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.command(&[
        "resource",
        "create",
        "--identifier",
        API,
        "--name",
        "Orders",
        "--scope",
        "read:orders",
        "--scope",
        "write:orders",
    ]);
    let made =
        server.command(&["role", "create", "editor", "--scope", "write:orders", "--description", "Writes orders"]);
    assert_eq!(
        (&made["name"], &made["scopes"], &made["built_in"]),
        (&json!("editor"), &json!(["write:orders"]), &json!(false))
    );
    let id = server.user(ANN);
    let given = server.command(&["user", "grant-role", ANN, "editor"]);
    assert_eq!(given, json!({ "id": id, "roles": ["editor"] }));
    let job = server.client("service", &["--scope", "read:orders write:orders"]);
    let ask = async |scope: &str| job.token(&[("grant_type", "client_credentials"), ("scope", scope)]).await;
    let is_given = async |scope: &str| (ask(scope).await.status == 200).then_some(());
    eventually("the server knows the API", async || is_given("read:orders").await).await;
    eventually("the server knows the role", async || {
        let refused = ask("write:orders").await.json();
        refused["error_description"].as_str().is_some_and(|words| words.contains("lacks the role")).then_some(())
    })
    .await;
    assert_eq!(server.command(&["client", "grant-role", &job.id, "editor"])["roles"], json!(["editor"]));
    eventually("the server knows of the role", async || is_given("write:orders").await).await;
    let shown = server.command(&["role", "show", "editor"]);
    assert_eq!((&shown["users"], &shown["clients"]), (&json!([ANN]), &json!([job.id])));
    let resource =
        server.command(&["resource", "update", API, "--scope-needs", "read:orders=editor,admin", "--roles", "editor"]);
    assert_eq!(resource["scope_needs"], json!({ "read:orders": ["admin", "editor"] }));
    assert_eq!(resource["roles"], "editor");
    assert_eq!(
        server.command(&["resource", "update", API, "--scope-needs", "read:orders=", "--roles", "all"])["scope_needs"],
        json!({})
    );
    assert!(server.refused(&["resource", "update", API, "--roles", "typist"]).contains("no role 'typist'"));
    assert!(server.refused_at_length(&["role", "delete", "editor", "--yes"]).contains(ANN));
    server.command(&["user", "revoke-role", ANN, "editor"]);
    server.command(&["client", "revoke-role", &job.id, "editor"]);
    let mfa = "https://refeds.org/profile/mfa";
    assert_eq!(server.command(&["role", "update", "editor", "--acr", mfa])["acr"], json!(mfa));
    let changed = server.command(&["role", "update", "editor", "--scope", ""]);
    assert_eq!((&changed["scopes"], &changed["acr"]), (&json!([]), &json!(mfa)));
    assert_eq!(server.command(&["role", "update", "editor", "--acr", ""])["acr"], json!(null));
    assert!(server.refused(&["role", "update", "editor", "--acr", "gold"]).contains(mfa));
    server.command(&["role", "delete", "editor", "--yes"]);
    let names: Vec<_> =
        server.command(&["role", "list"]).as_array().unwrap().iter().map(|role| role["name"].clone()).collect();
    assert_eq!(names, [json!("admin"), json!("user")]);
}

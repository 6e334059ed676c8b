//! What is known of a person, as they get it: everything of theirs, nothing of anybody else, and no secret.

use doorward::protocol::client::ClientType;
use doorward::registry::{Act, NewIdentity};
use serde_json::{Value, json};

use super::{ANN, EVE, operator, start};
use crate::support::{PASSWORD, Server};

/// What an operator is called at the machine.
const OPERATOR: &str = "root-bob";

/// Two people who do the same, with different words.
async fn lived_in() -> (Server, [String; 2]) {
    let server = start().await;
    let client = server.db_client(ClientType::Web, |client| client.name = "Notebook".into()).await;
    server.poll().await;
    let mut ids = Vec::new();
    for (email, subject) in [(ANN, "subject-of-ann"), (EVE, "subject-of-eve")] {
        let id = server.db_user(email).await;
        server
            .db_change_user(&id, |account| {
                account.user.name = format!("Name of {email}");
                account.user.claims.insert("website".into(), json!(format!("https://{email}.test")));
            })
            .await;
        let identity = NewIdentity { provider: "id".into(), issuer: "https://id.test".into(), subject: subject.into() };
        let act = Act { os_user: Some(OPERATOR.into()), ..operator(&server) };
        server.registry().link_identity(&id, &identity, &act).await.unwrap();
        let mut browser = server.browser();
        let code = browser.code(&client, email, "scope=openid+offline_access").await;
        client.redeem(&code).await.ok();
        let mut failing = server.browser();
        let form = failing.visit("/login").await.form("#login-submit");
        failing.submit(&form.with("email", email).with("password", "not the password at all")).await;
        ids.push(id);
    }
    (server, ids.try_into().unwrap())
}

async fn export(server: &Server, user: &str) -> Value {
    serde_json::to_value(server.registry().export_user(user, &operator(server)).await.unwrap()).unwrap()
}

#[tokio::test]
async fn an_export_holds_everything_of_a_person_and_nothing_of_another() {
    let (server, [ann, eve]) = lived_in().await;
    let document = export(&server, ANN).await;
    assert_eq!(document["account"]["id"], json!(ann));
    assert_eq!(document["account"]["email"], json!(ANN));
    assert_eq!(document["account"]["name"], json!(format!("Name of {ANN}")));
    assert_eq!(document["account"]["claims"]["website"], json!(format!("https://{ANN}.test")));
    assert_eq!(document["account"]["roles"], json!(["editor"]));
    assert_eq!(document["account"]["has_password"], json!(true));
    assert_eq!(document["identities"][0]["subject"], json!("subject-of-ann"));
    assert_eq!(document["sign_ins"].as_array().unwrap().len(), 1);
    assert_eq!(document["sign_ins"][0]["address"], json!("203.0.113.7"));
    let app = &document["applications"][0];
    assert_eq!((&app["name"], &app["scopes"]), (&json!("Notebook"), &json!(["offline_access", "openid"])));
    assert!(app["allowed"].is_object());
    let history: Vec<&str> =
        document["history"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    for event in ["identity.linked", "sign_in.succeeded", "consent.given", "grant.began", "sign_in.failed"] {
        assert!(history.contains(&event), "{event}: {history:?}");
    }
    let text = document.to_string();
    for foreign in [&eve, EVE, "subject-of-eve", OPERATOR] {
        assert!(!text.contains(foreign), "{foreign}: {text}");
    }
    let hers = export(&server, &eve).await.to_string();
    assert!(hers.contains(EVE) && !hers.contains(ANN) && !hers.contains(&ann));
}

#[tokio::test]
async fn an_export_holds_no_secret_and_no_hash() {
    let (server, [ann, _]) = lived_in().await;
    let text = export(&server, &ann).await.to_string();
    assert!(!text.contains(PASSWORD) && !text.contains("$argon2") && !text.contains("password_hash"), "{text}");
    // What the database holds under such names, in whichever letters it may be written.
    for (table, column) in [("sign_ins", "secret_hash"), ("refresh_tokens", "token_hash"), ("codes", "code_hash")] {
        let sql = format!("SELECT {column} FROM {table}");
        for (bytes,) in server.database.db_rows::<(Vec<u8>,)>(&sql).await {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let base64 = doorward::secret::base64url(&bytes);
            assert!(!text.contains(&hex) && !text.contains(&base64), "{table}.{column}");
        }
    }
}

#[tokio::test]
async fn a_long_history_is_exported_to_its_end() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let registry = server.registry();
    for _ in 0..600 {
        registry.unlock_user(ANN, &operator(&server)).await.unwrap();
    }
    let document = export(&server, &ann).await;
    assert_eq!(document["history"].as_array().unwrap().len(), 600);
    assert!(document["history"].as_array().unwrap().iter().all(|event| event["by"] == "operator"));
}

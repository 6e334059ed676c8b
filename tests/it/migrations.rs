//! What migrations make of the rows that they find.

use doorward::clock::Timestamp;
use doorward::protocol::client::ClientType;
use doorward::protocol::user::{EmailAuthority, MadeBy, User};
use doorward::secret::SecretHash;
use doorward::storage::{Account, Storage};
use serde_json::json;

use crate::support::{Database, Server, is_postgres, unverified_claims};

#[tokio::test]
async fn what_a_person_proved_before_there_were_proofs_is_a_password_at_its_time() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "").await;
    let began = server.clock.now().seconds();
    server.turn(30);
    // As it was before the migration.
    for sql in [
        "ALTER TABLE sign_ins DROP COLUMN proofs",
        "ALTER TABLE grants DROP COLUMN proofs",
        "ALTER TABLE sign_ins ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd'",
        "ALTER TABLE grants ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd'",
        "ALTER TABLE grants ADD COLUMN auth_time BIGINT NOT NULL DEFAULT 0",
        "UPDATE grants SET auth_time = created_at",
        "DELETE FROM _sqlx_migrations WHERE version = 9",
    ] {
        server.database.db_execute(sql).await;
    }
    server.app.storage.migrate().await.unwrap();
    let after = browser.code(&client, "ann@example.org", "").await;
    for code in [code, after] {
        let tokens = client.redeem(&code).await.ok();
        let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
        assert_eq!((&claims["auth_time"], &claims["amr"]), (&json!(began), &json!(["pwd"])));
    }
}

#[tokio::test]
async fn a_grant_from_before_it_could_come_without_a_sign_in_keeps_its_own() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let code = server.browser().code(&client, "ann@example.org", "").await;
    server.database.db_execute("ALTER TABLE grants DROP COLUMN cnf").await;
    server.database.db_execute("DELETE FROM _sqlx_migrations WHERE version = 8").await;
    server.app.storage.migrate().await.unwrap();
    let tokens = client.redeem(&code).await.ok();
    let orphans = "SELECT COUNT(*) FROM grants WHERE sign_in_id IS NULL OR sign_in_id NOT IN (SELECT id FROM sign_ins)";
    assert_eq!(server.database.db_number(orphans).await, 0);
    assert!(unverified_claims(tokens["id_token"].as_str().unwrap()).get("sid").is_some());
}

#[tokio::test]
async fn a_person_from_before_there_were_providers_keeps_all_that_was_theirs() {
    let database = Database::empty().await;
    database.db_migrate_before("0020").await;
    let storage = Storage::open(&database.config, true).await.unwrap();
    let hash = if is_postgres() { "'\\x00'" } else { "x'00'" };
    for sql in [
        "INSERT INTO users (id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at) \
         VALUES ('u', 'ann@example.org', 1, 'Ann Lee', 'hash', '{\"nickname\":\"ann\"}', '[\"editor\"]', 7, NULL, 8), \
         ('v', 'bob@example.org', 0, 'Bob Ray', NULL, '{}', '[]', 9, 10, 11)",
        "INSERT INTO clients (client_id, client_type, name, auth_method, redirect_uris, scopes, resources, first_party, created_at) \
         VALUES ('c', 'web', 'Notebook', 'none', '[]', 'openid', '[]', 0, 7)",
        &format!(
            "INSERT INTO sign_ins (id, secret_hash, user_id, created_at, auth_time, last_used_at, expires_at, user_agent, address, proofs) \
             VALUES ('s', {hash}, 'u', 7, 7, 7, 99, 'browser', '203.0.113.7', '[{{\"kind\":\"password\",\"at\":7}}]')"
        ),
        "INSERT INTO consents (user_id, client_id, scopes, resources, given_at, confirmed_request) VALUES ('u', 'c', 'openid', '[]', 7, 'r')",
        "INSERT INTO grants (id, client_id, user_id, sign_in_id, bound, scopes, resources, created_at) \
         VALUES ('g', 'c', 'u', 's', 1, 'openid', '[]', 7)",
    ] {
        database.db_execute(sql).await;
    }
    let report = storage.migrate().await.unwrap();
    assert!(report.applied.iter().any(|migration| migration.version == 20), "{report:?}");
    let mut reader = storage.read().await.unwrap();
    let ann = reader.user_by_email("ann@example.org").await.unwrap().unwrap();
    let expected = User {
        email: Some("ann@example.org".to_owned()),
        email_verified: true,
        email_authority: EmailAuthority::Unknown,
        name: "Ann Lee".to_owned(),
        claims: json!({ "nickname": "ann" }).as_object().unwrap().clone(),
        roles: vec!["editor".to_owned()],
        updated_at: Timestamp::from_seconds(8),
        ..User::new("u".to_owned(), MadeBy::Unknown, Timestamp::from_seconds(7))
    };
    assert_eq!((format!("{:?}", ann.user), ann.password_hash.as_deref()), (format!("{expected:?}"), Some("hash")));
    let bob = reader.user("v").await.unwrap().unwrap();
    assert_eq!(bob.user.email_authority, EmailAuthority::Unknown, "nobody knows who made it");
    let times = [bob.user.created_at, bob.user.updated_at, bob.user.disabled_at.unwrap()];
    assert_eq!((times.map(Timestamp::seconds), bob.password_hash), ([9, 11, 10], None));
    assert_eq!(reader.sign_ins_of_user("u").await.unwrap().len(), 1);
    assert_eq!(reader.apps_of_user("u").await.unwrap().len(), 1);
    assert_eq!(reader.belongings_of_user("u").await.unwrap(), (1, 1));
    drop(reader);
    // The rows refer to the new table, and it has its rules.
    let mut transaction = storage.begin().await.unwrap();
    let twice = Account::new(User { id: "w".to_owned(), ..expected.clone() }, None);
    assert!(!transaction.insert_user(&twice).await.unwrap(), "an address is one person's");
    for id in ["x", "y"] {
        let nameless = User::new(id.to_owned(), MadeBy::Upstream, Timestamp::from_seconds(12));
        let account = Account::new(nameless, None);
        assert!(transaction.insert_user(&account).await.unwrap(), "any number have no address");
    }
    transaction.commit().await.unwrap();
    for table in ["sign_ins", "consents", "grants"] {
        let orphans = format!("SELECT COUNT(*) FROM {table} WHERE user_id NOT IN (SELECT id FROM users)");
        assert_eq!(database.db_number(&orphans).await, 0, "{table}");
    }
    if !is_postgres() {
        assert_eq!(database.db_number("SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
        const REFERRING: &str = "SELECT COUNT(*) FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
            WHERE m.type = 'table' AND f.\"table\" = 'users' AND m.name IN ('sign_ins', 'consents', 'grants', 'identities')";
        assert_eq!(database.db_number(REFERRING).await, 4);
    }
    let mut transaction = storage.begin().await.unwrap();
    assert!(transaction.delete_user("v").await.unwrap());
    transaction.commit().await.unwrap();
}

/// What was verified before it was kept by whom stays with its account; what was typed stays its owner's, who may come.
#[tokio::test]
async fn an_address_from_before_it_was_kept_who_stands_for_it_is_taken_from_nobody_who_may_have_proved_it() {
    let database = Database::empty().await;
    database.db_migrate_before("0024").await;
    let storage = Storage::open(&database.config, true).await.unwrap();
    for (number, (made_by, verified, _)) in FROM_BEFORE.into_iter().enumerate() {
        let sql = format!(
            "INSERT INTO users (id, email, email_verified, name, claims, roles, created_at, updated_at, made_by) \
             VALUES ('{number}', '{number}@example.org', {verified}, 'Ann', '{{}}', '[]', 7, 7, '{made_by}')"
        );
        database.db_execute(&sql).await;
    }
    storage.migrate().await.unwrap();
    for (number, (made_by, verified, may)) in FROM_BEFORE.into_iter().enumerate() {
        let user = storage.read().await.unwrap().user(&number.to_string()).await.unwrap().unwrap().user;
        assert_eq!(user.may_be_displaced(), may, "{made_by} {verified}");
    }
}

/// Who made an account, whether its address was verified, and whether it may be taken over.
const FROM_BEFORE: [(&str, i64, bool); 7] = [
    ("person", 0, true),
    ("person", 1, false),
    ("upstream", 0, false),
    ("upstream", 1, false),
    ("operator", 0, false),
    ("operator", 1, false),
    ("unknown", 0, false),
];

#[tokio::test]
async fn a_secret_from_before_there_could_be_two_goes_on() {
    let database = Database::empty().await;
    database.db_migrate_before("0032").await;
    let storage = Storage::open(&database.config, true).await.unwrap();
    let (hash, own) = if is_postgres() {
        ("decode(repeat('07', 32), 'hex')", "BYTEA")
    } else {
        ("CAST(x'0707070707070707070707070707070707070707070707070707070707070707' AS BLOB)", "BLOB")
    };
    for (id, method, secret) in [("web", "client_secret", hash), ("spa", "none", &format!("CAST(NULL AS {own})"))] {
        let sql = format!(
            "INSERT INTO clients (client_id, client_type, name, secret_hash, auth_method, redirect_uris, scopes, resources, first_party, created_at) \
             VALUES ('{id}', '{id}', 'Notebook', {secret}, '{method}', '[]', 'openid', '[]', 0, 7)"
        );
        database.db_execute(&sql).await;
    }
    storage.migrate().await.unwrap();
    let mut reader = storage.read().await.unwrap();
    let web = reader.client("web").await.unwrap().unwrap();
    let (place, secret) = web.secrets.matching(&SecretHash::from_bytes(&[7; 32]).unwrap()).unwrap();
    assert_eq!((place, secret.id.as_str(), secret.made_at, secret.expires_at), (0, "first", None, None));
    assert!(reader.client("spa").await.unwrap().unwrap().secrets.is_empty());
    assert_eq!(reader.clients().await.unwrap().len(), 2);
}

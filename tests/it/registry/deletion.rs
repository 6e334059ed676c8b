//! Deletion: nothing that hung on what is gone holds any more, on any node, whatever is given at the same time.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::audit::Name;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::Error;

use super::operator;
use crate::support::{Database, Receiver, Server, is_postgres};

const TABLES: &[&str] = &["codes", "refresh_tokens", "grants", "consents", "sign_ins", "identities", "logout_outbox"];

async fn rows(server: &Server) -> Vec<i64> {
    server.database.db_counts(TABLES).await
}

#[tokio::test]
async fn a_deleted_client_is_forgotten_by_every_node_and_all_that_it_was_granted_is_gone() {
    let server = Server::start().await;
    let other = server.another_node().await;
    server.db_user("ann@example.org").await;
    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    server.db_resource("https://api.test", &["notes"]).await;
    server.db_change_resource("https://api.test", |api| api.introspectors = vec![service.id.clone()]).await;
    server.poll().await;
    other.poll().await;
    let mut browser = server.browser();
    let code = browser.code(&spa, "ann@example.org", "scope=openid+offline_access").await;
    let tokens = spa.on(&other).redeem(&code).await.ok();
    let unused = browser.code(&spa, "ann@example.org", "scope=openid+offline_access").await;
    let access_token = tokens["access_token"].as_str().unwrap();
    spa.userinfo(access_token).await.ok();
    service.on(&other).credentials(&[]).await.ok();

    let deleted = server.registry().delete_client(&spa.id, &operator()).await.unwrap();
    assert_eq!((deleted.event.name, deleted.view.client_id.as_str()), (Name::ClientDeleted, spa.id.as_str()));
    server.registry().delete_client(&service.id, &operator()).await.unwrap();
    // At once, even where the client is still in memory.
    let userinfo = spa.on(&other).userinfo(access_token).await;
    userinfo.refused(401, Rejection::TokenOfEndedGrant);
    assert_eq!(rows(&server).await, [0, 0, 0, 0, 1, 0, 0]);
    for node in [&server, &other] {
        node.poll().await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let refreshed = spa.on(node).token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
        refreshed.refused_json(401, Rejection::UnregisteredClient);
        spa.on(node).redeem(&unused).await.refused_json(401, Rejection::UnregisteredClient);
        service.on(node).credentials(&[]).await.refused_json(401, Rejection::UnregisteredClient);
        let preflight = Request::options("/token").header(header::ORIGIN, "https://rp.test");
        let preflight = preflight.header("access-control-request-method", "POST").body(Body::empty()).unwrap();
        assert_eq!(node.send(preflight).await.header("access-control-allow-origin"), "");
    }
    assert_eq!(server.registry().resource("https://api.test").await.unwrap().introspectors, Vec::<String>::new());
    let gone = server.registry().delete_client(&spa.id, &operator()).await;
    assert!(matches!(gone, Err(Error::Missing(..))), "{gone:?}");
}

#[tokio::test]
async fn a_client_that_is_made_anew_under_the_id_of_a_deleted_one_is_the_new_one_everywhere() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let client = server.db_client(ClientType::Service, |_| {}).await;
    other.poll().await;
    client.on(&other).credentials(&[]).await.ok();
    server.registry().delete_client(&client.id, &operator()).await.unwrap();
    let again = server.db_client(ClientType::Service, |new| new.client_id = client.id.clone()).await;
    other.poll().await;
    again.on(&other).credentials(&[]).await.ok();
    client.on(&other).credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
}

#[tokio::test]
async fn a_deleted_person_is_signed_out_everywhere_and_applications_are_told() {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let server = Server::with(|config| config.outgoing.allow = vec![allowed]).await;
    let client = server.db_client(ClientType::Web, |client| client.backchannel_logout_uri = Some(receiver.uri())).await;
    let id = server.db_user("ann@example.org").await;
    server.poll().await;
    let mut browser = server.browser();
    let code = browser.code(&client, "ann@example.org", "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();

    let deleted = server.registry().delete_user("ann@example.org", &operator()).await.unwrap();
    assert_eq!((deleted.event.name, deleted.event.user_id.as_deref()), (Name::UserDeleted, Some(id.as_str())));
    assert_eq!(rows(&server).await, [0, 0, 0, 0, 0, 0, 1]);
    let userinfo = client.userinfo(tokens["access_token"].as_str().unwrap()).await;
    userinfo.refused(401, Rejection::TokenOfEndedGrant);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refreshed = client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    assert_eq!(refreshed.status, 400);
    assert!(browser.visit("/account").await.has("#login-submit"), "the browser is signed out");
    while server.app.deliver_logouts().await.unwrap() > 0 {}
    assert_eq!(receiver.tokens().await.len(), 1);
    // The address is free, and whoever takes it is somebody else.
    let another = server.db_user("ann@example.org").await;
    assert_ne!(another, id);
    assert_eq!(rows(&server).await, [0; 7]);
}

#[tokio::test]
async fn deletion_beside_people_who_are_just_signing_in_leaves_nothing_behind() {
    let server = Server::start().await;
    for round in 0..5 {
        let email = format!("ann{round}@example.org");
        server.db_user(&email).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        server.poll().await;
        let mut browsers: Vec<_> = (0..3).map(|_| server.browser()).collect();
        for browser in &mut browsers {
            browser.sign_in(&email).await;
        }
        let path = client.authorization_url("scope=openid+offline_access");
        let going_on = browsers.iter_mut().map(|browser| browser.authorize(&client, &email, "scope=openid"));
        let registry = server.registry();
        let act = operator();
        // What becomes of a request under way is either of two; what is left is nothing.
        let (_, deleted, gone) = tokio::join!(
            futures_util::future::join_all(going_on),
            registry.delete_client(&client.id, &act),
            registry.delete_user(&email, &act),
        );
        assert!(deleted.is_ok() && gone.is_ok(), "{deleted:?} {gone:?} {path}");
        let left = rows(&server).await;
        assert_eq!(left[..6], [0; 6], "round {round}");
    }
}

/// What refers to a client, a person or a grant: table, column, and what it refers to.
const REFERENCES: &[(&str, &str, &str)] = &[
    ("sign_ins", "user_id", "users"),
    ("identities", "user_id", "users"),
    ("factors", "user_id", "users"),
    ("passkeys", "user_id", "users"),
    ("factor_resets", "user_id", "users"),
    ("kept_devices", "user_id", "users"),
    ("api_keys", "user_id", "users"),
    ("api_keys", "client_id", "clients"),
    ("tickets", "user_id", "users"),
    ("consents", "user_id", "users"),
    ("consents", "client_id", "clients"),
    ("grants", "user_id", "users"),
    ("grants", "client_id", "clients"),
    ("codes", "grant_id", "grants"),
    ("refresh_tokens", "grant_id", "grants"),
    ("logout_outbox", "client_id", "clients"),
    ("client_secrets", "client_id", "clients"),
];

/// A new table that refers to one of these must be named above, and with it in `storage/deletion.rs`, or nothing could be deleted any more.
#[tokio::test]
async fn what_refers_to_a_client_or_a_person_is_deleted_with_it() {
    if is_postgres() {
        return;
    }
    const ALL: &str = "SELECT COUNT(*) FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' \
        AND f.\"table\" IN ('users', 'clients', 'grants')";
    let database = Database::copy().await;
    assert_eq!(
        usize::try_from(database.db_number(ALL).await).unwrap(),
        REFERENCES.len(),
        "another table refers to one of these"
    );
    let deletion = std::fs::read_to_string("src/storage/deletion.rs").unwrap();
    for (table, column, parent) in REFERENCES {
        let this = format!("{ALL} AND m.name = '{table}' AND f.\"from\" = '{column}' AND f.\"table\" = '{parent}'");
        assert_eq!(database.db_number(&this).await, 1, "{table}.{column}");
        let filters: &[&str] = match *parent {
            "grants" => {
                &["IN (SELECT id FROM grants WHERE client_id = $1)", "IN (SELECT id FROM grants WHERE user_id = $1)"]
            }
            _ => &["= $1"],
        };
        for filter in filters {
            assert!(
                deletion.contains(&format!("DELETE FROM {table} WHERE {column} {filter}")),
                "{table}.{column} {filter}"
            );
        }
    }
}

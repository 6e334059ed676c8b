//! What every face of the registry gets: problems field by field, lists page by page, events, and views that hold no secret.

use doorward::protocol::audit::{Actor, Name};
use doorward::protocol::client::AuthMethod;
use doorward::protocol::edit::Edit;
use doorward::protocol::page::Page;
use doorward::registry::{ClientChange, Error, NewResource, Renewal, ResourceChange, State, UserChange, Which};
use doorward::secret::Secret;
use doorward::storage::UserFilter;
use serde_json::{Value, json};

use super::{NOW, operator, person, web, wrong_fields};
use crate::support::Server;

#[tokio::test]
async fn what_is_wrong_is_told_field_by_field_and_nothing_is_written() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let id = registry.create_client(web("Notebook"), &act).await.unwrap().view.client.client_id;
    let before = format!("{:?}", registry.client(&id, NOW).await.unwrap());
    let wrong = ClientChange {
        name: Some("\u{7}".to_owned()),
        redirect_uris: Some(vec!["https://rp.test/cb".to_owned(), "rp.test".to_owned()]),
        resources: Some(vec!["https://api.test".to_owned()]),
        backchannel_logout_uri: Edit::Set("https://127.0.0.1/out".to_owned()),
        ..ClientChange::default()
    };
    let fields = wrong_fields(registry.change_client(&id, wrong, &act).await);
    assert_eq!(fields, ["name", "redirect_uris[1]", "resources[0]", "backchannel_logout_uri"]);
    let scope = ClientChange { scope: Some("a\\b".to_owned()), ..ClientChange::default() };
    assert_eq!(wrong_fields(registry.change_client(&id, scope, &act).await), ["scope"]);
    let mut again = web("Notebook");
    again.client_id = Some(id.clone());
    assert_eq!(wrong_fields(registry.create_client(again, &act).await), ["client_id"]);
    assert_eq!(format!("{:?}", registry.client(&id, NOW).await.unwrap()), before);

    let api = |introspectors: &[&str]| NewResource {
        identifier: "https://api.test".to_owned(),
        details: ResourceChange {
            name: Some("Notes".to_owned()),
            scopes: Some([("two words".to_owned(), String::new())].into()),
            introspectors: Some(introspectors.iter().map(|id| (*id).to_owned()).collect()),
            ..ResourceChange::default()
        },
    };
    let fields = wrong_fields(registry.create_resource(api(&[&id, "nobody"]), &act).await);
    assert_eq!(fields, ["scopes.two words", "introspectors[1]"]);

    let user = registry.create_user(person("ann@example.org"), &act).await.unwrap().view.id;
    assert_eq!(wrong_fields(registry.create_user(person("Ann@example.org"), &act).await), ["email"]);
    let wrong = UserChange {
        email: Some("ann".to_owned()),
        name: Some(" ".to_owned()),
        roles: Some(vec!["editor".to_owned(), "chief editor".to_owned()]),
        claims: [("birthdate".to_owned(), json!("yesterday"))].into(),
        password: Some(Secret::presented("short")),
        ..UserChange::default()
    };
    let fields = wrong_fields(registry.change_user(&user, wrong, &act).await);
    assert_eq!(fields, ["email", "name", "roles[1]", "claims.birthdate", "password"]);
    for missing in [
        registry.client("nobody", NOW).await.map(drop),
        registry.switch_client("nobody", State::Off, &act).await.map(drop),
        registry.change_client("nobody", ClientChange::default(), &act).await.map(drop),
        registry.renew_client_secret("nobody", Renewal::default(), &act).await.map(drop),
        registry.resource("https://nowhere.test").await.map(drop),
        registry.switch_user("nobody", State::Off, &act).await.map(drop),
        registry.end_sign_in("none", &act).await.map(drop),
    ] {
        assert!(matches!(missing, Err(Error::Missing(..))), "{missing:?}");
    }
}

#[tokio::test]
async fn every_change_leaves_who_did_what_to_which_fields_and_no_value() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let created = registry.create_client(web("Notebook"), &act).await.unwrap();
    let id = created.view.client.client_id.clone();
    assert_eq!((&created.event.actor, created.event.name), (&Actor::Operator, Name::ClientCreated));
    assert_eq!((created.event.client_id.as_deref(), created.event.at), (Some(id.as_str()), NOW));
    let change = ClientChange { name: Some("Diary".to_owned()), tos_uri: Edit::Clear, ..ClientChange::default() };
    let event = registry.change_client(&id, change, &act).await.unwrap().event;
    assert_eq!((event.name, &event.details["fields"]), (Name::ClientChanged, &json!(["name", "tos_uri"])));
    let public = ClientChange { auth_method: Some(AuthMethod::None), ..ClientChange::default() };
    let event = registry.change_client(&id, public, &act).await.unwrap().event;
    assert_eq!(event.details["fields"], json!(["auth_method", "pkce"]));
    let confidential = ClientChange { auth_method: Some(AuthMethod::ClientSecret), ..ClientChange::default() };
    let again = registry.change_client(&id, confidential, &act).await.unwrap();
    assert_eq!(again.event.details["fields"], json!(["auth_method"]));
    assert!(!format!("{again:?}").contains(again.view.secret.as_ref().unwrap().expose()));
    let renewed = registry.renew_client_secret(&id, Renewal::default(), &act).await.unwrap();
    assert_eq!(renewed.event.name, Name::ClientSecretRenewed);
    assert!(!format!("{renewed:?}").contains(renewed.view.secret.expose()));

    let user = registry.create_user(person("ann@example.org"), &act).await.unwrap().view.id;
    let change = UserChange {
        email: Some("bob@example.org".to_owned()),
        password: Some(Secret::presented("a quiet river at dawn")),
        ..UserChange::default()
    };
    let event = registry.change_user(&user, change, &act).await.unwrap().event;
    assert_eq!(event.subject.unwrap().to_string(), format!("user:{user}"));
    assert_eq!(json!(event.details), json!({ "fields": ["email", "email_verified", "password"] }));
    assert_eq!(registry.switch_user(&user, State::Off, &act).await.unwrap().event.name, Name::UserDisabled);
    assert_eq!(registry.end_sign_ins_of_user(&user, &act).await.unwrap().event.name, Name::UserSignedOut);
    // Each of them is a row, and so is what the new client became.
    let rows = "SELECT COUNT(*) FROM audit WHERE actor = 'operator' AND outcome = 'success' AND network IS NULL";
    assert_eq!(server.database.db_number(rows).await, 9);
}

#[tokio::test]
async fn lists_come_page_by_page_and_what_is_added_meanwhile_shifts_nothing() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let mut made: Vec<String> = Vec::new();
    for _ in 0..5 {
        made.push(registry.create_client(web("Notebook"), &act).await.unwrap().view.client.client_id);
    }
    made.sort();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = registry.clients(None, Page { after, limit: 2 }, NOW).await.unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|client| client.client_id));
        // Registered earlier, so it belongs to the first page, which is read already.
        let mut early = operator();
        early.at = NOW.minus(10);
        registry.create_client(web("Early"), &early).await.unwrap();
        // A face gives the cursor as text, and takes it so.
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(seen, made);

    for name in ["ann", "bob", "cyd"] {
        let id = server.db_user(&format!("{name}@example.org")).await;
        server.browser().sign_in(&format!("{name}@example.org")).await;
        let own = Which { user_id: Some(id), all: false };
        let listed = registry.sign_ins(&own, Page { after: None, limit: 1 }, server.clock.now()).await.unwrap();
        assert_eq!((listed.items.len(), listed.next), (1, None));
        assert_eq!(listed.items[0].email, Some(format!("{name}@example.org")));
    }
    let users = registry.users(&UserFilter::default(), Page { after: None, limit: 2 }).await.unwrap();
    let rest = registry.users(&UserFilter::default(), Page::after(users.next.clone())).await.unwrap();
    assert_eq!((users.items.len(), rest.items.len(), rest.next), (2, 1, None));
    let all = |all: bool| Which { user_id: None, all };
    let now = server.clock.now();
    let ended = registry.sign_ins(&all(false), Page::after(None), now).await.unwrap().items[0].id.clone();
    registry.end_sign_in(&ended, &act).await.unwrap();
    let states = async |which, now| -> Vec<&str> {
        registry.sign_ins(&which, Page::after(None), now).await.unwrap().items.iter().map(|one| one.state).collect()
    };
    assert_eq!(states(all(false), now).await, ["live", "live"]);
    assert_eq!(states(all(true), now).await.iter().filter(|state| **state == "ended").count(), 1);
    let later = now.plus(server.app.config.sign_in.idle);
    assert_eq!(states(all(false), later).await, Vec::<&str>::new());
    assert_eq!(states(all(true), later).await.iter().filter(|state| **state == "expired").count(), 2);
}

#[tokio::test]
async fn what_a_newer_version_keeps_of_a_client_survives_a_change_by_this_one() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let id = registry.create_client(web("Notebook"), &act).await.unwrap().view.client.client_id;
    server.database.db_execute(r#"UPDATE clients SET metadata = '{"logo_uri":"https://rp.test/logo"}'"#).await;
    let change =
        ClientChange { policy_uri: Edit::Set("https://rp.test/privacy".to_owned()), ..ClientChange::default() };
    registry.change_client(&id, change, &act).await.unwrap();
    let kept = "SELECT count(*) FROM clients WHERE metadata LIKE '%logo_uri%' AND metadata LIKE '%policy_uri%'";
    assert_eq!(server.database.db_number(kept).await, 1);
}

#[tokio::test]
async fn a_view_has_the_fields_that_the_commands_print() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let fields = |view: Value| -> Vec<String> { view.as_object().unwrap().keys().cloned().collect() };
    let client = registry.create_client(web("Notebook"), &act).await.unwrap().view;
    let secret_hash = client.secret.as_ref().unwrap().hash();
    let view = serde_json::to_value(&client.client).unwrap();
    assert_eq!(
        (&view["scope"], &view["id_token_alg"]),
        (&json!("email offline_access openid profile"), &json!("default"))
    );
    assert_eq!((&view["state"], &view["created_at"]), (&json!("on"), &json!("2027-01-15T08:00:00Z")));
    assert_eq!(
        fields(view),
        [
            "acr",
            "allowed_origins",
            "auth_method",
            "backchannel_logout_uri",
            "client_id",
            "created_at",
            "first_party",
            "grant_types",
            "id_token_alg",
            "id_token_claims",
            "name",
            "on_reuse",
            "pkce",
            "policy_uri",
            "post_logout_redirect_uris",
            "redirect_uris",
            "resources",
            "roles",
            "scope",
            "secrets",
            "state",
            "tos_uri",
            "type",
        ]
    );
    let stored = server.app.storage.read().await.unwrap().client(&client.client.client_id).await.unwrap().unwrap();
    assert!(stored.secrets.matching(&secret_hash).is_some());
    let user = registry.create_user(person("ann@example.org"), &act).await.unwrap().view;
    assert_eq!(
        fields(serde_json::to_value(&user).unwrap()),
        [
            "claims",
            "created_at",
            "delete_after",
            "email",
            "email_authority",
            "email_verified",
            "id",
            "identities",
            "made_by",
            "name",
            "roles",
            "second_factors",
            "signs_in_by",
            "state",
            "upstream_roles"
        ]
    );
}

#[tokio::test]
async fn registering_a_client_reads_no_other() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let statements = async || {
        let before = server.app.storage.statements_run();
        registry.create_client(web("Notebook"), &act).await.unwrap();
        server.app.storage.statements_run() - before
    };
    let first = statements().await;
    for _ in 0..20 {
        assert_eq!(statements().await, first);
    }
    // Among them its secret, the news of it and its record, and the APIs with the roles that permit their scopes.
    assert!(first <= 8, "{first} statements");
}

//! How a key ends: with its owner, at its time, by being replaced; at once on every node.

use doorward::protocol::client::{self, ClientType};
use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{KeyOwner, State, UserChange};
use doorward::secret::Secret;
use serde_json::Value;

use super::{ANN, ORDERS, Place, place, wanted};
use crate::support::{Client, PASSWORD};

/// What the API is told by another node.
async fn is_active_at(api: &Client, key: &str) -> bool {
    api.post("/introspect", &[("token", key)]).await.ok()["active"] == true
}

#[tokio::test]
async fn a_key_that_is_taken_back_is_worth_nothing_on_any_node() {
    let place = place().await;
    let other = place.server.another_node().await;
    let api = place.api.on(&other);
    let made = place.key().await;
    assert!(is_active_at(&api, made.secret.expose()).await);
    place.server.registry().revoke_api_key(&made.key.id, &place.act()).await.unwrap();
    assert!(!is_active_at(&api, made.secret.expose()).await);
    // Once is enough, and twice is no error.
    let again = place.server.registry().revoke_api_key(&made.key.id, &place.act()).await.unwrap();
    assert_eq!((again.state, again.end_reason.as_deref()), ("ended", Some("revoked")));
}

#[tokio::test]
async fn a_key_ends_with_the_account_of_its_owner() {
    let place = place().await;
    let made = place.key().await;
    let registry = place.server.registry();
    registry.switch_user(ANN, State::Off, &place.act()).await.unwrap();
    assert!(!place.is_active(made.secret.expose()).await);
    registry.switch_user(ANN, State::On, &place.act()).await.unwrap();
    assert!(!place.is_active(made.secret.expose()).await, "and is not there again with the account");
    let another = place.key().await;
    let export = registry.export_user(ANN, &place.act()).await.unwrap();
    let keys: Vec<_> = export.api_keys.iter().map(|key| (key.id.as_str(), key.end_reason.as_deref())).collect();
    assert_eq!(keys.len(), 2, "a person gets to read of them");
    assert!(keys.contains(&(&made.key.id, Some("account switched off"))) && keys.contains(&(&another.key.id, None)));
    registry.end_sign_ins_of_user(ANN, &place.act()).await.unwrap();
    assert!(!place.is_active(another.secret.expose()).await, "all ended");
    let last = place.key().await;
    registry.delete_user(ANN, &place.act()).await.unwrap();
    assert!(!place.is_active(last.secret.expose()).await);
    assert_eq!(place.server.database.db_number("SELECT COUNT(*) FROM api_keys").await, 0);
}

#[tokio::test]
async fn a_key_of_a_service_ends_with_the_service() {
    let place = place().await;
    let owner = KeyOwner::Client(&place.service.id);
    let made = place.make(owner, wanted(ORDERS, "orders:read")).await;
    assert!(place.is_active(made.secret.expose()).await);
    let registry = place.server.registry();
    registry.switch_client(&place.service.id, State::Off, &place.act()).await.unwrap();
    // Before the node has heard of it, too.
    assert!(!place.is_active(made.secret.expose()).await);
    registry.switch_client(&place.service.id, State::On, &place.act()).await.unwrap();
    place.hear().await;
    assert!(!place.is_active(made.secret.expose()).await);
    let another = place.make(owner, wanted(ORDERS, "orders:read")).await;
    registry.delete_client(&place.service.id, &place.act()).await.unwrap();
    assert!(!place.is_active(another.secret.expose()).await);
}

/// What a person has in their scripts goes on where it is they who act, or where a token of an application was stolen.
#[tokio::test]
async fn a_key_outlives_its_owners_own_new_password_and_a_reused_token_and_ends_with_a_password_of_the_operators() {
    let place = place().await;
    let key = place.key().await.secret;
    let mut browser = place.server.browser();
    browser.sign_in(ANN).await;
    let scopes = ScopeSet::parse("openid offline_access").unwrap();
    let change =
        |client: &mut client::Client| (client.scopes, client.metadata.on_reuse) = (scopes, Some(OnReuse::User));
    let app = place.server.db_client(ClientType::Web, change).await;
    let code = browser.code(&app, ANN, "scope=openid+offline_access").await;
    let refreshed = async |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        app.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let first = app.redeem(&code).await.ok();
    let second = refreshed(&first).await.ok();
    refreshed(&second).await.ok();
    refreshed(&first).await.refused_json(400, Rejection::ReusedRefreshToken);
    assert!(place.is_active(key.expose()).await);

    browser.sign_in(ANN).await;
    let page = browser.visit("/account/password").await;
    let form = page.form("#change-password").with("current_password", PASSWORD);
    assert_eq!(form.field("end_all"), "yes");
    browser.press(&form.with("password", "a louder river at dusk")).await;
    assert!(place.is_active(key.expose()).await);

    let password = Some(Secret::presented("a river that nobody has seen"));
    let change = UserChange { password, ..UserChange::default() };
    place.server.registry().change_user(ANN, change, &place.act()).await.unwrap();
    assert!(!place.is_active(key.expose()).await);
}

/// Whatever has shut the owner out: that a key has an end of its own beside is a second lock.
#[tokio::test]
async fn a_key_whose_owner_cannot_be_used_is_worth_nothing_meanwhile() {
    let place = place().await;
    let anns = place.key().await.secret;
    let service = place.make(KeyOwner::Client(&place.service.id), wanted(ORDERS, "orders:read")).await.secret;
    let tokens = [place.token(anns.expose()).await, place.token(service.expose()).await];
    let now = place.server.clock.now().seconds();
    let (ann, client) = (format!("WHERE id = '{}'", place.ann), format!("WHERE client_id = '{}'", place.service.id));
    for (table, column, which, key) in [
        ("users", "disabled_at", &ann, 0),
        ("users", "delete_after", &ann, 0),
        // Before the node has heard of it.
        ("clients", "disabled_at", &client, 1),
    ] {
        let (texts, other) = ([anns.expose(), service.expose()], [service.expose(), anns.expose()][key]);
        let put = async |value: &str| {
            let sql = format!("UPDATE {table} SET {column} = {value} {which}");
            assert_eq!(place.server.database.db_execute(&sql).await, 1);
        };
        put(&(now + 7 * 86_400).to_string()).await;
        assert!(!place.is_active(texts[key]).await && !place.is_active(&tokens[key]).await, "{table}.{column}");
        place.trade(texts[key], &[]).await.refused_json(400, Rejection::EndedApiKey);
        assert!(place.is_active(other).await);
        put("NULL").await;
        assert!(place.is_active(texts[key]).await && place.is_active(&tokens[key]).await);
    }
}

#[tokio::test]
async fn everybodys_keys_end_with_everything() {
    let place = place().await;
    let service = place.make(KeyOwner::Client(&place.service.id), wanted(ORDERS, "orders:read")).await;
    let anns = place.key().await;
    // What a backup that was put back has brought back.
    place.server.registry().end_everything(&place.act()).await.unwrap();
    for key in [service.secret.expose(), anns.secret.expose()] {
        assert!(!place.is_active(key).await);
    }
    let rows = "SELECT COUNT(*) FROM audit WHERE event = 'api_key.ended' AND actor = 'operator'";
    assert_eq!(place.server.database.db_number(rows).await, 2);
}

#[tokio::test]
async fn a_key_ends_with_its_api_and_is_not_there_again_with_another_of_that_name() {
    let place = place().await;
    let made = place.key().await;
    place.server.registry().delete_resource(ORDERS, &place.act()).await.unwrap();
    place.hear().await;
    place.server.db_resource(ORDERS, &["orders:read"]).await;
    place.server.db_change_resource(ORDERS, |resource| resource.introspectors = vec![place.api.id.clone()]).await;
    place.hear().await;
    assert!(!place.is_active(made.secret.expose()).await);
}

#[tokio::test]
async fn a_key_expires_when_it_says() {
    let place = place().await;
    let made = place.key().await;
    place.server.turn(90 * 86_400 - 1);
    place.hear().await;
    assert!(place.is_active(made.secret.expose()).await);
    place.server.turn(1);
    assert!(!place.is_active(made.secret.expose()).await);
}

async fn rotated(place: &Place, id: &str, overlap: i64) -> doorward::registry::IssuedKey {
    place.server.registry().rotate_api_key(id, overlap, &place.act()).await.unwrap().view
}

#[tokio::test]
async fn a_key_that_is_replaced_goes_on_for_the_overlap_and_no_longer() {
    let place = place().await;
    let former = place.key().await;
    place.server.turn(86_400);
    let next = rotated(&place, &former.key.id, 3600).await;
    assert_eq!(
        (&next.key.resource, &next.key.scope, &next.key.name),
        (&former.key.resource, &former.key.scope, &former.key.name)
    );
    assert_eq!(
        next.key.expires_at,
        place.server.clock.now().plus(90 * 86_400).to_string(),
        "as long as the former had"
    );
    assert!(place.is_active(former.secret.expose()).await && place.is_active(next.secret.expose()).await);
    place.server.turn(3600);
    assert!(!place.is_active(former.secret.expose()).await && place.is_active(next.secret.expose()).await);

    let last = rotated(&place, &next.key.id, 0).await;
    assert!(!place.is_active(next.secret.expose()).await && place.is_active(last.secret.expose()).await);
    // A key is replaced once.
    for gone in [&former.key.id, &next.key.id] {
        assert!(place.server.registry().rotate_api_key(gone, 60, &place.act()).await.is_err(), "{gone}");
    }
}

#[tokio::test]
async fn of_several_who_replace_a_key_at_once_one_does() {
    let place = place().await;
    let former = place.key().await;
    let other = place.server.another_node().await;
    let (here, there, act) = (place.server.registry(), other.registry(), place.act());
    let all = tokio::join!(
        here.rotate_api_key(&former.key.id, 60, &act),
        there.rotate_api_key(&former.key.id, 60, &act),
        here.rotate_api_key(&former.key.id, 60, &act),
        there.rotate_api_key(&former.key.id, 60, &act),
    );
    let done = [all.0.is_ok(), all.1.is_ok(), all.2.is_ok(), all.3.is_ok()].iter().filter(|done| **done).count();
    assert_eq!(done, 1);
    assert_eq!(place.server.database.db_number("SELECT COUNT(*) FROM api_keys").await, 2);
}

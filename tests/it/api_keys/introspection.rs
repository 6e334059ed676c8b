//! What an API is told of a key: as of a token, of keys for itself alone, and of what the owner may do now.

use doorward::protocol::rejection::Rejection;
use doorward::registry::{Giving, KeyOwner, Recipient, ResourceChange};
use serde_json::json;

use super::{ANN, NOTES, ORDERS, Place, place, wanted};
use crate::statements::takes;

const INACTIVE: fn() -> serde_json::Value = || json!({ "active": false });

#[tokio::test]
async fn an_api_is_told_of_a_key_as_of_a_token() {
    let place = place().await;
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let made = place.make(KeyOwner::User(ANN), wanted(ORDERS, "orders:write orders:read")).await;
    let now = place.server.clock.now();
    let seen = place.seen(made.secret.expose()).await;
    let told = json!({
        "active": true, "iss": place.server.app.issuer.as_str(), "sub": place.ann, "aud": ORDERS, "client_id": made.key.id,
        "scope": "orders:read orders:write", "roles": ["clerk"], "exp": now.plus(90 * 86_400).seconds(),
        "iat": now.seconds(), "dwk_id": made.key.id,
    });
    assert_eq!(seen, told);
    // The hint is a hint.
    for hint in ["api_key", "access_token", "refresh_token", "something"] {
        let fields = [("token", made.secret.expose()), ("token_type_hint", hint)];
        assert_eq!(place.api.post("/introspect", &fields).await.ok(), told, "{hint}");
    }
}

#[tokio::test]
async fn of_a_services_key_the_service_is_the_subject() {
    let place = place().await;
    place.put(Recipient::Client(&place.service.id), Giving::Grant).await;
    let made = place.make(KeyOwner::Client(&place.service.id), wanted(ORDERS, "orders:write")).await;
    let seen = place.seen(made.secret.expose()).await;
    assert_eq!((seen["sub"].as_str(), seen["scope"].as_str()), (Some(place.service.id.as_str()), Some("orders:write")));
    assert_eq!(seen["roles"], json!(["clerk"]));
    // What the service may not ask for any more its key cannot do either.
    place.server.db_change_client(&place.service.id, |client| client.resources = vec![NOTES.to_owned()]).await;
    place.hear().await;
    assert_eq!(place.seen(made.secret.expose()).await, INACTIVE());
}

#[tokio::test]
async fn nobody_but_its_api_is_told_of_a_key() {
    let place = place().await;
    let key = place.key().await.secret;
    let fields = [("token", key.expose())];
    for other in [&place.other_api, &place.service] {
        assert_eq!(other.post("/introspect", &fields).await.ok(), INACTIVE());
    }
    let nobody = place.server.post("/introspect", &format!("token={}", key.expose())).await;
    nobody.refused_json(401, Rejection::MissingClientAuthentication);
    assert!(place.is_active(key.expose()).await);
}

#[tokio::test]
async fn what_is_no_key_is_told_apart_without_the_database() {
    let place = place().await;
    let made = place.key().await;
    let text = made.secret.expose();
    let mut typed = text.to_owned();
    typed.replace_range(20..21, if &text[20..21] == "a" { "b" } else { "a" });
    takes(&place.server, "the sum tells", 0, async || {
        let before = place.server.app.storage.statements_run();
        for wrong in ["dwk_", &text[..64], &typed, &format!("{text}x"), &made.key.id] {
            assert_eq!(place.seen(wrong).await, INACTIVE(), "{wrong}");
        }
        place.server.app.storage.statements_run() - before
    })
    .await;
    // A key that is whole and was never made, and one with the name of another.
    let other = place.key().await;
    let mixed = format!("{}{}", made.key.id, &other.secret.expose()[16..]);
    assert_eq!(place.seen(&mixed).await, INACTIVE());
    let name = &made.key.id[4..];
    let (_, forged) = doorward::protocol::api_key::assemble(name, &doorward::random::secret_digits());
    assert_eq!(
        place.seen(forged.expose()).await,
        INACTIVE(),
        "its name is public, and names nothing without the secret"
    );
}

#[tokio::test]
async fn a_key_never_carries_more_than_its_owner_may_do_now() {
    let place = place().await;
    place.put(Recipient::User(ANN), Giving::Grant).await;
    let both = place.make(KeyOwner::User(ANN), wanted(ORDERS, "orders:write orders:read")).await.secret;
    let one = place.make(KeyOwner::User(ANN), wanted(ORDERS, "orders:write")).await.secret;
    let token = place.token(both.expose()).await;
    place.put(Recipient::User(ANN), Giving::Revoke).await;
    for asked in [both.expose(), &token] {
        let seen = place.seen(asked).await;
        assert_eq!((seen["scope"].as_str(), seen.get("roles")), (Some("orders:read"), None));
    }
    assert_eq!(place.seen(one.expose()).await, INACTIVE(), "it ends with the role that it needed");
    place
        .change(ResourceChange {
            scopes: Some([("orders:write".to_owned(), String::new())].into()),
            ..Default::default()
        })
        .await;
    assert_eq!(place.seen(both.expose()).await, INACTIVE(), "the API has no such scope any more");
}

#[tokio::test]
async fn its_last_use_is_noted_once_a_minute_and_recorded_by_network_and_day() {
    let place = place().await;
    let made = place.key().await;
    let seen = async |place: &Place, address: &str| {
        let request = place.api.request("/introspect", &[("token", made.secret.expose())]);
        place.server.send_from(address, request).await.ok();
    };
    let shown = async || place.server.registry().api_key(&made.key.id, &place.act()).await.unwrap();
    let (unused, uses) = shown().await;
    assert_eq!((unused.last_used_at, uses.len()), (None, 0));
    let first = place.server.clock.now().to_string();
    seen(&place, "198.51.100.7").await;
    place.server.turn(59);
    seen(&place, "198.51.100.7").await;
    let (used, _) = shown().await;
    assert_eq!((used.last_used_at, used.last_used_network.as_deref()), (Some(first), Some("198.51.100.7")));
    place.server.turn(1);
    let second = place.server.clock.now().to_string();
    seen(&place, "198.51.100.7").await;
    let (used, uses) = shown().await;
    assert_eq!((used.last_used_at, uses.len()), (Some(second), 1), "noted, and no news");
    place.server.turn(60);
    seen(&place, "203.0.113.9").await;
    place.server.turn(86_400);
    seen(&place, "203.0.113.9").await;
    let (_, uses) = shown().await;
    let networks: Vec<_> = uses.iter().map(|used| used.network.as_deref().unwrap()).collect();
    assert_eq!(networks, ["203.0.113.9", "203.0.113.9", "198.51.100.7"]);
    assert!(
        uses.iter()
            .all(|used| used.how.as_deref() == Some("introspected") && used.by == format!("client:{}", place.api.id))
    );
}

#[tokio::test]
async fn what_is_asked_is_one_statement() {
    let place = place().await;
    let made = place.key().await;
    let token = place.token(made.secret.expose()).await;
    place.seen(made.secret.expose()).await;
    let (server, storage) = (&place.server, &place.server.app.storage);
    for asked in [made.secret.expose(), &token] {
        takes(server, "introspection", 1, async || {
            let before = storage.statements_run();
            assert!(place.is_active(asked).await);
            storage.statements_run() - before
        })
        .await;
    }
    takes(server, "a trade", 1, async || {
        let before = storage.statements_run();
        place.token(made.secret.expose()).await;
        storage.statements_run() - before
    })
    .await;
}

//! Who may make which keys, and that nothing of their secrets stays.

use doorward::protocol::audit::{Act, Actor, Origin};
use doorward::protocol::device::Device;
use doorward::protocol::page::Page;
use doorward::protocol::trace::TraceId;
use doorward::registry::{Error, KeyOwner, NewKey};

use super::{ANN, NOTES, ORDERS, Place, over, place, wanted};
use crate::support::Server;

/// What is wrong, field by field.
async fn refused(place: &Place, owner: KeyOwner<'_>, new: NewKey) -> String {
    match place.server.registry().create_api_key(owner, new, &place.act()).await {
        Err(Error::Invalid(problems)) => problems.to_string(),
        other => panic!("{other:?}"),
    }
}

fn by(user_id: &str, place: &Place) -> Act {
    let origin = Origin { address: None, trace: TraceId::of([7; 16]), device: Device::default() };
    Act::by(Actor::User(user_id.to_owned()), origin, place.server.clock.now())
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_told_field_by_field() {
    let place = place().await;
    let ann = KeyOwner::User(ANN);
    for (new, words) in [
        (wanted(ORDERS, "orders:write"), "'orders:write' needs a role that the owner of the key does not have"),
        (wanted(ORDERS, "notes:read"), "'notes:read' is no scope of https://orders.test"),
        (wanted(ORDERS, "openid"), "'openid' is no scope of"),
        (wanted(ORDERS, ""), "a key needs a scope"),
        (wanted("https://other.test", "orders:read"), "there is no resource"),
        (NewKey { name: " ".into(), ..wanted(ORDERS, "orders:read") }, "1 to 100 printable characters"),
        (NewKey { name: "a\u{202e}b".into(), ..wanted(ORDERS, "orders:read") }, "1 to 100 printable characters"),
        (NewKey { name: "x".repeat(101), ..wanted(ORDERS, "orders:read") }, "1 to 100 printable characters"),
        (NewKey { lifetime: Some(0), ..wanted(ORDERS, "orders:read") }, "a key lives at most 365 days"),
        (NewKey { lifetime: Some(366 * 86_400), ..wanted(ORDERS, "orders:read") }, "a key lives at most 365 days"),
    ] {
        let told = refused(&place, ann, new).await;
        assert!(told.contains(words), "{told}");
    }
    let service = KeyOwner::Client(&place.service.id);
    let told = refused(&place, service, wanted(NOTES, "notes:read")).await;
    assert!(told.contains("the client may not ask for 'notes:read'"), "{told}");
    let taken = doorward::registry::NewClient {
        client_id: Some("dwk_0aZ9bY8cX7dW".into()),
        client_type: doorward::protocol::client::ClientType::Spa,
        details: doorward::registry::ClientChange::default(),
    };
    let told = place.server.registry().create_client(taken, &place.act()).await.unwrap_err().to_string();
    assert!(told.contains("ids of API keys begin with dwk_"), "{told}");
    let web = place.server.db_client(doorward::protocol::client::ClientType::Web, |_| {}).await;
    let told = refused(&place, KeyOwner::Client(&web.id), wanted(ORDERS, "orders:read")).await;
    assert!(told.contains("only a client that is on and acts for itself"), "{told}");
    assert_eq!(place.server.database.db_number("SELECT COUNT(*) FROM api_keys").await, 0);
}

#[tokio::test]
async fn a_person_has_their_own_keys_alone() {
    let place = place().await;
    let ben = place.server.db_user("ben@example.org").await;
    let (hers, his) = (by(&place.ann, &place), by(&ben, &place));
    let registry = place.server.registry();
    let made = registry.create_api_key(KeyOwner::User(&place.ann), wanted(ORDERS, "orders:read"), &hers).await.unwrap();
    let id = made.view.key.id;
    assert!(matches!(registry.api_key(&id, &his).await, Err(Error::Missing(..))));
    assert!(matches!(registry.revoke_api_key(&id, &his).await, Err(Error::Missing(..))));
    assert!(matches!(registry.rotate_api_key(&id, 0, &his).await, Err(Error::Missing(..))));
    for owner in [KeyOwner::User(&place.ann), KeyOwner::User(ANN), KeyOwner::Client(&place.service.id)] {
        assert!(matches!(
            registry.create_api_key(owner, wanted(ORDERS, "orders:read"), &his).await,
            Err(Error::Missing(..))
        ));
        assert!(matches!(registry.api_keys(Some(owner), Page::after(None), &his).await, Err(Error::Missing(..))));
    }
    assert!(
        matches!(registry.api_keys(None, Page::after(None), &his).await, Err(Error::Invalid(_))),
        "nor all of them"
    );
    assert_eq!(registry.api_keys(Some(KeyOwner::User(ANN)), Page::after(None), &hers).await.unwrap().items.len(), 1);
    assert!(registry.rotate_api_key(&id, 0, &hers).await.is_ok());
}

#[tokio::test]
async fn one_owner_has_so_many_keys_and_is_told() {
    let place = over(Server::with(|config| config.api_keys.per_owner = 3).await).await;
    let ids: Vec<String> = [place.key().await, place.key().await, place.key().await].map(|made| made.key.id).into();
    let told = refused(&place, KeyOwner::User(ANN), wanted(ORDERS, "orders:read")).await;
    assert!(told.contains("there are 3 keys already"), "{told}");
    // Who replaces one has no more, and who takes one back has one less.
    place.server.registry().rotate_api_key(&ids[0], 3600, &place.act()).await.unwrap();
    place.server.registry().revoke_api_key(&ids[1], &place.act()).await.unwrap();
    place.key().await;
    let told = refused(&place, KeyOwner::User(ANN), wanted(ORDERS, "orders:read")).await;
    assert!(told.contains("there are 3 keys already"), "{told}");
    place.make(KeyOwner::Client(&place.service.id), wanted(ORDERS, "orders:read")).await;
}

#[tokio::test]
async fn of_many_who_make_the_last_key_at_once_one_does() {
    let place = over(Server::with(|config| config.api_keys.per_owner = 1).await).await;
    let (registry, act) = (place.server.registry(), place.act());
    let make = || registry.create_api_key(KeyOwner::User(ANN), wanted(ORDERS, "orders:read"), &act);
    let all = tokio::join!(make(), make(), make(), make());
    let done = [all.0.is_ok(), all.1.is_ok(), all.2.is_ok(), all.3.is_ok()].iter().filter(|done| **done).count();
    assert_eq!(done, 1);
}

#[tokio::test]
async fn nothing_of_what_is_secret_stays_in_the_database() {
    let place = place().await;
    let made = place.key().await;
    place.is_active(made.secret.expose()).await;
    place.token(made.secret.expose()).await;
    let next = place.server.registry().rotate_api_key(&made.key.id, 60, &place.act()).await.unwrap().view;
    place.server.registry().revoke_api_key(&next.key.id, &place.act()).await.unwrap();
    for key in [made.secret.expose(), next.secret.expose()] {
        assert!(
            place.server.database.db_holds(&key[..16]).await && !place.server.database.db_holds(&key[16..59]).await
        );
    }
}

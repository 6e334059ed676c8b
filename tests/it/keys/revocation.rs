//! An emergency: a key is revoked, and nothing under it holds any more, on any node.

use doorward::clock::Timestamp;
use doorward::jobs::signing_keys::Change;
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::secret::Secret;
use doorward::tokens::VerifiedIdToken;

use super::judges::jsonwebtoken_verifies;
use super::{DAY, WARM_UP, api, kid};
use crate::support::Server;

#[tokio::test]
async fn every_token_under_a_revoked_key_is_worthless_on_every_node_at_once() {
    let one = Server::with_young_key().await;
    let two = one.another_node().await;
    one.db_user("ann@example.org").await;
    let app = one.db_client(ClientType::Web, |_| {}).await;
    let code = one.browser().code(&app, "ann@example.org", "").await;
    let tokens = app.redeem(&code).await.ok();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access_token, id_token) = (text("access_token"), text("id_token"));
    app.on(&two).userinfo(&access_token).await.ok();
    let active = async |server: &Server| {
        app.on(server).post("/introspect", &[("token", &access_token)]).await.ok()["active"] == true
    };
    assert!(active(&two).await);

    let changes = one.app.signing_keys.revoke(&kid(&access_token), one.clock.now()).await.unwrap();
    let Change::Made(second, Algorithm::Rs256, from) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!((changes.len(), *from), (1, one.clock.now()));
    for server in [&one, &two] {
        server.poll().await;
        app.on(server).userinfo(&access_token).await.refused(401, Rejection::UnknownKey);
        assert!(!active(server).await);
        let hint = VerifiedIdToken::verify(&Secret::presented(&*id_token), &server.app.ring, &server.app.issuer);
        assert_eq!(hint.map(|hint| hint.sub), Err(Rejection::ForeignHint));
        let jwks = server.jwks().await;
        assert_eq!((jwks.len(), jwks[0]["kid"].as_str()), (1, Some(second.as_str())));
        let service =
            server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("a").unwrap()).await;
        let token = service.credentials(&[]).await.ok()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(kid(&token), *second);
        assert!(jsonwebtoken_verifies(&token, &jwks));
    }
    assert_eq!(one.database.db_number("SELECT COUNT(*) FROM signing_keys WHERE LENGTH(private_key) > 0").await, 1);
}

#[tokio::test]
async fn a_next_key_that_is_published_already_takes_over_from_a_revoked_one() {
    let server = Server::with_young_key().await;
    let keys = &server.app.signing_keys;
    let made = keys.ask(None, false, server.clock.now()).await.unwrap();
    let Change::Made(second, ..) = &made[0] else { panic!("{made:?}") };
    server.turn(DAY);
    server.poll().await;
    let first = server.jwks().await[0]["kid"].as_str().unwrap().to_owned();
    let changes = keys.revoke(&first, server.clock.now()).await.unwrap();
    assert_eq!(changes, [Change::Activated(second.clone())]);
    assert_eq!(keys.revoke(&first, server.clock.now()).await.unwrap(), []);
    // The next one that was never used can be revoked too, and nothing changes for those who sign in.
    let changes = keys.ask(None, false, server.clock.now()).await.unwrap();
    let Change::Made(third, ..) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!(keys.revoke(third, server.clock.now()).await.unwrap(), []);
    server.poll().await;
    assert_eq!(server.jwks().await.len(), 1);
}

#[tokio::test]
async fn who_relies_on_an_algorithm_gets_it_again_at_once_when_its_key_is_revoked() {
    let server = Server::with_young_key().await;
    server.db_api(Algorithm::EdDsa, &[]).await;
    server.attend().await;
    server.turn(WARM_UP);
    server.attend().await;
    let service =
        server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("notes:read").unwrap()).await;
    let token = async || {
        let answer = service.credentials(&[("resource", &api(Algorithm::EdDsa))]).await.ok();
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let first = token().await;
    assert_eq!(super::algorithm(&first), "EdDSA");
    server.app.signing_keys.revoke(&kid(&first), server.clock.now()).await.unwrap();
    server.poll().await;
    let second = token().await;
    assert_eq!(super::algorithm(&second), "EdDSA");
    assert!(kid(&second) != kid(&first) && jsonwebtoken_verifies(&second, &server.jwks().await));
}

#[tokio::test]
async fn a_node_makes_the_key_when_whoever_revoked_had_no_master_key() {
    let server = Server::with_young_key().await;
    let first = server.jwks().await[0]["kid"].as_str().unwrap().to_owned();
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.revoke_signing_key(&first, server.clock.now()).await.unwrap());
    transaction.commit().await.unwrap();
    let changes = server.app.signing_keys.rotate_under_lease(server.clock.now()).await.unwrap();
    assert!(matches!(&changes[..], [Change::Made(_, _, from)] if *from == server.clock.now()), "{changes:?}");
}

#[tokio::test]
async fn a_key_that_was_about_to_be_taken_over_from_does_not_come_back_when_its_successor_is_revoked() {
    let server = Server::with_young_key().await;
    let keys = &server.app.signing_keys;
    let made = keys.ask(None, true, server.clock.now()).await.unwrap();
    let Change::Made(second, ..) = &made[0] else { panic!("{made:?}") };
    server.turn(WARM_UP);
    let now: Timestamp = server.clock.now();
    let changes = keys.revoke(second, now).await.unwrap();
    assert!(changes.iter().any(|change| matches!(change, Change::Made(..))), "{changes:?}");
    assert!(changes.iter().any(|change| matches!(change, Change::Retired(_))), "{changes:?}");
}

//! Rotation on two nodes of one database: who makes keys, when they change, and what a node does that missed the news.

use doorward::jobs::signing_keys::Change;
use doorward::protocol::algorithm::Algorithm;
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;

use super::judges::jsonwebtoken_verifies;
use super::{DAY, WARM_UP, api, kid};
use crate::support::{Client, Server};

/// The default schedule.
const INTERVAL: i64 = 90 * DAY;
const LEAD: i64 = 14 * DAY;

/// A client that gets access tokens from any node.
async fn service(server: &Server) -> Client {
    server.db_client(ClientType::Service, |client| client.scopes = ScopeSet::parse("notes:read").unwrap()).await
}

async fn token(client: &Client) -> String {
    client.credentials(&[]).await.ok()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_next_key_is_published_for_the_lead_and_then_signs_on_every_node() {
    let one = Server::with_young_key().await;
    let two = one.another_node().await;
    let on_one = service(&one).await;
    let on_two = on_one.on(&two);
    let first = kid(&token(&on_one).await);
    one.turn(INTERVAL - LEAD - 1);
    one.attend().await;
    assert_eq!(one.jwks().await.len(), 1);
    one.turn(1);
    one.attend().await;
    two.poll().await;
    assert_eq!((one.jwks().await.len(), two.jwks().await), (2, one.jwks().await));

    one.turn(LEAD - 1);
    let last = token(&on_two).await;
    assert_eq!(kid(&last), first);
    one.turn(1);
    // Nobody has told the nodes anything: they read the same clock.
    let second = token(&on_two).await;
    assert_ne!(kid(&second), first);
    assert_eq!(kid(&token(&on_one).await), kid(&second));
    two.attend().await;
    one.poll().await;
    for server in [&one, &two] {
        let jwks = server.jwks().await;
        assert!(jsonwebtoken_verifies(&last, &jwks) && jsonwebtoken_verifies(&second, &jwks));
        assert_eq!(jwks[0]["kid"], kid(&second).as_str(), "the one that signs comes first");
    }
    // The last token of the first key has expired, and five minutes more.
    one.turn(900 + 299);
    assert_eq!(one.jwks().await.len(), 2);
    one.turn(1);
    assert_eq!((one.jwks().await.len(), two.jwks().await.len()), (1, 1));
}

#[tokio::test]
async fn of_several_nodes_one_makes_the_next_key() {
    for _ in 0..5 {
        let one = Server::with_young_key().await;
        let two = one.another_node().await;
        one.turn(INTERVAL - LEAD);
        let now = one.clock.now();
        let (keys_of_one, keys_of_two) = (&one.app.signing_keys, &two.app.signing_keys);
        let made = tokio::join!(
            keys_of_one.rotate_under_lease(now),
            keys_of_two.rotate_under_lease(now),
            keys_of_one.rotate(now),
            keys_of_two.rotate(now),
        );
        let changes = [made.0, made.1, made.2, made.3].map(Result::unwrap).concat();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(one.database.db_number("SELECT COUNT(*) FROM signing_keys").await, 2);
    }
}

#[tokio::test]
async fn the_lease_of_a_dead_node_runs_out_and_one_from_the_future_does_not_count() {
    let server = Server::with_young_key().await;
    server.turn(INTERVAL);
    let now = server.clock.now();
    let keys = &server.app.signing_keys;
    let hold = |until: i64| format!("UPDATE leases SET holder = 'dead', expires_at = {until}");
    server.database.db_execute(&hold(now.plus(30).seconds())).await;
    assert_eq!(keys.rotate_under_lease(now).await.unwrap(), []);
    assert_eq!(keys.rotate_under_lease(now.plus(29)).await.unwrap(), []);
    assert!(matches!(keys.rotate_under_lease(now.plus(30)).await.unwrap().as_slice(), [Change::Made(..)]));

    server.database.db_execute("DELETE FROM signing_keys WHERE activated_at IS NULL").await;
    server.database.db_execute(&hold(now.plus(INTERVAL).seconds())).await;
    assert_eq!(keys.rotate_under_lease(now).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_node_that_missed_the_news_does_not_sign_and_still_publishes() {
    let server = Server::with_young_key().await;
    let node = server.another_node().await;
    let client = service(&server).await.on(&node);
    token(&client).await;
    node.app.storage.close().await;
    let sign = async || {
        let now = node.clock.now();
        let mut algorithms = std::iter::once(Algorithm::Rs256);
        node.app.fresh_keys(now).await.and_then(|ring| ring.signing_key(&mut algorithms, now))
    };
    node.turn(60);
    assert!(sign().await.is_ok());
    node.turn(1);
    assert!(sign().await.unwrap_err().passing);
    let unasked = node.app.ring.signing_key(std::iter::once(Algorithm::Rs256), node.clock.now());
    assert!(unasked.unwrap_err().detail.contains("for too long"));
    assert_eq!(node.get("/readyz").await.status, 503);
    assert_eq!(node.jwks().await.len(), 1);
}

#[tokio::test]
async fn a_clock_that_jumps_forward_is_asked_about_and_not_refused() {
    let server = Server::with_young_key().await;
    let client = service(&server).await;
    for seconds in [3_600, -7_200, 3_600] {
        server.turn(seconds);
        token(&client).await;
    }
}

#[tokio::test]
async fn a_clock_that_jumps_back_brings_no_retired_key_back_and_makes_none() {
    let server = Server::with_young_key().await;
    let client = service(&server).await;
    server.turn(INTERVAL - LEAD);
    server.attend().await;
    server.turn(LEAD);
    server.attend().await;
    let second = kid(&token(&client).await);
    let keys = server.database.db_number("SELECT COUNT(*) FROM signing_keys").await;
    for back in [LEAD / 2, LEAD, INTERVAL] {
        server.turn(-back);
        server.db_api(Algorithm::Es256, &[]).await;
        server.attend().await;
        let early = token(&client).await;
        assert_eq!(kid(&early), second);
        assert!(jsonwebtoken_verifies(&early, &server.jwks().await));
        assert_eq!(server.database.db_number("SELECT COUNT(*) FROM signing_keys").await, keys);
        let asked = server.app.signing_keys.ask(None, true, server.clock.now()).await;
        assert!(asked.unwrap_err().detail.contains("the clock has gone back"));
        server.database.db_execute("DELETE FROM resources").await;
        server.turn(back);
    }
}

#[tokio::test]
async fn a_longer_token_lifetime_keeps_keys_published_longer_whichever_node_has_it() {
    let short = Server::with_young_key().await;
    let node = short.another_node_with(|config| config.tokens.access_token_lifetime = 7_200).await;
    let client = service(&short).await.on(&node);
    short.turn(INTERVAL - LEAD);
    short.attend().await;
    short.turn(LEAD - 1);
    node.poll().await;
    let last = token(&client).await;
    short.turn(1);
    short.attend().await;
    short.turn(7_198);
    for server in [&short, &node] {
        server.poll().await;
        assert!(jsonwebtoken_verifies(&last, &server.jwks().await));
    }
    // The next key inherits it: a node of longer lifetimes may sign with it from the first moment on.
    assert_eq!(short.database.db_number("SELECT MIN(token_lifetime) FROM signing_keys").await, 7_200);
}

#[tokio::test]
async fn an_operator_who_does_not_wait_gets_the_next_key_as_soon_as_verifiers_know_it() {
    let one = Server::with_young_key().await;
    let two = one.another_node().await;
    let client = service(&one).await.on(&two);
    let first = kid(&token(&client).await);
    let keys = &one.app.signing_keys;
    let made = keys.ask(None, true, one.clock.now()).await.unwrap();
    let Change::Made(second, _, from) = &made[0] else { panic!("{made:?}") };
    assert_eq!(*from, one.clock.now().plus(WARM_UP));
    two.poll().await;
    one.turn(WARM_UP - 1);
    assert_eq!(kid(&token(&client).await), first);
    one.turn(1);
    assert_eq!(kid(&token(&client).await), *second);

    one.attend().await;
    let made = keys.ask(Some(Algorithm::Rs256), false, one.clock.now()).await.unwrap();
    let Change::Made(third, _, from) = &made[0] else { panic!("{made:?}") };
    assert_eq!(*from, one.clock.now().plus(LEAD));
    assert_eq!(keys.ask(None, false, one.clock.now()).await.unwrap(), []);
    one.turn(DAY);
    let hastened = keys.ask(None, true, one.clock.now()).await.unwrap();
    assert!(matches!(&hastened[..], [Change::Hastened(..), Change::Activated(_), Change::Retired(_)]), "{hastened:?}");
    two.poll().await;
    assert_eq!(kid(&token(&client).await), *third);
    assert!(
        keys.ask(Some(Algorithm::EdDsa), true, one.clock.now()).await.is_err(),
        "nobody wants {}",
        api(Algorithm::EdDsa)
    );
}

#[tokio::test]
async fn the_node_looks_after_its_keys_by_itself() {
    let server = Server::with_young_key().await;
    server.turn(INTERVAL - LEAD);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let jobs = tokio::spawn(server.app.clone().run_jobs(async move { drop(stopped.await) }));
    while server.jwks().await.len() == 1 {
        tokio::task::yield_now().await;
    }
    drop(stop);
    jobs.await.unwrap();
}

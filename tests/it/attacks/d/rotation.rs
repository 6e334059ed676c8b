//! Refresh tokens that were used already, one after the other, at once, and after a restart.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use super::all_dead;
use crate::attacks::{ANN, OFFLINE, count, refresh, text, tokens};
use crate::support::{Database, Live, LiveClient, Server, free_address, parallel, rounds};

const LEAVES: &str = "SELECT COUNT(*) FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id \
     WHERE t.consumed_at IS NULL AND g.ended_at IS NULL";

/// Outside of the time of grace the old one ends its whole family, access tokens included, on every node; other grants go on.
#[tokio::test]
async fn d1_a_used_refresh_token_ends_its_family() {
    for kind in [ClientType::Web, ClientType::Spa, ClientType::Native] {
        for late in [false, true] {
            let server = Server::start().await;
            server.db_user(ANN).await;
            let client = server.db_client(kind, |_| {}).await;
            let other = client.on(&server.another_node().await);
            let mut browser = server.browser();
            let untouched = tokens(&mut browser, &client).await;
            let first = tokens(&mut browser, &client).await;
            let second = refresh(&client, &text(&first, "refresh_token")).await.ok();
            let newest = if late {
                // Nobody has used the successor, and the day in which an answer may be lost is over.
                server.turn(86_400 - 1);
                server.poll().await;
                browser.visit("/account").await;
                server.turn(1);
                second.clone()
            } else {
                refresh(&client, &text(&second, "refresh_token")).await.ok()
            };
            let reused = refresh(&other, &text(&first, "refresh_token")).await;
            reused
                .refused_in(400, &[Rejection::ReusedRefreshToken, Rejection::LateRefreshToken, Rejection::EndedGrant]);
            assert_eq!(reused.json()["error"], "invalid_grant");
            for node in [&client, &other] {
                refresh(node, &text(&newest, "refresh_token")).await.refused_json(400, Rejection::EndedGrant);
                if !late {
                    all_dead(node, &[&newest]).await;
                }
                refresh(node, &text(&first, "refresh_token")).await.refused_json(400, Rejection::EndedGrant);
            }
            if !late {
                refresh(&client, &text(&untouched, "refresh_token")).await.ok();
            }
        }
    }
}

/// Of 32 at once, on one node and on two, all get the same answer, and there is one live descendant; nobody gets a 500.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d2_one_refresh_token_has_one_live_descendant_however_many_use_it() {
    for nodes in [1, 2] {
        let server = Server::with(|config| config.database.max_connections = 4).await;
        server.db_user(ANN).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut clients = vec![client.clone()];
        for _ in 1..nodes {
            clients.push(client.on(&server.another_node().await));
        }
        let mut token = text(&tokens(&mut server.browser(), &client).await, "refresh_token");
        for round in 0..rounds(20, 1000) {
            let answers = parallel(32, |at| {
                let (client, token) = (clients[at % nodes].clone(), token.clone());
                async move { refresh(&client, &token).await }
            })
            .await;
            let first = answers[0].ok();
            assert!(answers.iter().all(|answer| answer.ok() == first), "round {round}");
            assert_eq!(count(&server, LEAVES).await, 1, "round {round}");
            token = text(&first, "refresh_token");
        }
    }
}

/// Class: the time of grace as a way in: it gives the same answer to whoever holds the old token and proves to be the client, never a second
/// descendant, never more than was asked the first time, and it ends when the successor is used.
#[tokio::test]
async fn d3_the_time_of_grace_gives_a_thief_no_token_of_their_own() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let thief = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let first = text(&tokens(&mut browser, &client).await, "refresh_token");
    let second = refresh(&client, &first).await.ok();
    // Whoever is not the client gets nothing, and harms nobody.
    refresh(&thief, &first).await.refused_json(400, Rejection::ForeignRefreshToken);
    let mut impostor = client.clone();
    for secret in [None, Some("wrong".to_owned()), thief.secret.clone()] {
        impostor.secret = secret;
        assert_eq!(refresh(&impostor, &first).await.status, 401);
    }
    for extra in [("scope", "openid"), ("scope", "openid profile"), ("resource", "https://api.test")] {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", first.as_str()), extra];
        let answer = client.token(&fields).await;
        answer.refused_in(400, &[Rejection::ChangedRetry, Rejection::WiderScope, Rejection::ResourceNotGranted]);
    }
    // The same answer, to the letter, and one live descendant.
    assert_eq!(refresh(&client, &first).await.ok(), second);
    assert_eq!(count(&server, LEAVES).await, 1);
    assert!(!server.database.db_holds(&text(&second, "refresh_token")).await, "the successor lies open");
    // A minute later the answer that nobody used is superseded, and what it gave dies: still one.
    server.turn(60);
    let third = refresh(&client, &first).await.ok();
    assert_ne!(third["refresh_token"], second["refresh_token"]);
    assert_eq!(count(&server, LEAVES).await, 1);
    client.userinfo(&text(&second, "access_token")).await.refused(401, Rejection::RevokedToken);
    // Used once, the successor closes the door: whoever comes with the old one holds a copy.
    let newest = refresh(&client, &text(&third, "refresh_token")).await.ok();
    refresh(&client, &first).await.refused_json(400, Rejection::ReusedRefreshToken);
    all_dead(&client, &[&newest, &third]).await;
    assert_eq!(count(&server, LEAVES).await, 0);
}

/// What is known of used tokens is in the database: a process that was killed and started again knows it, and the family dies as it would have.
#[tokio::test]
async fn d4_a_used_refresh_token_is_refused_after_a_restart() {
    let database = Database::copy().await;
    let (address, settings) = (free_address(), Live::environment(&database));
    let run = || Live::run(database.folder.path(), settings.clone(), &["serve", "--listen", &address, "--json"]);
    let mut server = run();
    server.user(ANN);
    let client = server.client("web", &[]);
    let answer = server.browser().authorize(&client.authorization_path(OFFLINE), ANN).await;
    let first = client.redeem(&answer).await.ok();
    let refresh = async |client: &LiveClient, token: &str| {
        client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    };
    let second = refresh(&client, &text(&first, "refresh_token")).await.ok();
    let third = refresh(&client, &text(&second, "refresh_token")).await.ok();
    assert_eq!(client.userinfo(&text(&third, "access_token")).await.status, 200);
    server.kill();
    let server = run();
    // Over connections of its own: those of the killed process are gone.
    let registered = serde_json::json!({ "client_id": client.id, "client_secret": client.secret });
    let client = LiveClient::new(&server.issuer, &registered);
    assert_eq!(client.userinfo(&text(&third, "access_token")).await.status, 200);
    for token in [&first, &second, &first] {
        let answer = refresh(&client, &text(token, "refresh_token")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &"invalid_grant".into()));
    }
    assert_eq!(refresh(&client, &text(&third, "refresh_token")).await.status, 400);
    assert_eq!(client.userinfo(&text(&third, "access_token")).await.status, 401);
}

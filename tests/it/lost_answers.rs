//! Refresh answers that were lost, and refresh tokens of which two parties hold copies (RFC 9700 §4.14).

use doorward::protocol::client::ClientType;
use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use crate::support::{Answer, Browser, Client, Database, Live, Server, parallel, rounds};

const ANN: &str = "ann@example.org";
const SCOPE: &str = "scope=openid+email+offline_access";
const DAY: i64 = 86_400;

/// What a refresh gave.
#[derive(Clone, Debug, PartialEq)]
struct Pair {
    refresh: String,
    access: String,
}

impl Pair {
    fn of(tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self { refresh: text("refresh_token"), access: text("access_token") }
    }
}

/// A signed-in person with a client, and the first tokens.
async fn begin(server: &Server, kind: ClientType, on_reuse: Option<OnReuse>) -> (Browser, Client, Pair) {
    server.db_user(ANN).await;
    let client = server.db_client(kind, |c| c.metadata.on_reuse = on_reuse).await;
    let mut browser = server.browser();
    let first = authorized(&mut browser, &client).await;
    (browser, client, first)
}

async fn authorized(browser: &mut Browser, client: &Client) -> Pair {
    let code = browser.code(client, ANN, SCOPE).await;
    Pair::of(&client.redeem(&code).await.ok())
}

async fn refresh(client: &Client, token: &str) -> Answer {
    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn refreshed(client: &Client, token: &str) -> Pair {
    Pair::of(&refresh(client, token).await.ok())
}

async fn is_active(client: &Client, token: &str) -> bool {
    client.post("/introspect", &[("token", token)]).await.ok()["active"].as_bool().unwrap()
}

#[tokio::test]
async fn after_a_minute_a_lost_answer_is_superseded_and_what_it_gave_dies() {
    for kind in [ClientType::Web, ClientType::Spa] {
        let server = Server::start().await;
        let (_, client, first) = begin(&server, kind, None).await;
        let lost = refreshed(&client, &first.refresh).await;
        client.userinfo(&lost.access).await.ok();
        server.turn(60);
        let heard = refreshed(&client, &first.refresh).await;
        assert_ne!(heard.refresh, lost.refresh);
        client.userinfo(&lost.access).await.refused(401, Rejection::RevokedToken);
        client.userinfo(&heard.access).await.ok();
        client.userinfo(&first.access).await.ok();
        if kind == ClientType::Web {
            for (token, active) in [(&lost.access, false), (&lost.refresh, false), (&first.refresh, false)] {
                assert_eq!(is_active(&client, token).await, active);
            }
            assert!(is_active(&client, &heard.access).await && is_active(&client, &heard.refresh).await);
        }
        // The new answer may get lost as well, and is the same for a minute.
        server.turn(59);
        assert_eq!(refreshed(&client, &first.refresh).await, heard);
        refreshed(&client, &heard.refresh).await;
    }
}

#[tokio::test]
async fn answers_may_go_on_being_lost_for_a_day_and_then_the_grant_ends_alone() {
    let server = Server::start().await;
    let (mut browser, client, first) = begin(&server, ClientType::Web, Some(OnReuse::User)).await;
    let other = authorized(&mut browser, &client).await;
    let mut last = refreshed(&client, &first.refresh).await;
    for pause in [60, 60, 3600, 43_200, DAY - 3600 - 43_200 - 121] {
        server.turn(pause);
        let next = refreshed(&client, &first.refresh).await;
        assert_ne!(next.refresh, last.refresh);
        client.userinfo(&last.access).await.refused_in(401, &[Rejection::RevokedToken, Rejection::ExpiredToken]);
        last = next;
    }
    // The second in which the day is over is within the minute of the last answer, which counts first.
    server.turn(59);
    assert_eq!(refreshed(&client, &first.refresh).await, last);
    server.turn(1);
    refresh(&client, &first.refresh).await.refused_json(400, Rejection::LateRefreshToken);
    refresh(&client, &last.refresh).await.refused_json(400, Rejection::EndedGrant);
    client.userinfo(&last.access).await.refused(401, Rejection::TokenOfEndedGrant);
    refreshed(&client, &other.refresh).await;
}

#[tokio::test]
async fn the_time_for_lost_answers_can_be_set_to_none() {
    let server = Server::with(|config| config.tokens.lost_answer = 0).await;
    let (mut browser, client, first) = begin(&server, ClientType::Web, Some(OnReuse::User)).await;
    refreshed(&client, &first.refresh).await;
    server.turn(59);
    refreshed(&client, &first.refresh).await;
    server.turn(1);
    refresh(&client, &first.refresh).await.refused_json(400, Rejection::LateRefreshToken);
    // Not a copy: the person stays signed in, and is not warned.
    let account = browser.visit("/account").await;
    assert!(account.has("#sign-out") && !account.has("#reuse-notice"));
}

#[tokio::test]
async fn a_superseded_token_and_one_whose_successor_was_used_are_copies_and_end_what_the_client_says() {
    let cases = [
        (false, None, OnReuse::User, OnReuse::Grant),
        (true, None, OnReuse::User, OnReuse::User),
        (true, None, OnReuse::Grant, OnReuse::Grant),
        (true, Some(OnReuse::Grant), OnReuse::User, OnReuse::Grant),
        (false, Some(OnReuse::User), OnReuse::Grant, OnReuse::User),
    ];
    for (first_party, own, preset, ends) in cases {
        for superseded in [false, true] {
            let server = Server::with(|config| config.tokens.on_reuse = preset).await;
            let (mut browser, _, _) = begin(&server, ClientType::Web, None).await;
            let change = |c: &mut doorward::protocol::client::Client| {
                (c.first_party, c.metadata.on_reuse) = (first_party, own);
            };
            let client = server.db_client(ClientType::Web, change).await;
            let first = authorized(&mut browser, &client).await;
            let other = authorized(&mut browser, &client).await;
            let second = refreshed(&client, &first.refresh).await;
            let (newest, copy) = if superseded {
                server.turn(60);
                (refreshed(&client, &first.refresh).await, second)
            } else {
                (refreshed(&client, &second.refresh).await, first)
            };
            refresh(&client, &copy.refresh).await.refused_json(400, Rejection::ReusedRefreshToken);
            refresh(&client, &newest.refresh).await.refused_json(400, Rejection::EndedGrant);
            client.userinfo(&newest.access).await.refused(401, Rejection::TokenOfEndedGrant);
            refresh(&client, &copy.refresh).await.refused_json(400, Rejection::EndedGrant);
            let rest = refresh(&client, &other.refresh).await;
            let account = browser.visit("/account").await;
            if ends == OnReuse::User {
                rest.refused_json(400, Rejection::EndedGrant);
                assert!(account.has("#login-submit"), "{first_party} {own:?} {preset:?}");
            } else {
                rest.ok();
                assert!(account.has("#reuse-notice"), "{first_party} {own:?} {preset:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_copy_ends_is_said_of_each_client_by_command() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let client = server.client("spa", &[]);
    assert_eq!(server.command(&["client", "show", &client.id])["on_reuse"], "default");
    let other = server.client("spa", &["--on-reuse", "user"]);
    assert_eq!(server.command(&["client", "show", &other.id])["on_reuse"], "user");
    for said in ["grant", "default", "user"] {
        assert_eq!(server.command(&["client", "update", &client.id, "--on-reuse", said])["on_reuse"], said);
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_under_the_same_rules_as_any_other() {
    let server = Server::start().await;
    let (_, client, first) = begin(&server, ClientType::Web, None).await;
    let asking = async |extra: (&str, &str)| {
        client.token(&[("grant_type", "refresh_token"), ("refresh_token", &first.refresh), extra]).await
    };
    let lost = refreshed(&client, &first.refresh).await;
    server.turn(60);
    asking(("scope", "openid profile")).await.refused_json(400, Rejection::WiderScope);
    asking(("resource", "https://notes.test")).await.refused_json(400, Rejection::ResourceNotGranted);
    let stranger = server.db_client(ClientType::Web, |_| {}).await;
    refresh(&stranger, &first.refresh).await.refused_json(400, Rejection::ForeignRefreshToken);
    let mut impostor = client.clone();
    impostor.secret = Some("wrong".to_owned());
    refresh(&impostor, &first.refresh).await.refused_json(401, Rejection::WrongClientSecret);
    // Nothing of it has touched the answer; and who asks for less now gets less, since it is a new answer.
    client.userinfo(&lost.access).await.ok();
    let narrow = asking(("scope", "openid")).await.ok();
    assert_eq!(narrow["scope"], "openid");
    asking(("scope", "openid email")).await.refused_json(400, Rejection::ChangedRetry);
    let whole = refresh(&client, &Pair::of(&narrow).refresh).await.ok();
    assert_eq!(whole["scope"], "email offline_access openid");
}

#[tokio::test]
async fn a_lost_answer_ends_with_what_it_gave() {
    let server = Server::with(|config| {
        config.tokens.refresh_idle = 3000;
        config.tokens.refresh_absolute = 5000;
    })
    .await;
    let (mut browser, client, first) = begin(&server, ClientType::Web, None).await;
    refreshed(&client, &first.refresh).await;
    server.turn(3000);
    refresh(&client, &first.refresh).await.refused_json(400, Rejection::ExpiredRefreshToken);
    let first = authorized(&mut browser, &client).await;
    server.turn(2990);
    let second = refreshed(&client, &first.refresh).await;
    // Later than the presented token itself would have been worth anything.
    server.turn(100);
    let third = refreshed(&client, &first.refresh).await;
    assert_ne!(third.refresh, second.refresh);
    // The absolute limit of the grant.
    server.turn(5000 - 2990 - 100);
    refresh(&client, &first.refresh).await.refused_json(400, Rejection::ExpiredRefreshToken);
}

#[tokio::test]
async fn clean_up_keeps_what_a_lost_answer_is_asked_for_with() {
    let server = Server::with(|config| config.sign_in.idle = 31_536_000).await;
    let (_, client, first) = begin(&server, ClientType::Web, None).await;
    server.turn(30 * DAY - 1);
    server.poll().await;
    let lost = refreshed(&client, &first.refresh).await;
    server.turn(DAY - 1);
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
    let heard = refreshed(&client, &first.refresh).await;
    assert_ne!(heard.refresh, lost.refresh);
    refresh(&client, &lost.refresh).await.refused_json(400, Rejection::ReusedRefreshToken);
}

#[tokio::test]
async fn a_revocation_with_a_superseded_token_ends_the_grant() {
    let server = Server::start().await;
    let (_, client, first) = begin(&server, ClientType::Web, None).await;
    let lost = refreshed(&client, &first.refresh).await;
    server.turn(60);
    let heard = refreshed(&client, &first.refresh).await;
    assert_eq!(client.post("/revoke", &[("token", &lost.refresh)]).await.status, 200);
    refresh(&client, &heard.refresh).await.refused_json(400, Rejection::EndedGrant);
}

async fn leaves(server: &Server) -> i64 {
    server.database.db_number("SELECT COUNT(*) FROM refresh_tokens WHERE consumed_at IS NULL").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_that_miss_one_answer_at_once_all_get_the_same_and_one_leaf_lives() {
    let server = Server::with(|config| config.database.max_connections = 4).await;
    let other_node = server.another_node().await;
    let (_, client, first) = begin(&server, ClientType::Web, None).await;
    let mut token = first.refresh;
    for round in 0..rounds(20, 1000) {
        let lost = refreshed(&client, &token).await;
        server.turn(60);
        server.poll().await;
        other_node.poll().await;
        let answers = parallel(32, |n| {
            let (client, token) = (client.on(if n % 2 == 0 { &server } else { &other_node }), token.clone());
            async move { refreshed(&client, &token).await }
        })
        .await;
        assert!(answers.iter().all(|answer| *answer == answers[0] && *answer != lost), "round {round}: not the same");
        assert_eq!(leaves(&server).await, 1, "round {round}");
        client.userinfo(&lost.access).await.refused(401, Rejection::RevokedToken);
        client.userinfo(&answers[0].access).await.ok();
        token = answers[0].refresh.clone();
    }
}

/// Whoever is quicker: the other one holds a copy, and nothing lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_successor_that_is_used_and_superseded_at_once_one_wins_and_the_copy_ends_both() {
    let server = Server::start().await;
    let other_node = server.another_node().await;
    let (mut browser, client, _) = begin(&server, ClientType::Web, None).await;
    for round in 0..rounds(20, 1000) {
        let first = authorized(&mut browser, &client).await;
        let second = refreshed(&client, &first.refresh).await;
        server.turn(60);
        server.poll().await;
        other_node.poll().await;
        let answers = parallel(8, |n| {
            let client = client.on(if n % 4 < 2 { &server } else { &other_node });
            let token = if n % 2 == 0 { first.refresh.clone() } else { second.refresh.clone() };
            async move { refresh(&client, &token).await }
        })
        .await;
        assert!(answers.iter().any(|answer| answer.status == 200), "round {round}: nobody was first");
        assert!(answers.iter().any(|answer| answer.status == 400), "round {round}: no copy was noticed");
        for answer in &answers {
            if answer.status == 200 {
                let pair = Pair::of(&answer.json());
                refresh(&client, &pair.refresh).await.refused_json(400, Rejection::EndedGrant);
                client.userinfo(&pair.access).await.refused_in(401, &[Rejection::TokenOfEndedGrant]);
            } else {
                answer.refused_in(400, &[Rejection::ReusedRefreshToken, Rejection::EndedGrant]);
            }
        }
        let open = "SELECT COUNT(*) FROM (SELECT t.grant_id FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id \
             WHERE t.consumed_at IS NULL AND g.ended_at IS NULL GROUP BY t.grant_id HAVING COUNT(*) > 1) AS doubled";
        assert_eq!(server.database.db_number(open).await, 0, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_lost_answer_and_a_revocation_at_once_nothing_lives() {
    let server = Server::start().await;
    let (mut browser, client, _) = begin(&server, ClientType::Web, None).await;
    for _ in 0..rounds(20, 1000) {
        let first = authorized(&mut browser, &client).await;
        refreshed(&client, &first.refresh).await;
        server.turn(60);
        let (c, t) = (client.clone(), first.refresh.clone());
        let asking = tokio::spawn(async move { refresh(&c, &t).await });
        assert_eq!(client.post("/revoke", &[("token", &first.refresh)]).await.status, 200);
        let answer = asking.await.unwrap();
        if answer.status == 200 {
            let pair = Pair::of(&answer.json());
            refresh(&client, &pair.refresh).await.refused_json(400, Rejection::EndedGrant);
            client.userinfo(&pair.access).await.refused(401, Rejection::TokenOfEndedGrant);
        }
        refresh(&client, &first.refresh).await.refused_json(400, Rejection::EndedGrant);
    }
}

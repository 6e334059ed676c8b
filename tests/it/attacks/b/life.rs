//! How long a code is worth something, and how often.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, State, UserChange};
use doorward::secret::Secret;

use crate::attacks::{ANN, OFFLINE, is_active, refresh, text};
use crate::support::{Server, redeem_at_once, rounds};

/// Exactly one of 32 redemptions at once succeeds, each time, on one node and on two, and its tokens die with the replays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn b7_a_code_is_redeemed_once_however_many_try_at_once() {
    for nodes in [1, 2] {
        let server = Server::start().await;
        server.db_user(ANN).await;
        let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
        let mut clients = vec![client.clone()];
        for _ in 1..nodes {
            clients.push(client.on(&server.another_node().await));
        }
        let mut browser = server.browser();
        browser.sign_in(ANN).await;
        for _ in 0..rounds(20, 1000) {
            let code = browser.code(&client, ANN, "").await;
            redeem_at_once(&clients, &code).await;
        }
    }
}

/// Sixty seconds, and not a moment after the end of its user, password, client, consent or sign-in, on any node.
#[tokio::test]
async fn b8_a_code_ends_with_its_time_its_user_its_client_and_its_consent() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let other = server.another_node().await;
    let registry = server.registry();
    let mut browser = server.browser();

    let late = browser.code(&client, ANN, "").await;
    server.turn(61);
    client.redeem(&late).await.refused_json(400, Rejection::ExpiredCode);
    // Another node: the first counts what a network asks for by a clock that never goes back.
    server.turn(-61);
    client.on(&other).redeem(&late).await.refused_json(400, Rejection::BurntCode);
    server.turn(61);
    let last_moment = server.browser().code(&client, ANN, "").await;
    server.turn(60);
    client.redeem(&last_moment).await.refused_json(400, Rejection::ExpiredCode);

    for end in ["signed out", "consent withdrawn", "password changed", "sign-ins ended", "user off"] {
        let mut browser = server.browser();
        let of_page = browser.code(&client, ANN, "").await;
        let of_site = browser.code(&web, ANN, "").await;
        let act = Act::of_operator(server.clock.now());
        let account = browser.visit("/account").await;
        match end {
            "signed out" => drop(browser.press(&account.form("#sign-out")).await),
            "consent withdrawn" => {
                for id in [&client.id, &web.id] {
                    let form = account.form("#sign-ins button").without("id").with("client_id", id);
                    browser.press(&form.to("/account/apps/end")).await;
                }
            }
            "password changed" => {
                let password = Secret::presented("another quiet river at noon");
                let change = UserChange { password: Some(password), ..UserChange::default() };
                registry.change_user(&ann, change, &act).await.unwrap();
                let back =
                    UserChange { password: Some(Secret::presented(crate::support::PASSWORD)), ..UserChange::default() };
                registry.change_user(&ann, back, &act).await.unwrap();
            }
            "sign-ins ended" => drop(registry.end_sign_ins_of_user(&ann, &act).await.unwrap()),
            _ => drop(registry.switch_user(&ann, State::Off, &act).await.unwrap()),
        }
        let refusals = [Rejection::EndedGrant, Rejection::UnknownCode];
        client.on(&other).redeem(&of_page).await.refused_in(400, &refusals);
        client
            .redeem(&of_page)
            .await
            .refused_in(400, &[Rejection::EndedGrant, Rejection::UnknownCode, Rejection::BurntCode]);
        // A website's outlives the browser's own end alone (design: an SPA's ends with the sign-in).
        if end != "signed out" {
            web.redeem(&of_site).await.refused_in(400, &refusals);
        }
    }
    registry.switch_user(&ann, State::On, &Act::of_operator(server.clock.now())).await.unwrap();
    let code = server.browser().code(&client, ANN, "").await;
    server.db_change_client(&client.id, |c| c.disabled_at = Some(c.created_at)).await;
    client.redeem(&code).await.refused_json(401, Rejection::ClientSwitchedOff);
}

/// Class: replay of a used code: the right redemption again ends every token of the first, on every node; what only looks like one ends
/// nothing, so that who overheard a code cannot cut anybody off.
#[tokio::test]
async fn b9_a_replayed_code_ends_what_came_of_it() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let thief = server.db_client(ClientType::Web, |_| {}).await;
    let other = server.another_node().await;
    let mut browser = server.browser();
    let untouched = browser.code(&client, ANN, OFFLINE).await;
    let untouched = client.redeem(&untouched).await.ok();
    let code = browser.code(&client, ANN, OFFLINE).await;
    let given = client.redeem(&code).await.ok();
    let successor = refresh(&client, &text(&given, "refresh_token")).await.ok();
    let all = [text(&given, "access_token"), text(&successor, "access_token"), text(&successor, "refresh_token")];
    thief.redeem(&code).await.refused_json(400, Rejection::ForeignCode);
    let verifier = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", "wrong")];
    client.token(&verifier).await.refused_json(400, Rejection::BurntCode);
    for token in &all {
        assert!(is_active(&client, token).await);
    }
    client.on(&other).redeem(&code).await.refused_json(400, Rejection::ReplayedCode);
    for node in [&server, &other] {
        let client = client.on(node);
        for token in &all {
            assert!(!is_active(&client, token).await);
        }
        client.userinfo(&all[0]).await.refused(401, Rejection::TokenOfEndedGrant);
        refresh(&client, &all[2]).await.refused_json(400, Rejection::EndedGrant);
        client.redeem(&code).await.refused_in(400, &[Rejection::ReplayedCode, Rejection::BurntCode]);
        assert!(is_active(&client, &text(&untouched, "access_token")).await, "the other grant goes on");
    }
}

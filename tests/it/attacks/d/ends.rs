//! What ends a grant, also while it is used, and what does not.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{Act, Giving, Recipient, RoleChange, State, UserChange};
use doorward::secret::Secret;

use super::all_dead;
use crate::attacks::{ANN, OFFLINE, is_active, refresh, text, tokens};
use crate::support::{Browser, Client, Form, Server, rounds, unverified_claims};

/// The form that takes the client's access back.
async fn end_app(browser: &mut Browser, client: &Client) -> Form {
    let form = browser.visit("/account").await.form("#sign-ins button").without("id").with("client_id", &client.id);
    form.to("/account/apps/end")
}

/// Whichever comes first, after both answers nothing lives: neither the old token, nor the new one, nor its access token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d5_after_a_refresh_and_a_revocation_at_once_nothing_lives() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let nodes = [client.clone(), client.on(&server.another_node().await)];
    let mut browser = server.browser();
    for round in 0..rounds(20, 1000) {
        let other = &nodes[round % 2];
        let first = tokens(&mut browser, &client).await;
        let token = text(&first, "refresh_token");
        let (there, used) = (other.clone(), token.clone());
        let refreshing = tokio::spawn(async move { refresh(&there, &used).await });
        assert_eq!(client.post("/revoke", &[("token", &token)]).await.status, 200);
        let refreshed = refreshing.await.unwrap();
        all_dead(&client, &[&first]).await;
        if refreshed.status == 200 {
            all_dead(other, &[&refreshed.json()]).await;
        } else {
            refreshed.refused_json(400, Rejection::EndedGrant);
        }
    }
}

/// Class: other ends in the same race: signing out, taking an application's access back, and switching the person off, each beside a refresh
/// and a redemption.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d6_what_is_given_while_it_ends_does_not_outlive_the_end() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let there = client.on(&server.another_node().await);
    let registry = server.registry();
    for round in 0..rounds(6, 300) {
        let mut browser = server.browser();
        let first = tokens(&mut browser, &client).await;
        let code = browser.code(&client, ANN, OFFLINE).await;
        let sign_out = browser.visit("/account").await.form("#sign-out");
        let end_app = end_app(&mut browser, &client).await;
        let (node, used) = (there.clone(), text(&first, "refresh_token"));
        let refreshing = tokio::spawn(async move { refresh(&node, &used).await });
        let node = there.clone();
        let redeeming = tokio::spawn(async move { node.redeem(&code).await });
        let act = Act::of_operator(server.clock.now());
        match round % 3 {
            0 => assert_eq!(browser.submit(&sign_out).await.status, 303),
            1 => assert_eq!(browser.submit(&end_app).await.status, 303),
            _ => drop(registry.switch_user(&ann, State::Off, &act).await.unwrap()),
        }
        let (refreshed, redeemed) = (refreshing.await.unwrap(), redeeming.await.unwrap());
        for answer in [&refreshed, &redeemed] {
            if answer.status == 200 {
                all_dead(&there, &[&answer.json()]).await;
            } else {
                answer
                    .refused_in(400, &[Rejection::EndedGrant, Rejection::UnknownCode, Rejection::UnknownRefreshToken]);
            }
        }
        all_dead(&client, &[&first]).await;
        registry.switch_user(&ann, State::On, &act).await.unwrap();
    }
}

/// After each of these ends the refresh token gives nothing, at another node too; a role that was taken away is gone from the next token.
#[tokio::test]
async fn d7_a_refresh_gives_nothing_after_the_end_of_what_it_hangs_on() {
    let server = Server::start().await;
    let mut ann = server.db_user(ANN).await;
    let other = server.another_node().await;
    let registry = server.registry();
    let password = |words: &str| UserChange { password: Some(Secret::presented(words)), ..UserChange::default() };
    let ends = [
        "user off",
        "password changed",
        "sign-ins ended",
        "consent withdrawn",
        "client off",
        "client deleted",
        "user deleted",
    ];
    for end in ends {
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        let given = tokens(&mut browser, &client).await;
        let act = Act::of_operator(server.clock.now());
        match end {
            "user off" => drop(registry.switch_user(&ann, State::Off, &act).await.unwrap()),
            "password changed" => {
                registry.change_user(&ann, password("another quiet river at noon"), &act).await.unwrap();
                registry.change_user(&ann, password(crate::support::PASSWORD), &act).await.unwrap();
            }
            "sign-ins ended" => drop(registry.end_sign_ins_of_user(&ann, &act).await.unwrap()),
            "consent withdrawn" => {
                let form = end_app(&mut browser, &client).await;
                browser.press(&form).await;
            }
            "client off" => drop(registry.switch_client(&client.id, State::Off, &act).await.unwrap()),
            "client deleted" => drop(registry.delete_client(&client.id, &act).await.unwrap()),
            _ => drop(registry.delete_user(&ann, &act).await.unwrap()),
        }
        for node in [&server, &other] {
            node.poll().await;
            let client = client.on(node);
            if end.starts_with("client") {
                let answer = refresh(&client, &text(&given, "refresh_token")).await;
                answer.refused_in(401, &[Rejection::ClientSwitchedOff, Rejection::UnregisteredClient]);
                client.userinfo(&text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
            } else {
                all_dead(&client, &[&given]).await;
            }
        }
        if end == "user off" {
            registry.switch_user(&ann, State::On, &act).await.unwrap();
        }
        if end == "user deleted" {
            ann = server.db_user(ANN).await;
        }
    }
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let given = tokens(&mut server.browser(), &client).await;
    let roles = |tokens: &serde_json::Value| unverified_claims(&text(tokens, "access_token")).get("roles").cloned();
    assert_eq!(roles(&given), Some(serde_json::json!(["editor"])));
    server.db_change_user(&ann, |account| account.user.roles.clear()).await;
    let told = client.post("/introspect", &[("token", &text(&given, "access_token"))]).await.ok();
    assert!(told.get("roles").is_none_or(|roles| roles.as_array().unwrap().is_empty()), "{told}");
    assert_eq!(roles(&refresh(&client, &text(&given, "refresh_token")).await.ok()), None);
}

/// A role that is taken away takes its scopes with it: at once where we are asked, from the next token, and from a grant that began with it.
#[tokio::test]
async fn d7_a_role_takes_its_scopes_with_it() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let (registry, act) = (server.registry(), Act::of_operator(server.clock.now()));
    server.db_resource("https://orders.test", &["orders:write"]).await;
    let scopes = Some(["orders:write".to_owned()].into());
    registry.create_role("clerk", RoleChange { scopes, ..RoleChange::default() }, &act).await.unwrap();
    registry.give_role(Recipient::User(&ann), "clerk", Giving::Grant, &act).await.unwrap();
    server.poll().await;
    let scopes = ScopeSet::parse("openid offline_access orders:write").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    let code = server.browser().code(&client, ANN, "scope=openid+offline_access+orders:write").await;
    let given = client.redeem(&code).await.ok();
    assert_eq!(given["scope"], "offline_access openid orders:write");
    registry.give_role(Recipient::User(&ann), "clerk", Giving::Revoke, &act).await.unwrap();
    let told = client.post("/introspect", &[("token", &text(&given, "access_token"))]).await.ok();
    assert_eq!(told["scope"], "offline_access openid");
    assert_eq!(refresh(&client, &text(&given, "refresh_token")).await.ok()["scope"], "offline_access openid");
}

/// 200 to every client, and nothing of another's has ended; a public client may revoke its own, by either token and with a hint that is wrong.
#[tokio::test]
async fn d10_a_token_is_revoked_by_its_own_client_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let web = server.db_client(ClientType::Web, |_| {}).await;
    let spa = server.db_client(ClientType::Spa, |_| {}).await;
    let strangers = [
        server.db_client(ClientType::Web, |_| {}).await,
        server.db_client(ClientType::Spa, |_| {}).await,
        server.db_client(ClientType::Service, |_| {}).await,
    ];
    for client in [&web, &spa] {
        let given = tokens(&mut server.browser(), client).await;
        let (access, token) = (text(&given, "access_token"), text(&given, "refresh_token"));
        for stranger in &strangers {
            for token in [&access, &token, &text(&given, "id_token"), &"garbage".to_owned(), &"a.b.c".to_owned()] {
                for hint in ["access_token", "refresh_token", "x"] {
                    let fields = [("token", token.as_str()), ("token_type_hint", hint)];
                    let answer = stranger.post("/revoke", &fields).await;
                    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
                }
            }
        }
        client.userinfo(&access).await.ok();
        // By its name without its secret, or as nobody.
        let answer = server.post("/revoke", &format!("token={token}")).await;
        answer.refused_json(401, Rejection::MissingClientAuthentication);
        if client.secret.is_some() {
            let answer = server.post("/revoke", &format!("token={token}&client_id={}", client.id)).await;
            answer.refused_json(401, Rejection::MissingClientSecret);
        }
        let next = refresh(client, &token).await.ok();
        client.userinfo(&text(&next, "access_token")).await.ok();
        // Its own: the access token alone, then all by the refresh token.
        assert_eq!(client.post("/revoke", &[("token", &text(&next, "access_token"))]).await.status, 200);
        client.userinfo(&text(&next, "access_token")).await.refused(401, Rejection::RevokedToken);
        let last = refresh(client, &text(&next, "refresh_token")).await.ok();
        let fields = [("token", text(&last, "refresh_token")), ("token_type_hint", "access_token".to_owned())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(client.post("/revoke", &fields).await.status, 200);
        all_dead(client, &[&last]).await;
    }
}

/// A database that is put back knows nothing of what was revoked since. One command ends everything that came back; until then what was
/// revoked lives, which `docs/running.md` says.
#[tokio::test]
async fn d14_after_a_restore_one_command_ends_what_came_back() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    client.post("/revoke", &[("token", &text(&given, "refresh_token"))]).await;
    let signed_in = browser.clone();
    let account = browser.visit("/account").await;
    browser.press(&account.form("#sign-out")).await;
    all_dead(&client, &[&given]).await;
    // As the backup of last night has it.
    for table in ["grants", "sign_ins"] {
        server.database.db_execute(&format!("UPDATE {table} SET ended_at = NULL, end_reason = NULL")).await;
    }
    assert!(is_active(&client, &text(&given, "refresh_token")).await, "this is what the command is for");
    let registry = server.registry();
    let ended = registry.end_everything(&Act::of_operator(server.clock.now())).await.unwrap();
    assert_eq!(ended, 1);
    all_dead(&client, &[&given]).await;
    assert!(!crate::attacks::is_signed_in(&mut signed_in.clone()).await);
    let docs = crate::sources::text("docs/running.md");
    assert!(docs.contains("doorward session end --everyone"), "the page about backups says so");
}

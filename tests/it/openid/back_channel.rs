//! Back-channel logout: every end of a sign-in reaches every application of it, from the outbox, once (OpenID Connect Back-Channel
//! Logout).

use doorward::protocol::audit::Act;
use doorward::protocol::client::{self, ClientType};
use doorward::protocol::on_reuse::OnReuse;
use doorward::protocol::rejection::Rejection;
use doorward::secret::from_base64url;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Browser, Client, Database, Live, PASSWORD, Receiver, Server, unverified_claims};

/// A server that may call the receiver, a person, and an application with that back channel.
async fn begin() -> (Server, Receiver, Client) {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let server = Server::with(|config| config.outgoing.allow = vec![allowed]).await;
    server.db_user("ann@example.org").await;
    let client = client(&server, &receiver).await;
    (server, receiver, client)
}

async fn client(server: &Server, receiver: &Receiver) -> Client {
    let own = |client: &mut client::Client| {
        client.backchannel_logout_uri = Some(receiver.uri());
        client.metadata.on_reuse = Some(OnReuse::User);
    };
    server.db_client(ClientType::Web, own).await
}

/// Signs in to the application; its tokens.
async fn enter(browser: &mut Browser, client: &Client) -> Value {
    let code = browser.code(client, "ann@example.org", "scope=openid+offline_access").await;
    client.redeem(&code).await.ok()
}

async fn sign_out(browser: &mut Browser) {
    let page = browser.visit("/account").await;
    browser.press(&page.form("#sign-out")).await;
}

/// Delivers until nothing is due.
async fn deliver(server: &Server) {
    while server.app.deliver_logouts().await.unwrap() > 0 {}
}

async fn waiting(server: &Server) -> i64 {
    server.database.db_number("SELECT COUNT(*) FROM logout_outbox").await
}

#[tokio::test]
async fn a_logout_token_says_which_sign_in_of_whom_has_ended() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    let id_token = unverified_claims(enter(&mut browser, &client).await["id_token"].as_str().unwrap());
    sign_out(&mut browser).await;
    deliver(&server).await;
    let tokens = receiver.tokens().await;
    assert_eq!(tokens.len(), 1);

    let header = from_base64url(tokens[0].split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["typ"], "logout+jwt");
    let jwks: JwkSet = serde_json::from_value(server.get("/.well-known/jwks.json").await.ok()).unwrap();
    let key = DecodingKey::from_jwk(jwks.find(header["kid"].as_str().unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[&client.id]);
    validation.set_issuer(&["http://localhost:8000"]);
    validation.validate_exp = false; // the manual clock is in the future of the real one
    let claims = jsonwebtoken::decode::<Value>(&tokens[0], &key, &validation).unwrap().claims;

    assert_eq!((&claims["sub"], &claims["sid"]), (&id_token["sub"], &id_token["sid"]));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert_eq!(claims["iat"], server.app.now().seconds());
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 120);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
    assert!(claims.get("nonce").is_none());
}

#[tokio::test]
async fn every_end_of_a_sign_in_is_told() {
    let (server, receiver, client) = begin().await;
    server.db_user("bob@example.org").await;
    for end in ["signed out", "ended by the operator", "another person", "switched off", "refresh token reused"] {
        let mut browser = server.browser();
        let tokens = enter(&mut browser, &client).await;
        let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
        let (sub, sid) = (claims["sub"].as_str().unwrap(), claims["sid"].as_str().unwrap());
        let now = server.app.now();
        match end {
            "signed out" => sign_out(&mut browser).await,
            "ended by the operator" => {
                let mut transaction = server.app.storage.begin().await.unwrap();
                assert!(transaction.end_sign_in(sid, "ended by the operator", &Act::of_operator(now)).await.unwrap());
                transaction.commit().await.unwrap();
            }
            "another person" => {
                let page = browser.visit("/login?as=another").await;
                browser.sign_in_on(&page, "bob@example.org", PASSWORD).await;
            }
            "switched off" => {
                let mut transaction = server.app.storage.begin().await.unwrap();
                transaction.end_everything_of_user(sub, "account switched off", &Act::of_operator(now)).await.unwrap();
                transaction.commit().await.unwrap();
            }
            _ => {
                let refresh = async |token: &Value| {
                    client.token(&[("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())]).await
                };
                let successor = refresh(&tokens["refresh_token"]).await.ok();
                refresh(&successor["refresh_token"]).await.ok();
                server.turn(61);
                refresh(&tokens["refresh_token"]).await.refused_json(400, Rejection::ReusedRefreshToken);
            }
        }
        deliver(&server).await;
        let told = receiver.tokens().await;
        assert_eq!(told.len(), 1, "{end}");
        assert_eq!(unverified_claims(&told[0])["sid"], sid, "{end}");
    }
}

#[tokio::test]
async fn expiry_is_no_end_and_an_end_is_told_once() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    let tokens = enter(&mut browser, &client).await;
    let sid = unverified_claims(tokens["id_token"].as_str().unwrap())["sid"].clone();
    server.turn(86_400 * 2);
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 0);
    for _ in 0..2 {
        let mut transaction = server.app.storage.begin().await.unwrap();
        transaction.end_sign_in(sid.as_str().unwrap(), "test", &Act::of_operator(server.app.now())).await.unwrap();
        transaction.commit().await.unwrap();
        deliver(&server).await;
    }
    assert_eq!(receiver.tokens().await.len(), 1);
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn an_end_that_is_rolled_back_is_not_told() {
    let (server, receiver, client) = begin().await;
    let tokens = enter(&mut server.browser(), &client).await;
    let sid = unverified_claims(tokens["id_token"].as_str().unwrap())["sid"].clone();
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.end_sign_in(sid.as_str().unwrap(), "test", &Act::of_operator(server.app.now())).await.unwrap());
    drop(transaction);
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 0);
}

#[tokio::test]
async fn the_applications_of_the_sign_in_are_told_and_no_others() {
    let (server, receiver, client) = begin().await;
    let (second, without_openid) = (self::client(&server, &receiver).await, self::client(&server, &receiver).await);
    let (elsewhere, without_channel) =
        (self::client(&server, &receiver).await, server.db_client(ClientType::Web, |_| {}).await);
    let mut browser = server.browser();
    for one in [&client, &client, &second, &without_channel] {
        enter(&mut browser, one).await;
    }
    browser.code(&without_openid, "ann@example.org", "scope=email").await;
    enter(&mut server.browser(), &elsewhere).await;
    sign_out(&mut browser).await;
    deliver(&server).await;
    let mut told: Vec<String> =
        receiver.tokens().await.iter().map(|t| unverified_claims(t)["aud"].as_str().unwrap().to_owned()).collect();
    told.sort();
    let mut expected = [client.id, second.id];
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn signing_out_waits_for_no_application() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    enter(&mut browser, &client).await;
    sign_out(&mut browser).await;
    assert_eq!(receiver.tokens().await.len(), 0, "nothing is sent within the request");
    assert_eq!(waiting(&server).await, 1);
}

#[tokio::test]
async fn an_application_that_fails_is_tried_again_ever_more_rarely_and_given_up() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    enter(&mut browser, &client).await;
    sign_out(&mut browser).await;
    receiver.answer(500);
    let mut ids = std::collections::BTreeSet::new();
    for wait in [0, 10, 60, 300, 1800, 7200, 21_600] {
        server.turn(wait - 1);
        deliver(&server).await;
        assert_eq!(receiver.tokens().await.len(), 0, "not before {wait} s");
        server.turn(1);
        deliver(&server).await;
        let tokens = receiver.tokens().await;
        assert_eq!(tokens.len(), 1, "after {wait} s");
        ids.insert(unverified_claims(&tokens[0])["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 7, "each attempt has an id of its own");
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn an_application_that_comes_back_is_told_then_and_a_dead_one_holds_up_nobody() {
    let (server, receiver, client) = begin().await;
    let dead = server
        .db_client(ClientType::Web, |client| client.backchannel_logout_uri = Some("https://127.0.0.1:9/".to_owned()))
        .await;
    let mut browser = server.browser();
    enter(&mut browser, &dead).await;
    enter(&mut browser, &client).await;
    receiver.answer(503);
    sign_out(&mut browser).await;
    deliver(&server).await;
    receiver.answer(204);
    server.turn(10);
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 2);
    assert_eq!(waiting(&server).await, 1, "only the dead one's is left");
}

#[tokio::test]
async fn an_application_that_does_not_answer_delays_no_other() {
    let (receiver, silent) = (Receiver::start().await, tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let allowed = vec![receiver.address.to_string(), silent.local_addr().unwrap().to_string()];
    let server = Server::with(|config| config.outgoing.allow = allowed).await;
    let mute = format!("http://{}/logout", silent.local_addr().unwrap());
    let mute = server.db_client(ClientType::Web, |client| client.backchannel_logout_uri = Some(mute)).await;
    let client = client(&server, &receiver).await;
    // Far more than are sent at once wait for the one that takes connections and says nothing; the other's came last.
    let insert = async |client_id: &str, sign_in: &str, due_at: i64| {
        let columns = "client_id, sign_in_id, user_id, ended_at, due_at";
        let values = format!("'{client_id}', '{sign_in}', 'ann', {due_at}, {due_at}");
        server.database.db_execute(&format!("INSERT INTO logout_outbox ({columns}) VALUES ({values})")).await;
    };
    for number in 0..100 {
        insert(&mute.id, &format!("mute-{number}"), server.clock.now().seconds() - 100).await;
    }
    insert(&client.id, "heard", server.clock.now().seconds()).await;
    server.poll().await;
    let app = server.app.clone();
    let jobs = tokio::spawn(app.run_jobs(std::future::pending()));
    receiver.next().await;
    let given_up = "SELECT COUNT(*) FROM logout_outbox WHERE attempts > 0 AND leased_until = 0";
    assert_eq!(server.database.db_number(given_up).await, 0, "nobody has waited for the silent one");
    jobs.abort();
}

#[tokio::test]
async fn an_address_that_this_installation_may_not_call_is_never_dialled() {
    let receiver = Receiver::start().await;
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = client(&server, &receiver).await;
    let mut browser = server.browser();
    enter(&mut browser, &client).await;
    sign_out(&mut browser).await;
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 0);
    assert_eq!(waiting(&server).await, 1);
}

#[tokio::test]
async fn an_application_that_is_switched_off_is_not_told() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    enter(&mut browser, &client).await;
    sign_out(&mut browser).await;
    let now = server.app.now();
    server.db_change_client(&client.id, |client| client.disabled_at = Some(now)).await;
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 0);
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn of_several_nodes_one_sends_each_notice() {
    let (server, receiver, client) = begin().await;
    for _ in 0..10 {
        let mut browser = server.browser();
        enter(&mut browser, &client).await;
        sign_out(&mut browser).await;
    }
    let allowed = receiver.address.to_string();
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let node = server.another_node_with(|config| config.outgoing.allow = vec![allowed.clone()]).await;
        nodes.spawn(async move { deliver(&node).await });
    }
    nodes.join_all().await;
    let mut sids: Vec<Value> =
        receiver.tokens().await.iter().map(|token| unverified_claims(token)["sid"].clone()).collect();
    assert_eq!(sids.len(), 10);
    sids.sort_by_key(ToString::to_string);
    sids.dedup();
    assert_eq!(sids.len(), 10);
}

#[tokio::test]
async fn what_a_node_took_before_it_died_is_sent_by_another_when_the_lease_is_over() {
    let (server, receiver, client) = begin().await;
    let mut browser = server.browser();
    enter(&mut browser, &client).await;
    sign_out(&mut browser).await;
    let now = server.app.now();
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert_eq!(transaction.take_logouts(now, now.plus(60), (10, 10)).await.unwrap().len(), 1);
    transaction.commit().await.unwrap();
    server.turn(59);
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 0);
    server.turn(1);
    deliver(&server).await;
    assert_eq!(receiver.tokens().await.len(), 1);
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_refused_when_the_application_is_registered() {
    let database = Database::copy().await;
    let live = Live::serve_with(&database, &[("DOORWARD__OUTGOING__ALLOW", "127.0.0.1:9")]);
    let create = |uri: &str| {
        [
            "client",
            "create",
            "--type",
            "web",
            "--name",
            "N",
            "--redirect-uri",
            "https://rp.test/cb",
            "--backchannel-logout-uri",
            uri,
        ]
        .map(str::to_owned)
    };
    let refused = |uri: &str| live.refused(&create(uri).each_ref().map(String::as_str));
    for uri in ["https://10.0.0.1/out", "https://[::1]/out", "https://169.254.169.254/out", "http://127.0.0.1:10/out"] {
        assert!(refused(uri).contains("may not be called"), "{uri}");
    }
    assert!(refused("http://rp.test/out").contains("http only to this machine"));
    assert!(refused("https://rp.test/out#x").contains("fragment"));
    for uri in ["https://rp.test/out", "http://127.0.0.1:9/out", "https://127.0.0.1:9/out"] {
        let made = live.command(&create(uri).each_ref().map(String::as_str));
        assert_eq!(made["backchannel_logout_uri"], uri);
    }
}

//! What people, clients and operators do leaves its rows: each once, with who, what, on whom, from where, and what came of it.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::State;

use super::{Row, rows, start, take};
use crate::support::{PASSWORD, Server};

const ANN: &str = "ann@example.org";

#[tokio::test]
async fn a_person_signs_in_allows_an_application_and_signs_out() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "scope=openid+email").await;
    let found = take(&server).await;
    let person = format!("user:{ann}");
    let sign_in = found[0].subject.clone().unwrap();
    assert_eq!(found.iter().map(Row::what).collect::<Vec<_>>(), ["sign_in.succeeded", "consent.given"]);
    assert!(sign_in.starts_with("sign_in:"), "{found:?}");
    assert_eq!((&found[0].actor, found[0].outcome.as_str()), (&person, "success"));
    assert_eq!(found[0].details["methods"], serde_json::json!(["password"]));
    let (subject, actor) = (found[1].subject.as_deref(), found[1].actor.as_str());
    assert_eq!((subject, actor), (Some(format!("client:{}", client.id).as_str()), person.as_str()));
    assert_eq!(found[1].client_id.as_deref(), Some(client.id.as_str()));
    for row in &found {
        assert_eq!(row.network.as_deref(), Some("203.0.113.7"));
        assert_eq!(row.user_id.as_deref(), Some(ann.as_str()));
        assert_eq!(row.trace.as_ref().unwrap().len(), 32);
    }

    let answer = client.redeem(&code).await;
    let began = take(&server).await;
    assert_eq!(began.iter().map(Row::what).collect::<Vec<_>>(), ["grant.began"]);
    assert_eq!(began[0].trace.as_deref(), Some(answer.header("x-trace-id")), "one finds the other");
    assert_eq!(
        (began[0].actor.as_str(), began[0].user_id.as_deref()),
        (&*format!("client:{}", client.id), Some(&*ann))
    );
    assert_eq!(format!("sign_in:{}", began[0].details["sign_in"].as_str().unwrap()), sign_in);

    let account = browser.visit("/account").await;
    browser.submit(&account.form("#sign-out")).await;
    let ended = take(&server).await;
    assert_eq!(ended.iter().map(Row::what).collect::<Vec<_>>(), ["sign_in.ended", "grant.ended"]);
    assert_eq!(ended[0].subject.as_ref(), Some(&sign_in));
    assert_eq!(ended[1].subject, began[0].subject);
    assert!(ended.iter().all(|row| row.actor == person && row.details["reason"] == "signed out"), "{ended:?}");
    assert!(take(&server).await.is_empty());
}

#[tokio::test]
async fn registering_denying_and_withdrawing_leave_rows() {
    let server = start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let page = browser.visit("/register").await;
    let person = [("name", "Bea Hall"), ("email", "bea@example.org"), ("password", PASSWORD)];
    let form = person.iter().fold(page.form("#register-submit"), |form, (name, value)| form.with(name, value));
    browser.submit(&form).await;
    let found = take(&server).await;
    assert_eq!(found.iter().map(Row::what).collect::<Vec<_>>(), ["user.registered", "sign_in.succeeded"]);
    assert_eq!(found[0].subject.as_ref(), Some(&found[0].actor));

    let consent = browser.visit(&client.authorization_url("scope=openid")).await;
    browser.submit(&consent.form("#deny")).await;
    let denied = take(&server).await;
    assert_eq!(denied.iter().map(Row::what).collect::<Vec<_>>(), ["consent.denied"]);
    assert_eq!(denied[0].outcome, "refused");

    let code = browser.code(&client, "bea@example.org", "scope=openid").await;
    client.redeem(&code).await.ok();
    // Never redeemed: it has not begun for anybody, and so it does not end.
    browser.code(&client, "bea@example.org", "scope=openid").await;
    take(&server).await;
    let account = browser.visit("/account").await;
    browser.submit(&account.form("#apps button")).await;
    let withdrawn = take(&server).await;
    assert_eq!(withdrawn.iter().map(Row::what).collect::<Vec<_>>(), ["consent.withdrawn", "grant.ended"]);
    assert!(withdrawn.iter().all(|row| row.details["reason"] == "withdrawn by the person"), "{withdrawn:?}");
}

#[tokio::test]
async fn an_answer_that_was_given_before_leaves_no_row_again() {
    let server = start().await;
    server.db_user(ANN).await;
    let (client, other) =
        (server.db_client(ClientType::Web, |_| {}).await, server.db_client(ClientType::Web, |_| {}).await);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    take(&server).await;
    let of = |rows: &[Row]| rows.iter().map(|row| (row.what().to_owned(), row.times)).collect::<Vec<_>>();
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    for _ in 0..3 {
        assert!(browser.press(&page.form("#allow")).await.location_param("code").is_some());
    }
    assert_eq!(of(&take(&server).await), [("consent.given".to_owned(), 1)]);
    // Whoever is asked again and allows the same is counted: two requests in turn are no way to any number of rows.
    let asked_again = client.authorization_url("scope=openid&prompt=consent");
    let pages = [browser.visit(&asked_again).await, browser.visit(&asked_again).await];
    for page in pages.iter().cycle().take(6) {
        browser.press(&page.form("#allow")).await;
    }
    assert_eq!(of(&take(&server).await), [("consent.given".to_owned(), 6)]);
    // More than before is another consent.
    let page = browser.visit(&client.authorization_url("scope=openid+email")).await;
    browser.press(&page.form("#allow")).await;
    assert_eq!(of(&take(&server).await), [("consent.given".to_owned(), 1)]);
    let page = browser.visit(&other.authorization_url("scope=openid")).await;
    for _ in 0..3 {
        browser.submit(&page.form("#deny")).await.refused_redirect(Rejection::ConsentDenied);
    }
    assert_eq!(of(&take(&server).await), [("consent.denied".to_owned(), 1)]);
}

#[tokio::test]
async fn copies_of_codes_and_tokens_leave_rows_and_so_does_what_they_end() {
    let server = start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    let next = client.token(&refresh).await.ok();
    client
        .token(&[("grant_type", "refresh_token"), ("refresh_token", next["refresh_token"].as_str().unwrap())])
        .await
        .ok();
    take(&server).await;
    assert_eq!(client.token(&refresh).await.status, 400);
    let reused = take(&server).await;
    let names: Vec<_> = reused.iter().map(Row::what).collect();
    assert_eq!(names, ["refresh_token.reused", "sign_in.ended", "grant.ended"]);
    assert_eq!((reused[0].outcome.as_str(), &reused[0].details["ends"]), ("refused", &"user".into()));
    assert!(reused[1..].iter().all(|row| row.details["reason"] == "refresh token reused"), "{reused:?}");

    let code = browser.code(&client, ANN, "scope=openid").await;
    client.redeem(&code).await.ok();
    take(&server).await;
    client.redeem(&code).await;
    let replayed = take(&server).await;
    assert_eq!(replayed.iter().map(Row::what).collect::<Vec<_>>(), ["code.replayed", "grant.ended"]);
    assert_eq!(replayed[0].subject, replayed[1].subject);
    for _ in 0..2 {
        client.redeem(&code).await;
    }
    let again = take(&server).await;
    assert_eq!(again.iter().map(Row::what).collect::<Vec<_>>(), ["code.replayed"], "what has ended does not end again");
    assert_eq!(again[0].times, 2, "one row a minute, however often it is tried");
}

#[tokio::test]
async fn a_grant_that_nobody_has_begun_does_not_end_though_its_code_was_cleaned_up_long_ago() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    browser.code(&client, ANN, "").await;
    for _ in 0..3 {
        server.turn(80_000);
        browser.visit("/account").await;
    }
    let (idle, now) = (server.app.config.sign_in.idle, server.clock.now());
    server.app.storage.clean(idle, now).await.unwrap();
    assert_eq!(server.database.db_number("SELECT count(*) FROM codes").await, 0);
    assert_eq!(server.database.db_number("SELECT count(*) FROM grants WHERE ended_at IS NULL").await, 1);
    take(&server).await;
    let registry = server.registry();
    registry.switch_user(&ann, State::Off, &Act::of_operator(now)).await.unwrap();
    let ended = take(&server).await;
    assert_eq!(ended.iter().map(Row::what).collect::<Vec<_>>(), ["sign_in.ended", "user.disabled"]);
}

#[tokio::test]
async fn refreshes_and_client_credentials_leave_no_rows_and_a_revocation_leaves_the_end_of_its_grant() {
    let server = start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let code = server.browser().code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    take(&server).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let next = client.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await.ok();
    service.credentials(&[]).await.ok();
    client.post("/revoke", &[("token", next["access_token"].as_str().unwrap())]).await;
    assert!(take(&server).await.is_empty());
    client.post("/revoke", &[("token", next["refresh_token"].as_str().unwrap())]).await;
    let revoked = take(&server).await;
    assert_eq!(revoked.iter().map(Row::what).collect::<Vec<_>>(), ["grant.ended"]);
    assert_eq!(revoked[0].details["reason"], "revoked by the application");
    assert_eq!(revoked[0].actor, format!("client:{}", client.id));
}

#[tokio::test]
async fn a_deleted_person_stays_in_the_record_by_the_id_alone() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let registry = server.registry();
    let act = doorward::protocol::audit::Act::of_operator(server.clock.now());
    registry.delete_user(ANN, &act).await.unwrap();
    let found = rows(&server).await;
    let names: Vec<_> = found.iter().map(Row::what).collect();
    assert_eq!(names, ["sign_in.succeeded", "sign_in.ended", "user.deleted"]);
    assert!(found.iter().all(|row| row.user_id.as_deref() == Some(ann.as_str())));
    assert!(!format!("{found:?}").contains("example.org"));
}

#[tokio::test]
async fn what_becomes_of_signing_keys_is_recorded_with_who_did_it() {
    let server = start().await;
    let act = doorward::protocol::audit::Act::of_operator(server.clock.now());
    let keys = server.app.signing_keys.clone().on_behalf_of(&act);
    keys.ask(None, true, server.clock.now()).await.unwrap();
    let asked = take(&server).await;
    assert!(asked.iter().any(|row| row.what() == "key.created") && asked.iter().all(|row| row.actor == "operator"));
    let kid = asked[0].subject.clone().unwrap().replace("key:", "");
    keys.revoke(&kid, server.clock.now()).await.unwrap();
    let revoked = take(&server).await;
    assert_eq!((revoked[0].what(), revoked[0].subject.as_deref()), ("key.revoked", Some(&*format!("key:{kid}"))));
    keys.revoke(&kid, server.clock.now()).await.unwrap();
    assert!(take(&server).await.is_empty(), "it was revoked before");
    server.turn(server.app.config.keys.rotation_interval);
    server.app.signing_keys.rotate(server.clock.now()).await.unwrap();
    let rotated = take(&server).await;
    assert!(!rotated.is_empty() && rotated.iter().all(|row| row.actor == "system"), "{rotated:?}");
}

#[tokio::test]
async fn failed_sign_ins_are_counted_and_a_lockout_is_recorded_alike_whether_or_not_there_is_an_account() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    for (email, subject) in [(ANN, format!("user:{ann}")), ("nobody@example.org", "address:".to_owned())] {
        let mut rows = Vec::new();
        for round in 0..10 {
            let mut browser = server.browser();
            let page = browser.visit("/login").await;
            let form = page.form("#login-submit").with("email", email).with("password", "a password that is wrong");
            browser.submit(&form).await;
            // Five in a minute are looked at.
            if round % 5 == 4 {
                rows.extend(take(&server).await);
                server.turn(120);
            }
        }
        let names: Vec<_> = rows.iter().map(Row::what).collect();
        assert_eq!(names, ["sign_in.failed", "sign_in.failed", "lockout.began"], "{email}");
        for row in &rows {
            assert!(row.subject.as_ref().unwrap().starts_with(&subject), "{row:?}");
            assert_eq!((row.actor.as_str(), row.outcome.as_str()), ("nobody", "failure"));
            assert_eq!(row.network.as_deref(), Some("203.0.113.7"));
            assert!(!format!("{row:?}").contains("example.org"), "{row:?}");
        }
        assert_eq!(rows.iter().map(|row| row.times).collect::<Vec<_>>(), [5, 5, 1]);
        server.turn(86_400);
    }
}

#[tokio::test]
async fn failures_of_clients_are_counted_for_each_network_and_client() {
    let server = start().await;
    let mut wrong = server.db_client(ClientType::Service, |_| {}).await;
    wrong.secret = Some("a-client-secret-that-was-never-right".to_owned());
    for _ in 0..3 {
        assert_eq!(wrong.credentials(&[]).await.status, 401);
    }
    let id = std::mem::replace(&mut wrong.id, "nobody-at-all".to_owned());
    assert_eq!(wrong.credentials(&[]).await.status, 401);
    let failed = take(&server).await;
    let found: Vec<_> = failed.iter().map(|row| (row.what(), row.client_id.as_deref(), row.times)).collect();
    let name = "client.authentication_failed";
    assert_eq!(found, [(name, Some(id.as_str()), 3), (name, None, 1)]);
    assert!(failed.iter().all(|row| row.actor == "nobody" && row.outcome == "failure"), "{failed:?}");
    assert!(!format!("{failed:?}").contains("nobody-at-all"), "what was typed may be anything");
}

/// Asks for tokens as a client that there is not, from that address, with this header.
async fn fail(server: &Server, address: &str, forwarded: &str) {
    let request = Request::post("/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", forwarded)
        .body(Body::from("grant_type=client_credentials&client_id=nobody&client_secret=wrong"));
    assert_eq!(server.send_from(address, request.unwrap()).await.status, 401);
}

#[tokio::test]
async fn failures_of_clients_from_one_48_are_one_row_a_minute() {
    let server = start().await;
    for number in 0..5 {
        fail(&server, &format!("2001:db8:1:{number}::1"), "").await;
    }
    fail(&server, "2001:db8:2:1::1", "").await;
    let failed = take(&server).await;
    let found: Vec<_> = failed.iter().map(|row| (row.network.as_deref().unwrap(), row.times)).collect();
    assert_eq!(found, [("2001:db8:1::/48", 5), ("2001:db8:2::/48", 1)]);
}

#[tokio::test]
async fn failures_of_clients_from_nobody_knows_where_are_written_once_a_second() {
    let server = Server::with(|config| config.server.trusted_proxies = vec!["203.0.113.7".parse().unwrap()]).await;
    take(&server).await;
    for _ in 0..3 {
        for _ in 0..20 {
            fail(&server, "203.0.113.7", "hidden").await;
        }
        server.turn(1);
    }
    let failed = take(&server).await;
    let written: i64 = failed.iter().map(|row| row.times).sum();
    assert_eq!(written, 3, "{failed:?}");
    assert!(failed.iter().all(|row| row.network.as_deref() == Some("unknown")), "{failed:?}");
}

#[tokio::test]
async fn a_network_that_tries_many_accounts_is_recorded_once() {
    let server = start().await;
    let most = server.app.config.limits.many_accounts;
    for number in 0..most + 3 {
        if number % 4 == 3 {
            server.turn(61);
        }
        let mut browser = server.browser();
        let page = browser.visit("/login").await;
        let email = format!("nobody{number}@example.org");
        browser.submit(&page.form("#login-submit").with("email", &email).with("password", "a wrong password")).await;
    }
    let sprayed: Vec<Row> = take(&server).await.into_iter().filter(|row| row.what() == "sign_in.sprayed").collect();
    assert_eq!(sprayed.len(), 1, "{sprayed:?}");
    assert_eq!(sprayed[0].subject.as_deref(), Some("network:203.0.113.7"));
    assert_eq!(sprayed[0].details["spread"], most);
}

//! Group K: who may do what inside the server, and what it tells of itself (OWASP ASVS 8 and 16).

mod keys;

use std::convert::Infallible;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use doorward::protocol::audit::Actor;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{Act, Giving, Recipient, Renewal, RoleChange, State, UserChange};
use futures_util::stream;

use super::{ANN, BOB, OFFLINE, encoded, is_active, is_signed_in, refresh, text, tokens};
use crate::support::{Answer, Database, Live, PASSWORD, Server, eventually, filled, login_form, unverified_claims};

const FORM: &str = "application/x-www-form-urlencoded";

/// Ids of another person's sign-ins, grants and applications, in every form and address that takes an id: nothing of theirs ends or is shown.
#[tokio::test]
async fn k2_the_ids_of_others_open_and_end_nothing() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut anns = server.browser();
    let given = tokens(&mut anns, &client).await;
    let anns_id = anns.visit("/account").await.form("#sign-ins button").field("id");
    let gid = unverified_claims(&text(&given, "access_token"))["gid"].as_str().unwrap().to_owned();
    let mut bobs = server.browser();
    bobs.sign_in(BOB).await;
    let account = bobs.visit("/account").await;
    let form = account.form("#sign-ins button");
    for id in [&anns_id, &ann, &gid, &anns_id.to_uppercase(), &format!("{anns_id}%"), &format!("{anns_id},{anns_id}")] {
        let answer = bobs.press(&form.clone().with("id", id)).await;
        assert!(!answer.text().contains(ANN) && !answer.text().contains("Notebook"), "{id}");
        let extra = form.clone().with("user_id", &ann).with("sub", &ann).with("id", id);
        bobs.press(&extra).await;
        for path in [
            format!("/account?user={ann}"),
            format!("/account?id={id}"),
            format!("/account/{id}"),
            format!("/account?sub={ann}"),
        ] {
            let page = bobs.visit(&path).await;
            assert!(!page.text().contains(ANN) && !page.text().contains(&anns_id), "{path}");
        }
    }
    let app = form.clone().without("id").with("client_id", &client.id).to("/account/apps/end");
    bobs.press(&app.clone().with("user_id", &ann)).await;
    bobs.press(&form.without("id").with("user_id", &ann).to("/account/sign-ins/end-others")).await;
    assert!(is_signed_in(&mut anns).await);
    assert!(anns.visit("/account").await.has("#apps"), "Ann's application keeps its access");
    refresh(&client, &text(&given, "refresh_token")).await.ok();
    // The question that is asked of Bob ten minutes later, about Ann's sign-in: it names nothing of hers.
    server.turn(601);
    let account = bobs.visit("/account").await;
    let question = bobs.press(&account.form("#sign-ins button").with("id", &anns_id)).await;
    assert!(question.has("#confirm") && !question.text().contains("203.0.113.7") && !question.text().contains(ANN));
    bobs.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(is_signed_in(&mut anns).await);
}

/// Class: a key to one door at another: a service's token at userinfo, a person's token as a client's secret, an API's right to ask as a right to end, one
/// client's name with another's secret.
#[tokio::test]
async fn k3_a_machine_has_its_own_door_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_resource("https://notes.test", &["notes"]).await;
    let scopes = ScopeSet::parse("notes").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes).await;
    let other = server.db_client(ClientType::Service, |_| {}).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let own = vec![other.id.clone()];
    server.db_change_resource("https://notes.test", |r| r.introspectors = own).await;
    let machine = text(&service.credentials(&[]).await.ok(), "access_token");
    let person = tokens(&mut server.browser(), &client).await;
    service.userinfo(&machine).await.refused(401, Rejection::WrongAudience);
    let at_us = service.credentials(&[("resource", "http://localhost:8000")]).await;
    if at_us.status == 200 {
        service.userinfo(&text(&at_us.ok(), "access_token")).await.refused(403, Rejection::TokenWithoutOpenid);
    }
    assert!(is_active(&other, &machine).await);
    assert_eq!(other.post("/revoke", &[("token", &machine)]).await.status, 200);
    assert!(is_active(&service, &machine).await, "who may ask may not end");
    for secret in [&machine, &text(&person, "access_token"), other.secret.as_ref().unwrap(), &service.id] {
        let mut impostor = service.clone();
        impostor.secret = Some(secret.clone());
        impostor.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    }
    for (path, body) in
        [("/token", "grant_type=client_credentials"), ("/introspect", "token=x"), ("/revoke", "token=x")]
    {
        let request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {machine}"));
        let answer = server.send(request.body(Body::from(body)).unwrap()).await;
        answer.refused_json(401, Rejection::MalformedBasicHeader);
    }
    let mut browser = server.browser();
    for token in [&machine, &text(&person, "access_token"), &text(&person, "id_token")] {
        browser.cookies.insert("doorward_sign_in".to_owned(), token.clone());
        assert!(!is_signed_in(&mut browser).await);
    }
    client.credentials(&[]).await.refused_json(400, Rejection::GrantTypeNotAllowed);
    let basic = service.post("/token", &[("grant_type", "client_credentials"), ("client_id", &other.id)]).await;
    basic.refused_json(400, Rejection::SeveralClientAuthentications);
}

/// Who may act at the registry gives a role that they have and no other, to themselves or to anybody; and the last one with the role `admin` is neither
/// parted from it nor switched off nor deleted.
#[tokio::test]
async fn k4_nobody_gives_what_they_do_not_have_and_an_admin_is_left() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.roles.clear()).await;
    let (registry, operator) = (server.registry(), Act::of_operator(server.clock.now()));
    let own = Act { by: Actor::User(ann.clone()), ..operator.clone() };
    let whom = Recipient::User(&ann);
    registry.give_role(whom, "admin", Giving::Grant, &own).await.unwrap_err();
    registry.create_role("above", RoleChange::default(), &own).await.unwrap_err();
    registry.give_role(whom, "admin", Giving::Grant, &operator).await.unwrap();
    for act in [&own, &operator] {
        registry.give_role(whom, "admin", Giving::Revoke, act).await.unwrap_err();
        registry.switch_user(&ann, State::Off, act).await.unwrap_err();
        registry.delete_user(&ann, act).await.unwrap_err();
    }
}

/// Nobody gives themselves a role: it is a field of no form, a claim that no request brings, and a scope that shows roles and gives none; a role that was
/// taken away is gone from a token that is in use.
#[tokio::test]
async fn k4_nobody_gives_themselves_a_role() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let scopes = ScopeSet::parse("openid profile email roles offline_access").unwrap();
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes).await;
    server.db_change_user(&ann, |account| account.user.roles = vec!["reader".to_owned()]).await;
    let mut browser = server.browser();
    for asked in [
        "scope=openid+roles".to_owned(),
        "scope=openid+roles+admin".to_owned(),
        format!(
            "claims={}",
            encoded(r#"{"id_token":{"roles":{"value":["admin"]}},"userinfo":{"roles":{"values":["admin"]}}}"#)
        ),
        "scope=openid+roles&roles=admin&role=admin&acr_values=admin".to_owned(),
    ] {
        let code = browser.code(&client, ANN, &asked).await;
        let given = client.redeem_with(&code, &[("roles", "admin")]).await.ok();
        for token in ["access_token", "id_token"] {
            let claims = unverified_claims(&text(&given, token));
            assert!(!claims.to_string().contains("admin"), "{asked}: {claims}");
        }
        let info = client.userinfo(&text(&given, "access_token")).await.ok();
        assert!(!info.to_string().contains("admin"), "{info}");
        assert!(info.get("roles").is_none_or(|roles| *roles == serde_json::json!(["reader"])), "{info}");
    }
    let code = browser.code(&client, ANN, "scope=openid+roles+offline_access").await;
    let given = client.redeem(&code).await.ok();
    let registry = server.registry();
    let change = UserChange { roles: Some(vec![]), ..UserChange::default() };
    registry.change_user(&ann, change, &Act::of_operator(server.clock.now())).await.unwrap();
    let told = client.post("/introspect", &[("token", &text(&given, "access_token"))]).await.ok();
    assert!(told.get("roles").is_none_or(|roles| *roles == serde_json::json!([])), "{told}");
    let info = client.userinfo(&text(&given, "access_token")).await.ok();
    assert!(!info.to_string().contains("reader"), "{info}");
    for (path, _) in crate::sources::routes() {
        assert!(!path.contains("role"), "{path}");
    }
}

/// Class: rights that were withdrawn elsewhere: a client that was switched off or deleted, one of its two secrets, a new secret, a narrowed scope, an API that asks for nothing any
/// more: the other node knows within a second (its next look), and what decides on a person's grant knows at once.
#[tokio::test]
async fn k6_what_is_withdrawn_on_one_node_counts_on_the_other() {
    let server = Server::start().await;
    let other = server.another_node().await;
    server.db_user(ANN).await;
    server.db_resource("https://notes.test", &["notes"]).await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let api = server.db_client(ClientType::Service, |_| {}).await;
    let own = vec![api.id.clone()];
    server.db_change_resource("https://notes.test", |r| r.introspectors = own).await;
    let scopes = || ScopeSet::parse("openid offline_access notes job").unwrap();
    let service = server.db_client(ClientType::Service, |c| c.scopes = ScopeSet::parse("notes job").unwrap()).await;
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes()).await;
    other.poll().await;
    let there = service.on(&other);
    let access = text(&there.credentials(&[("scope", "notes")]).await.ok(), "access_token");
    assert!(is_active(&api.on(&other), &access).await);
    let given = tokens(&mut server.browser(), &client).await;

    server.db_change_client(&service.id, |c| c.scopes = ScopeSet::parse("job").unwrap()).await;
    other.poll().await;
    let wide = there.credentials(&[("scope", "notes")]).await;
    wide.refused_in(400, &[Rejection::ScopeNotAllowed, Rejection::UnknownScope]);
    server.db_change_resource("https://notes.test", |r| r.introspectors.clear()).await;
    other.poll().await;
    assert!(!is_active(&api.on(&other), &access).await);
    // One of two secrets, and then all that there were.
    let beside = Renewal { overlap: Some(7 * 86_400), ..Renewal::default() };
    let mut renewed = there.clone();
    let second = registry.renew_client_secret(&service.id, beside, &act).await.unwrap().view;
    renewed.secret = Some(second.secret.expose().to_owned());
    other.poll().await;
    for both in [&there, &renewed] {
        both.credentials(&[]).await.ok();
    }
    registry.revoke_client_secret(&service.id, &second.id, &act).await.unwrap();
    other.poll().await;
    renewed.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    there.credentials(&[]).await.ok();
    registry.renew_client_secret(&service.id, Renewal::default(), &act).await.unwrap();
    other.poll().await;
    there.credentials(&[]).await.refused_json(401, Rejection::WrongClientSecret);
    registry.switch_client(&client.id, State::Off, &act).await.unwrap();
    other.poll().await;
    refresh(&client.on(&other), &text(&given, "refresh_token")).await.refused_json(401, Rejection::ClientSwitchedOff);
    other.get(&client.authorization_url("")).await.refused_page(400, Rejection::DisabledClient);
    registry.delete_client(&service.id, &act).await.unwrap();
    other.poll().await;
    there.credentials(&[]).await.refused_json(401, Rejection::UnregisteredClient);
    // A person's end needs no look at all: the database is asked each time.
    let client = server.db_client(ClientType::Web, |c| c.scopes = scopes()).await;
    other.poll().await;
    let given = tokens(&mut server.browser(), &client).await;
    client.on(&other).userinfo(&text(&given, "access_token")).await.ok();
    let ann = unverified_claims(&text(&given, "access_token"))["sub"].as_str().unwrap().to_owned();
    registry.switch_user(&ann, State::Off, &act).await.unwrap();
    client.on(&other).userinfo(&text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
}

/// With the log at its loudest, neither it nor the database holds a password, right or mistyped, a code, a token, a cookie or a client's secret that went
/// over the wire, however it was sent and whether or not it was taken.
#[tokio::test]
async fn k7_no_secret_is_in_the_log_or_the_database() {
    let database = Database::copy().await;
    let server = Live::serve_with(&database, &[("DOORWARD__LOG__LEVEL", "trace"), ("DOORWARD__LOG__FORMAT", "json")]);
    server.user(ANN);
    let client = server.client("web", &[]);
    let http = crate::support::http();
    let mut canaries = vec![PASSWORD.to_owned(), client.secret.clone().unwrap()];
    let canary = |what: &str| format!("canary-{what}-of-an-attacker-0123456789");
    let mut browser = server.browser();
    let page = browser.visit(&client.authorization_path(OFFLINE)).await;
    let wrong = canary("password");
    browser.press(&filled(&page.form("#login-submit"), ANN, &wrong)).await;
    let page = browser.visit(&client.authorization_path(OFFLINE)).await;
    let consent = browser.press(&filled(&page.form("#login-submit"), ANN, PASSWORD)).await;
    let answer = browser.press(&consent.form("#allow")).await;
    canaries.push(answer.location_param("code").unwrap());
    let given = client.redeem(&answer).await.ok();
    for name in ["access_token", "refresh_token", "id_token"] {
        canaries.push(text(&given, name));
    }
    client.userinfo(&text(&given, "access_token")).await;
    canaries.extend(browser.cookies.values().cloned());
    canaries.push(wrong);
    for what in [
        "code",
        "refresh_token",
        "token",
        "client_secret",
        "access_token",
        "code_verifier",
        "client_assertion",
        "id_token_hint",
    ] {
        let value = canary(what);
        canaries.push(value.clone());
        let kinds = ["authorization_code", "refresh_token", "client_credentials"];
        for (path, kind) in
            [("/token", kinds[0]), ("/token", kinds[1]), ("/token", kinds[2]), ("/revoke", ""), ("/introspect", "")]
        {
            client.post(path, &[("grant_type", kind), (what, &value)]).await;
            let request = http.post(format!("{}{path}?{what}={value}", server.issuer)).bearer_auth(&value);
            request.header("content-type", FORM).body(format!("{what}={value}")).send().await.unwrap();
        }
        for path in ["/userinfo", "/authorize", "/login", "/logout", "/account", "/nowhere"] {
            let request = http.get(format!("{}{path}?{what}={value}", server.issuer)).bearer_auth(&value);
            let request = request.header("cookie", format!("doorward_sign_in={value}; {what}={value}"));
            request.header("referer", format!("https://rp.test/?code={value}")).send().await.unwrap();
        }
    }
    http.get(format!("{}/readyz?the-last", server.issuer)).send().await.unwrap();
    eventually("the log is complete", async || server.log().contains("/readyz").then_some(())).await;
    for secret in &canaries {
        let parts: Vec<&str> =
            if secret.starts_with("eyJ") { secret.split('.').skip(1).collect() } else { vec![secret] };
        for part in parts {
            assert!(!server.log().contains(part), "the log holds {part}");
            assert!(!server.log().contains(&encoded(part)), "the log holds {part}, encoded");
            assert!(!database.db_holds(part).await, "the database holds {part}");
        }
    }
}

/// A body that panics in the hands of whoever reads it.
fn panics() -> Body {
    Body::from_stream(stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> { panic!("words of the inside") }))
}

#[track_caller]
fn tells_nothing(answer: &Answer, what: &str) {
    let inside = [
        "panicked",
        "words of the inside",
        "src/",
        ".rs:",
        "rustc",
        "sqlx",
        "SELECT ",
        "INSERT ",
        "sqlite",
        "postgres",
        "axum",
        "hyper",
        "tokio",
        "/root/",
        "/home/",
        "/tmp/",
        "stack backtrace",
        env!("CARGO_PKG_VERSION"),
        "RUST_",
        "at line ",
    ];
    for word in inside {
        assert!(!answer.text().contains(word), "{what} says {word}: {}", answer.text());
    }
    for name in ["server", "x-powered-by", "via", "x-aspnet-version", "x-runtime", "x-version"] {
        assert!(!answer.headers.contains_key(name), "{what} has {name}");
    }
}

/// Refusals and failures of every status, as pages and as JSON, hold no stack, no statement, no path, no name of what we are made of and no version; a
/// failure names the request in the log, and no more.
#[tokio::test]
async fn k8_an_error_tells_nothing_of_the_inside() {
    let server = Server::start().await;
    server.db_client(ClientType::Spa, |_| {}).await;
    server.poll().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in
        ["/token", "/revoke", "/introspect", "/userinfo", "/login", "/authorize", "/register", "/consent", "/logout"]
    {
        for (kind, body) in [
            (FORM, Body::from("a=%ff")),
            ("text/plain", Body::from("a")),
            (FORM, Body::from(vec![b'a'; 70_000])),
            (FORM, Body::from("")),
            (FORM, panics()),
        ] {
            let request =
                Request::post(path).header(header::CONTENT_TYPE, kind).header(header::ORIGIN, "http://localhost:8000");
            let answer = server.send(request.body(body).unwrap()).await;
            seen.insert(answer.status.as_u16());
            tells_nothing(&answer, path);
        }
    }
    for path in [
        "/nowhere",
        "/authorize",
        "/consent",
        "/authorize/continue?request=x",
        "/static/x",
        "/%ff",
        "/logout?id_token_hint=x",
    ] {
        let answer = server.get(path).await;
        seen.insert(answer.status.as_u16());
        tells_nothing(&answer, path);
    }
    let answer = server.send(Request::delete("/login").body(Body::empty()).unwrap()).await;
    seen.insert(answer.status.as_u16());
    tells_nothing(&answer, "405");
    // The database has gone.
    let broken = Server::start().await;
    let client = broken.db_client(ClientType::Web, |_| {}).await;
    broken.db_user(ANN).await;
    let (mut browser, form) = login_form(&broken).await;
    let mut signed_in = broken.browser();
    signed_in.sign_in(ANN).await;
    broken.app.storage.close().await;
    for (what, answer) in [
        ("a sign-in", browser.submit(&filled(&form, ANN, PASSWORD)).await),
        ("a page", signed_in.get("/account").await),
        ("a code", client.redeem("x").await),
        ("a refresh", refresh(&client, "x").await),
        ("a request", broken.get(&client.authorization_url("")).await),
        ("readiness", broken.get("/readyz").await),
    ] {
        assert!(answer.status.is_server_error(), "{what}: {}", answer.status);
        seen.insert(answer.status.as_u16());
        tells_nothing(&answer, what);
    }
    for status in [400, 404, 405, 413, 415, 500, 503] {
        assert!(seen.contains(&status), "{status} was not tried: {seen:?}");
    }
}

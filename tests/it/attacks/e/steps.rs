//! The steps on the way: none is skipped, none is gone around (OpenID Connect Core §3.1.2.1).

use axum::body::Body;
use axum::http::Request;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::Act;

use crate::attacks::{ANN, BOB, EVE, encoded, text};
use crate::sources::{routes, sources};
use crate::support::{Form, PASSWORD, Server, filled, login_form, unverified_claims};

/// Class: a demand to sign in again: it is in the sealed request, so that no parameter, no other page, no repetition and no older sign-in gets around
/// it; what is sensitive asks for the password again ten minutes later.
#[tokio::test]
async fn e6_a_demand_to_sign_in_again_cannot_be_gone_around() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(100);
    let signed_in_at = server.clock.now().minus(100).seconds();
    for demand in ["prompt=login", "max_age=50", "max_age=0", "prompt=login&max_age=10000"] {
        let asked = browser.get(&client.authorization_url(demand)).await;
        let login = asked.location();
        assert!(login.starts_with("/login?request="), "{demand}");
        let sealed = login.strip_prefix("/login?request=").unwrap().to_owned();
        for around in [
            format!("/authorize/continue?request={sealed}"),
            format!("/authorize/continue?request={sealed}&prompt=none&max_age=99999"),
            format!("/consent?request={sealed}"),
            format!("/login?request={sealed}&prompt=&as=same"),
            format!("/register?request={sealed}"),
        ] {
            for _ in 0..2 {
                let answer = browser.get(&around).await;
                let answer = browser.follow(answer).await;
                assert!(answer.onward().is_none() && !answer.has("#allow"), "{demand}: {around}");
            }
        }
        // A sign-in in another tab is one, and it is told in auth_time.
        let page = browser.visit(&login).await;
        let answer = browser.sign_in_on(&page, ANN, PASSWORD).await;
        let code = answer.location_param("code").unwrap_or_else(|| panic!("{demand}: {}", answer.text()));
        let claims = unverified_claims(&text(&client.redeem(&code).await.ok(), "id_token"));
        assert!(claims["auth_time"].as_i64().unwrap() > signed_in_at, "{demand}");
        server.turn(100);
    }
    let silent = browser.get(&client.authorization_url("prompt=none&max_age=50")).await;
    silent.refused_redirect(Rejection::SignInNeeded);
    // The account page: after ten minutes an end is asked for with the password.
    server.turn(601);
    let mut there = server.browser();
    there.sign_in(ANN).await;
    let account = browser.visit("/account").await;
    let others = account.form("#sign-ins button").without("id").to("/account/sign-ins/end-others");
    let question = browser.submit(&others).await;
    assert!(question.has("#confirm"), "{}", question.text());
    let form = question.form("#confirm");
    browser.submit(&form).await.refused_page(400, Rejection::MissingPassword);
    browser
        .submit(&form.with("password", "a wrong one of some length"))
        .await
        .refused_page(400, Rejection::WrongCredentials);
    assert!(there.visit("/account").await.has("#sign-out"));
}

/// Class: steps skipped: a sealed request alone brings nobody past signing in or past consent, by no page and no form, in no other browser and for
/// nobody else.
#[tokio::test]
async fn e9_no_step_on_the_way_can_be_skipped() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(BOB).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let sealed = login.form("#login-submit").field("request");
    let csrf = login.form("#login-submit").field("csrf");
    for path in ["/authorize/continue", "/consent", "/login", "/register"] {
        let answer = browser.get(&format!("{path}?request={}", encoded(&sealed))).await;
        let answer = browser.follow(answer).await;
        assert!(answer.has("#login-submit") || answer.has("#register-submit"), "{path}");
    }
    let allow = |ticket: &str| Form {
        action: "/consent".to_owned(),
        fields: [("csrf", csrf.as_str()), ("request", &sealed), ("ticket", ticket), ("decision", "allow")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
    };
    for ticket in ["", "x", &csrf] {
        let answer = browser.submit(&allow(ticket)).await;
        let answer = browser.follow(answer).await;
        assert!(answer.has("#login-submit") || answer.status == 403, "{}", answer.text());
    }
    // Signed in, consent is still to be given.
    browser.sign_in_on(&login, ANN, PASSWORD).await;
    for path in ["/authorize/continue", "/login", "/consent", "/register"] {
        let answer = browser.get(&format!("{path}?request={}", encoded(&sealed))).await;
        let answer = browser.follow(answer).await;
        assert!(answer.has("#allow"), "{path}: {}", answer.text());
    }
    for ticket in ["", "x", &csrf] {
        browser.submit(&allow(ticket)).await.refused_page(403, Rejection::ConsentOfAnother);
    }
    let mut bobs = server.browser();
    bobs.sign_in(BOB).await;
    let answer = bobs.get(&format!("/authorize/continue?request={}", encoded(&sealed))).await;
    answer.refused_page(400, Rejection::ForeignPendingRequest);
    let silent = browser.get(&client.authorization_url("prompt=none")).await;
    silent.refused_redirect(Rejection::ConsentNeeded);
}

/// Class: secrets of a person in addresses: a password in one is not taken and is shown on no page; what travels in ours is sealed for one browser, and
/// pages send no other site a referrer.
#[tokio::test]
async fn e12_no_secret_of_a_person_travels_in_an_address() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    for path in ["/login", "/register", "/account", "/authorize/continue", "/logout/confirm"] {
        let mut browser = server.browser();
        browser.visit("/login").await;
        let query = format!("email={}&password={}&name=Ann", encoded(ANN), encoded(PASSWORD));
        let answer = browser.get(&format!("{path}?{query}")).await;
        assert!(!answer.header("set-cookie").contains("sign_in"), "{path}");
        assert!(!answer.text().contains(PASSWORD), "{path}");
    }
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("login_hint=ann%40example.org")).await;
    let wrong = browser.submit(&filled(&login.form("#login-submit"), ANN, "a wrong one of some length")).await;
    assert!(!wrong.text().contains("a wrong one"), "a password is never shown again");
    assert_eq!(wrong.field("#password", "value"), None);
    for page in [&login, &wrong] {
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert!(page.field("a[href^=http]", "href").is_none_or(|to| to.starts_with("https://rp.test")));
    }
    // The sealed request is opaque and another browser's for everybody else.
    let sealed = login.form("#login-submit").field("request");
    for part in [ANN, "openid", "rp.test", &client.id] {
        let decoded = doorward::secret::from_base64url(&sealed).unwrap_or_default();
        assert!(!decoded.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
    }
    let answer = server.browser().get(&format!("/login?request={}", encoded(&sealed))).await;
    assert!(answer.status.is_client_error());
}

/// There is no bootstrap door: no route of a first start answers, before the first person, after, or when everybody was deleted; accounts with roles are
/// made by command alone.
#[tokio::test]
async fn e14_no_door_of_a_first_start_is_open() {
    let server = Server::start().await;
    let doors = [
        "/setup",
        "/install",
        "/init",
        "/bootstrap",
        "/if/flow/initial-setup/",
        "/first-run",
        "/onboarding",
        "/admin",
        "/admin/setup",
        "/register/admin",
        "/api/setup",
        "/api/v1/setup",
        "/wizard",
        "/.well-known/setup",
        "/account/setup",
        "/recovery",
        "/reset",
    ];
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    for people in [0, 1, 0] {
        for email in [ANN, EVE] {
            drop(registry.delete_user(email, &act).await);
        }
        assert_eq!(crate::attacks::count(&server, "SELECT count(*) FROM users").await, 0);
        if people == 1 {
            server.db_user(ANN).await;
        }
        for door in doors {
            server.get(door).await.refused_page(404, Rejection::NoSuchPage);
            server
                .post(door, "email=eve%40example.org&password=x&role=admin")
                .await
                .refused_page(404, Rejection::NoSuchPage);
        }
        // Whoever registers first is a newcomer like any other.
        let mut browser = server.browser();
        browser.address = format!("198.51.100.{people}");
        let page = browser.visit("/register").await;
        let form = page.form("#register-submit").with("name", "Eve").with("email", EVE).with("password", PASSWORD);
        browser.press(&form).await;
        let plain = format!("SELECT count(*) FROM users WHERE email = '{EVE}' AND roles = '[]' AND email_verified = 0");
        assert_eq!(crate::attacks::count(&server, &plain).await, 1);
    }
    for (path, _) in routes() {
        assert!(!["setup", "install", "bootstrap", "init"].iter().any(|word| path.contains(word)), "{path}");
    }
}

/// There is no frame for session status, no script of ours listens to other windows, and no foreign script reads an answer.
#[tokio::test]
async fn e19_no_page_listens_to_messages_of_others() {
    let server = Server::start().await;
    let metadata = server.get("/.well-known/openid-configuration").await.ok();
    assert!(metadata.get("check_session_iframe").is_none());
    for path in ["/check_session", "/session/check", "/connect/checksession", "/iframe", "/silent"] {
        server.get(path).await.refused_page(404, Rejection::NoSuchPage);
    }
    let (_, _form) = login_form(&server).await;
    let page = server.get("/login").await;
    let script = server.get(&page.field("script[src]", "src").unwrap()).await.text();
    for word in [
        "postMessage",
        "'message'",
        "\"message\"",
        "onmessage",
        "window.opener",
        "eval(",
        "innerHTML",
        "document.write",
    ] {
        assert!(!script.contains(word), "{word}");
    }
    for template in crate::sources::templates() {
        let text = std::fs::read_to_string(&template).unwrap();
        assert!(!text.contains("postMessage") && !text.contains("onmessage"), "{}", template.display());
        assert!(!text.contains("|safe"), "{}: text that is not escaped", template.display());
    }
    assert!(sources("src/http").iter().all(|(_, text)| !text.contains("check_session")));
    // Nor is an answer to be read by the scripts of another origin, nor by those of an application on a page.
    server.db_client(ClientType::Spa, |_| {}).await;
    server.poll().await;
    let allowed = async |path: &str, origin: &str| {
        let request = Request::get(path).header("origin", origin).body(Body::empty()).unwrap();
        server.send(request).await.header("access-control-allow-origin").to_owned()
    };
    let foreign = [
        "null",
        "https://evil.test",
        "https://rp.test.evil.test",
        "https://evilrp.test",
        "http://rp.test",
        "https://rp.test:8443",
        "https://rp.test/",
        "HTTPS://rp.test",
        "https://sub.rp.test",
        "*",
        "",
    ];
    for path in ["/token", "/userinfo", "/revoke", "/introspect", "/account", "/login", "/authorize", "/healthz"] {
        for origin in foreign {
            assert_eq!(allowed(path, origin).await, "", "{path} {origin}");
        }
    }
    for path in ["/account", "/login", "/authorize", "/logout", "/introspect"] {
        assert_eq!(allowed(path, "https://rp.test").await, "", "{path}");
    }
    assert_eq!(allowed("/userinfo", "https://rp.test").await, "https://rp.test");
}

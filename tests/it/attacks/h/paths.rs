//! Where a request goes: paths, methods, hosts, and tokens in addresses.

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::attacks::{ANN, is_signed_in, text, tokens};
use crate::support::{Answer, Server};

async fn send(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

/// A path is one spelling: everything else is 404, whatever a proxy before us would make of it; headers that name another path or method change
/// nothing.
#[tokio::test]
async fn h10_a_path_has_one_spelling_and_a_request_one_method() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    for path in [
        "//account",
        "/account/",
        "/account;x",
        "/account;/",
        "/%61ccount",
        "/acc%6funt",
        "/account%2f",
        "/account%2F..",
        "/Account",
        "/ACCOUNT",
        "/account/..;/",
        "/./account",
        "/x/../account",
        "/login/../account",
        "/login/..;/account",
        "/account%00",
        "/account%20",
        "/account.",
        "/account.json",
        "/account%3f",
        "/account%23",
        "/%2e/account",
        "/static/..%2faccount",
        "/static/%2e%2e/account",
        "/login%2f%2e%2e%2faccount",
        "/admin",
        "//admin",
        "/%61dmin",
        "/admin;x",
        "/admin/..;/",
        "/api",
        "/.git/config",
        "/.env",
        "/server-status",
        "/actuator",
        "/metrics",
        "/debug/pprof",
        "/data/doorward.db",
        "/config.toml",
    ] {
        let answer = browser.get(path).await;
        assert!(answer.status == 404, "{path}: {}", answer.status);
        assert!(!answer.text().contains(ANN) && !answer.headers.contains_key("location"), "{path}");
        let answer = server.post(path, "a=b").await;
        // A name below `/static/` is one name, however it is written.
        assert!(answer.status == 404 || (answer.status == 405 && path.starts_with("/static/")), "{path}");
    }
    let pointing = ["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-prefix", "x-forwarded-path"];
    for name in pointing {
        let answer = send(&server, "GET", "/healthz", &[(name, "/account")]).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"), "{name}");
        assert_eq!(send(&server, "GET", "/nowhere", &[(name, "/healthz")]).await.status, 404, "{name}");
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let answer = send(&server, "GET", "/token", &[(name, "POST")]).await;
        answer.refused(405, Rejection::WrongMethod);
        let mut signed_in = browser.clone();
        let request = Request::get("/logout/confirm?_method=POST").header(name, "POST");
        let answer = signed_in.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 405, "{name}");
        assert!(is_signed_in(&mut signed_in).await);
    }
    for method in ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND", "PUT", "DELETE", "PATCH", "get", "POSTX"] {
        for path in ["/login", "/token", "/userinfo", "/.well-known/jwks.json", "/account"] {
            let answer = send(&server, method, path, &[("cookie", "secret=1")]).await;
            assert!(answer.status.is_client_error(), "{method} {path}: {}", answer.status);
            assert!(!answer.text().contains("secret=1"), "{method} {path}");
        }
    }
    // The absolute form is the same path at the same host.
    let absolute = send(&server, "GET", "http://localhost:8000/account", &[]).await;
    assert_eq!(absolute.location(), "/login");
    send(&server, "GET", "http://evil.test/account", &[]).await.refused_json(421, Rejection::WrongHost);
}

/// Class: the Host: a foreign one, several, none and odd ones are 421 at every path of a plain http issuer (DNS rebinding), and behind https none of
/// them is ever echoed.
#[tokio::test]
async fn h12_a_foreign_host_gets_nothing() {
    let server = Server::start().await;
    let routes = crate::sources::routes().into_iter().map(|(path, _)| path.replace("{file}", "x"));
    let paths: Vec<String> = routes.chain(["/nowhere".to_owned()]).collect();
    let foreign = [
        "evil.test",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "evil.test:8000",
        "127.0.0.2",
        "127.1",
        "0.0.0.0",
        "2130706433",
        "localhost@evil.test",
        "evil.test@localhost",
        "a@localhost",
        "",
        " ",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "localhost,evil.test",
        "localhost evil.test",
        "localhost\\evil.test",
        "localhost/evil.test",
        "http://localhost",
        "LOCALHOST.",
    ];
    for path in &paths {
        for host in foreign {
            let answer = send(&server, "GET", path, &[("host", host)]).await;
            assert_eq!(answer.status, 421, "'{host}' at {path}");
            answer.refused_json(421, Rejection::WrongHost);
        }
        let answer = send(&server, "GET", path, &[("host", "localhost:8000"), ("host", "evil.test")]).await;
        answer.refused_json(421, Rejection::WrongHost);
        let answer = send(&server, "GET", path, &[("host", "localhost:8000"), ("host", "localhost:8000")]).await;
        answer.refused_json(421, Rejection::WrongHost);
        for own in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "localhost"] {
            assert_ne!(send(&server, "GET", path, &[("host", own)]).await.status, 421, "'{own}' at {path}");
        }
    }
    let secure = Server::with(|config| config.server.issuer = "https://as.test".to_owned()).await;
    for path in &paths {
        let headers = [("host", "evil.test"), ("x-forwarded-host", "evil.test"), ("forwarded", "host=evil.test")];
        let answer = send(&secure, "GET", path, &headers).await;
        assert!(!answer.text().contains("evil.test"), "{path}");
        for (name, value) in &answer.headers {
            assert!(!value.to_str().unwrap().contains("evil.test"), "{path} {name}");
        }
    }
}

/// Refused at userinfo with a challenge, alone, beside the header and by POST; nowhere else is one looked for in an address.
#[tokio::test]
async fn h13_an_access_token_in_an_address_is_refused() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let access = text(&tokens(&mut server.browser(), &client).await, "access_token");
    let bearer = format!("Bearer {access}");
    for query in [
        format!("access_token={access}"),
        format!("a=b&access_token={access}"),
        format!("access_token={access}&access_token=x"),
    ] {
        let path = format!("/userinfo?{query}");
        let refusals = [Rejection::TokenInQuery, Rejection::RepeatedParameter];
        for headers in [&[][..], &[("authorization", bearer.as_str())]] {
            let answer = send(&server, "GET", &path, headers).await;
            answer.refused_in(400, &refusals);
            assert!(answer.header("www-authenticate").starts_with("Bearer "));
        }
        server.post(&path, "").await.refused_in(400, &refusals);
        server.post(&path, &format!("access_token={access}")).await.refused_in(400, &refusals);
    }
    for path in ["bearer_token", "token", "Access_Token", "access_token[]"] {
        let answer = server.get(&format!("/userinfo?{path}={access}")).await;
        answer.refused_json(401, Rejection::MissingToken);
    }
    let answer = server.post(&format!("/introspect?token={access}"), "").await;
    assert_eq!(answer.status, 401);
    let answer = client.post(&format!("/introspect?token={access}"), &[]).await;
    answer.refused_json(400, Rejection::MissingTokenParameter);
    let mut browser = server.browser();
    let page = browser.visit(&format!("/account?access_token={access}")).await;
    assert!(page.has("#login-submit"));
    let request = Request::get("/account").header(header::AUTHORIZATION, bearer);
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.location(), "/login");
}

//! The security headers by group, and the addresses and methods that do not exist.

use axum::body::Body;
use axum::http::Request;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;

use crate::sources::routes;
use crate::support::{Answer, Server};

/// On every answer, whatever it is.
#[track_caller]
fn has_transport_headers(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert!(!answer.header("content-security-policy").contains("unsafe"));
    assert_eq!(answer.header("x-trace-id").len(), 32);
    assert_eq!(answer.header("server"), "");
    assert_eq!(answer.header("strict-transport-security"), "", "the issuer is plain http");
}

/// Every header that a group of routes has, and none that it has not; `...` where the answer decides.
#[track_caller]
pub fn has_headers_of_its_group(path: &str, answer: &Answer) {
    let nothing = "default-src 'none'; frame-ancestors 'none'";
    let device = "camera=(), geolocation=(), microphone=(), payment=()";
    let (facts, machine) = (path.starts_with("/.well-known/"), is_machine(path));
    let [policy, referrer, cache, pragma, readable, resource, opener, permissions] = if facts {
        [nothing, "no-referrer", "public, max-age=300", "", "*", "cross-origin", "", ""]
    } else if machine {
        [nothing, "no-referrer", "no-store", "no-cache", "...", "", "", ""]
    } else if path.starts_with("/account") {
        ["...", "same-origin", "no-store", "", "", "same-origin", "same-origin", device]
    } else if path.starts_with("/static/") {
        ["...", "same-origin", "...", "", "", "same-origin", "", device]
    } else {
        ["...", "same-origin", "no-store", "", "", "same-origin", "", device]
    };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", policy),
        ("referrer-policy", referrer),
        ("cache-control", cache),
        ("pragma", pragma),
        ("access-control-allow-origin", readable),
        ("cross-origin-resource-policy", resource),
        ("cross-origin-opener-policy", opener),
        ("permissions-policy", permissions),
    ] {
        let found = answer.header(name);
        let is_right =
            if value == "..." { name == "access-control-allow-origin" || !found.is_empty() } else { found == value };
        assert!(is_right, "{path} {}: {name}: {found}", answer.status);
    }
    has_transport_headers(answer);
}

fn is_machine(path: &str) -> bool {
    path.ends_with("/backchannel-logout")
        || ["/token", "/revoke", "/userinfo", "/introspect", "/api-keys/leaked", "/healthz", "/readyz"].contains(&path)
}

/// Asks each route by each method that it knows and by one that it does not, with nothing that it could do.
async fn ask_everywhere(server: &Server) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for (path, text) in routes() {
        let path = path.replace("{file}", "nothing").replace("{id}", "nobody");
        for method in ["GET", "POST", "DELETE"] {
            if method == "DELETE" || text.contains(&format!("{}(", method.to_lowercase())) {
                let request = Request::builder().method(method).uri(&path);
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                let body = if method == "POST" { "a=1" } else { "" };
                answers.push((path.clone(), server.send(request.body(Body::from(body)).unwrap()).await));
            }
        }
    }
    assert!(answers.len() > 50, "{}", answers.len());
    answers
}

#[tokio::test]
async fn every_answer_of_every_route_has_the_headers_of_its_group() {
    let server = Server::start().await;
    for (path, answer) in ask_everywhere(&server).await {
        has_headers_of_its_group(&path, &answer);
    }
}

#[tokio::test]
async fn an_answer_that_fails_has_them_too_and_tells_nothing_of_us() {
    let server = Server::start().await;
    server.app.storage.close().await;
    let (mut failed, version) = (0, env!("CARGO_PKG_VERSION"));
    for (path, answer) in ask_everywhere(&server).await {
        failed += usize::from(answer.status.as_u16() >= 500);
        if answer.status.as_u16() >= 400 {
            let (text, headers) = (answer.text(), format!("{:?}", answer.headers));
            for word in ["sqlx", "SQL", "SELECT", "pool", "src/", ".rs", "panick", "/tmp", "hyper", "axum", version] {
                assert!(!text.contains(word) && !headers.contains(word), "{path} tells {word}: {text} {headers}");
            }
        }
        has_headers_of_its_group(&path, &answer);
    }
    assert!(failed > 0, "something needs the database");
}

#[tokio::test]
async fn pages_may_not_be_framed_kept_or_scripted() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let consent = browser.sign_in_on(&login, "ann@example.org", crate::support::PASSWORD).await;
    let account = browser.visit("/account").await;
    let register = browser.visit("/register").await;
    let error = browser.visit("/authorize").await;
    let missing = browser.visit("/nowhere").await;
    let redirect = browser.get("/").await;
    for page in [&login, &consent, &account, &register, &error, &missing, &redirect] {
        has_transport_headers(page);
        let policy = page.header("content-security-policy");
        for rule in ["style-src 'self'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(policy.contains("script-src 'self';"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
        assert!(page.header("permissions-policy").contains("camera=()"));
        assert_eq!(page.header("access-control-allow-origin"), "");
        let opener = if std::ptr::eq(page, &account) { "same-origin" } else { "" };
        assert_eq!(page.header("cross-origin-opener-policy"), opener);
    }
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    for (issuer, prefix, secure, path) in [
        ("http://localhost:8000", "doorward", false, "/"),
        ("http://localhost:8000/auth", "doorward", false, "/auth"),
        ("https://as.test", "__Host-doorward", true, "/"),
        ("https://as.test/auth", "__Secure-doorward", true, "/auth"),
    ] {
        let server = Server::with(|config| config.server.issuer = issuer.to_owned()).await;
        server.db_user("ann@example.org").await;
        let mut browser = server.browser();
        let page = browser.visit(&format!("{issuer}/login")).await;
        let form = page.form("#login-submit").with("email", "ann@example.org");
        let answer = browser.submit(&form.with("password", crate::support::PASSWORD)).await;
        // Each browser's own has a name of its own: two tabs that come at once do not overwrite each other's.
        for (answer, named) in [(&page, "browser_"), (&answer, "sign_in=")] {
            let cookie = answer.header("set-cookie");
            assert!(cookie.starts_with(&format!("{prefix}_{named}")), "{cookie}");
            for attribute in ["HttpOnly", "SameSite=Lax", &format!("Path={path}")] {
                assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
            }
            assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}

#[tokio::test]
async fn of_two_cookies_of_one_name_the_first_counts() {
    let server = Server::with(|config| config.server.issuer = "https://as.test/auth/inner".to_owned()).await;
    server.db_user("ann@example.org").await;
    let mut browser = server.browser();
    browser.sign_in("ann@example.org").await;
    // A browser sends the one of the longest path first: ours before one of `https://as.test/auth`.
    let own = format!("__Secure-doorward_sign_in={}", browser.cookies["__Secure-doorward_sign_in"]);
    for (cookies, status) in [
        (format!("{own}; __Secure-doorward_sign_in=foreign"), 200),
        (format!("__Secure-doorward_sign_in=foreign; {own}"), 303),
        (format!("x; =; y=1;{own}"), 200),
    ] {
        let request = Request::get("/auth/inner/account").header("cookie", &cookies);
        assert_eq!(server.send(request.body(Body::empty()).unwrap()).await.status.as_u16(), status, "{cookies}");
    }
}

#[tokio::test]
async fn answers_to_machines_are_never_kept_and_public_facts_are() {
    let server = Server::start().await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let good = service.credentials(&[]).await;
    let bad = server.post("/token", "").await;
    let userinfo = server.get("/userinfo").await;
    for answer in [&good, &bad, &userinfo, &server.get("/healthz").await, &server.get("/readyz").await] {
        has_transport_headers(answer);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("pragma"), "no-cache");
    }
    for path in
        ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"]
    {
        let answer = server.get(path).await;
        has_transport_headers(&answer);
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    }
}

#[tokio::test]
async fn the_files_beside_a_page_are_kept_for_ever_under_the_name_of_their_content() {
    let server = Server::start().await;
    let page = server.get("/login").await;
    for (selector, attribute, kind) in [
        ("link[rel=stylesheet]", "href", "text/css; charset=utf-8"),
        ("script", "src", "text/javascript; charset=utf-8"),
    ] {
        let answer = server.get(&page.field(selector, attribute).unwrap()).await;
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        has_transport_headers(&answer);
    }
    for missing in [
        "/static/doorward.css",
        "/static/doorward.js",
        "/static/",
        "/static/../Cargo.toml",
        "/static/%2e%2e%2fCargo.toml",
    ] {
        server.get(missing).await.refused_page(404, Rejection::NoSuchPage);
    }
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_a_page_that_says_so() {
    let server = Server::start().await;
    for path in [
        "/nowhere",
        "/Login",
        "/login/",
        "//login",
        "/login;x",
        "/%6Cogin%2f",
        "/account/..;/",
        "/.well-known/nothing",
        "/token/",
        "/admin",
    ] {
        let answer = server.get(path).await;
        answer.refused_page(404, Rejection::NoSuchPage);
        has_transport_headers(&answer);
        server.post(path, "").await.refused_page(404, Rejection::NoSuchPage);
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_refused_in_its_own_manner() {
    let server = Server::start().await;
    let send = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("x-http-method-override", "POST");
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for (path, methods) in [
        ("/token", &["GET", "PUT", "DELETE", "PATCH", "BREW"][..]),
        ("/userinfo", &["PUT", "DELETE"]),
        ("/.well-known/jwks.json", &["POST", "PUT"]),
        ("/.well-known/openid-configuration", &["POST", "DELETE"]),
        ("/healthz", &["POST"]),
        ("/readyz", &["POST"]),
    ] {
        for method in methods {
            let answer = send(method, path).await;
            assert_eq!(
                answer.refused(405, Rejection::WrongMethod).json()["error"],
                "method_not_allowed",
                "{method} {path}"
            );
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
            has_transport_headers(&answer);
        }
    }
    for (path, methods) in [
        ("/authorize", &["PUT", "DELETE"][..]),
        ("/authorize/continue", &["POST"]),
        ("/login", &["PUT", "TRACE"]),
        ("/register", &["PATCH"]),
        ("/consent", &["DELETE"]),
        ("/logout", &["PUT"]),
        ("/account", &["PUT"]),
    ] {
        for method in methods {
            let answer = send(method, path).await;
            answer.refused_page(405, Rejection::WrongMethod);
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
            has_transport_headers(&answer);
        }
    }
    for path in ["/login", "/.well-known/jwks.json", "/healthz", "/userinfo"] {
        let answer = send("HEAD", path).await;
        assert!(answer.body.is_empty() && answer.status != 405, "{path}");
    }
}

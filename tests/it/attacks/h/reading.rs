//! How headers, cookies, bodies and parameters are read: what is malformed is refused, and nothing of it is a failure of ours.

use axum::body::Body;
use axum::http::{Request, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use doorward::protocol::client::ClientType;
use doorward::protocol::page::{Cursor, Page};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::{Act, Which};
use doorward::storage::UserFilter;

use crate::attacks::{ANN, EVE, count, encoded, is_signed_in, tokens};
use crate::sources::routes;
use crate::support::{Answer, Provider, Server};

const FORM: &str = "application/x-www-form-urlencoded";

/// Every endpoint of machines, with each of these: 400 or 401 with a challenge where one is due, and never 500.
#[tokio::test]
async fn h5_a_malformed_authorization_header_is_refused() {
    let server = Server::start().await;
    let long = format!("Basic {}", "QUFB".repeat(25_000));
    let long_token = format!("Bearer {}", "a".repeat(100_000));
    let pair = |text: &[u8]| format!("Basic {}", STANDARD.encode(text));
    let encoded =
        [pair(b"no colon"), pair(b":"), pair(b"a:\0"), pair(b"\xff\xfe:x"), pair(b"%zz:%zz"), pair(b"a%00:b")];
    let mut headers: Vec<&[u8]> = vec![
        b"",
        b" ",
        b"Basic",
        b"Basic ",
        b"Basic  ",
        b"Basic !!!",
        b"Basic YQ",
        b"Basic YTpi YTpi",
        b"BasicYTpi",
        b"Basic \xe9\xe9",
        b"\xff",
        b"Bearer",
        b"Bearer ",
        b"bearer  x",
        b"Bearer a b",
        b"Bearer \xe9",
        b"Bearer ,",
        b"Digest username=\"a\"",
        b"Negotiate AAAA",
        b"null",
        b"Basic null",
        b"Bearer null",
        b"Bearer undefined",
    ];
    headers.extend(encoded.iter().map(String::as_bytes));
    headers.extend([long.as_bytes(), long_token.as_bytes()]);
    for path in ["/token", "/revoke", "/introspect", "/userinfo"] {
        for value in &headers {
            for several in [1, 2] {
                let mut request = Request::post(path).header(header::CONTENT_TYPE, FORM);
                for _ in 0..several {
                    request = request.header(header::AUTHORIZATION, *value);
                }
                let body = "grant_type=client_credentials&token=x";
                let answer = server.send(request.body(Body::from(body)).unwrap()).await;
                let said = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
                assert!([400, 401].contains(&answer.status.as_u16()), "{path} '{said}': {}", answer.status);
                let challenge = answer.header("www-authenticate");
                assert!(answer.status == 400 || !challenge.is_empty(), "{path} '{said}'");
                assert!(answer.json()["error"].is_string());
            }
        }
    }
    // Both schemes at once: neither is chosen.
    let request = Request::get("/userinfo").header(header::AUTHORIZATION, "Basic YTpi, Bearer x");
    assert!(server.send(request.body(Body::empty()).unwrap()).await.status.is_client_error());
}

/// Class: cookies: hundreds of them, huge, repeated, of odd bytes, and many of our own names: pages answer, nobody is signed in by mistake, and
/// whoever is stays so.
#[tokio::test]
async fn h6_cookies_of_any_kind_break_nothing() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let own: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let own = own.join("; ");
    let many: Vec<String> = (0..500).map(|n| format!("c{n}={n}")).collect();
    let browsers: Vec<String> = (0..300).map(|n| format!("doorward_browser_{n}=x{n}")).collect();
    let sign_ins: Vec<String> = (0..300).map(|n| format!("doorward_sign_in=x{n}")).collect();
    let junk: Vec<Vec<u8>> = vec![
        many.join("; ").into_bytes(),
        browsers.join("; ").into_bytes(),
        b";;;;==;=;a;\"".to_vec(),
        b"\xff\xfe=\xfd; a=\xe9".to_vec(),
        b"doorward_sign_in".to_vec(),
        b"doorward_sign_in=".to_vec(),
        b"doorward_sign_in=%00%ff%zz".to_vec(),
        b"$Version=1; doorward_sign_in=\"x; y\"".to_vec(),
        format!("doorward_sign_in={}", "A".repeat(30_000)).into_bytes(),
        format!("doorward_done={}", "A".repeat(3_000)).into_bytes(),
        b"doorward_done=app.!!!; doorward_done=app.////".to_vec(),
    ];
    let send = async |cookies: &[&[u8]], path: &str| -> Answer {
        let mut request = Request::get(path);
        for value in cookies {
            request = request.header(header::COOKIE, *value);
        }
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for junk in &junk {
        for path in ["/account", "/login", "/register", "/logout", "/authorize", "/authorize/continue?request=x", "/"] {
            let answer = send(&[junk], path).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
            assert!(!answer.has("#sign-out") && !answer.has("#confirm"), "{path}");
        }
        let mut whole = own.clone().into_bytes();
        whole.extend_from_slice(b"; ");
        whole.extend_from_slice(junk);
        for cookies in [vec![&whole[..]], vec![own.as_bytes(), &junk[..]]] {
            let answer = send(&cookies, "/account").await;
            let said = String::from_utf8_lossy(&junk[..junk.len().min(40)]).into_owned();
            assert!(!answer.status.is_server_error(), "{said}: {}", answer.status);
        }
    }
    let answer = send(&[sign_ins.join("; ").as_bytes()], "/account").await;
    assert!(answer.onward().is_some_and(|address| address.starts_with("/login")), "{}", answer.status);
    assert!(is_signed_in(&mut browser).await);
}

/// Repeated parameters, JSON, other types, arrays, broken encodings and two megabytes: 400, 413 or 415, for every endpoint of machines and every
/// page; what a charset says changes nothing.
#[tokio::test]
async fn h7_a_body_is_one_form_of_at_most_64_kib() {
    let fake = Provider::start().await;
    let server = Server::with(|config| fake.add_to(config, "fake", ProviderKind::Oidc, |_| {})).await;
    let posted = routes().into_iter().filter(|(_, methods)| methods.contains("post("));
    // Reports of leaked keys are JSON: `tests/it/api_keys/leaked.rs` sends those that are not whole.
    let posted = posted.filter(|(path, _)| path != "/api-keys/leaked");
    let paths: Vec<String> = posted.map(|(path, _)| path.replace("{id}", "fake")).collect();
    assert!(paths.len() >= 11);
    for path in &paths {
        for (kind, body, statuses) in [
            ("application/json", b"{\"grant_type\":\"client_credentials\"}".to_vec(), &[401, 415][..]),
            ("text/plain", b"grant_type=x".to_vec(), &[401, 415]),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--".to_vec(), &[401, 415]),
            ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>".to_vec(), &[401, 415]),
            ("", b"grant_type=x".to_vec(), &[401, 415]),
            (FORM, vec![b'a'; 65_537], &[413]),
            (FORM, vec![b'='; 2 << 20], &[413]),
            (FORM, b"&".repeat(1 << 21), &[413]),
            (FORM, b"state=a&state=b&code=a&code=b&csrf=a&csrf=b".to_vec(), &[400, 401, 403]),
            (FORM, b"state=%ff&csrf=%ff&code=%ff&token=%ff&access_token=%ff".to_vec(), &[400]),
            (FORM, b"state=%&csrf=%4&code=%zz&token=%g0&access_token=%".to_vec(), &[400]),
        ] {
            let answer = server.post_as(path, kind, body).await;
            let status = answer.status.as_u16();
            // What goes on as a GET takes any field.
            let goes_on =
                status == 303 && ["/authorize", "/logout", "/upstream/fake/callback"].contains(&path.as_str());
            assert!(statuses.contains(&status) || goes_on, "{path} {kind}: {status}");
        }
    }
    let service = server.db_client(ClientType::Service, |_| {}).await;
    for (fields, rejection) in [
        (
            vec![("grant_type", "client_credentials"), ("grant_type", "client_credentials")],
            Rejection::RepeatedParameter,
        ),
        (vec![("grant_type[]", "client_credentials")], Rejection::MissingGrantType),
        (vec![("grant_type[0][a]", "client_credentials")], Rejection::MissingGrantType),
        (vec![("Grant_Type", "client_credentials")], Rejection::MissingGrantType),
        (vec![("grant_type", "client_credentials"), ("scope", "a"), ("scope", "b")], Rejection::RepeatedParameter),
        (vec![("grant_type", "client_credentials"), ("x", "1"), ("x", "2")], Rejection::RepeatedParameter),
        (vec![("grant_type", "[\"client_credentials\"]")], Rejection::UnknownGrantType),
    ] {
        service.token(&fields).await.refused_json(400, rejection);
    }
    // Thousands of names are read, and are nobody's authentication.
    let many: String = (0..8000).map(|n| format!("p{n}=&")).collect();
    server.post("/token", &many).await.refused_json(401, Rejection::MissingClientAuthentication);
    for charset in ["; charset=utf-7", ";charset=utf-16", "; charset=\"x", "; boundary"] {
        let answer = server.post_as("/token", &format!("{FORM}{charset}"), b"grant_type=x".to_vec()).await;
        answer.refused_json(401, Rejection::MissingClientAuthentication);
    }
    // Beside a body the query of a token request says nothing.
    let answer = server.post("/token?grant_type=client_credentials&client_id=x&client_secret=y", "").await;
    answer.refused_json(401, Rejection::MissingClientAuthentication);
}

/// Ids, cursors, searches and page sizes are values: quotes and wildcards find nothing more, what is no place of a list is refused, a place that was made up
/// shows what comes after it and no more, and a page has a bounded length whatever is asked for.
#[tokio::test]
async fn h8_what_is_sent_is_never_a_part_of_a_statement() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let given = tokens(&mut browser, &client).await;
    let registry = server.registry();
    let act = Act::of_operator(server.clock.now());
    let before = count(&server, "SELECT count(*) FROM grants WHERE ended_at IS NULL").await;
    let values = [
        "' OR '1'='1",
        "'; DROP TABLE users;--",
        "\" OR \"\"=\"",
        "1 OR 1=1",
        "%",
        "_",
        "%%",
        "*",
        "\\",
        "$1",
        "?",
        ":a",
        "{\"$gt\":\"\"}",
        "[$ne]=x",
        "' UNION SELECT NULL--",
        "ann%",
        "ann@example.or_",
        "E'\\x27'",
        "0x27",
        "1;",
        "/**/",
        "NULL",
        "true",
    ];
    for value in values {
        assert!(server.get(&format!("/authorize?client_id={}", encoded(value))).await.error_code().is_some());
        let mut stranger = client.clone();
        stranger.id = value.to_owned();
        assert_eq!(stranger.credentials(&[]).await.status, 401, "{value}");
        client.redeem(value).await.refused_json(400, Rejection::UnknownCode);
        crate::attacks::refresh(&client, value).await.refused_json(400, Rejection::UnknownRefreshToken);
        assert_eq!(client.post("/introspect", &[("token", value)]).await.ok()["active"], false);
        assert_eq!(client.post("/revoke", &[("token", value)]).await.status, 200);
        assert_ne!(client.userinfo(value).await.status, 200);
        let form = browser.visit("/account").await.form("#sign-ins button");
        browser.submit(&form.clone().with("id", value)).await;
        let app = form.without("id").with("client_id", value).to("/account/apps/end");
        browser.submit(&app).await;
        let mut cookie = server.browser();
        cookie.cookies.insert("doorward_sign_in".to_owned(), value.replace([';', ' '], ""));
        assert!(!is_signed_in(&mut cookie).await, "{value}");
        let found = registry
            .users(&UserFilter { search: Some(value), ..UserFilter::default() }, Page { after: None, limit: 100 })
            .await
            .unwrap();
        assert!(found.items.is_empty(), "{value} found {}", found.items.len());
        assert!(registry.user(value).await.is_err() && registry.client(value, server.clock.now()).await.is_err());
        assert!(registry.end_sign_in(value, &act).await.is_err());
        assert!(value.parse::<Cursor>().is_err() && format!("{value}.{value}").parse::<Cursor>().is_err(), "{value}");
    }
    assert!(is_signed_in(&mut browser).await);
    assert_eq!(count(&server, "SELECT count(*) FROM grants WHERE ended_at IS NULL").await, before);
    client.userinfo(&crate::attacks::text(&given, "access_token")).await.ok();
    // Page sizes and places.
    for limit in [0, 1, u16::MAX] {
        let page = registry.users(&UserFilter::default(), Page { after: None, limit }).await.unwrap();
        assert!((1..=1000).contains(&page.items.len()), "{limit}");
    }
    for forged in ["", ".", "x", "-1", "9999999999999999999999.x", "1", "1.", "' OR 1=1.x", "\0.\0", "1\u{2028}.x"] {
        let parsed = forged.parse::<Cursor>();
        if let Ok(after) = parsed {
            let page = registry.users(&UserFilter::default(), Page { after: Some(after), limit: 10 }).await.unwrap();
            assert!(page.items.len() <= 2, "{forged}");
        }
    }
    let far = "9223372036854775807.z".parse::<Cursor>().unwrap();
    let page = registry.users(&UserFilter::default(), Page { after: Some(far), limit: 10 }).await.unwrap();
    assert!(page.items.is_empty());
    let which = Which { user_id: Some("' OR 1=1--".to_owned()), all: true };
    let page = registry.sign_ins(&which, Page { after: None, limit: 9 }, server.clock.now()).await.unwrap();
    assert!(page.items.is_empty());
}

/// Class: bytes that are no text: NUL, lone surrogates, overlong forms and broken escapes, in the parameters that we know and in others, at every route:
/// refused or ignored, and never a failure of ours.
#[tokio::test]
async fn h9_no_route_fails_on_bytes_that_are_no_text() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let form = browser.visit("/account").await.form("#sign-out");
    let names = [
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "request",
        "code",
        "token",
        "access_token",
        "refresh_token",
        "email",
        "password",
        "name",
        "id",
        "csrf",
        "ticket",
        "decision",
        "id_token_hint",
        "post_logout_redirect_uri",
        "resource",
        "claims",
        "login_hint",
        "nonce",
        "as",
    ];
    let values = [
        "%00",
        "a%00b",
        "%ff",
        "%c0%80",
        "%c0%af",
        "%ed%a0%80",
        "%f4%90%80%80",
        "%",
        "%4",
        "%u0041",
        "%1f",
        "%7f",
        "%c2%85",
    ];
    for (path, _) in routes() {
        let path = path.replace("{file}", "nothing");
        for value in values {
            let pairs: Vec<String> = names.iter().map(|name| format!("{name}={value}")).collect();
            for sent in pairs.iter().chain([&pairs.join("&"), &format!("{value}={value}"), &value.to_owned()]) {
                let answer = browser.get(&format!("{path}?{sent}")).await;
                assert!(!answer.status.is_server_error(), "GET {path}?{sent}: {}", answer.status);
            }
            let body = format!("{}&{}", form.body(), pairs.join("&").replace("csrf=", "x="));
            let answer = browser.submit(&form.clone().to(&path).with("id", "\0")).await;
            assert!(!answer.status.is_server_error(), "POST {path}: {}", answer.status);
            let answer = server.post(&path, &body).await;
            assert!(!answer.status.is_server_error(), "POST {path}: {}", answer.status);
            let answer = client.post(&path, &[("token", "a\0b"), ("code", "\u{fffd}"), ("grant_type", "\0")]).await;
            assert!(!answer.status.is_server_error(), "POST {path}: {}", answer.status);
        }
    }
    for raw in [&b"state=\xff"[..], b"\x00=\x00", b"\xc0\x80=1", b"\xff\xfe\xfd"] {
        for (path, _) in routes().iter().filter(|(_, methods)| methods.contains("post(")) {
            let answer = server.post_as(path, FORM, raw.to_vec()).await;
            assert!(answer.status.is_client_error(), "POST {path}: {}", answer.status);
        }
    }
}

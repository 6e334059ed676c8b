//! Text of others on our pages, in our headers and in our log (OWASP ASVS 1.2, RFC 9700 §4.11).

use std::path::Path;

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use scraper::{Html, Selector};

use crate::attacks::{ANN, encoded};
use crate::sources::text;
use crate::support::{Answer, Database, Live, PASSWORD, Server, eventually, filled};

/// What an attacker would like to run.
const ATTACKS: &[&str] = &[
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "javascript:alert(1)//",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\u{2028}alert(1)\u{2029}",
    "</form><form action=https://evil.test>",
    "</title></style></textarea><svg onload=alert(1)>",
    "<base href=//evil.test><meta http-equiv=refresh content=0;url=//evil.test>",
    "&lt;script&gt;&#x27;",
    "]]><!--",
];

/// Asserts that a page has no markup but ours.
#[track_caller]
fn is_clean(page: &Answer, what: &str) {
    let document = Html::parse_document(&page.text());
    let none = |selector: &str| {
        let found = document.select(&Selector::parse(selector).unwrap()).next().map(|element| element.html());
        assert_eq!(found, None, "{what}");
    };
    none("script:not([src]):not([nonce]), img:not(.brand img), iframe, object, embed, base, style, svg[onload]");
    none("[onerror], [onload], [onfocus], [onclick], [onmouseover], [autofocus][onfocus], [style]");
    none(
        "[href^='javascript:'], [action^='javascript:'], [src^='javascript:'], [action*='evil.test'], [href^='//'], [href^='https://evil']",
    );
    for script in document.select(&Selector::parse("script[src]").unwrap()) {
        assert!(script.attr("src").unwrap().starts_with("/static/"), "{what}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{what}: {policy}");
    assert!(!page.text().contains("49${49}") && !page.text().contains("{49}"), "{what}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(page.header("content-type").starts_with("text/html; charset=utf-8"), "{what}");
}

/// In every parameter, name and header that a page shows: it is text there, on the sign-in, registration, consent, error, account and
/// sign-out pages, in the form that posts an answer, and in JSON.
#[tokio::test]
async fn h1_text_of_others_is_never_markup() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let names = [
        "state",
        "login_hint",
        "ui_locales",
        "nonce",
        "display",
        "acr_values",
        "error",
        "error_description",
        "error_hint",
        "error_uri",
        "client_name",
        "logo_uri",
        "claims_locales",
        "unknown",
        "policy_uri",
        "tos_uri",
    ];
    for attack in ATTACKS {
        let user =
            server.db_user(&format!("u{}@example.org", attack.len() * 7 + usize::from(attack.as_bytes()[0]))).await;
        server.db_change_user(&user, |account| account.user.name = (*attack).to_owned()).await;
        let email = server.app.storage.read().await.unwrap().user(&user).await.unwrap().unwrap().user.email.unwrap();
        let client = server
            .db_client(ClientType::Web, |c| {
                c.name = (*attack).to_owned();
                c.metadata.policy_uri = Some(format!("https://rp.test/?{}", encoded(attack)));
            })
            .await;
        let extra: Vec<String> = names.iter().map(|name| format!("{name}={}", encoded(attack))).collect();
        let extra = extra.join("&");
        let mut browser = server.browser();
        browser.address = format!("198.51.100.{}", attack.len());
        let login = browser.visit(&client.authorization_url(&extra)).await;
        is_clean(&login, "sign-in");
        assert_eq!(login.field("#email", "value").as_deref(), Some(*attack));
        let wrong = browser.submit(&filled(&login.form("#login-submit"), attack, attack)).await;
        wrong.refused(400, Rejection::WrongCredentials);
        is_clean(&wrong, "a wrong sign-in");
        let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
        is_clean(&register, "registration");
        let form =
            register.form("#register-submit").with("name", attack).with("email", attack).with("password", attack);
        is_clean(&browser.submit(&form).await, "a wrong registration");

        let request = Request::post("/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::USER_AGENT, attack.as_bytes());
        let body = filled(&login.form("#login-submit"), &email, PASSWORD).body();
        let signed_in = browser.send(request.body(Body::from(body)).unwrap()).await;
        let consent = browser.follow(signed_in).await;
        is_clean(&consent, "consent");
        let account = browser.visit("/account").await;
        assert!(account.has("#sign-out"), "{}", account.text());
        is_clean(&account, "account");
        let logout = format!("/logout?client_id={}&state={}", client.id, encoded(attack));
        is_clean(&browser.visit(&logout).await, "signing out");
        is_clean(&browser.visit(&format!("/signed-out?{extra}")).await, "signed out");
        let answer = browser.press(&consent.form("#allow")).await;
        assert_eq!(answer.location_param("state").as_deref(), Some(*attack));
        let posted = browser.get(&client.authorization_url(&format!("{extra}&response_mode=form_post"))).await;
        is_clean(&posted, "the form that posts an answer");
        assert_eq!(posted.form("#continue").field("state"), *attack);

        for fault in ["client_id", "redirect_uri", "request", "id"] {
            for path in ["/authorize", "/authorize/continue", "/login", "/consent", "/logout", "/nowhere"] {
                let answer =
                    browser.get(&format!("{path}?{fault}={}&post_logout_redirect_uri=x", encoded(attack))).await;
                if answer.status.is_client_error() {
                    is_clean(&answer, path);
                }
            }
        }
        for fault in ["scope", "prompt", "resource", "max_age", "response_type", "claims", "code_challenge"] {
            let url = client.authorization_url(&format!("{fault}=email+{}", encoded(attack)));
            if let Some(words) = server.get(&url).await.location_param("error_description") {
                assert!(!words.contains(['<', '>', '"', '\u{2028}']), "{fault}: {words}");
            }
        }
        for path in ["/token", "/revoke", "/introspect", "/userinfo"] {
            let answer =
                server.post(path, &format!("client_id={0}&scope={0}&token={0}&grant_type={0}", encoded(attack))).await;
            assert!(answer.header("content-type").starts_with("application/json"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(!answer.text().contains("alert(1)") && answer.json()["error"].is_string(), "{path}");
        }
    }
}

/// Its script runs by a nonce of this one answer, its form goes to the registered address alone, and without scripts there is a button.
#[tokio::test]
async fn h2_the_page_that_posts_an_answer_runs_its_own_script_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |c| c.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let mut nonces = std::collections::BTreeSet::new();
    for extra in ["", "state=%3C%2Fscript%3E%3Cscript%3E", "state=' nonce='x", "scope=nothing", "nonce=script"] {
        let extra = extra.replace('\'', "%27").replace(' ', "%20");
        let page = browser.get(&client.authorization_url(&format!("response_mode=form_post&{extra}"))).await;
        let policy = page.header("content-security-policy");
        let directive = |name: &str| policy.split("; ").find_map(|d| d.strip_prefix(name)).unwrap_or("").to_owned();
        assert_eq!((directive("default-src "), directive("form-action ")), ("'none'".into(), "https://rp.test".into()));
        assert_eq!(directive("frame-ancestors ").trim_end_matches(';'), "'none'");
        let nonce = directive("script-src ").trim_matches('\'').strip_prefix("nonce-").unwrap().to_owned();
        assert!(nonce.len() >= 22 && nonces.insert(nonce.clone()), "a nonce is used once");
        assert_eq!(page.text().matches("<script").count(), 1);
        assert!(page.text().contains(&format!("<script nonce=\"{nonce}\">")));
        let form = page.form("#continue");
        assert_eq!(form.action, "https://rp.test/cb");
        assert_eq!(page.text_of("button#continue").map(|words| words.is_empty()), Some(false), "a button for the rest");
        assert_eq!(page.text().matches("<form").count(), 1);
        assert_eq!((page.header("cache-control"), page.header("x-frame-options")), ("no-store", "DENY"));
    }
    // Never to an address that was not registered.
    let evil = client.authorization_url("response_mode=form_post&redirect_uri=https%3A%2F%2Fevil.test");
    let page = browser.get(&evil).await;
    page.refused_page(400, Rejection::UnregisteredRedirectUri);
    assert!(!page.has("form"));
}

/// Class: line ends: what is sent becomes no further header of an answer and no line of its own in the log, as text and as JSON.
#[tokio::test]
async fn h3_a_line_end_makes_no_header_and_no_line_of_the_log() {
    let forged = "2026-01-01T00:00:00Z INFO registry by=Operator action=deleted";
    for format in ["text", "json"] {
        let database = Database::copy().await;
        let server =
            Live::serve_with(&database, &[("DOORWARD__LOG__FORMAT", format), ("DOORWARD__LOG__LEVEL", "debug")]);
        let client = server.client("web", &[]);
        let http = crate::support::http();
        let value = encoded(&format!("x\r\nSet-Cookie: planted=1\r\n{forged}\r\n"));
        for path in [
            format!("/nowhere/{}", value.replace('+', "%20")),
            format!("/authorize?client_id={value}"),
            format!("{}state={value}", client.authorization_path("prompt=none&")),
            format!("/login?request={value}"),
            format!("/logout?client_id={}&state={value}&post_logout_redirect_uri=x", client.id),
            format!("/static/{}", value.replace('+', "%20")),
        ] {
            let request = http.get(format!("{}{path}", server.issuer));
            let request = request
                .header("user-agent", format!("x\u{85}\t{forged}"))
                .header("x-request-id", "planted")
                .header("traceparent", "00-planted\t-planted-01");
            let answer = request.header("x-trace-id", "planted").send().await.unwrap();
            assert_ne!(answer.status(), 500, "{path}");
            for (name, value) in answer.headers() {
                let value = String::from_utf8_lossy(value.as_bytes());
                assert!(!value.contains("planted") || name == "location", "{name}: {value}");
                assert!(!value.contains(['\r', '\n']), "{name}");
            }
        }
        for body in
            [format!("client_id={value}&client_secret={value}"), format!("grant_type={value}&client_id={}", client.id)]
        {
            let request = http.post(format!("{}/token", server.issuer)).body(body);
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        }
        let logged = || server.log().lines().filter(|line| line.contains("/token")).count() >= 2;
        eventually("the log has the last requests", async || logged().then_some(())).await;
        for line in server.log().lines() {
            let begins =
                if format == "json" { line.starts_with('{') && line.ends_with('}') } else { !line.starts_with(forged) };
            assert!(begins && !line.starts_with("Set-Cookie"), "{line}");
        }
    }
}

/// There is nothing to upload. The operator's own logo, an SVG with a script in it, is served sandboxed, without sniffing, and runs nothing; a file that is no
/// picture is none.
#[tokio::test]
async fn h4_a_picture_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logo");
    let svg =
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 16' onload='alert(1)'><script>alert(1)</script></svg>";
    std::fs::write(&file, svg).unwrap();
    let logo: &Path = &file;
    let server = Server::with(|config| config.brand.logo = logo.to_owned()).await;
    let page = server.get("/login").await;
    assert!(!page.has(".brand svg"), "it is a picture, and no part of the page");
    let answer = server.get(&page.field(".brand img", "src").unwrap()).await;
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    for html in [
        "<!doctype html><script>alert(1)</script>",
        "<html><svg width='9'></svg></html>",
        "GIF89a<script>",
        "%PDF-1.4",
        "",
    ] {
        std::fs::write(&file, html).unwrap();
        let mut config = doorward::config::Config::load(None, []).unwrap();
        config.brand.logo = file.clone();
        assert!(config.brand.read_logo().is_err(), "{html}");
    }
    assert!(!text("src/http/router.rs").to_lowercase().contains("multipart"), "nothing is uploaded");
}

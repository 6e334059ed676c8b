//! An issuer with a path, such as `https://example.org/auth`: all that is ours lies below it, and every link stays there.

use std::fs;

use axum::body::Body;
use axum::http::{Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use scraper::{Html, Selector};

use crate::sources::{routes, templates};
use crate::support::{Answer, Live, PASSWORD, Provider, Server, free_address};

const ISSUER: &str = "https://as.test/auth/people";
const BASE: &str = "/auth/people";
const ANN: &str = "ann@example.org";

async fn server() -> Server {
    let fake = Provider::start().await;
    Server::with_mail(|config| {
        config.server.issuer = ISSUER.to_owned();
        config.sign_in.email = true;
        fake.add_to(config, "fake", ProviderKind::Oidc, |_| {});
    })
    .await
}

#[tokio::test]
async fn every_route_lies_below_the_path_and_nowhere_else() {
    let server = server().await;
    for (path, _) in routes() {
        let path = path.replace("{file}", "nothing").replace("{id}", "fake");
        let below = server.get(&format!("{BASE}{path}")).await;
        assert_eq!(below.status == 404, path.contains("nothing"), "{path}: {}", below.text());
        let is_health = ["/healthz", "/readyz"].contains(&path.as_str());
        for other in
            [path.clone(), format!("/auth{path}"), format!("/auth/People{path}"), format!("{BASE}{BASE}{path}")]
        {
            let answer = server.get(&other).await;
            assert_eq!(answer.status == 404, !is_health || other != path, "{other}");
        }
    }
    for missing in ["/", "/nowhere", "/auth", "/auth/peoplex", "/auth/people/nowhere", "/auth/people//login"] {
        let answer = server.get(missing).await;
        answer.refused_page(404, Rejection::NoSuchPage);
        stays(&answer, missing);
    }
    for front_door in [BASE.to_owned(), format!("{BASE}/")] {
        assert_eq!(server.get(&front_door).await.location(), format!("{BASE}/account"));
    }
}

#[tokio::test]
async fn both_forms_of_the_well_known_addresses_answer() {
    let server = server().await;
    let document = server.get(&format!("{BASE}/.well-known/openid-configuration")).await;
    assert_eq!(document.ok()["issuer"], ISSUER);
    for path in [
        "/auth/people/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/auth/people",
        "/.well-known/openid-configuration/auth/people",
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &document.body), "{path}");
        assert_eq!(answer.header("cache-control"), document.header("cache-control"));
        let request = Request::options(path)
            .header(header::ORIGIN, "https://anyone.test")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "mcp-protocol-version");
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), "mcp-protocol-version", "{path}");
        server.post(path, "").await.refused(405, Rejection::WrongMethod);
    }
    // The document of another issuer on this host is not ours.
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/auth"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    for (name, address) in document.json().as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = address.as_str().unwrap().strip_prefix("https://as.test").unwrap();
            assert!(path.starts_with(BASE) && server.get(path).await.status != 404, "{name}");
        }
    }
}

/// Asserts that all that the answer leads to on this host lies below the path.
#[track_caller]
fn stays(answer: &Answer, name: &str) {
    let mut addresses: Vec<String> = answer.onward().into_iter().collect();
    if answer.header("content-type").starts_with("text/html") {
        let document = Html::parse_document(&answer.text());
        for attribute in ["href", "src", "action"] {
            let selector = Selector::parse(&format!("[{attribute}]")).unwrap();
            addresses.extend(document.select(&selector).map(|element| element.attr(attribute).unwrap().to_owned()));
        }
    }
    // A place on the page itself.
    addresses.retain(|address| !address.starts_with('#'));
    assert!(!addresses.is_empty(), "{name} leads nowhere");
    for address in addresses {
        let leads_away = ["https://rp.test/", "data:"].iter().any(|away| address.starts_with(away));
        assert!(leads_away || address.starts_with(&format!("{BASE}/")), "{name} leads to {address}");
    }
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        assert!(cookie.to_str().unwrap().split("; ").any(|part| part == format!("Path={BASE}")), "{name}: {cookie:?}");
    }
}

#[tokio::test]
async fn no_page_redirect_or_cookie_leaves_the_path() {
    let server = server().await;
    server.db_user(ANN).await;
    let client = server
        .db_client(ClientType::Web, |c| c.metadata.post_logout_redirect_uris = vec!["https://rp.test/out".to_owned()])
        .await;
    let at = |path: &str| format!("{BASE}{path}");
    let mut browser = server.browser();
    let see = |name: &str, answer: Answer| {
        stays(&answer, name);
        answer
    };
    let request = client.authorization_url("");
    let to_login = see("authorize", browser.get(&request).await);
    let login = see("login", browser.get(&to_login.location()).await);
    let wrong = login.form("#login-submit").with("email", ANN).with("password", "wrong");
    see("wrong password", browser.submit(&wrong).await);
    see("register", browser.get(&login.field("#to-register", "href").unwrap()).await);
    let form = login.form("#login-submit").with("email", ANN).with("password", PASSWORD);
    let signed_in = see("signed in", browser.submit(&form).await);
    let to_consent = see("continue", browser.get(&signed_in.location()).await);
    let consent = see("consent", browser.get(&to_consent.location()).await);
    see("somebody else", browser.get(&consent.field("#other-account", "href").unwrap()).await);
    see("no form of ours", browser.submit(&consent.form("#allow").with("csrf", "x")).await);
    let allowed = see("allowed", browser.submit(&consent.form("#allow")).await);
    let issued = see("issued", browser.get(&allowed.location()).await);
    let tokens = client.redeem(&issued.location_param("code").unwrap()).await.ok();
    assert_eq!(issued.location_param("iss").as_deref(), Some(ISSUER));
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    see("form post", browser.get(&client.authorization_url("response_mode=form_post")).await);
    see("posted request", server.post(&at("/authorize"), request.split_once('?').unwrap().1).await);
    let account = see("account", browser.get(&at("/account")).await);
    server.turn(1200);
    server.poll().await;
    let end = account.form("form[action$=\"/apps/end\"] button");
    let question = see("confirm", browser.submit(&end).await);
    let done = see("done", browser.submit(&question.form("#confirm").with("password", PASSWORD)).await);
    see("told", browser.follow(done).await);
    see("problem", browser.get(&at("/authorize?client_id=nobody")).await);
    let leave = at("/logout?post_logout_redirect_uri=https%3A%2F%2Frp.test%2Fout&client_id=");
    let question = see("log out?", browser.get(&format!("{leave}{}", client.id)).await);
    see("left", browser.submit(&question.form("#confirm")).await);
    see("nobody", browser.get(&at("/account")).await);
    let out = see("logout", browser.get(&at("/logout")).await);
    see("signed out", browser.get(&out.location()).await);
    see("posted logout", server.post(&at("/logout"), "state=x").await);
}

#[tokio::test]
async fn the_shared_host_is_not_spoken_for() {
    let answer = server().await.get(&format!("{BASE}/login")).await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
}

/// A template that names a place of ours without the path would lead there only as long as there is none.
#[test]
fn no_template_names_a_place_without_asking_for_it() {
    let mut looked_at = 0;
    for path in templates() {
        // Those of the demo are of its other origin, which has no path.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("demo_")) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for attribute in ["href", "src", "action", "content", "formaction"] {
            assert!(!text.contains(&format!("{attribute}=\"/")), "{}: {attribute}", path.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 10);
}

#[test]
fn the_commands_beside_such_a_server_work_and_health_knows_no_path() {
    let (folder, listen) = (tempfile::tempdir().unwrap(), free_address());
    let settings =
        [("DOORWARD__SERVER__ISSUER", format!("http://{listen}/auth")), ("DOORWARD__SERVER__LISTEN", listen)];
    let environment = settings.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let server = Live::run(folder.path(), environment, &["serve", "--json"]);
    assert!(server.issuer.ends_with("/auth"));
    assert_eq!(server.say(&["health"], ""), "ready\n");
}

//! Numbers for Prometheus: on a listener of their own, with few labels, and none that a stranger can choose.

use crate::sources::{routes, sources, text};
use crate::support::{Database, Live, eventually, http};

const ON: (&str, &str) = ("DOORWARD__METRICS__LISTEN", "127.0.0.1:0");

async fn scrape(live: &Live) -> String {
    let address = live.ready["metrics"].as_str().unwrap();
    let answer = http().get(format!("http://{address}/metrics")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

/// The number of a line that begins so; 0 when there is none.
fn number(text: &str, begins: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(begins));
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn what_happens_is_counted_and_how_things_stand_is_told() {
    let database = Database::copy().await;
    let live = Live::serve_with(&database, &[ON, ("DOORWARD__LIMITS__SLOW_AFTER", "2")]);
    for person in ["ann@example.org", "bea@example.org"] {
        live.user(person);
    }
    let guarded = r#"{"email":"cem@example.org","name":"Cem Ay","totp":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}"#;
    live.command_with(&["user", "import", "-"], guarded);
    let client = live.client("service", &["--scope", "a", "--secret-expires", "3d"]);
    let token = client.token_when_known(&[("grant_type", "client_credentials")]).await;
    assert_eq!(token.status, 200, "{}", token.text());
    let refused = client.token(&[("grant_type", "password")]).await;
    assert_eq!(refused.status, 400);
    let mut browser = live.browser();
    browser.sign_in("ann@example.org").await;
    browser.get("/account").await;
    // Two wrong passwords close an account to strangers here, and a name that is nobody's counts as none.
    for typed in ["bea@example.org", "nobody@example.org"] {
        for _ in 0..2 {
            let mut stranger = live.browser();
            let form = stranger.visit("/login").await.form("#login-submit");
            stranger.press(&form.with("email", typed).with("password", "a wrong guess of mine")).await;
        }
    }
    for path in ["/nowhere", "/elsewhere", "/static/none.css"] {
        browser.get(path).await;
    }
    let seen = eventually("all is counted", async || {
        let seen = scrape(&live).await;
        (number(&seen, "doorward_requests_total{route=\"other\"") >= 2.0).then_some(seen)
    })
    .await;
    for (begins, least) in [
        ("doorward_build_info{version=\"", 1.0),
        ("doorward_tokens_total{grant_type=\"client_credentials\"}", 1.0),
        ("doorward_refusals_total{rule=\"UnknownGrantType\"}", 1.0),
        ("doorward_requests_total{route=\"/token\",method=\"POST\",status=\"200\"}", 1.0),
        ("doorward_requests_total{route=\"/account\",method=\"GET\",status=\"200\"}", 1.0),
        ("doorward_requests_total{route=\"/static/{file}\",method=\"GET\",status=\"404\"}", 1.0),
        ("doorward_request_duration_seconds_bucket{route=\"/token\",le=\"+Inf\"}", 2.0),
        ("doorward_signing_key_age_seconds{algorithm=\"RS256\"}", 0.0),
        ("doorward_database_connections_max{pool=\"", 1.0),
        ("doorward_connections ", 1.0),
        ("doorward_locked_accounts ", 1.0),
        ("doorward_client_secrets_expiring ", 1.0),
        ("doorward_events_total{event=\"lockout.began\"", 1.0),
        ("process_resident_memory_bytes ", 1e6),
        ("process_open_fds ", 3.0),
    ] {
        assert!(seen.lines().any(|line| line.starts_with(begins)), "{begins} is not in {seen}");
        assert!(number(&seen, begins) >= least, "{begins}: {seen}");
    }
    assert_eq!(number(&seen, "doorward_second_factor_accounts "), 1.0, "of three: {seen}");
    for private in ["ann@example.org", "nowhere", "elsewhere", "none.css", client.id.as_str()] {
        assert!(!seen.contains(private), "{private} is in {seen}");
    }
    let address = live.ready["metrics"].as_str().unwrap();
    let other = http().get(format!("http://{address}/")).send().await.unwrap();
    assert_eq!(other.status(), 404);
    assert_eq!(browser.get("/metrics").await.status, 404, "the site itself has no numbers");
}

#[tokio::test]
async fn nothing_listens_unless_it_is_asked_for() {
    let database = Database::copy().await;
    let live = Live::serve(&database);
    assert!(live.ready.get("metrics").is_none());
    let taken = live.address();
    let environment = Live::environment(&database);
    let metrics = [environment, vec![("DOORWARD__METRICS__LISTEN".to_owned(), taken.clone())]].concat();
    let sentence = crate::support::refused(database.folder.path(), &metrics, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(sentence.contains(&format!("cannot listen on {taken} for metrics")), "{sentence}");
}

#[test]
fn every_route_has_a_label_of_its_own() {
    let (_, labels) = sources("src/http").into_iter().find(|(path, _)| path == "scrapes.rs").unwrap();
    for (path, _) in routes() {
        assert!(labels.contains(&format!("\"{path}\"")), "add {path} to ROUTES in src/http/scrapes.rs");
    }
}

#[test]
fn the_dashboard_asks_for_numbers_that_there_are() {
    let dashboard: serde_json::Value = serde_json::from_str(&text("docs/grafana-dashboard.json")).unwrap();
    let (_, numbers) = sources("src/telemetry").into_iter().find(|(path, _)| path == "numbers.rs").unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 8);
    let mut asked = 0;
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten()) {
        let query = target["expr"].as_str().unwrap();
        for word in query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if word.starts_with("doorward_") || word.starts_with("process_") {
                let name = word.trim_end_matches("_bucket").trim_end_matches("_count").trim_end_matches("_sum");
                assert!(numbers.contains(&format!("\"{name}\"")), "{word} is not counted");
                asked += 1;
            }
        }
    }
    assert!(asked > 8);
}

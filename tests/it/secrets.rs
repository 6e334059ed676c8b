//! No secret that the running server hands out, or is shown, ends up in its database or its log, whatever the log level.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use doorward::sealing::MasterKey;
use doorward::storage::Storage;
use scraper::{Html, Selector};

use crate::support::{
    Answer, Database, Form, Live, LiveBrowser, LiveClient, MASTER_KEY, PASSWORD, VERIFIER, challenge,
    eventually_blocking,
};

const API: &str = "https://api.example.org";
const REGISTERED: &str = "seven grey herons by the mill";
const WRONG: &str = "a password that was never right";

/// What was handed out or shown, each with what it is.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, value: impl Into<String>) {
        let value = value.into();
        assert!(value.len() >= 20, "too short to search for: {what} '{value}'");
        if !self.0.iter().any(|(_, known)| *known == value) {
            self.0.push((what.to_owned(), value));
        }
    }

    /// A token as it is and, of a JWT, its payload and its signature alone.
    fn add_token(&mut self, what: &str, token: &str) {
        self.add(what, token);
        for (part, name) in token.split('.').skip(1).zip(["payload", "signature"]) {
            self.add(&format!("{what}, {name}"), part);
        }
    }

    fn add_tokens(&mut self, answer: &serde_json::Value) {
        for name in ["access_token", "id_token", "refresh_token"] {
            if let Some(token) = answer[name].as_str() {
                self.add_token(name, token);
            }
        }
    }

    /// Everything that a browser was given: cookies, hidden fields, sealed requests and codes in addresses.
    fn add_seen(&mut self, browser: &LiveBrowser) {
        for answer in &browser.seen {
            for cookie in answer.headers.get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                if !value.is_empty() {
                    // Each browser cookie has a name of its own.
                    let kind = if name.starts_with("doorward_browser_") { "doorward_browser" } else { name };
                    self.add(&format!("cookie {kind}"), value);
                }
            }
            let document = Html::parse_document(&String::from_utf8_lossy(&answer.body));
            // The ids of sign-ins and of applications are no secrets; whatever else a page hides is one.
            let hidden = Selector::parse("input[type=hidden]:not([name=id]):not([name=client_id])").unwrap();
            for input in document.select(&hidden) {
                if let Some(value) = input.attr("value").filter(|value| value.len() >= 20) {
                    self.add(&format!("hidden field {}", input.attr("name").unwrap()), value);
                }
            }
            for name in ["request", "code"] {
                if let Some(value) = in_location(answer, name) {
                    self.add(&format!("{name} in an address"), value);
                }
            }
        }
    }

    /// Whether the place holds none of them, as text, form-encoded, in hexadecimal or in base64.
    #[track_caller]
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        for (what, value) in &self.0 {
            for form in forms(value.as_bytes()) {
                assert!(!holds(bytes, form.as_bytes()), "{place} holds a secret: {what}, as '{form}'");
            }
        }
    }

    fn kinds(&self) -> Vec<&str> {
        self.0.iter().map(|(what, _)| what.as_str()).collect()
    }
}

fn forms(secret: &[u8]) -> Vec<String> {
    vec![
        String::from_utf8(secret.to_vec()).unwrap(),
        url::form_urlencoded::byte_serialize(secret).collect(),
        hex(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    let starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(at, _)| at);
    starts.into_iter().any(|at| bytes[at..].starts_with(part))
}

fn in_location(answer: &Answer, name: &str) -> Option<String> {
    match answer.header("location") {
        "" => None,
        _ => answer.location_param(name),
    }
}

/// A person registers on the page, mistypes the password once, and signs in again.
async fn register(browser: &mut LiveBrowser, client: &LiveClient) -> Answer {
    let page = browser.visit(&client.authorization_path("scope=openid+email+offline_access&state=st-1")).await;
    let form = page.form("#login-submit").with("email", "bea@example.org").with("password", WRONG);
    browser.press(&form).await;
    let page = browser.visit(&page_link(&page, "#to-register")).await;
    let person = [("name", "Bea Hall"), ("email", "bea@example.org"), ("password", REGISTERED)];
    let form = person.iter().fold(page.form("#register-submit"), |form, (name, value)| form.with(name, value));
    let consent = browser.press(&form).await;
    browser.press(&consent.form("#allow")).await
}

fn page_link(page: &Answer, selector: &str) -> String {
    let document = Html::parse_document(&page.text());
    document.select(&Selector::parse(selector).unwrap()).next().unwrap().attr("href").unwrap().to_owned()
}

/// What an app does with a redirect: redeem, refresh, ask, revoke; and all that can go wrong with what it holds.
async fn use_up(secrets: &mut Secrets, client: &LiveClient, resource_server: &LiveClient, redirect: &Answer) {
    let tokens = client.redeem(redirect).await.ok();
    secrets.add_tokens(&tokens);
    let (access_token, refresh_token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    client.userinfo(&access_token).await.ok();
    client.post("/userinfo", &[("access_token", &access_token)]).await;
    client.get(&format!("/userinfo?access_token={access_token}")).await;
    client
        .get(&format!("/token?client_secret={}&code={access_token}", client.secret.clone().unwrap_or_default()))
        .await;
    resource_server.post("/introspect", &[("token", &access_token)]).await;
    resource_server.post("/introspect", &[("token", &refresh_token)]).await;
    let refreshing = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    let refreshed = client.token(&refreshing).await.ok();
    secrets.add_tokens(&refreshed);
    let next = text(&refreshed, "refresh_token");
    let again = client.token(&[("grant_type", "refresh_token"), ("refresh_token", &next)]).await.ok();
    secrets.add_tokens(&again);
    client.post("/revoke", &[("token", &text(&again, "access_token"))]).await;
    client.redeem(redirect).await;
    client.token(&refreshing).await;
}

fn text(answer: &serde_json::Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}

/// Every flow once; all secrets in it.
async fn every_flow(server: &Live) -> Secrets {
    let mut secrets = Secrets::default();
    for (what, value) in [
        ("master key", MASTER_KEY),
        ("password of the command line", PASSWORD),
        ("password of the page", REGISTERED),
        ("wrong password", WRONG),
        ("verifier", VERIFIER),
        ("wrong client secret", "a-client-secret-that-was-never-right"),
    ] {
        secrets.add(what, value);
    }
    server.user("ann@example.org");
    server.command(&["resource", "create", "--identifier", API, "--name", "Notes", "--scope", "notes:read"]);
    let (spa, web, service) =
        (server.client("spa", &[]), server.client("web", &[]), server.client("service", &["--scope", "notes:read"]));
    server.command(&["resource", "update", API, "--introspector", &service.id]);
    for client in [&web, &service] {
        secrets.add("client secret", client.secret.clone().unwrap());
    }

    let mut bea = server.browser();
    let redirect = register(&mut bea, &spa).await;
    use_up(&mut secrets, &spa, &service, &redirect).await;
    let mut ann = server.browser();
    let asked = web.authorization_path("scope=openid+profile+offline_access&state=st-2&nonce=n-2");
    let redirect = ann.authorize(&asked, "ann@example.org").await;
    use_up(&mut secrets, &web, &service, &redirect).await;
    for extra in ["prompt=none&scope=openid", "prompt=login&scope=openid", "response_type=token", "resource=nonsense"] {
        ann.visit(&web.authorization_path(extra)).await;
    }
    let credentials = service.token(&[("grant_type", "client_credentials"), ("scope", "notes:read")]).await.ok();
    secrets.add_tokens(&credentials);
    let mut wrong = server.client("service", &["--scope", "notes:read"]);
    secrets.add("client secret", wrong.secret.replace("a-client-secret-that-was-never-right".to_owned()).unwrap());
    wrong.token(&[("grant_type", "client_credentials")]).await;
    let renewed = server.command(&["client", "new-secret", &wrong.id]);
    secrets.add("client secret", text(&renewed, "client_secret"));

    let account = ann.visit("/account").await;
    let foreign: Form = account.form("#sign-out").with("csrf", "a-form-token-that-was-never-ours");
    ann.press(&foreign).await;
    ann.press(&account.form("#sign-out")).await;
    secrets.add_seen(&ann);
    secrets.add_seen(&bea);
    secrets
}

#[tokio::test]
async fn no_secret_that_was_handed_out_is_in_the_database_or_the_log() {
    let database = Database::copy().await;
    let settings = [("DOORWARD__LOG__LEVEL", "trace"), ("DOORWARD__AUDIT__STDOUT", "true")];
    let mut server = Live::serve_with(&database, &settings);
    let secrets = every_flow(&server).await;
    let kinds = secrets.kinds();
    for kind in ["access_token", "id_token", "refresh_token", "code in an address", "request in an address"] {
        assert!(kinds.contains(&kind), "{kind} was not collected: {kinds:?}");
    }
    for kind in ["cookie doorward_browser", "cookie doorward_sign_in", "hidden field csrf", "hidden field ticket"] {
        assert!(kinds.contains(&kind), "{kind} was not collected: {kinds:?}");
    }
    let running = database.db_everything().await;
    assert!(holds(&running, b"bea@example.org") && holds(&running, challenge().as_bytes()), "the search finds things");
    secrets.are_not_in("the database", &running);
    // The record has no addresses either.
    let listed = server.command(&["audit", "list"]).to_string();
    assert!(listed.contains("sign_in.failed") && listed.contains("code.replayed"), "the search finds things: {listed}");
    assert!(!listed.contains("@example.org") && !listed.contains("Bea Hall"), "{listed}");
    secrets.are_not_in("the audit record", listed.as_bytes());
    server.terminate();
    assert_eq!(server.wait(), Some(0));
    secrets.are_not_in("the database at rest", &database.db_everything().await);
    let log = server.log();
    assert!(log.contains("/token") && log.contains("WrongCredentials"), "the search finds things: {log}");
    secrets.are_not_in("the log", log.as_bytes());
    let said = eventually_blocking("the last event is read", || {
        let said = server.said();
        said.contains("server.stopped").then_some(said)
    });
    assert!(said.contains("sign_in.succeeded"), "the search finds things: {said}");
    secrets.are_not_in("the lines of events", said.as_bytes());
}

#[tokio::test]
async fn no_private_key_is_in_the_database_unsealed() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    let storage = Storage::open(&database.config, false).await.unwrap();
    let keys = storage.read().await.unwrap().signing_keys().await.unwrap();
    let everything = database.db_everything().await;
    let sealing = MasterKey::parse(MASTER_KEY).unwrap().sealing_key("signing keys");
    for key in keys {
        assert!(holds(&everything, key.life.kid.as_bytes()), "the search finds things");
        let row = format!("{}\n{}", key.life.algorithm, key.life.kid);
        let der = sealing.open(row.as_bytes(), &key.private_key).expect("sealed for its row, as tokens/key.rs does");
        assert!(der.len() > 1000, "a PKCS #8 key");
        // Past the modulus, which is public: pieces of the private numbers, at offsets that base64 keeps.
        for piece in der.chunks_exact(24).skip(14) {
            assert!(!holds(&everything, piece), "a piece of a private key");
            for form in [hex(piece), STANDARD_NO_PAD.encode(piece), URL_SAFE_NO_PAD.encode(piece)] {
                assert!(!holds(&everything, form.as_bytes()), "a piece of a private key: {form}");
            }
        }
    }
    drop(server);
}

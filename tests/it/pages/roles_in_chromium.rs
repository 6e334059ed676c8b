//! A role given and taken in a real Chromium: the consent page lists what will be granted and nothing else, and asks again for what a role has brought.

use serde_json::json;
use url::form_urlencoded::Serializer;

use super::look::look;
use super::tabs_in_chromium::App;
use crate::support::{Chromium, Database, Live, LiveClient, PASSWORD, VERIFIER, challenge, eventually};

const ANN: &str = "ann@example.org";
const ORDERS: &str = "https://orders.example.org";
const SCOPES: &str = "openid orders:read orders:write";

struct Scene {
    server: Live,
    app: App,
    client: LiveClient,
    browser: Chromium,
}

impl Scene {
    fn redirect_uri(&self) -> String {
        format!("http://{}/cb", self.app.address)
    }

    /// Goes to the application, which sends the browser here.
    async fn ask(&self) {
        let query = Serializer::new(String::new())
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .extend_pairs([("response_type", "code"), ("scope", SCOPES), ("code_challenge_method", "S256")])
            .append_pair("code_challenge", &challenge())
            .finish();
        self.browser.goto(&format!("{}/authorize?{query}", self.server.issuer)).await;
    }

    /// What the consent page lists.
    async fn asked(&self) -> Vec<String> {
        self.browser.find("#allow").await;
        let list = "return [...document.querySelectorAll('.asks li')].map(one => one.innerText.trim())";
        serde_json::from_value(self.browser.evaluate(list).await).unwrap()
    }

    /// The scope of the tokens for the code that comes as the answer of this number.
    async fn granted(&self, answer: usize) -> String {
        self.browser.find("#inside").await;
        let code = eventually("the code comes", async || self.app.told("code").get(answer).cloned()).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", VERIFIER),
        ];
        self.client.token(&fields).await.ok()["scope"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_a_role_brings_is_asked_for_and_what_it_takes_is_not() {
    let database = Database::copy().await;
    let server = Live::serve(&database);
    server.user(ANN);
    let (see, change) = ("orders:read=See your orders", "orders:write=Change your orders");
    server.command(&[
        "resource",
        "create",
        "--identifier",
        ORDERS,
        "--name",
        "Orders",
        "--scope",
        see,
        "--scope",
        change,
    ]);
    server.command(&["role", "create", "clerk"]);
    server.command(&["resource", "update", ORDERS, "--scope-needs", "orders:write=clerk"]);
    let app = App::start().await;
    let redirect_uri = format!("http://{}/cb", app.address);
    let client = ["client", "create", "--type", "web", "--name", "Shop", "--redirect-uri", &redirect_uri, "--scope"];
    let client = server.command(&[client.as_slice(), &[SCOPES]].concat());
    let client = LiveClient::new(&server.issuer, &client);
    let browser = Chromium::open_with(1280, 900, json!({ "intl": { "accept_languages": "en" } })).await;
    let scene = Scene { server, app, client, browser };

    scene.ask().await;
    scene.browser.type_into("#email", ANN).await;
    scene.browser.type_into("#password", PASSWORD).await;
    scene.browser.click("#login-submit").await;
    let asked = scene.asked().await.join("\n");
    assert!(asked.contains("See your orders") && !asked.contains("Change your orders"), "{asked}");
    look(&scene.browser, "roles-without").await;
    scene.browser.click("#allow").await;
    assert_eq!(scene.granted(0).await, "openid orders:read");
    scene.ask().await;
    assert_eq!(scene.granted(1).await, "openid orders:read", "and nobody asks again");

    scene.server.command(&["user", "grant-role", ANN, "clerk"]);
    scene.ask().await;
    let asked = scene.asked().await;
    let change = asked.iter().find(|words| words.contains("Change your orders"));
    let see = asked.iter().find(|words| words.contains("See your orders"));
    assert!(change.is_some_and(|words| !words.contains("before")), "{asked:?}");
    assert!(see.is_some_and(|words| words.contains("before")), "{asked:?}");
    look(&scene.browser, "roles-with").await;
    scene.browser.click("#allow").await;
    assert_eq!(scene.granted(2).await, SCOPES);

    scene.server.command(&["user", "revoke-role", ANN, "clerk"]);
    scene.ask().await;
    assert_eq!(scene.granted(3).await, "openid orders:read");
    // Given back, it brings what she had allowed, and nobody asks.
    scene.server.command(&["user", "grant-role", ANN, "clerk"]);
    scene.ask().await;
    assert_eq!(scene.granted(4).await, SCOPES);
    assert_eq!(scene.browser.complaints().await, Vec::<String>::new());
    scene.browser.close().await;
}

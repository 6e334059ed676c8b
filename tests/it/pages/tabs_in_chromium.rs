//! Tabs, steps back, reloads and double clicks in a real Chromium, with an application that takes the answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::support::{Chromium, Database, Live, PASSWORD, challenge, eventually};

const ANN: &str = "ann@example.org";

/// An application that remembers the queries of its callback, and has a link to start at.
pub struct App {
    pub address: SocketAddr,
    answers: Arc<Mutex<Vec<String>>>,
}

impl App {
    pub async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let kept = answers.clone();
        let callback = move |axum::extract::RawQuery(query): axum::extract::RawQuery| async move {
            kept.lock().unwrap().push(query.unwrap_or_default());
            Html("<link rel=icon href=data:,><h1 id=inside>Inside</h1>")
        };
        let home = || async { Html("<link rel=icon href=data:,><h1 id=home>Home</h1>") };
        let router = Router::new().route("/cb", get(callback)).route("/", get(home));
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { address, answers }
    }

    /// The parameter of each answer so far.
    pub fn told(&self, name: &str) -> Vec<String> {
        let answers = self.answers.lock().unwrap();
        let value = |query: &String| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        answers.iter().filter_map(value).collect()
    }
}

struct Scene {
    _database: Database,
    live: Live,
    app: App,
    client_id: String,
    browser: Chromium,
}

impl Scene {
    async fn set(preferences: Value) -> Self {
        let database = Database::copy().await;
        let live = Live::serve(&database);
        live.user(ANN);
        let app = App::start().await;
        let redirect_uri = format!("http://{}/cb", app.address);
        let client = ["client", "create", "--type", "spa", "--name", "Notebook", "--redirect-uri", &redirect_uri];
        let client_id = live.command(&client)["client_id"].as_str().unwrap().to_owned();
        let browser = Chromium::open_with(1280, 800, preferences).await;
        Self { _database: database, live, app, client_id, browser }
    }

    fn request(&self, state: &str) -> String {
        let query = Serializer::new(String::new())
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &format!("http://{}/cb", self.app.address))
            .extend_pairs([("response_type", "code"), ("state", state), ("scope", "openid")])
            .extend_pairs([("code_challenge_method", "S256"), ("code_challenge", &challenge())])
            .finish();
        format!("{}/authorize?{query}", self.live.issuer)
    }

    async fn sign_in(&self) {
        self.browser.type_into("#email", ANN).await;
        self.browser.type_into("#password", PASSWORD).await;
        self.browser.click("#login-submit").await;
    }

    /// Redeems a code as the application does; whether it was worth something.
    async fn redeems(&self, code: &str) -> bool {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &format!("http://{}/cb", self.app.address)),
            ("client_id", &self.client_id),
            ("code_verifier", crate::support::VERIFIER),
        ];
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = crate::support::http().post(format!("{}/token", self.live.issuer));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        request.send().await.unwrap().status().is_success()
    }

    async fn back(&self) {
        self.browser.page.back().await.unwrap();
    }

    /// Goes back to the question: the browser may show it as it was left, where "Allow" can be pressed again, or ask us, who lead on.
    /// Either way the application gets this answer, or the browser a page that says why not.
    async fn back_to_the_question(&self, answer: usize) {
        self.back().await;
        eventually("the way goes on", async || {
            let kept = "const allow = document.querySelector('#allow:enabled'); if (allow) allow.click(); \
                return document.querySelector('#error') !== null";
            let is_told = self.browser.page.execute(kept, vec![]).await.is_ok_and(|told| told == json!(true));
            (is_told || self.app.told("code").len() == answer).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn two_tabs_opened_at_once_both_work_to_the_end() {
    let scene = Scene::set(json!({})).await;
    let page = &scene.browser.page;
    scene.browser.goto(&format!("http://{}/", scene.app.address)).await;
    let first = page.window().await.unwrap();
    // Two tabs that ask before either has a cookie.
    let both = format!("window.open('{}'); window.open('{}')", scene.request("first"), scene.request("second"));
    scene.browser.evaluate(&both).await;
    let tabs = eventually("two tabs are open", async || {
        let tabs: Vec<_> = page.windows().await.unwrap().into_iter().filter(|tab| *tab != first).collect();
        (tabs.len() == 2).then_some(tabs)
    })
    .await;
    for tab in &tabs {
        page.switch_to_window(tab.clone()).await.unwrap();
        scene.browser.find("#login-submit").await;
    }
    for tab in tabs {
        page.switch_to_window(tab).await.unwrap();
        scene.sign_in().await;
        // An application on the person's own device is asked for in each.
        scene.browser.click("#allow").await;
        scene.browser.find("#inside").await;
    }
    let mut states = scene.app.told("state");
    states.sort();
    assert_eq!(states, ["first", "second"]);
    for code in scene.app.told("code") {
        assert!(scene.redeems(&code).await);
    }
    scene.browser.close().await;
}

#[tokio::test]
async fn back_and_reload_go_on_until_the_application_has_its_answer() {
    let scene = Scene::set(json!({})).await;
    let browser = &scene.browser;
    browser.goto(&format!("http://{}/", scene.app.address)).await;
    browser.goto(&scene.request("one")).await;
    scene.sign_in().await;
    browser.find("#allow").await;
    browser.page.refresh().await.unwrap();
    browser.find("#allow").await;
    // The page before is the sign-in page: nothing is to be done there any more.
    scene.back().await;
    browser.find("#allow").await;
    browser.click("#allow").await;
    browser.find("#inside").await;
    scene.back_to_the_question(2).await;
    let codes = scene.app.told("code");
    assert!(!scene.redeems(&codes[0]).await && scene.redeems(&codes[1]).await);
    browser.find("#inside").await;
    scene.back_to_the_question(3).await;
    assert_eq!(browser.find("#error").await.attr("data-error").await.unwrap().as_deref(), Some("invalid_form"));
    browser.picture("tabs-done").await;
    browser.click("#to-application").await;
    browser.find("#home").await;
    scene.browser.close().await;
}

#[tokio::test]
async fn a_long_state_goes_by_pages_that_leave_no_step_in_the_history() {
    let scene = Scene::set(json!({})).await;
    let (browser, state) = (&scene.browser, crate::long_state::states()[0].clone());
    browser.goto(&format!("http://{}/", scene.app.address)).await;
    browser.goto(&scene.request(&state)).await;
    scene.sign_in().await;
    browser.click("#allow").await;
    browser.find("#inside").await;
    assert_eq!(scene.app.told("state"), [state.as_str()]);
    // A page that stayed in the history would send whoever goes back forward again.
    scene.back_to_the_question(2).await;
    browser.find("#inside").await;
    assert_eq!(scene.app.told("state"), [state.clone(), state]);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    scene.browser.close().await;
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_sends_its_form_once() {
    let scene = Scene::set(json!({})).await;
    let browser = &scene.browser;
    browser.goto(&scene.request("one")).await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    let twice = |button: &str| {
        format!(
            "const button = document.querySelector('{button}'); let sent = 0; \
             addEventListener('submit', (event) => {{ if (!event.defaultPrevented) sent += 1; }}); \
             button.click(); button.click(); return sent"
        )
    };
    assert_eq!(browser.evaluate(&twice("#login-submit")).await, json!(1));
    browser.find("#allow").await;
    assert_eq!(browser.evaluate(&twice("#allow")).await, json!(1));
    browser.find("#inside").await;
    let codes = scene.app.told("code");
    assert_eq!(codes.len(), 1);
    assert!(scene.redeems(&codes[0]).await);
    scene.browser.close().await;
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_told_so() {
    let block = json!({ "profile.default_content_setting_values.cookies": 2 });
    let scene = Scene::set(block).await;
    scene.browser.goto(&scene.request("one")).await;
    let words = scene.browser.text("#error").await;
    assert!(words.contains("cookie"), "{words}");
    scene.browser.picture("tabs-no-cookies").await;
    scene.browser.find("#to-application").await;
    scene.browser.close().await;
}

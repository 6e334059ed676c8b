//! A real Chromium, headless, driven through chromedriver (WebDriver, and two commands of Chromium's own).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use super::eventually::{eventually, until_it_works};

const MISSING: &str =
    "chromedriver cannot be run: install chromium and chromium-driver (`tests/run --only install` does)";

/// A browser window of a size of its own. Killed when dropped.
pub struct Chromium {
    pub page: fantoccini::Client,
    /// The width of the window, in CSS pixels.
    pub width: u32,
    driver: Child,
    _profile: TempDir,
}

/// A command of Chromium's own: a path below the session, and a body.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

impl Chromium {
    /// A window of this many CSS pixels, with a fresh profile.
    pub async fn open(width: u32, height: u32) -> Self {
        Self::open_with(width, height, json!({})).await
    }

    /// As [`Chromium::open`], with these preferences in its profile.
    pub async fn open_with(width: u32, height: u32, preferences: Value) -> Self {
        let (driver, address) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            &folder,
        ];
        let metrics =
            json!({ "width": width, "height": height, "pixelRatio": 1.0, "touch": width < 600, "mobile": width < 600 });
        let wanted = json!({
            "goog:chromeOptions": {
                "args": arguments, "mobileEmulation": { "deviceMetrics": metrics }, "prefs": preferences,
            },
            "goog:loggingPrefs": { "browser": "ALL" },
            "acceptInsecureCerts": true,
        });
        let capabilities = wanted.as_object().unwrap().clone();
        let page = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&address).await;
        let page = page.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        Self { page, width, driver, _profile: profile }
    }

    async fn own(&self, path: &'static str, body: Value) -> Value {
        self.page.issue_cmd(Own(path, body)).await.unwrap()
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.own("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    pub async fn goto(&self, address: &str) {
        self.page.goto(address).await.unwrap();
    }

    /// Waits for an element and gives its text.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    pub async fn click(&self, selector: &str) {
        self.act(selector, async |element| element.click().await).await;
    }

    pub async fn type_into(&self, selector: &str, text: &str) {
        self.act(selector, async |element| element.send_keys(text).await).await;
    }

    /// Does something to an element. When another page has come since it was found nothing was done, and it is done to the element of that page.
    async fn act(&self, selector: &str, act: impl AsyncFn(Element) -> Result<(), CmdError>) {
        eventually(&format!("{selector} stays"), async || match act(self.find(selector).await).await {
            Ok(()) => Some(()),
            Err(error) if error.is_stale_element_reference() => None,
            Err(error) => panic!("{selector}: {error:?}"),
        })
        .await;
    }

    /// Waits for an element. Whoever asks while another page comes is told that the question was "aborted by navigation": asks again.
    pub async fn find(&self, selector: &str) -> Element {
        let last = match until_it_works(async || self.page.find(Locator::Css(selector)).await).await {
            Ok(element) => return element,
            Err(error) => error,
        };
        let url = self.page.current_url().await.map(String::from).unwrap_or_default();
        panic!("{selector} does not come on {url}: {last:?}; {:?}", self.complaints().await)
    }

    /// What a script finds; asked again as [`Self::find`] is.
    pub async fn evaluate(&self, script: &str) -> Value {
        until_it_works(async || self.page.execute(script, vec![]).await)
            .await
            .unwrap_or_else(|last| panic!("{script}: {last:?}"))
    }

    /// Shows pages in the colours for light or for dark rooms from now on.
    pub async fn prefer(&self, scheme: &str) {
        // Without motion: a colour on its way to another is none that the page means.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "", "features": features })).await;
    }

    /// Shows pages as a printer does from now on, until other colours are [preferred](Self::prefer).
    pub async fn print(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    }

    /// How many of these can be seen.
    pub async fn seen(&self, selector: &str) -> u64 {
        let count =
            format!("return [...document.querySelectorAll('{selector}')].filter((it) => it.checkVisibility()).length");
        self.evaluate(&count).await.as_u64().unwrap()
    }

    /// Gives the person at the browser a device with room for passkeys, which is touched as soon as it is asked for; its id. What is made on it is
    /// copied to others, or stays there.
    pub async fn plug_in(&self, transport: &str, is_copied: bool) -> String {
        self.plug_in_able(transport, is_copied, true).await
    }

    /// A key that knows a touch and no more: it checks nobody, and has no room for passkeys.
    pub async fn plug_in_touch_key(&self) -> String {
        self.plug_in_able("usb", false, false).await
    }

    /// The same, which checks its person and has room for passkeys, or neither.
    async fn plug_in_able(&self, transport: &str, is_copied: bool, is_able: bool) -> String {
        self.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": transport,
            "hasResidentKey": is_able,
            "hasUserVerification": is_able,
            "isUserVerified": is_able,
            "automaticPresenceSimulation": true,
            "defaultBackupEligibility": is_copied,
            "defaultBackupState": is_copied,
        });
        let device = self.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        device["authenticatorId"].as_str().unwrap().to_owned()
    }

    /// Takes a device away.
    pub async fn unplug(&self, device: &str) {
        self.devtools("WebAuthn.removeVirtualAuthenticator", json!({ "authenticatorId": device })).await;
    }

    /// Whether a device finds that it is its owner who is there.
    pub async fn set_verified(&self, device: &str, is_owner: bool) {
        let set = json!({ "authenticatorId": device, "isUserVerified": is_owner });
        self.devtools("WebAuthn.setUserVerified", set).await;
    }

    /// Whether somebody touches a device that asks for it.
    pub async fn set_touched(&self, device: &str, is_touched: bool) {
        let set = json!({ "authenticatorId": device, "enabled": is_touched });
        self.devtools("WebAuthn.setAutomaticPresenceSimulation", set).await;
    }

    /// Runs this in every page before the page's own scripts.
    pub async fn before_pages(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// What the console complains about since it was last asked: scripts that broke, and what the page's own policy forbade.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.own("se/log", json!({ "type": "browser" })).await;
        let severe = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Writes a picture of the whole page to `target/screenshots` for people to look at, and checks that nothing sticks out sideways.
    pub async fn picture(&self, name: &str) {
        let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", options).await;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", self.width));
        std::fs::write(file, STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()).unwrap();
        let wide = self.evaluate("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64().unwrap() <= self.width.into(), "{name} is {wide} wide in a window of {}", self.width);
    }

    pub async fn close(self) {
        self.page.clone().close().await.unwrap();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Starts chromedriver on any free port; its address. It wants the port of IPv4 on IPv6 as well, and ends where somebody has that: then once more.
fn start_driver() -> (Child, String) {
    let start = || {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = driver.expect(MISSING);
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let Some(port) = port else {
            driver.wait().unwrap();
            return None;
        };
        std::thread::spawn(move || lines.for_each(drop));
        Some((driver, format!("http://127.0.0.1:{port}")))
    };
    (0..5).find_map(|_| start()).expect("chromedriver says on which port it listens")
}

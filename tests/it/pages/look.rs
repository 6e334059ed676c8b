//! Every page in a real Chromium, at the width of a desk and of a phone, in light and in dark: axe-core finds nothing, nothing moves while it
//! comes, nothing sticks out. The pictures are in `target/screenshots`: look at them after a change of a page.

use std::io::{Read, Write};
use std::net::TcpListener;

use doorward::clock::Clock;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::support::{Chromium, Database, Live, PASSWORD, axe, challenge, was_shown_on_sqlite};

const EMAIL: &str = "ann@example.org";
const LONG_EMAIL: &str =
    "konstantin.alexandrowitsch.von-der-hohenwaldburg+news@department.an-organisation-with-a-long-name.example.org";
const LONG_NAME: &str =
    "Notebook for the desktop, the edition with an exceedingly long name \u{5e9}\u{5dc}\u{5d5}\u{5dd}";
const RTL_NAME: &str =
    "\u{639}\u{628}\u{62f} \u{627}\u{644}\u{631}\u{62d}\u{645}\u{646} \u{628}\u{646} \u{645}\u{62d}\u{645}\u{62f}";

/// Looks at the page that the browser shows, in light and in dark.
pub async fn look(browser: &Chromium, name: &str) {
    assert_eq!(axe::moves(browser).await, Vec::<String>::new(), "{name} moves while it comes");
    look_again(browser, name).await;
}

/// As [`look`], at a page that has moved since it came, by what was done on it.
pub async fn look_again(browser: &Chromium, name: &str) {
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        browser.picture(&format!("page-{name}-{scheme}")).await;
        let complaints = axe::complaints(browser).await;
        assert_eq!(complaints, Vec::<String>::new(), "{name}, {scheme}, {} wide", browser.width);
    }
    browser.prefer("light").await;
}

/// An application that takes what is posted to it and leaves the browser where it is (204).
fn silent_application() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/cb", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        }
    });
    address
}

struct Visit {
    browser: Chromium,
    server: Live,
}

impl Visit {
    async fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.server.issuer)).await;
    }

    async fn fill_in(&self, fields: &[(&str, &str)], submit: &str) {
        for (field, text) in fields {
            self.browser.evaluate(&format!("document.querySelector('{field}').value = ''")).await;
            self.browser.type_into(field, text).await;
        }
        self.browser.click(submit).await;
    }

    fn client(&self, kind: &str, name: &str, redirect_uri: &str) -> String {
        let arguments = ["client", "create", "--type", kind, "--name", name, "--redirect-uri", redirect_uri];
        let made = self.server.command(&arguments);
        let query = Serializer::new(String::new())
            .append_pair("client_id", made["client_id"].as_str().unwrap())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid profile email")
            .append_pair("code_challenge", &challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("/authorize?{query}")
    }

    /// Sign-in and registration, with what can go wrong.
    async fn before_sign_in(&self, request: &str) {
        self.go(request).await;
        self.browser.find(".reveal").await;
        look(&self.browser, "login").await;
        self.fill_in(&[], "#login-submit").await;
        self.browser.find("#email-error").await;
        look(&self.browser, "login-empty").await;
        self.fill_in(&[("#email", EMAIL), ("#password", "not my password")], "#login-submit").await;
        self.browser.find(".notice").await;
        look(&self.browser, "login-wrong").await;
        self.browser.click("#to-register").await;
        self.browser.find("#register-submit").await;
        look(&self.browser, "register").await;
        self.fill_in(&[("#email", "ann"), ("#password", "short")], "#register-submit").await;
        self.browser.find("#password-error").await;
        look(&self.browser, "register-wrong").await;
        let fields = [("#name", "Ann"), ("#email", EMAIL), ("#password", PASSWORD)];
        self.fill_in(&fields, "#register-submit").await;
        self.browser.find("#sign-in-instead").await;
        look(&self.browser, "register-taken").await;
        // Whoever corrects the address goes on at its end.
        let active = self.browser.page.active_element().await.unwrap();
        active.send_keys("x").await.unwrap();
        let value = "return document.querySelector('#email').value";
        assert_eq!(self.browser.evaluate(value).await, Value::from(format!("{EMAIL}x")));
    }

    async fn the_password_can_be_shown(&self) {
        let kind = "return document.querySelector('#password').type";
        self.browser.type_into("#password", PASSWORD).await;
        for (seen, words) in [("text", "Hide password"), ("password", "Show password")] {
            self.browser.click(".reveal").await;
            assert_eq!(self.browser.evaluate(kind).await, Value::from(seen));
            let label = "return document.querySelector('.reveal').getAttribute('aria-label')";
            assert_eq!(self.browser.evaluate(label).await, Value::from(words));
        }
    }
}

async fn every_page(width: u32, height: u32) {
    let database = Database::copy().await;
    let visit = Visit { browser: Chromium::open(width, height).await, server: Live::serve(&database) };
    let (browser, server) = (&visit.browser, &visit.server);
    for (email, name) in [(EMAIL, "Ann Lee"), (LONG_EMAIL, RTL_NAME)] {
        let arguments = ["user", "create", "--email", email, "--name", name, "--password-stdin"];
        server.command_with(&arguments, &format!("{PASSWORD}\n"));
    }
    let app = silent_application();
    let (spa, native) =
        (visit.client("spa", "Notebook", &app), visit.client("native", LONG_NAME, "http://127.0.0.1/cb"));
    visit.before_sign_in(&spa).await;

    visit.go(&spa).await;
    visit.the_password_can_be_shown().await;
    visit.fill_in(&[("#email", EMAIL)], "#login-submit").await;
    browser.find("#allow").await;
    look(browser, "consent").await;
    visit.go(&format!("{spa}&response_mode=form_post")).await;
    browser.click("#allow").await;
    browser.find("#continue").await;
    look(browser, "form-post").await;
    visit.go(&format!("{spa}&prompt=login")).await;
    browser.find("#login-submit").await;
    look(browser, "again").await;
    visit.go("/account").await;
    look(browser, "account").await;
    for section in ["profile", "password", "sign-ins", "applications", "history", "data"] {
        visit.go(&format!("/account/{section}")).await;
        look(browser, &format!("account-{section}")).await;
    }
    visit.go("/account/password").await;
    visit.fill_in(&[("#current_password", "not my password"), ("#password", "short")], "#change-password").await;
    browser.find("#password-error").await;
    look(browser, "account-password-refused").await;
    visit.go("/account").await;
    browser.click("#apps button").await;
    browser.find("#done").await;
    look(browser, "account-done").await;
    let long_ago = Clock::system().now().minus(700).seconds();
    let sql = format!(r#"UPDATE sign_ins SET proofs = '[{{"kind":"password","at":{long_ago}}}]'"#);
    database.db_execute(&sql).await;
    browser.click("#sign-ins button").await;
    browser.find("#confirm").await;
    look(browser, "account-confirm").await;
    visit.go("/logout").await;
    look(browser, "logout").await;
    browser.click("#confirm").await;
    browser.find("#signed-out").await;
    look(browser, "signed-out").await;
    visit.go("/authorize").await;
    look(browser, "error").await;
    visit.go(&spa.replace("%2Fcb", "%2Felsewhere")).await;
    look(browser, "error-of-an-application").await;
    browser.click("summary").await;
    browser.picture("page-error-of-an-application-open").await;
    visit.go("/login?request=x").await;
    look(browser, "error-of-a-page").await;

    visit.go(&native).await;
    look(browser, "login-long").await;
    visit.fill_in(&[("#email", LONG_EMAIL), ("#password", PASSWORD)], "#login-submit").await;
    browser.find("#allow").await;
    look(browser, "consent-native").await;
    visit.go("/account").await;
    look(browser, "account-long").await;
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|words| words.contains("400 (Bad Request)")), "{complaints:?}");
    visit.browser.close().await;
}

#[tokio::test]
async fn allow_and_deny_of_an_ordinary_request_are_above_the_fold() {
    let database = Database::copy().await;
    let visit = Visit { browser: Chromium::open(1280, 800).await, server: Live::serve(&database) };
    visit.server.user(EMAIL);
    let api = ["resource", "create", "--identifier", "https://notes.example.org", "--name", "Sample notes"];
    visit.server.command(&[&api[..], &["--scope", "notes:read", "--scope", "notes:write"]].concat());
    let scope = "openid profile email offline_access notes:read notes:write";
    let redirect_uri = "http://127.0.0.1/cb";
    let client = ["client", "create", "--type", "spa", "--name", "Notebook", "--scope", scope];
    let made = visit.server.command(&[&client[..], &["--redirect-uri", redirect_uri]].concat());
    let query = Serializer::new(String::new())
        .append_pair("client_id", made["client_id"].as_str().unwrap())
        .extend_pairs([("redirect_uri", redirect_uri), ("response_type", "code"), ("scope", scope)])
        .extend_pairs([("code_challenge", challenge().as_str()), ("code_challenge_method", "S256")])
        .finish();
    visit.go(&format!("/authorize?{query}")).await;
    visit.fill_in(&[("#email", EMAIL), ("#password", PASSWORD)], "#login-submit").await;
    visit.browser.find("#allow").await;
    look(&visit.browser, "consent-ordinary").await;
    for button in ["#allow", "#deny"] {
        let bottom = format!("return document.querySelector('{button}').getBoundingClientRect().bottom");
        let bottom = visit.browser.evaluate(&bottom).await.as_f64().unwrap();
        assert!(bottom < 800.0, "{button} ends at {bottom}");
    }
    visit.browser.close().await;
}

#[tokio::test]
async fn every_page_is_for_everybody_at_a_desk() {
    if was_shown_on_sqlite() {
        return;
    }
    every_page(1280, 900).await;
}

#[tokio::test]
async fn every_page_is_for_everybody_on_a_phone() {
    if was_shown_on_sqlite() {
        return;
    }
    every_page(390, 844).await;
}

#[cfg(feature = "demo")]
#[tokio::test]
async fn the_demo_is_for_everybody() {
    if was_shown_on_sqlite() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Live::run(folder.path(), vec![], &["demo", "--listen", "127.0.0.1:0", "--json"]);
    let browser = Chromium::open(390, 844).await;
    browser.goto(server.ready["app"].as_str().unwrap()).await;
    browser.find("#sign-in:not([hidden])").await;
    look(&browser, "demo").await;
    browser.close().await;
}

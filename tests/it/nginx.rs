//! Behind nginx with its default limits: TLS ends there, the issuer has a path that is passed on as it came, and a `state` of 4,000 bytes goes
//! through sign-in and consent to the application. In the long round, where `tests/run` has installed nginx.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use url::Url;

use crate::long_state::states;
use crate::pages::tabs_in_chromium::App;
use crate::support::{Chromium, Database, Live, LiveBrowser, PASSWORD, challenge, eventually, free_address};
use crate::tls;

const ANN: &str = "ann@example.org";

/// What `docs/running.md` tells an operator to write; nothing of buffers.
fn site(back: &str) -> String {
    let page = include_str!("../../docs/running.md");
    let (_, rest) = page.split_once("```nginx\n").unwrap();
    rest.split("```").next().unwrap().replace("127.0.0.1:8000", back)
}

/// A running nginx. Ended when dropped.
struct Nginx(Child);

impl Nginx {
    fn start(folder: &Path, front: &str, back: &str) -> Self {
        let at = |name: &str| folder.join(name).display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};", at(&format!("nginx-{kind}"))))
            .concat();
        let site = site(back);
        let config = format!(
            "daemon off; master_process off; pid {}; events {{}}\nhttp {{ access_log off; {temporary}\n\
             server {{ listen {front} ssl; ssl_certificate {}; ssl_certificate_key {};\n{site}}} }}\n",
            at("nginx.pid"),
            at("proxy.crt"),
            at("proxy.key"),
        );
        fs::write(folder.join("nginx.conf"), config).unwrap();
        let log = fs::File::create(folder.join("nginx.log")).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap());
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
        let mut command = Command::new(program.unwrap_or("nginx"));
        command.env("PATH", path).args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        Self(child.expect("nginx cannot be run: install nginx-light (`tests/run --long --only install` does)"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server behind nginx.
struct Scene {
    database: Database,
    live: Live,
    _nginx: Nginx,
    http: reqwest::Client,
}

impl Scene {
    async fn set() -> Self {
        let (database, front) = (Database::copy().await, free_address());
        let folder = database.folder.path().to_owned();
        let pem = tls::certificate(&folder, "proxy", 2099);
        let issuer = format!("https://{front}/auth");
        let settings =
            [("DOORWARD__SERVER__ISSUER", issuer.as_str()), ("DOORWARD__SERVER__TRUSTED_PROXIES", "127.0.0.1")];
        let live = Live::serve_with(&database, &settings);
        live.user(ANN);
        let nginx = Nginx::start(&folder, &front, live.ready["listen"].as_str().unwrap());
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = http.tls_certs_only([root]).build().unwrap();
        let scene = Self { database, live, _nginx: nginx, http };
        eventually("nginx answers", async || {
            let document = scene.http.get(format!("{issuer}/.well-known/openid-configuration")).send().await;
            document.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
        scene
    }

    /// What nginx complained of.
    fn complaints(&self) -> String {
        fs::read_to_string(self.database.folder.path().join("nginx.log")).unwrap()
    }
}

fn is_long() -> bool {
    let is_long = crate::support::is_long();
    if !is_long {
        eprintln!("left to the long round, which has nginx: DOORWARD_LONG=1");
    }
    is_long
}

#[tokio::test]
async fn an_issuer_with_a_path_works_behind_nginx_with_a_state_of_4000_bytes() {
    if !is_long() {
        return;
    }
    let scene = Scene::set().await;
    let issuer = &scene.live.issuer;
    let origin = issuer.strip_suffix("/auth").unwrap();
    for form in ["/.well-known/oauth-authorization-server/auth", "/.well-known/openid-configuration/auth"] {
        let document = scene.http.get(format!("{origin}{form}")).send().await.unwrap().text().await.unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["issuer"], issuer.as_str());
    }
    let back = format!("http://{}/auth", scene.live.ready["listen"].as_str().unwrap());
    for state in states() {
        for extra in ["", "&prompt=none", "&response_mode=form_post"] {
            let client = scene.live.client("web", &[]);
            let mut browser = LiveBrowser::with(issuer, scene.http.clone());
            let state = url::form_urlencoded::byte_serialize(state.as_bytes()).collect::<String>();
            let path = client.authorization_path(&format!("scope=openid&state={state}{extra}"));
            let mut answer = browser.visit(&format!("{issuer}{path}")).await;
            if answer.has("#login-submit") {
                let form = answer.form("#login-submit").with("email", ANN).with("password", PASSWORD);
                answer = browser.press(&form).await;
                assert!(browser.cookies.keys().all(|name| name.starts_with("__Secure-")), "{:?}", browser.cookies);
                answer = browser.press(&answer.form("#allow")).await;
            }
            assert!(answer.status.is_success(), "{}: {}", answer.status, answer.text());
            if extra == "&response_mode=form_post" {
                assert!(answer.has("#form-post input[name=state]"));
                continue;
            }
            let url = Url::parse(&answer.onward().unwrap()).unwrap();
            assert!(url.as_str().starts_with("https://rp.test/cb?") && url.query().unwrap().contains(&state));
            if extra.is_empty() {
                client.at(&back).redeem(&answer).await.ok();
            }
        }
    }
    assert_eq!(scene.complaints(), "");
}

#[tokio::test]
async fn a_real_browser_carries_a_state_of_4000_bytes_through_nginx() {
    if !is_long() {
        return;
    }
    let scene = Scene::set().await;
    let app = App::start().await;
    let redirect_uri = format!("http://{}/cb", app.address);
    let client = ["client", "create", "--type", "spa", "--name", "Notebook", "--redirect-uri", &redirect_uri];
    let client_id = scene.live.command(&client)["client_id"].as_str().unwrap().to_owned();
    let state = &states()[0];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", client_id.as_str()), ("redirect_uri", &redirect_uri), ("state", state)])
        .extend_pairs([("response_type", "code"), ("scope", "openid"), ("code_challenge_method", "S256")])
        .append_pair("code_challenge", &challenge())
        .finish();
    let browser = Chromium::open_with(1280, 800, json!({})).await;
    browser.goto(&format!("{}/authorize?{query}", scene.live.issuer)).await;
    browser.type_into("#email", ANN).await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.click("#allow").await;
    browser.find("#inside").await;
    assert_eq!(app.told("state"), [state.as_str()]);
    assert_eq!(app.told("iss"), [scene.live.issuer.as_str()]);
    browser.goto(&format!("{}/", scene.live.issuer)).await;
    browser.find("#sign-out").await;
    browser.click("#sign-out").await;
    browser.find("#signed-out").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
    assert_eq!(scene.complaints(), "");
}

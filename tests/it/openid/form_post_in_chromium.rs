//! The form_post page in a real browser: it sends itself, and its policy lets it. (That its button does the same without scripts is shown
//! on the page's text, in `response_mode.rs`: WebDriver needs scripts to find a button.)

use std::net::SocketAddr;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use url::form_urlencoded::Serializer;

use crate::support::{Chromium, Database, Live, PASSWORD, challenge};

/// An application that takes its answer by POST and then, as many do, redirects to a page of its own.
async fn application() -> SocketAddr {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let arrive = |headers: HeaderMap, body: String| async move {
        let whence = headers["origin"].to_str().unwrap();
        Redirect::to(&format!("/inside?whence={whence}&{body}"))
    };
    let inside = || async { Html("<h1 id=inside>Inside</h1>") };
    let router = Router::new().route("/cb", post(arrive)).route("/inside", get(inside));
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    address
}

/// Goes through a request with `response_mode=form_post` up to the page that brings the answer.
async fn begin(browser: &Chromium) -> (Live, SocketAddr) {
    let database = Database::copy().await;
    let live = Live::serve(&database);
    live.user("ann@example.org");
    let app = application().await;
    let redirect_uri = format!("http://{app}/cb");
    let client = ["client", "create", "--type", "web", "--name", "Notebook", "--redirect-uri", &redirect_uri];
    let client = live.command(&client);
    let query = Serializer::new(String::new())
        .append_pair("client_id", client["client_id"].as_str().unwrap())
        .append_pair("redirect_uri", &redirect_uri)
        .extend_pairs([("response_type", "code"), ("response_mode", "form_post"), ("state", "a \"state\"")])
        .extend_pairs([("scope", "openid"), ("code_challenge_method", "S256"), ("code_challenge", &challenge())])
        .finish();
    browser.goto(&format!("{}/authorize?{query}", live.issuer)).await;
    browser.type_into("#email", "ann@example.org").await;
    browser.type_into("#password", PASSWORD).await;
    browser.click("#login-submit").await;
    browser.click("#allow").await;
    (live, app)
}

async fn arrived(browser: &Chromium, live: &Live, app: SocketAddr) {
    browser.find("#inside").await;
    let url = browser.page.current_url().await.unwrap();
    assert_eq!(url.origin().ascii_serialization(), format!("http://{app}"));
    let field = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    assert_eq!(field("whence").as_deref(), Some(live.issuer.as_str()));
    assert_eq!(field("iss").as_deref(), Some(live.issuer.as_str()));
    assert_eq!(field("state").as_deref(), Some("a \"state\""));
    assert_eq!(field("code").unwrap().len(), 43);
    let complaints: Vec<String> = browser.complaints().await.into_iter().filter(|c| !c.contains("favicon")).collect();
    assert_eq!(complaints, [""; 0]);
}

#[tokio::test]
async fn the_form_sends_itself() {
    let browser = Chromium::open(1000, 800).await;
    let (live, app) = begin(&browser).await;
    arrived(&browser, &live, app).await;
    browser.close().await;
}

//! The buttons of providers, and the ways in on the account page.

use doorward::config::UpstreamConfig;
use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::{ProviderKind, Vouched};
use doorward::random;
use scraper::{Html, Selector};

use crate::support::{Answer, PASSWORD, Server};

const ANN: &str = "ann@example.org";

fn provider(id: &str, name: &str, kind: ProviderKind) -> UpstreamConfig {
    UpstreamConfig {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: Some(kind),
        issuer: "https://login.corp.test".to_owned(),
        client_id: "doorward".to_owned(),
        ..UpstreamConfig::default()
    }
}

/// A server with three providers, none of which answers; with passwords or without.
async fn server(password: bool) -> Server {
    Server::with(|config| {
        config.sign_in.password = password;
        config.upstream = vec![
            provider("corp", "Corp <b>", ProviderKind::Oidc),
            provider("google", "Google", ProviderKind::Google),
            provider("github", "GitHub", ProviderKind::Github),
        ];
    })
    .await
}

/// The buttons of a page, in their order: id and words.
fn buttons(page: &Answer, selector: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(&page.text());
    let selector = Selector::parse(selector).unwrap();
    let found = html.select(&selector).map(|button| {
        let words: Vec<_> = button.text().flat_map(str::split_whitespace).collect();
        (button.attr("id").unwrap_or_default().to_owned(), words.join(" "))
    });
    found.collect()
}

#[tokio::test]
async fn each_provider_has_a_form_of_its_own_with_its_mark_and_words_and_names_no_other_site() {
    let server = server(true).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&login.field("#to-register", "href").unwrap()).await;
    for page in [&login, &register] {
        let expected = [
            ("upstream-corp", "Sign in with Corp <b>"),
            ("upstream-google", "Sign in with Google"),
            ("upstream-github", "Sign in with GitHub"),
        ];
        let expected = expected.map(|(id, words)| (id.to_owned(), words.to_owned()));
        assert_eq!(buttons(page, ".provider"), expected);
        for (id, _) in expected {
            let form = page.form(&format!("#{id}"));
            assert_eq!(form.action, id.replace("upstream-", "/upstream/"));
            assert!(!form.field("csrf").is_empty() && !form.field("request").is_empty(), "{id}");
            assert!(page.has(&format!("#{id} svg")));
        }
        let text = page.text().replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("//"), "a page of ours needs nobody else");
        let css = server.get(&page.field("link[rel=stylesheet]", "href").unwrap()).await.text();
        assert!(css.contains(".provider.google"));
    }
    let without = Server::start().await;
    let login = without.get("/login").await;
    assert!(!login.has("#providers"));
    let css = without.get(&login.field("link[rel=stylesheet]", "href").unwrap()).await.text();
    assert!(!css.contains(".provider"), "nobody loads what nobody needs");
}

#[tokio::test]
async fn without_passwords_a_page_asks_for_none() {
    let server = server(false).await;
    let login = server.get("/login").await;
    assert!(login.has("#upstream-corp") && !login.has("#password") && !login.has("#to-register") && !login.has(".or"));
    server.get("/register").await.refused_page(404, Rejection::RegistrationClosed);
}

#[tokio::test]
async fn the_account_page_lists_the_ways_in_and_those_that_can_be_linked() {
    let server = server(true).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let page = browser.sign_in(ANN).await;
    assert!(page.text_of("#ways").unwrap().contains("Password"));
    let links = ["link-corp", "link-google", "link-github"].map(str::to_owned);
    assert_eq!(buttons(&page, "#links button").into_iter().map(|(id, _)| id).collect::<Vec<_>>(), links);
    assert_eq!(page.form("#link-corp").field("provider"), "corp");
    // To prove it anew she is offered what she has: a password, and nothing that is not linked.
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let again = browser.visit(&client.authorization_url("prompt=login")).await;
    assert!(again.has("#password") && !again.has("#providers"));
    let consent = browser.sign_in_on(&again, ANN, PASSWORD).await;
    assert!(consent.has("#allow"));
}

#[tokio::test]
async fn whoever_came_through_a_provider_is_told_that_they_may_still_be_signed_in_there() {
    let server = server(true).await;
    let page = server.get("/signed-out?from=github").await;
    assert!(page.text_of("#still-there").unwrap().contains("GitHub") && !page.has("#sign-out-there"));
    for other in ["/signed-out", "/signed-out?from=nobody", "/signed-out?from="] {
        let page = server.get(other).await;
        assert!(page.has("#signed-out") && !page.has("#still-there"), "{other}");
    }
}

/// A fresh proof through a provider that cannot say when somebody authenticated there is a new round trip, and the page says so.
#[tokio::test]
async fn whoever_is_to_prove_it_anew_is_told_of_providers_that_cannot_say_when() {
    let server = server(true).await;
    let ann = server.db_user(ANN).await;
    let mut transaction = server.app.storage.begin().await.unwrap();
    for id in ["corp", "google", "github"] {
        let said = Vouched::of(id, &format!("https://{id}.test"), "7");
        let identity = said.identity(random::row_id(server.clock.now()), &ann, server.clock.now());
        let act = Act::of_operator(server.clock.now());
        assert!(transaction.insert_identity(&identity, &act).await.unwrap());
    }
    transaction.commit().await.unwrap();
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(login.has("#upstream-google") && !login.has("[id^=untimed-]"), "nothing is to be proved anew here");
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.turn(601);
    let account = browser.visit("/account").await;
    let question = browser.submit(&account.form("#link-corp")).await;
    assert!(question.has("#upstream-corp") && !question.has("#untimed-corp"), "{}", question.text());
    for id in ["google", "github"] {
        assert!(question.has(&format!("#upstream-{id}")) && question.has(&format!("#untimed-{id}")), "{id}");
    }
}

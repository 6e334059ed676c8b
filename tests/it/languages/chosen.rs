//! Which language a page is in: as the application asks, as the account is set, as the browser is set.

use axum::body::Body;
use axum::http::Request;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::scope::ScopeSet;

use crate::support::{Answer, Browser, PASSWORD, Server, asked, filled};

const ANN: &str = "ann@example.org";

async fn in_language(browser: &mut Browser, path: &str, accept: &str) -> Answer {
    browser.send(Request::get(path).header("accept-language", accept).body(Body::empty()).unwrap()).await
}

fn language(page: &Answer) -> String {
    page.field("html", "lang").unwrap()
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_likes_best_of_those_there_are() {
    let server = Server::start().await;
    for (accept, tag, title) in [
        ("", "en", "Sign in"),
        ("en-GB,en;q=0.9,de;q=0.8", "en", "Sign in"),
        ("de-CH,de;q=0.9,en;q=0.8", "de", "Anmelden"),
        ("fr,it;q=0.9,de;q=0.1", "de", "Anmelden"),
        ("fr", "en", "Sign in"),
        ("\u{fffd}de;q=;;;,,", "en", "Sign in"),
    ] {
        let page = in_language(&mut server.browser(), "/login", accept).await;
        assert_eq!((language(&page).as_str(), page.text_of("h1").unwrap().as_str()), (tag, title), "{accept}");
    }
}

#[tokio::test]
async fn ui_locales_counts_on_every_page_of_the_way_and_on_its_errors() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let scopes = ScopeSet::parse("openid email").unwrap();
    let client = server.db_client(ClientType::Spa, |c| c.scopes = scopes).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("ui_locales=fr-CA+de-AT+en")).await;
    assert_eq!((language(&login).as_str(), login.text_of("h1").unwrap().as_str()), ("de", "Anmelden"));
    let form = filled(&login.form("#login-submit"), ANN, "not her password");
    let wrong = browser.submit(&form).await;
    wrong.refused(400, Rejection::WrongCredentials);
    assert_eq!(wrong.text_of("#error").unwrap(), "Die E-Mail-Adresse oder das Passwort ist falsch.");
    assert_eq!(wrong.text_of("title").unwrap(), "Fehler: Anmelden – Doorward");
    let consent = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let text = consent.text_of("main").unwrap();
    assert!(text.contains("bittet um Zugriff") && text.contains("Ihre E-Mail-Adresse sehen"), "{text}");
    // A form that is refused says so in the language of its way.
    let undecided = browser.submit(&consent.form("#allow").without("decision")).await;
    undecided.refused(400, Rejection::MissingDecision);
    assert!(undecided.text_of("h1").unwrap().contains("bittet um Zugriff"), "it asks again");
    assert_eq!(undecided.text_of("#error").unwrap(), "Im Formular fehlt Ihre Entscheidung.");
    assert_eq!(language(&undecided), "de");
    // An authorization request that goes nowhere, and one without words that we have.
    let lost = browser.visit("/authorize?ui_locales=de&client_id=x").await;
    assert_eq!(
        lost.refused_page(400, Rejection::UnknownClient).text_of("h1").unwrap(),
        "Die Anwendung hat einen Fehler gemacht"
    );
    assert_eq!(lost.field("#error", "lang").as_deref(), Some("en"));
    let other = server.browser().visit(&client.authorization_url("ui_locales=fr+it")).await;
    assert_eq!(language(&other), "en");
}

#[tokio::test]
async fn whoever_is_signed_in_is_spoken_to_in_the_language_of_their_account() {
    let server = Server::start().await;
    let id = server.db_user(ANN).await;
    let scopes = ScopeSet::parse("openid email").unwrap();
    let client = server.db_client(ClientType::Spa, |c| c.scopes = scopes).await;
    for (claims, of_account, of_request) in
        [(r#"{"locale":"de-AT"}"#, "de", "en"), (r#"{"locale":7}"#, "en", "en"), ("{}", "en", "en")]
    {
        server.database.db_execute(&format!("UPDATE users SET claims = '{claims}' WHERE id = '{id}'")).await;
        let (mut browser, consent) = asked(&server, &client, ANN, "").await;
        assert_eq!(language(&consent), of_account, "{claims}");
        assert_eq!(language(&browser.visit("/account").await), of_account, "{claims}");
        assert_eq!(language(&in_language(&mut browser, "/account", "en").await), of_account, "{claims}");
        let (_, consent) = asked(&server, &client, ANN, "ui_locales=en").await;
        assert_eq!(language(&consent), of_request, "{claims}");
    }
}

#[tokio::test]
async fn what_a_name_holds_is_text_in_every_language() {
    let server = Server::start().await;
    for name in ["<b>x</b>", "{ $client }", "{{ page }}", "\"'&<i>"] {
        let client = server.db_client(ClientType::Spa, |c| c.name = name.to_owned()).await;
        for locale in ["de", "en"] {
            let page = server.browser().visit(&client.authorization_url(&format!("ui_locales={locale}"))).await;
            assert_eq!(page.text_of(".lead .name").as_deref(), Some(name), "{locale}");
            assert!(!page.has("b") && !page.has("i"));
        }
    }
}

//! The privacy policy and the terms of an application, on the pages where a person decides about it (OpenID Connect Registration §2).

use doorward::protocol::client::ClientType;

use crate::support::{Answer, PASSWORD, Server};

const POLICY: &str = "https://rp.test/privacy?a=1&b=2";
const TERMS: &str = "https://rp.test/terms";

fn link(page: &Answer, id: &str) -> Option<String> {
    let document = scraper::Html::parse_document(&page.text());
    let selector = scraper::Selector::parse(id).unwrap();
    document.select(&selector).next().map(|link| link.attr("href").unwrap().to_owned())
}

#[tokio::test]
async fn policy_and_terms_are_linked_where_people_sign_in_register_and_consent() {
    let server = Server::start().await;
    server.db_user("ann@example.org").await;
    let client = server
        .db_client(ClientType::Web, |client| {
            client.metadata.policy_uri = Some(POLICY.to_owned());
            client.metadata.tos_uri = Some(TERMS.to_owned());
        })
        .await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("")).await;
    let register = browser.visit(&link(&login, "#to-register").unwrap()).await;
    let consent = browser.sign_in_on(&login, "ann@example.org", PASSWORD).await;
    assert!(consent.has("#allow"));
    for page in [login, register, consent] {
        assert_eq!(link(&page, "#client-policy").as_deref(), Some(POLICY));
        assert_eq!(link(&page, "#client-terms").as_deref(), Some(TERMS));
    }
}

#[tokio::test]
async fn an_application_without_links_shows_none() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |client| client.metadata.tos_uri = Some(TERMS.to_owned())).await;
    let login = server.browser().visit(&client.authorization_url("")).await;
    assert!(!login.has("#client-policy") && login.has("#client-terms"));
    let alone = server.browser().visit("/login").await;
    assert!(!alone.has("#client-policy") && !alone.has("#client-terms"));
}

//! Linking from the account page, and unlinking: what has to be proved before, and what ends.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use serde_json::json;

use super::{ANN, answer_of, counted, federated, federated_with, identity, newcomer, through};
use crate::support::{Answer, Browser, PASSWORD, Provider, Server};

/// The address at the provider to which the account page's button leads, or the page in between.
pub(super) async fn press_link(browser: &mut Browser) -> Answer {
    let account = browser.visit("/account").await;
    browser.submit(&account.form("#link-fake")).await
}

pub(super) async fn link(browser: &mut Browser, fake: &Provider) -> Answer {
    let leaving = press_link(browser).await;
    let sent_to = leaving.onward().unwrap_or_else(|| panic!("{}", leaving.text())).parse().unwrap();
    let callback = answer_of(fake, &sent_to).await;
    browser.visit(&callback).await
}

pub(super) async fn signed_in(server: &Server) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    browser
}

#[tokio::test]
async fn who_is_signed_in_links_an_account_and_signs_in_by_it() {
    let (server, fake) = federated(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let mut browser = signed_in(&server).await;
    let account = link(&mut browser, &fake).await;
    assert!(account.has("#unlink-fake") && account.has("#done"), "{}", account.text());
    assert_eq!(identity(&server, &fake).await.unwrap().user_id, ann);
    let mut other = server.browser();
    let login = other.visit("/login").await;
    assert!(through(&mut other, &fake, &login).await.has("#sign-out"));
    assert_eq!(counted(&server).await, (1, 1));
    // Once more is no mistake.
    assert!(link(&mut browser, &fake).await.has("#unlink-fake"));
    assert_eq!(counted(&server).await, (1, 1));
}

#[tokio::test]
async fn linking_and_unlinking_ask_for_a_fresh_proof() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = signed_in(&server).await;
    server.turn(601);
    let question = press_link(&mut browser).await;
    assert!(question.has("#confirm"), "{}", question.text());
    assert_eq!(identity(&server, &fake).await, None);
    let leaving = browser.submit(&question.form("#confirm").with("password", PASSWORD)).await;
    let leaving = browser.get(&leaving.location()).await;
    let sent_to = leaving.onward().unwrap().parse().unwrap();
    let callback = answer_of(&fake, &sent_to).await;
    let account = browser.visit(&callback).await;
    assert!(account.has("#unlink-fake"), "{}", account.text());
    server.turn(601);
    let question = browser.submit(&account.form("#unlink-fake")).await;
    assert!(question.has("#confirm") && identity(&server, &fake).await.is_some());
    let account = browser.press(&question.form("#confirm").with("password", PASSWORD)).await;
    assert!(account.has("#link-fake"), "{}", account.text());
    assert_eq!(identity(&server, &fake).await, None);
}

/// The same person in another browser.
pub(super) async fn newcomer_again(server: &Server, fake: &Provider) -> Browser {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    assert!(through(&mut browser, fake, &login).await.has("#sign-out"));
    browser
}

pub(super) async fn signed_in_still(server: &Server, browser: &Browser) -> bool {
    browser.at(server).visit("/account").await.has("#sign-out")
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let account = browser.visit("/account").await;
    let page = browser.submit(&account.form("#unlink-fake")).await;
    page.refused_page(400, Rejection::LastWayIn);
    assert!(identity(&server, &fake).await.is_some());
    assert!(browser.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn unlinking_ends_what_was_signed_in_by_it_and_nothing_else() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut own = signed_in(&server).await;
    link(&mut own, &fake).await;
    let mut other = newcomer_again(&server, &fake).await;
    let answer = other.visit(&client.authorization_url("scope=openid")).await;
    let answer = if answer.has("#allow") { other.press(&answer.form("#allow")).await } else { answer };
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let account = own.visit("/account").await;
    let account = own.press(&account.form("#unlink-fake")).await;
    assert!(account.has("#link-fake"), "{}", account.text());
    assert!(!signed_in_still(&server, &other).await);
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused_json(401, Rejection::TokenOfEndedGrant);
    assert!(signed_in_still(&server, &own).await);
    // Whoever was signed in by it themselves is signed out by that.
    link(&mut own, &fake).await;
    let mut by_it = newcomer_again(&server, &fake).await;
    let account = by_it.visit("/account").await;
    let page = by_it.press(&account.form("#unlink-fake")).await;
    assert!(page.has("#signed-out"), "{}", page.text());
}

#[tokio::test]
async fn an_account_of_another_is_refused_without_saying_whose() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    server.db_user("bob@example.org").await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    let page = link(&mut bob, &fake).await;
    page.refused_page(400, Rejection::IdentityOfAnother);
    assert!(!page.text().contains(ANN), "{}", page.text());
    assert!(!bob.visit("/account").await.has("#unlink-fake"));
}

#[tokio::test]
async fn who_came_back_as_another_person_links_nothing() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let mut browser = signed_in(&server).await;
    let leaving = press_link(&mut browser).await;
    let sent_to = leaving.onward().unwrap().parse().unwrap();
    // Somebody else signs in in the same browser meanwhile; somebody signs out.
    browser.sign_in("bob@example.org").await;
    let callback = answer_of(&fake, &sent_to).await;
    let page = browser.visit(&callback).await;
    page.refused(page.status.as_u16(), Rejection::AnotherPersonExpected);
    assert_eq!(identity(&server, &fake).await, None);
}

#[tokio::test]
async fn unlinking_takes_only_what_is_ones_own() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let id = identity(&server, &fake).await.unwrap().id;
    server.db_user("bob@example.org").await;
    let mut bob = server.browser();
    bob.sign_in("bob@example.org").await;
    let account = bob.visit("/account").await;
    let form = account.form("#sign-out").to("/account/identities/unlink").with("id", &id);
    assert_eq!(bob.press(&form).await.status, 200);
    assert!(identity(&server, &fake).await.is_some());
}

#[tokio::test]
async fn another_person_of_the_provider_confirms_nothing() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    newcomer_again(&server, &fake).await;
    server.turn(601);
    for subject in ["somebody-else", "a-third"] {
        fake.person(
            json!({ "sub": subject, "name": "Bob", "email": format!("{subject}@example.org"), "email_verified": true }),
        );
        let account = browser.visit("/account").await;
        let question = browser.submit(&account.form("#end-others")).await;
        let page = through(&mut browser, &fake, &question).await;
        page.refused(page.status.as_u16(), Rejection::AnotherPersonExpected);
        assert!(browser.visit("/account").await.has("#sign-out"), "who was signed in still is");
        // Known here or not.
        let mut other = server.browser();
        let login = other.visit("/login").await;
        let page = through(&mut other, &fake, &login).await;
        if page.has("#create-account") {
            other.press(&page.form("#create-account")).await;
        }
    }
}

#[tokio::test]
async fn who_has_no_password_confirms_through_the_provider_and_anew() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let others = newcomer_again(&server, &fake).await;
    server.turn(601);
    let account = browser.visit("/account").await;
    let question = browser.submit(&account.form("#end-others")).await;
    assert!(!question.has("#password"), "there is none: {}", question.text());
    // The provider is told to ask anew, and must have done so.
    let sent_to = super::leave(&mut browser, &question).await;
    let asked: std::collections::HashMap<_, _> = sent_to.query_pairs().into_owned().collect();
    assert_eq!(asked["prompt"], "login");
    assert_eq!(asked["max_age"], "0");
    fake.claims(json!({ "auth_time": server.clock.now().seconds() - 600 }));
    let callback = answer_of(&fake, &sent_to).await;
    browser.visit(&callback).await.refused_page(400, Rejection::UpstreamNotFresh);
    assert!(signed_in_still(&server, &others).await);
    fake.claims(json!({}));
    let account = browser.visit("/account").await;
    let question = browser.submit(&account.form("#end-others")).await;
    let account = through(&mut browser, &fake, &question).await;
    assert!(account.has("#done"), "{}", account.text());
    assert!(!signed_in_still(&server, &others).await);
}

/// Who finds a browser open at a second provider, which lets them in without a question, does not link an account of their own by it.
#[tokio::test]
async fn a_provider_that_asks_nobody_confirms_no_link() {
    let second = Provider::start().await;
    let (server, fake) =
        federated_with(ProviderKind::Oidc, |_| {}, |config| second.add_to(config, "work", ProviderKind::Oidc, |_| {}))
            .await;
    second.follow(&server.clock);
    newcomer(&server, &fake).await;
    // Somebody else's account at the other provider, and Ann's browser.
    second.person(json!({ "sub": "eve-at-work", "name": "Eve" }));
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let away = browser.submit(&login.form("#upstream-work")).await;
    let brought = second.visit(&away.onward().unwrap().parse().unwrap()).await;
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&brought).finish();
    let first = browser.visit(&format!("/upstream/work/callback?{query}")).await;
    let login = browser.visit(&first.field("#sign-in-instead", "href").unwrap()).await;
    let sent_to = super::leave(&mut browser, &login).await;
    let asked: std::collections::HashMap<_, _> = sent_to.query_pairs().into_owned().collect();
    assert_eq!(asked.get("prompt").map(String::as_str), Some("login"), "Ann is to be asked");
    fake.claims(json!({ "auth_time": server.clock.now().seconds() - 700 }));
    let page = browser.visit(&answer_of(&fake, &sent_to).await).await;
    page.refused_page(400, Rejection::UpstreamNotFresh);
    let mut reader = server.app.storage.read().await.unwrap();
    assert!(reader.identity(&second.issuer(), "eve-at-work").await.unwrap().is_none());
}

#[tokio::test]
async fn a_way_in_that_cannot_be_used_is_none() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let user = identity(&server, &fake).await.unwrap().user_id;
    let gone = doorward::protocol::upstream::Vouched::of("gone", "https://gone.test", "1");
    let row = gone.identity(doorward::random::row_id(server.clock.now()), &user, server.clock.now());
    let mut transaction = server.app.storage.begin().await.unwrap();
    let act = doorward::protocol::audit::Act::of_operator(server.clock.now());
    assert!(transaction.insert_identity(&row, &act).await.unwrap());
    transaction.commit().await.unwrap();
    let account = browser.visit("/account").await;
    let page = browser.submit(&account.form("#unlink-fake")).await;
    page.refused_page(400, Rejection::LastWayIn);
    let account = browser.press(&account.form("#unlink-gone")).await;
    assert!(account.has("#unlink-fake") && !account.has("#unlink-gone"), "{}", account.text());
}

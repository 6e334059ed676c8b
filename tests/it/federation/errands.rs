//! The errand: who comes back, to which provider, when, and how often.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use serde_json::json;

use super::{ANN, answer_of, federated, federated_with, identity, leave, newcomer, through};
use crate::support::{Form, parallel};

#[tokio::test]
async fn an_answer_is_for_the_browser_that_left_and_counts_once() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    let asked = fake.asked("/token");
    // In another browser, and in one that has no cookie at all, it is nothing.
    let mut other = server.browser();
    other.visit("/login").await;
    other.get(&callback).await.refused_page(400, Rejection::UnknownErrand);
    server.get(&callback).await.refused_page(400, Rejection::UnknownErrand);
    for state in ["", "&state=", "&state=x"] {
        let path = format!("/upstream/fake/callback?code=x{state}");
        browser.get(&path).await.refused_page(400, Rejection::UnknownErrand);
    }
    assert_eq!(fake.asked("/token"), asked, "the provider is not asked for any of them");
    assert!(browser.visit(&callback).await.has("#sign-out"));
    let again = browser.get(&callback).await;
    again.refused_page(400, Rejection::UsedErrand);
    assert!(browser.visit(&again.field("#again", "href").unwrap()).await.has("#sign-out"), "and it leads on");
}

#[tokio::test]
async fn of_many_at_once_one_comes_back() {
    let (server, fake) = federated(|_| {}).await;
    let node = server.another_node_with(|config| fake.add_to(config, "fake", ProviderKind::Oidc, |_| {})).await;
    newcomer(&server, &fake).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    node.app.providers.discover().await;
    let asked = fake.asked("/token");
    let answers = parallel(16, |number| {
        let mut browser = browser.at(if number % 2 == 0 { &server } else { &node });
        let callback = callback.clone();
        async move { browser.get(&callback).await }
    })
    .await;
    let in_again = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(in_again, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused(400, Rejection::UsedErrand);
    }
    assert_eq!(fake.asked("/token"), asked + 1);
}

#[tokio::test]
async fn an_answer_is_for_the_provider_that_the_browser_was_sent_to() {
    let other = std::cell::RefCell::new(None);
    let (server, fake) = federated_with(
        ProviderKind::Oidc,
        |config| *other.borrow_mut() = Some(config.clone()),
        |config| {
            let mut second = other.borrow().clone().unwrap();
            second.id = "other".to_owned();
            config.upstream.push(second);
        },
    )
    .await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    let elsewhere = callback.replace("/upstream/fake/", "/upstream/other/");
    browser.get(&elsewhere).await.refused_page(400, Rejection::UnknownErrand);
    // It is not used up by that.
    assert!(browser.visit(&callback).await.has("#create-account"));
}

#[tokio::test]
async fn who_comes_back_too_late_is_led_on_with_the_journey_intact() {
    let (server, fake) = federated(|_| {}).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid&state=the-state")).await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    server.turn(600);
    let late = browser.get(&callback).await;
    late.refused_page(400, Rejection::ExpiredErrand);
    let login = browser.visit(&late.field("#again", "href").unwrap()).await;
    let page = through(&mut browser, &fake, &login).await;
    let consent = browser.press(&page.form("#create-account")).await;
    let answer = browser.press(&consent.form("#allow")).await;
    assert_eq!(answer.location_param("state").as_deref(), Some("the-state"));
}

#[tokio::test]
async fn who_cancels_at_the_provider_can_go_on_in_another_way() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    fake.callback(json!({ "error": "access_denied", "error_description": "<b>no</b>", "code": null }));
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = through(&mut browser, &fake, &login).await;
    page.refused_page(400, Rejection::UpstreamCancelled);
    assert!(!page.text_of("h1").unwrap().contains("mistake"), "the application is not to blame: {}", page.text());
    assert!(!page.text().contains("<b>no"), "what the provider wrote is not shown");
    let login = browser.visit(&page.field("#again", "href").unwrap()).await;
    let answer = browser.sign_in_on(&login, ANN, crate::support::PASSWORD).await;
    assert!(answer.has("#allow"), "{}", answer.text());
}

#[tokio::test]
async fn leaving_takes_a_form_of_ours() {
    let (server, _fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#upstream-fake");
    browser.submit(&form.clone().without("csrf")).await.refused(403, Rejection::ForgedForm);
    let evil = [("origin", "https://evil.test")];
    browser.submit_with(&form, &evil).await.refused(403, Rejection::CrossOriginForm);
    server.browser().submit(&form).await.refused(403, Rejection::CookiesBlocked);
    browser.get("/upstream/fake").await.refused(405, Rejection::WrongMethod);
    let unknown = Form { action: "/upstream/nobody".into(), ..form };
    browser.submit(&unknown).await.refused(404, Rejection::NoSuchPage);
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM errands").await, 0);
}

#[tokio::test]
async fn so_many_of_one_network_are_away_and_no_more() {
    let (server, _fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#upstream-fake");
    for _ in 0..200 {
        assert_eq!(browser.submit(&form).await.status, 200);
    }
    let refused = browser.submit(&form).await;
    refused.refused_page(429, Rejection::TooManyErrands);
    assert_eq!(refused.header("retry-after"), "600");
    let mut elsewhere = server.browser();
    elsewhere.address = "198.51.100.9".to_owned();
    let form_there = elsewhere.visit("/login").await.form("#upstream-fake");
    assert_eq!(elsewhere.submit(&form_there).await.status, 200);
    server.turn(601);
    assert_eq!(browser.submit(&form).await.status, 200, "those that are over do not count");
    server.turn(1600);
    server.app.storage.clean(server.app.config.sign_in.idle, server.clock.now()).await.unwrap();
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM errands").await, 0);
}

#[tokio::test]
async fn what_an_errand_is_for_is_sealed() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let nonce = sent_to.query_pairs().find(|(name, _)| name == "nonce").unwrap().1.into_owned();
    let state = sent_to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert!(!server.database.db_holds(&nonce).await && !server.database.db_holds(&state).await);
    assert!(browser.visit(&answer_of(&fake, &sent_to).await).await.has("#create-account"));
}

#[tokio::test]
async fn an_answer_by_post_goes_on_as_a_get() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    let (path, query) = callback.split_once('?').unwrap();
    // It comes from another site: without cookies.
    let posted = server.post(path, query).await;
    let back = posted.location();
    assert!(browser.visit(&back).await.has("#create-account"));
    server.post(path, &format!("user={}", "x".repeat(9000))).await.refused(400, Rejection::RequestTooLong);
    server.post("/upstream/nobody/callback", query).await.refused(404, Rejection::NoSuchPage);
}

#[tokio::test]
async fn a_provider_that_is_switched_off_ends_what_is_under_way() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let callback = answer_of(&fake, &sent_to).await;
    let after = server.another_node_with(|config| config.upstream.clear()).await;
    let asked = fake.asked("/token");
    let mut there = browser.at(&after);
    there.get(&callback).await.refused(404, Rejection::NoSuchPage);
    assert!(!there.visit("/login").await.has("#upstream-fake"));
    assert_eq!(fake.asked("/token"), asked);
    assert!(identity(&server, &fake).await.is_some());
}

#[tokio::test]
async fn the_time_at_a_provider_takes_nothing_off_the_journey() {
    let (server, fake) = federated(|_| {}).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    server.turn(400);
    let sent_to = leave(&mut browser, &login).await;
    server.turn(400);
    let page = browser.visit(&answer_of(&fake, &sent_to).await).await;
    server.turn(400);
    let consent = browser.press(&page.form("#create-account")).await;
    assert!(consent.has("#allow"), "{}", consent.text());
    assert!(browser.press(&consent.form("#allow")).await.location_param("code").is_some());
}

#[tokio::test]
async fn those_that_are_back_count_as_those_that_are_away() {
    let (server, fake) = federated(|_| {}).await;
    fake.callback(json!({ "error": "access_denied", "code": null }));
    let mut browser = server.browser();
    let form = browser.visit("/login").await.form("#upstream-fake");
    for _ in 0..200 {
        let away = browser.submit(&form).await;
        let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
        browser.get(&callback).await.refused(400, Rejection::UpstreamCancelled);
    }
    browser.submit(&form).await.refused_page(429, Rejection::TooManyErrands);
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM errands").await, 200);
}

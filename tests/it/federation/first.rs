//! The first sign-in: an account is made, or the address has one already, or nobody may.

use doorward::config::Register;
use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;
use doorward::protocol::user::MadeBy;
use serde_json::json;

use super::{ANN, answer_of, counted, federated, identity, leave, newcomer, through};
use crate::support::{Answer, Form, PASSWORD, unverified_claims};

/// The form that the page for a new account would have, as somebody makes it up who is shown another page.
pub fn form_of(page: &Answer, login: &Answer) -> Form {
    let there = page.field("#sign-in-instead", "href").unwrap();
    let request = there.split_once("request=").unwrap().1.to_owned();
    let csrf = login.field("input[name=csrf]", "value").unwrap();
    Form { action: "/upstream/fake/account".into(), fields: vec![("csrf".into(), csrf), ("request".into(), request)] }
}

#[tokio::test]
async fn an_application_signs_a_person_in_through_a_provider_and_is_told_the_truth() {
    let (server, fake) = federated(|_| {}).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid+email+profile")).await;
    let page = through(&mut browser, &fake, &login).await;
    assert!(page.text().contains(ANN), "{}", page.text());
    let consent = browser.press(&page.form("#create-account").with("name", "Ann of the Hills")).await;
    let answer = browser.press(&consent.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let claims = unverified_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["auth_time"], server.clock.now().seconds());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(null), &json!(null)), "nothing of ours was proved");
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!(ANN), &json!(true)));
    assert_eq!(claims["name"], "Ann of the Hills");
    let made = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap();
    assert_eq!((made.user.made_by, made.password_hash), (MadeBy::Upstream, None));
    assert_eq!(identity(&server, &fake).await.unwrap().user_id, made.user.id);
    // The second time there is nothing to ask.
    server.turn(3600);
    let mut other = server.browser();
    let login = other.visit(&client.authorization_url("scope=openid+email+profile")).await;
    assert!(through(&mut other, &fake, &login).await.location_param("code").is_some());
    assert_eq!(identity(&server, &fake).await.unwrap().last_used_at, server.clock.now());
    assert_eq!(counted(&server).await, (1, 1));
}

#[tokio::test]
async fn an_address_that_is_not_verified_stays_with_the_identity() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    for verified in [json!(false), json!("true"), json!("false"), json!(null), json!(1)] {
        fake.person(
            json!({ "sub": format!("one-{verified}"), "name": "Ann", "email": ANN, "email_verified": verified }),
        );
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, &fake, &login).await;
        assert!(!page.has("#account-exists"), "whether the address has an account is nobody's business: {verified}");
        let account = browser.press(&page.form("#create-account")).await;
        assert!(account.has("#sign-out"), "{}", account.text());
        let mut reader = server.app.storage.read().await.unwrap();
        let made = reader.identity(&fake.issuer(), &format!("one-{verified}")).await.unwrap().unwrap();
        assert_eq!((made.email.as_deref(), made.email_verified), (Some(ANN), false), "{verified}");
        let user = reader.user(&made.user_id).await.unwrap().unwrap().user;
        assert_eq!((user.email, user.email_verified), (None, false), "{verified}");
    }
}

#[tokio::test]
async fn a_verified_address_of_an_account_links_nothing_until_its_owner_has_signed_in_and_said_so() {
    let (server, fake) = federated(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let exists = through(&mut browser, &fake, &login).await;
    assert!(exists.has("#account-exists") && !exists.has("#take-address"), "{}", exists.text());
    assert_eq!(counted(&server).await, (1, 0));
    // Whoever made up the answer of the page gets no account either.
    let forced = form_of(&exists, &login);
    let made = browser.submit(&forced.with("name", "Ann")).await;
    made.refused(400, Rejection::EmailTaken);
    assert_eq!(counted(&server).await, (1, 0));
    let login = browser.visit(&exists.field("#sign-in-instead", "href").unwrap()).await;
    let question = browser.sign_in_on(&login, ANN, PASSWORD).await;
    assert!(question.has("#link") && question.text().contains(ANN), "{}", question.text());
    assert!(identity(&server, &fake).await.is_none(), "nothing is linked by signing in alone");
    let consent = browser.press(&question.form("#link")).await;
    assert!(consent.has("#allow"), "the journey goes on: {}", consent.text());
    assert_eq!(identity(&server, &fake).await.unwrap().user_id, ann);
    let mut other = server.browser();
    let login = other.visit("/login").await;
    assert!(through(&mut other, &fake, &login).await.has("#sign-out"));
}

#[tokio::test]
async fn an_answer_to_the_question_that_decides_nothing_is_asked_for_again() {
    let (server, fake) = federated(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    let login = browser.visit(&exists.field("#sign-in-instead", "href").unwrap()).await;
    let mut question = browser.sign_in_on(&login, ANN, PASSWORD).await;
    for decision in [None, Some(""), Some("maybe"), Some("allow")] {
        let form = question.form("#link").without("decision");
        let form = decision.map_or(form.clone(), |decision| form.with("decision", decision));
        question = browser.submit(&form).await;
        question.refused(400, Rejection::MissingDecision);
        assert!(question.has("#link") && question.has("#error"), "{decision:?} {}", question.text());
        assert!(identity(&server, &fake).await.is_none());
    }
    assert!(browser.press(&question.form("#link")).await.has("#sign-out"));
    assert_eq!(identity(&server, &fake).await.unwrap().user_id, ann);
}

#[tokio::test]
async fn who_does_not_want_to_link_goes_on_without() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    let login = browser.visit(&exists.field("#sign-in-instead", "href").unwrap()).await;
    let question = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let account = browser.press(&question.form("#skip")).await;
    assert!(account.has("#sign-out"), "{}", account.text());
    assert!(identity(&server, &fake).await.is_none());
}

#[tokio::test]
async fn whoever_was_signed_in_before_is_not_taken_for_the_owner() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let login = browser.visit("/login?as=another").await;
    let exists = through(&mut browser, &fake, &login).await;
    assert!(exists.has("#account-exists"), "{}", exists.text());
    // Nor by going to the question itself.
    let request = form_of(&exists, &login).field("request");
    let page = browser.visit(&format!("/upstream/fake/link?request={request}")).await;
    assert!(!page.has("#link"), "{}", page.text());
    assert!(identity(&server, &fake).await.is_none());
}

#[tokio::test]
async fn who_may_make_an_account_is_for_the_settings() {
    for (register, domains, makes) in [
        (Register::Open, vec![], true),
        (Register::Open, vec!["example.org".to_owned()], true),
        (Register::Open, vec!["example.com".to_owned()], false),
        (Register::Invited, vec![], false),
        (Register::Closed, vec![], false),
    ] {
        let (server, fake) = federated(|config| {
            config.register = register;
            config.allowed_domains.clone_from(&domains);
        })
        .await;
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, &fake, &login).await;
        if makes {
            assert!(page.has("#create-account"), "{register:?} {domains:?} {}", page.text());
        } else {
            page.refused_page(403, Rejection::ProviderRegistrationClosed);
            let again = browser.visit(&page.field("#again", "href").unwrap()).await;
            assert!(again.has("#login-submit"), "{}", again.text());
            assert_eq!(counted(&server).await, (0, 0));
        }
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_asked_for_again() {
    let (server, fake) = federated(|_| {}).await;
    fake.person(json!({ "sub": "ann-at-the-provider", "email": ANN, "email_verified": true }));
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, &fake, &login).await;
    for (name, rejection) in [
        (" ".to_owned(), Rejection::MissingName),
        ("a\u{202e}b".to_owned(), Rejection::UnprintableName),
        ("a".repeat(201), Rejection::NameTooLong),
    ] {
        let again = browser.submit(&page.form("#create-account").with("name", &name)).await;
        again.refused(400, rejection);
        assert!(again.has("#name-error"));
    }
    assert_eq!(counted(&server).await, (0, 0));
    assert!(browser.press(&page.form("#create-account").with("name", "Ann")).await.has("#sign-out"));
}

#[tokio::test]
async fn two_answers_of_one_page_make_one_account() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, &fake, &login).await;
    let form = page.form("#create-account");
    assert_eq!(browser.submit(&form).await.status, 303);
    let again = browser.submit(&form).await;
    again.refused_in(400, &[Rejection::EmailTaken, Rejection::IdentityOfAnother]);
    assert_eq!(counted(&server).await, (1, 1));
}

#[tokio::test]
async fn an_account_that_was_switched_off_is_not_opened_by_its_provider() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let user = identity(&server, &fake).await.unwrap().user_id;
    server.db_change_user(&user, |account| account.user.disabled_at = Some(server.clock.now())).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let answer = browser.get(&answer_of(&fake, &sent_to).await).await;
    answer.refused_page(403, Rejection::AccountSwitchedOff);
    assert!(!browser.cookies.keys().any(|name| name.contains("sign_in")));
}

#[tokio::test]
async fn whoever_has_left_is_told_so_by_the_way_that_they_came() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let user = identity(&server, &fake).await.unwrap().user_id;
    server.registry().leave_user(&user, 60, &Act::of_operator(server.clock.now())).await.unwrap();
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent_to = leave(&mut browser, &login).await;
    let answer = browser.get(&answer_of(&fake, &sent_to).await).await;
    answer.refused_page(403, Rejection::AccountLeaving);
    assert!(!browser.cookies.keys().any(|name| name.contains("sign_in")));
}

#[tokio::test]
async fn what_the_settings_have_ended_makes_and_links_nothing() {
    for (gone, closed) in [(true, false), (false, true)] {
        let (server, fake) = federated(|_| {}).await;
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, &fake, &login).await;
        let form = page.form("#create-account");
        let after = server.another_node_with(|config| {
            fake.add_to(config, "fake", ProviderKind::Oidc, |provider| {
                provider.enabled = !gone;
                provider.register = if closed { Register::Closed } else { Register::Open };
            });
        });
        let after = after.await;
        let mut there = browser.at(&after);
        let answer = there.submit(&form).await;
        if closed {
            answer.refused(403, Rejection::ProviderRegistrationClosed);
        } else {
            assert!(there.follow(answer).await.has("#login-submit"));
        }
        assert_eq!(counted(&server).await, (0, 0), "{gone} {closed}");
    }
}

/// The provider goes while the person is asked whether the two accounts are one: the way goes on without it.
#[tokio::test]
async fn a_question_of_a_provider_that_has_gone_is_asked_no_more() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    let login = browser.visit(&exists.field("#sign-in-instead", "href").unwrap()).await;
    let question = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let form = question.form("#link");
    let mut there = browser.at(&server.another_node_with(|_| {}).await);
    let page = format!("/upstream/fake/link?request={}", form.field("request"));
    let mut led = there.get(&page).await;
    for _ in 0..5 {
        let Some(next) = led.onward() else { break };
        led = there.get(&next).await;
    }
    assert!(led.has("#sign-out"), "{}", led.text());
    assert!(there.press(&form).await.has("#sign-out"));
    assert!(identity(&server, &fake).await.is_none());
}

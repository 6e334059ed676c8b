//! What an application asks goes on to the provider, and what the provider says goes back where the settings let it.

use doorward::config::Config;
use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::{Giving, Recipient, RoleChange};
use serde_json::{Value, json};
use std::collections::HashMap;

use super::{ANN, answer_of, federated, federated_with, federated_with_mail, identity, leave, newcomer, through};
use crate::registry::operator;
use crate::support::{Browser, Client, Device, PASSWORD, Provider, unverified_claims};

/// The claims of the ID token of whoever is known and comes through the provider.
async fn id_token(browser: &mut Browser, fake: &Provider, client: &Client, extra: &str) -> Value {
    let login = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
    let mut answer = through(browser, fake, &login).await;
    if answer.has("#allow") {
        answer = browser.press(&answer.form("#allow")).await;
    }
    let code = answer.location_param("code").unwrap_or_else(|| panic!("{}", answer.text()));
    unverified_claims(client.redeem(&code).await.ok()["id_token"].as_str().unwrap())
}

fn asked(sent_to: &url::Url) -> HashMap<String, String> {
    sent_to.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_time_is_the_providers_and_its_classes_are_passed_on_where_they_are_trusted() {
    for passes in [false, true] {
        let (server, fake) = federated(|config| config.pass_acr = passes).await;
        let client = server.db_client(ClientType::Web, |_| {}).await;
        newcomer(&server, &fake).await;
        let at = server.clock.now().seconds() - 3000;
        fake.claims(json!({ "auth_time": at, "acr": "gold", "amr": ["pwd", "otp"] }));
        let claims = id_token(&mut server.browser(), &fake, &client, "").await;
        let (acr, amr) = if passes { (json!("gold"), json!(["pwd", "otp"])) } else { (json!(null), json!(null)) };
        assert_eq!((&claims["auth_time"], &claims["acr"], &claims["amr"]), (&json!(at), &acr, &amr));
        // One that says nothing of the time: then it is that of the return.
        fake.claims(json!({ "auth_time": null }));
        let claims = id_token(&mut server.browser(), &fake, &client, "").await;
        assert_eq!(claims["auth_time"], server.clock.now().seconds());
    }
}

/// Whoever must set up a second factor first, and whom the provider asked long ago, is asked there anew, and is through then.
#[tokio::test]
async fn who_must_set_up_a_second_factor_is_asked_by_the_provider_anew_where_that_was_long_ago() {
    let required = |config: &mut Config| config.sign_in.second_factor = SecondFactor::Required;
    let (server, fake) = federated_with_mail(ProviderKind::Oidc, required).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let page = through(&mut browser, &fake, &login).await;
    assert!(browser.press(&page.form("#create-account")).await.has("#totp-secret"));
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    fake.claims(json!({ "auth_time": server.clock.now().seconds() - 700 }));
    let page = through(&mut browser, &fake, &login).await;
    assert!(!page.has("#totp-secret") && page.has("#login-submit"), "{}", page.text());
    let sent_to = leave(&mut browser, &page).await;
    let asks = asked(&sent_to);
    assert_eq!((asks["prompt"].as_str(), asks["max_age"].as_str()), ("login", "0"));
    fake.claims(json!({ "auth_time": server.clock.now().seconds() }));
    let back = answer_of(&fake, &sent_to).await;
    assert!(browser.visit(&back).await.has("#totp-secret"));
}

#[tokio::test]
async fn what_the_application_demands_the_provider_must_do() {
    let (server, fake) = federated(|_| {}).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    newcomer(&server, &fake).await;
    for (extra, name, value) in [
        ("prompt=login", "prompt", "login"),
        ("prompt=login", "max_age", "0"),
        ("max_age=100", "max_age", "100"),
        ("login_hint=ann%40example.org", "login_hint", ANN),
    ] {
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let sent_to = leave(&mut browser, &login).await;
        assert_eq!(asked(&sent_to).get(name).map(String::as_str), Some(value), "{extra}");
    }
    // An answer that is older than was allowed is none.
    fake.claims(json!({ "auth_time": server.clock.now().seconds() - 500 }));
    for extra in ["prompt=login", "max_age=100"] {
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let page = through(&mut browser, &fake, &login).await;
        page.refused_page(400, Rejection::UpstreamNotFresh);
    }
    let claims = id_token(&mut server.browser(), &fake, &client, "max_age=1000").await;
    assert_eq!(claims["auth_time"], server.clock.now().seconds() - 500);
}

#[tokio::test]
async fn a_hint_leads_to_the_provider_at_once_and_there_is_a_way_back() {
    let (server, fake) = federated(|config| config.allowed_domains = vec!["example.org".to_owned()]).await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    for extra in ["login_hint=ann%40example.org", "domain_hint=example.org", "domain_hint=fake", "domain_hint=FAKE"] {
        let mut browser = server.browser();
        let led = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let sent_to: url::Url = led.onward().unwrap_or_else(|| panic!("{extra} {}", led.text())).parse().unwrap();
        assert!(sent_to.as_str().starts_with(&fake.issuer()), "{extra}");
        let callback = answer_of(&fake, &sent_to).await;
        assert!(browser.visit(&callback).await.has("#account-exists"));
        // Who is sent back empty-handed may choose.
        fake.callback(json!({ "error": "access_denied", "code": null }));
        let led = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        let callback = answer_of(&fake, &led.onward().unwrap().parse().unwrap()).await;
        let page = browser.visit(&callback).await;
        page.refused_page(400, Rejection::UpstreamCancelled);
        let login = browser.visit(&page.field("#again", "href").unwrap()).await;
        assert!(login.has("#login-submit"), "{}", login.text());
        fake.callback(json!({}));
    }
    for extra in ["login_hint=ann%40example.com", "domain_hint=elsewhere", "login_hint=example.org"] {
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url(&format!("scope=openid&{extra}"))).await;
        assert!(login.has("#login-submit"), "{extra}");
    }
}

#[tokio::test]
async fn roles_follow_what_the_provider_says_at_each_sign_in() {
    let (server, fake) = federated(|config| {
        config.roles = [("eng".to_owned(), vec!["developer".to_owned()])].into();
    })
    .await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    newcomer(&server, &fake).await;
    let roles = async |groups: Value| {
        fake.claims(json!({ "groups": groups }));
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid+roles")).await;
        let mut answer = through(&mut browser, &fake, &login).await;
        if answer.has("#allow") {
            answer = browser.press(&answer.form("#allow")).await;
        }
        let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
        unverified_claims(tokens["access_token"].as_str().unwrap())["roles"].clone()
    };
    assert_eq!(roles(json!(["eng", "sales"])).await, json!(["developer"]));
    assert_eq!(roles(json!(["sales"])).await, json!(null));
}

#[tokio::test]
async fn where_the_provider_is_the_only_way_in_the_page_is_skipped() {
    let (server, fake) = federated_with(
        doorward::protocol::upstream::ProviderKind::Oidc,
        |_| {},
        |config| config.sign_in.password = false,
    )
    .await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let led = browser.visit(&client.authorization_url("scope=openid")).await;
    assert!(led.onward().unwrap().starts_with(&fake.issuer()), "{}", led.text());
    // A password is nothing there, whoever made the form.
    let login = browser.visit("/login?choose=yes").await;
    assert!(login.has("#upstream-fake") && !login.has("#password"), "{}", login.text());
    let forged = login.form("#upstream-fake").to("/login").with("email", ANN).with("password", PASSWORD);
    browser.submit(&forged).await.refused(403, Rejection::PasswordsSwitchedOff);
    let forged = login.form("#upstream-fake").to("/register").with("email", ANN).with("password", PASSWORD);
    browser.submit(&forged.with("name", "Ann")).await.refused_in(404, &[Rejection::RegistrationClosed]);
    // Once somebody has a passkey, that is another way, and it stands beside the button.
    fake.person(json!({ "sub": "ben-at-the-provider", "name": "Ben" }));
    let page = through(&mut browser, &fake, &login).await;
    assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"));
    server.add_passkey(&mut browser, &mut Device::new(), "").await;
    let login = server.browser().visit(&client.authorization_url("scope=openid")).await;
    assert!(login.has("#upstream-fake") && login.has("#passkey-submit"), "{}", login.text());
    // With the provider away there is a page, which says so when its button is pressed.
    let alone = server.another_node_with(|config| {
        config.sign_in.password = false;
        fake.add_to(config, "fake", doorward::protocol::upstream::ProviderKind::Oidc, |_| {});
    });
    let alone = alone.await;
    let mut browser = alone.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.submit(&login.form("#upstream-fake")).await;
    page.refused_page(400, Rejection::UpstreamUnavailable);
}

/// Who stands at the second step has come by the session that ended: no code lets them in by it.
#[tokio::test]
async fn a_session_that_ended_at_the_provider_lets_nobody_in_who_was_still_to_show_a_code() {
    let (server, fake) = federated(|_| {}).await;
    fake.claims(json!({ "sid": "s1" }));
    let mut owner = newcomer(&server, &fake).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    let mut waiting = server.browser();
    let login = waiting.visit("/login").await;
    let step = through(&mut waiting, &fake, &login).await;
    assert!(step.has("#totp-submit"), "{}", step.text());
    let ended = fake.logout_token(json!({ "sub": "ann-at-the-provider", "sid": "s1" }));
    let told = server.post("/upstream/fake/backchannel-logout", &format!("logout_token={ended}")).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let form = step.form("#totp-submit").with("code", &authenticator.code(&server));
    let page = waiting.press(&form).await;
    assert!(page.has("#upstream-fake") && !page.has("#sign-out"), "{}", page.text());
}

/// Whoever comes as somebody else, and must set up a second factor first, is asked by the provider anew; nothing goes on in the name of who is signed in here.
#[tokio::test]
async fn who_comes_as_somebody_else_and_lacks_something_is_not_taken_for_who_is_signed_in() {
    let (server, fake) = federated_with_mail(ProviderKind::Oidc, |_| {}).await;
    newcomer(&server, &fake).await;
    server.registry().create_role("clerk", RoleChange::default(), &operator()).await.unwrap();
    server.role_demands("clerk", Some(MFA_CLASS)).await;
    server.registry().give_role(Recipient::User(ANN), "clerk", Giving::Grant, &operator()).await.unwrap();
    server.db_user("bob@example.org").await;
    let mut here = server.browser();
    here.sign_in("bob@example.org").await;
    fake.claims(json!({ "auth_time": null }));
    let login = here.visit("/login?as=another").await;
    let page = through(&mut here, &fake, &login).await;
    assert!(page.has("#upstream-fake") && !page.has("#sign-out"), "{}", page.text());
    fake.claims(json!({ "auth_time": server.clock.now().seconds() }));
    let sent_to = leave(&mut here, &page).await;
    assert_eq!(asked(&sent_to)["max_age"], "0");
    let back = answer_of(&fake, &sent_to).await;
    let page = here.visit(&back).await;
    assert!(page.has("#passkey-submit"), "{}", page.text());
}

/// Nor is whoever stands at the second step when what they came by was unlinked.
#[tokio::test]
async fn whose_identity_is_unlinked_at_the_second_step_is_not_taken_for_who_is_signed_in() {
    let (server, fake) = federated(|_| {}).await;
    let mut owner = newcomer(&server, &fake).await;
    let (authenticator, _) = server.enrol(&mut owner).await;
    server.db_user("bob@example.org").await;
    let mut here = server.browser();
    here.sign_in("bob@example.org").await;
    let login = here.visit("/login?as=another").await;
    let step = through(&mut here, &fake, &login).await;
    let form = step.form("#totp-submit").with("code", &authenticator.code(&server));
    let unlinked = identity(&server, &fake).await.unwrap();
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.delete_identity(&unlinked.id, &unlinked.user_id, &operator()).await.unwrap().is_some());
    transaction.commit().await.unwrap();
    let page = here.press(&form).await;
    assert!(page.has("#login-submit") && !page.has("#sign-out"), "{}", page.text());
}

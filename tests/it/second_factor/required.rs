//! Where everybody has a second factor, and where an application asks for one.

use doorward::protocol::assurance::MFA_CLASS;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use serde_json::json;

use super::ANN;
use crate::support::{Authenticator, PASSWORD, Server, first_step, parallel, recovery_codes, unverified_claims};

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn required() -> Server {
    let server = Server::with_mail(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    server.db_user(ANN).await;
    server
}

#[tokio::test]
async fn whoever_has_none_sets_one_up_before_they_are_signed_in() {
    let server = required().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url("scope=openid")).await;
    let page = browser.sign_in_on(&login, ANN, PASSWORD).await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap_or_else(|| panic!("{}", page.text())));
    assert!(page.text_of("#why").unwrap().starts_with("Everybody here"), "{}", page.text());
    let form = page.form("#totp-submit");
    assert_eq!(form.action, "/login/authenticator");
    let answer = browser.submit(&form.clone().with("code", &authenticator.wrong(&server))).await;
    answer.refused_page(400, Rejection::WrongFirstCode);
    assert_eq!(server.database.db_number("SELECT count(*) FROM sign_ins").await, 0);
    assert!(browser.visit("/account").await.has("#login-submit"));
    let shown = browser.press(&form.with("code", &authenticator.code(&server))).await;
    assert_eq!(recovery_codes(&shown).len(), 10, "{}", shown.text());
    let consent = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    let answer = browser.press(&consent.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(MFA_CLASS));
    // From then on it is asked for.
    server.turn(30);
    let mut other = server.browser();
    let page = first_step(&mut other, ANN).await;
    assert!(page.has("#recovery-submit"));
    assert!(other.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await.has("#sign-out"));
}

#[tokio::test]
async fn the_last_second_factor_is_replaced_and_never_removed() {
    let server = required().await;
    let mut browser = server.browser();
    let page = first_step(&mut browser, ANN).await;
    let former = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    browser.press(&page.form("#totp-submit").with("code", &former.code(&server))).await;
    let page = browser.visit("/account/authenticator").await;
    assert!(!page.has("#remove-authenticator"));
    let remove = page.form("#begin-authenticator").without("request").to("/account/authenticator/remove");
    browser.submit(&remove).await.refused_page(400, Rejection::LastSecondFactor);
    let page = browser.press(&page.form("#begin-authenticator")).await;
    let new = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let page = browser.press(&page.form("#totp-submit").with("code", &new.code(&server))).await;
    assert!(page.has("#done"), "{}", page.text());
}

/// Two tabs: in the one it is set up, and the other is asked to show it, and does not replace it.
#[tokio::test]
async fn what_was_set_up_meanwhile_is_shown_and_not_replaced() {
    let server = required().await;
    let (mut here, mut there) = (server.browser(), server.browser());
    let pages = (first_step(&mut here, ANN).await, first_step(&mut there, ANN).await);
    let key = |page: &crate::support::Answer| Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let (first, second) = (key(&pages.0), key(&pages.1));
    here.press(&pages.0.form("#totp-submit").with("code", &first.code(&server))).await;
    let page = there.press(&pages.1.form("#totp-submit").with("code", &second.code(&server))).await;
    assert!(!page.has("#sign-out") && !page.has("#codes"), "{}", page.text());
    let kept = server.database.db_number("SELECT count(*) FROM factors WHERE kind = 'authenticator'").await;
    assert_eq!(kept, 1);
    server.turn(30);
    let page = first_step(&mut there, ANN).await;
    assert!(there.press(&page.form("#totp-submit").with("code", &first.code(&server))).await.has("#sign-out"));
}

/// Whoever comes second has been shown a key that is nobody's: it takes the place of none.
#[tokio::test]
async fn of_several_first_authenticators_at_once_one_is_kept() {
    let server = required().await;
    let mut forms = Vec::new();
    for _ in 0..8 {
        let mut browser = server.browser();
        let page = first_step(&mut browser, ANN).await;
        let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
        let form = page.form("#totp-submit").with("code", &authenticator.code(&server));
        forms.push((browser, authenticator, form));
    }
    let answers = parallel(8, |number| {
        let (mut browser, _, form) = forms[number].clone();
        async move { browser.press(&form).await.has("#codes") }
    })
    .await;
    let first = answers.iter().position(|is_first| *is_first).unwrap();
    assert_eq!(answers.iter().filter(|is_first| **is_first).count(), 1);
    server.turn(30);
    let mut browser = server.browser();
    let form = first_step(&mut browser, ANN).await.form("#totp-submit");
    let page = browser.press(&form.with("code", &forms[first].1.code(&server))).await;
    assert!(page.has("#sign-out"), "{first} {answers:?}: {}", page.text());
}

#[tokio::test]
async fn a_sign_in_from_before_it_was_required_sets_one_up_and_goes_on() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let strict = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    let mut browser = browser.at(&strict);
    let page = browser.visit("/account").await;
    assert!(page.has("#totp-secret") && !page.has("#password"), "{}", page.text());
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let shown = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let answer = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    assert!(browser.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn whoever_has_a_sign_in_alone_proves_first_who_they_are_and_sets_one_up_then() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let strict = server.another_node_with(|config| config.sign_in.second_factor = SecondFactor::Required).await;
    let mut browser = browser.at(&strict);
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MFA_CLASS}"}}}}}}"#);
    let open = browser.visit(&client.authorization_url(&format!("scope=openid&claims={}", encoded(&claims)))).await;
    let authenticator = Authenticator::with(&open.text_of("#totp-secret").unwrap());
    server.turn(600);
    for path in ["/account", "/account/authenticator", &client.authorization_url("scope=openid")] {
        let page = browser.visit(path).await;
        assert!(page.has("#password") && !page.has("#totp-secret"), "{path}: {}", page.text());
    }
    // Nor by the page that was open meanwhile.
    let page = browser.press(&open.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#password"), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
    let page = browser.press(&page.form("#login-submit").with("password", PASSWORD)).await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap_or_else(|| panic!("{}", page.text())));
    let shown = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let answer = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
}

#[tokio::test]
async fn an_application_that_insists_on_two_factors_gets_them_where_the_person_can_have_them() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MFA_CLASS}"}}}}}}"#);
    let demand = format!("scope=openid&claims={}", encoded(&claims));
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let silent = browser.visit(&client.authorization_url(&format!("{demand}&prompt=none"))).await;
    silent.refused_redirect(Rejection::ClassNotMet);
    // A wish is no demand: nobody is led to set anything up.
    let wish = format!("scope=openid&acr_values={}", encoded(MFA_CLASS));
    assert!(browser.visit(&client.authorization_url(&wish)).await.location_param("code").is_some());
    let page = browser.visit(&client.authorization_url(&demand)).await;
    assert!(page.has("#totp-secret") && !page.has("#password"), "the password is not asked for again: {}", page.text());
    let why = page.text_of("#why").unwrap();
    assert!(why.contains("asks for an authenticator") && !why.contains("Everybody"), "{why}");
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let shown = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let answer = browser.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    assert_eq!(unverified_claims(tokens["id_token"].as_str().unwrap())["acr"], json!(MFA_CLASS));
    let off = server.without_factors().await;
    let refused = off.browser().visit(&client.authorization_url(&demand)).await;
    refused.refused_redirect(Rejection::ClassNotMet);
}

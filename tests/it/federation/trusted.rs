//! What a provider says of how somebody signed in there counts where the settings say as what, and nowhere else.

use doorward::protocol::assurance::{MFA_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::SecondFactor;
use doorward::protocol::upstream::ProviderKind;
use doorward::registry::RoleChange;
use serde_json::{Value, json};

use super::linking::press_link;
use super::{ANN, answer_of, federated, federated_with, identity, newcomer, through};
use crate::registry::operator;
use crate::support::{Answer, Browser, Client, Device, Provider, Server, first_step, unverified_claims};

/// As Okta calls two factors.
pub const TWO: &str = "urn:okta:loa:2fa:any";

/// An application that demands two factors.
pub async fn demanding(server: &Server) -> Client {
    let change = |client: &mut doorward::protocol::client::Client| {
        client.first_party = true;
        client.metadata.acr = Some(MFA_CLASS.to_owned());
    };
    server.db_client(ClientType::Web, change).await
}

/// A new browser comes through the provider to an application.
pub async fn comes(server: &Server, fake: &Provider, client: &Client, extra: &str) -> (Browser, Answer) {
    let mut browser = server.browser();
    let login = browser.visit(&client.authorization_url(&format!("scope=openid{extra}"))).await;
    let answer = through(&mut browser, fake, &login).await;
    (browser, answer)
}

/// Nothing was shown that does what is demanded, and an account without a password has no other way there than a passkey: the page asks for that.
pub fn is_led_to_a_passkey(answer: &Answer) {
    assert!(answer.text().contains("data-passkey=\"create\""), "{} {:?}", answer.text(), answer.reason);
}

/// What both tokens say of the sign-in.
pub async fn told(client: &Client, answer: &Answer) -> [Value; 2] {
    let code = answer.location_param("code").unwrap_or_else(|| panic!("{} {:?}", answer.text(), answer.reason));
    let tokens = client.redeem(&code).await.ok();
    ["id_token", "access_token"].map(|token| {
        let claims = unverified_claims(tokens[token].as_str().unwrap());
        json!({ "acr": claims["acr"], "auth_time": claims["auth_time"] })
    })
}

#[tokio::test]
async fn a_word_that_is_trusted_is_the_class_that_it_counts_as_since_the_person_signed_in_there() {
    let (server, fake) = federated(|config| config.trust_acr = [(TWO.to_owned(), MFA_CLASS.to_owned())].into()).await;
    let client = demanding(&server).await;
    newcomer(&server, &fake).await;
    let now = server.clock.now().seconds();
    fake.claims(json!({ "acr": TWO, "auth_time": now - 3000 }));
    let (mut browser, answer) = comes(&server, &fake, &client, "").await;
    for said in told(&client, &answer).await {
        assert_eq!(said, json!({ "acr": MFA_CLASS, "auth_time": now - 3000 }));
    }
    // A role demands it as well, and nothing is asked for.
    let change = RoleChange { acr: Some(MFA_CLASS.to_owned()).into(), ..RoleChange::default() };
    server.registry().change_role("user", change, &operator()).await.unwrap();
    server.poll().await;
    assert!(browser.visit("/account").await.has("#sign-out"));
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MFA_CLASS}"}}}}}}"#);
    let essential: String = url::form_urlencoded::byte_serialize(claims.as_bytes()).collect();
    let (_, answer) = comes(&server, &fake, &client, &format!("&claims={essential}")).await;
    assert_eq!(told(&client, &answer).await[0]["acr"], json!(MFA_CLASS));
    // Whoever says nothing of the time is believed for the moment.
    fake.claims(json!({ "acr": TWO, "auth_time": null }));
    let (_, answer) = comes(&server, &fake, &client, "").await;
    assert_eq!(told(&client, &answer).await[0]["auth_time"], json!(now));
    // Any other word counts for nothing, however like it is.
    for acr in [
        json!(null),
        json!("gold"),
        json!(MFA_CLASS),
        json!([TWO]),
        json!(TWO.to_uppercase()),
        json!(format!("{TWO} ")),
    ] {
        fake.claims(json!({ "acr": acr }));
        let (_, answer) = comes(&server, &fake, &client, "").await;
        is_led_to_a_passkey(&answer);
    }
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_not_asked_for_it_beside_a_trusted_word_and_changes_it_by_itself_alone() {
    let (server, fake) =
        federated(|config| config.trust_acr = [(TWO.to_owned(), PHISHING_RESISTANT_CLASS.to_owned())].into()).await;
    let client = demanding(&server).await;
    let mut browser = newcomer(&server, &fake).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    let (_, answer) = comes(&server, &fake, &client, "").await;
    assert!(answer.has("#totp-submit"), "without that word it is asked for");
    fake.claims(json!({ "acr": TWO }));
    let (mut browser, answer) = comes(&server, &fake, &client, "").await;
    assert_eq!(told(&client, &answer).await[0]["acr"], json!(PHISHING_RESISTANT_CLASS));
    let page = browser.visit("/account/authenticator").await;
    let page = browser.press(&page.form("#remove-authenticator")).await;
    assert!(page.has("#totp-submit") && !page.has("#done"), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 2);
    let page = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#done"), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
}

/// Where a provider's word is all that does what is demanded of somebody, it is not unlinked, though a password would sign them in.
#[tokio::test]
async fn the_word_that_does_what_is_demanded_is_not_given_up_for_less() {
    let settings = |config: &mut doorward::config::Config| {
        (config.sign_in.second_factor, config.sign_in.passkeys) = (SecondFactor::Off, false);
    };
    let trust = |config: &mut doorward::config::UpstreamConfig| {
        config.trust_acr = [(TWO.to_owned(), MFA_CLASS.to_owned())].into();
    };
    let (server, fake) = federated_with(ProviderKind::Oidc, trust, settings).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    fake.claims(json!({ "acr": TWO }));
    let away = press_link(&mut browser).await;
    let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
    assert!(browser.visit(&callback).await.has("#unlink-fake"));
    let client = demanding(&server).await;
    server.role_demands("user", Some(MFA_CLASS)).await;
    let (mut browser, _) = comes(&server, &fake, &client, "").await;
    let account = browser.visit("/account").await;
    browser.submit(&account.form("#unlink-fake")).await.refused_page(400, Rejection::LastStrongWayIn);
    server.role_demands("user", None).await;
    assert!(browser.press(&account.form("#unlink-fake")).await.has("#signed-out"));
}

#[tokio::test]
async fn what_an_account_got_since_somebody_set_out_to_link_is_asked_for_as_well() {
    let (server, fake) = federated(|config| config.trust_acr = [(TWO.to_owned(), MFA_CLASS.to_owned())].into()).await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut browser).await;
    let away = press_link(&mut browser).await;
    let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
    // Its owner, elsewhere, adds what no other site can ask for.
    let mut owner = server.browser();
    let page = first_step(&mut owner, ANN).await;
    let page = owner.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    server.add_passkey(&mut owner, &mut Device::new(), "").await;
    browser.visit(&callback).await.refused_page(400, Rejection::SignInNeeded);
    assert_eq!(identity(&server, &fake).await, None);
    // Nothing is in the way of who had shown all that there was.
    server.turn(30);
    let away = press_link(&mut owner).await;
    let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
    assert!(owner.visit(&callback).await.has("#unlink-fake"));
}

#[tokio::test]
async fn the_metadata_names_what_a_trusted_word_makes_possible() {
    let settings = |config: &mut doorward::config::Config| {
        config.sign_in.second_factor = SecondFactor::Off;
        config.sign_in.passkeys = false;
    };
    for (trusted, is_named) in [(None, false), (Some(MFA_CLASS), true)] {
        let trust = |config: &mut doorward::config::UpstreamConfig| {
            config.trust_acr = trusted.map(|class| (TWO.to_owned(), class.to_owned())).into_iter().collect();
        };
        let (server, _) = federated_with(ProviderKind::Oidc, trust, settings).await;
        let metadata = server.browser().visit("/.well-known/openid-configuration").await.json();
        let named = metadata["acr_values_supported"].as_array().unwrap().contains(&json!(MFA_CLASS));
        assert_eq!(named, is_named);
        let client = demanding(&server).await;
        let answer = server.browser().visit(&client.authorization_url("scope=openid")).await;
        assert_eq!(answer.has("#upstream-fake"), is_named, "what nobody can reach is refused at once");
    }
}

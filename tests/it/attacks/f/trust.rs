//! What a provider says of how strong a sign-in was, where nobody has said that it may.

use doorward::protocol::assurance::{MFA_CLASS, PHISHING_RESISTANT_CLASS};
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::Oidc;
use serde_json::json;

use super::*;
use crate::federation::trusted::{TWO, comes, demanding, is_led_to_a_passkey, told};

/// An attacker who runs a provider, or an account there, calls what they did by the name of a class of ours.
#[tokio::test]
async fn f19_a_class_of_ours_is_no_claim_of_a_provider_that_is_not_trusted_for_it() {
    let (server, fake) = federated(|config| config.pass_acr = true).await;
    let client = demanding(&server).await;
    let plain = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    newcomer(&server, &fake).await;
    for class in [MFA_CLASS, PHISHING_RESISTANT_CLASS] {
        fake.claims(json!({ "acr": class, "amr": ["mfa", "hwk"] }));
        let (_, answer) = comes(&server, &fake, &client, "").await;
        is_led_to_a_passkey(&answer);
        let (_, answer) = comes(&server, &fake, &plain, "").await;
        assert_eq!(told(&plain, &answer).await[0]["acr"], json!(null), "nor is an application told so");
    }
}

/// The same word, from a provider that is not the one that is trusted for it.
#[tokio::test]
async fn f19_what_one_provider_is_trusted_for_another_is_not() {
    let (trusted, other) = (Provider::start().await, Provider::start().await);
    let server = Server::with(|config| {
        trusted.add_to(config, "trusted", Oidc, |config| {
            config.trust_acr = [(TWO.to_owned(), MFA_CLASS.to_owned())].into();
        });
        other.add_to(config, "fake", Oidc, |_| {});
    })
    .await;
    [&trusted, &other].into_iter().for_each(|provider| provider.follow(&server.clock));
    server.app.providers.discover().await;
    newcomer(&server, &other).await;
    other.claims(json!({ "acr": TWO }));
    let client = demanding(&server).await;
    let (_, answer) = comes(&server, &other, &client, "").await;
    is_led_to_a_passkey(&answer);
}

/// Userinfo is signed by nobody, and asked with a token that whoever runs the API may have; no setting makes its word for this count.
#[tokio::test]
async fn f19_what_userinfo_says_of_it_counts_for_nothing_by_whatever_name_it_is_asked_for() {
    let claims = [("name", "acr")].map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()));
    for (mapped, groups_claim) in [(vec![], "groups"), (claims.to_vec(), "groups"), (vec![], "acr")] {
        let (server, fake) = federated(|config| {
            config.trust_acr = [(TWO.to_owned(), MFA_CLASS.to_owned())].into();
            config.claims = mapped.into_iter().collect();
            config.groups_claim = groups_claim.to_owned();
            config.roles = [("eng".to_owned(), vec!["developer".to_owned()])].into();
        })
        .await;
        let client = demanding(&server).await;
        fake.person(json!({ "sub": "ann-at-the-provider", "email": ANN, "email_verified": true }));
        fake.userinfo(json!({ "sub": "ann-at-the-provider", "name": "Ann", "acr": TWO, "amr": ["mfa"] }));
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let page = through(&mut browser, &fake, &login).await;
        browser.press(&page.form("#create-account").with("name", "Ann")).await;
        assert!(fake.asked("/userinfo") > 0);
        let (_, answer) = comes(&server, &fake, &client, "").await;
        is_led_to_a_passkey(&answer);
    }
}

/// Whoever finds a browser open that is signed in here and at the provider goes there and back, where nobody asks them anything: that proves nothing of now,
/// unless the provider says so.
#[tokio::test]
async fn f20_a_return_that_nobody_knows_the_time_of_is_no_fresh_proof() {
    let (server, fake) = federated(|_| {}).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut found = newcomer(&server, &fake).await;
    server.turn(3600);
    fake.claims(json!({ "auth_time": null }));
    let login = found.visit("/login?as=another").await;
    assert!(through(&mut found, &fake, &login).await.has("#sign-out"), "a sign-in as any other");
    for (path, button) in [("/account/passkeys", "#begin-passkey"), ("/account/authenticator", "#begin-authenticator")]
    {
        let page = found.visit(path).await;
        let page = found.press(&page.form(button)).await;
        assert!(page.has("#upstream-fake") && !page.has("#passkey-submit") && !page.has("#totp-secret"), "{path}");
        through(&mut found, &fake, &page).await.refused_page(400, Rejection::UpstreamNotFresh);
    }
    let address = client.authorization_url("scope=openid&max_age=300");
    assert!(found.visit(&address).await.has("#upstream-fake"));
    // Told when, it is one.
    fake.claims(json!({ "auth_time": server.clock.now().seconds() }));
    let page = found.visit("/account/passkeys").await;
    let page = found.press(&page.form("#begin-passkey")).await;
    assert!(through(&mut found, &fake, &page).await.has("#passkey-submit"));
    assert!(found.visit(&address).await.location_param("code").is_some());
}

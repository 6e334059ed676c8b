//! Whose an address is, when an account has it that was made by somebody else: it goes to whoever proves it to an authority, unless somebody with
//! authority stands for the account.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind;

use super::first::form_of;
use super::{ANN, answer_of, counted, federated, identity, newcomer, through};
use crate::support::{PASSWORD, unverified_claims};

#[tokio::test]
async fn an_address_that_its_maker_never_proved_is_its_owners() {
    let (server, fake) = federated(|config| config.trust_email = Some(true)).await;
    // Somebody made an account with Ann's address, signed in, and let an application in.
    let mut squatter = server.browser();
    let register = squatter.visit("/register").await.form("#register-submit");
    let filled = register.with("name", "Not Ann").with("email", ANN).with("password", PASSWORD);
    assert!(squatter.press(&filled).await.has("#sign-out"));
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = squatter.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    assert!(exists.has("#account-exists"), "{}", exists.text());
    let account = browser.press(&exists.form("#take-address").with("name", "Ann")).await;
    assert!(account.has("#sign-out") && account.text().contains(ANN), "{}", account.text());
    // A new account, and nothing of the maker's holds: sign-in, tokens, password.
    let former = unverified_claims(tokens["id_token"].as_str().unwrap())["sub"].clone();
    assert_ne!(former, identity(&server, &fake).await.unwrap().user_id.as_str());
    assert!(!squatter.visit("/account").await.has("#sign-out"));
    client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused_json(401, Rejection::TokenOfEndedGrant);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(client.token(&refresh).await.status, 400);
    let login = squatter.visit("/login").await;
    squatter.sign_in_on(&login, ANN, PASSWORD).await.refused(400, Rejection::WrongCredentials);
}

#[tokio::test]
async fn an_account_that_somebody_vouches_for_is_never_taken_over() {
    // Not trusted for addresses; with an address that was proved; made by an operator.
    for (trusted, verified, by_operator) in [(false, false, false), (true, true, false), (true, false, true)] {
        let (server, fake) = federated(|config| config.trust_email = Some(trusted)).await;
        let mut owner = server.browser();
        let register = owner.visit("/register").await.form("#register-submit");
        owner.press(&register.with("name", "Ann").with("email", ANN).with("password", PASSWORD)).await;
        let id = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
        server.db_change_user(&id, |account| account.user.email_verified = verified).await;
        if by_operator {
            server.database.db_execute("UPDATE users SET made_by = 'operator'").await;
        }
        let mut browser = server.browser();
        let login = browser.visit("/login").await;
        let exists = through(&mut browser, &fake, &login).await;
        assert!(exists.has("#account-exists") && !exists.has("#take-address"), "{}", exists.text());
        let forced = form_of(&exists, &login).with("name", "Eve").with("displace", "yes");
        browser.submit(&forced).await.refused(403, Rejection::NotYours);
        assert!(owner.visit("/account").await.has("#sign-out"));
        assert_eq!(counted(&server).await, (1, 0));
    }
}

#[tokio::test]
async fn whoever_was_switched_off_does_not_come_back_by_a_provider() {
    let (server, fake) = federated(|config| config.trust_email = Some(true)).await;
    let mut owner = server.browser();
    let register = owner.visit("/register").await.form("#register-submit");
    owner.press(&register.with("name", "Ann").with("email", ANN).with("password", PASSWORD)).await;
    let id = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
    server.db_change_user(&id, |account| account.user.disabled_at = Some(server.clock.now())).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    assert!(exists.has("#account-exists") && !exists.has("#take-address"), "{}", exists.text());
    let forced = form_of(&exists, &login).with("name", "Ann").with("displace", "yes");
    browser.submit(&forced).await.refused(403, Rejection::NotYours);
    assert_eq!(counted(&server).await, (1, 0));
}

/// Somebody makes an account with Ann's address, and links an account at a provider that says of any address that it is verified.
#[tokio::test]
async fn the_word_of_a_provider_that_is_no_authority_keeps_no_owner_out() {
    for trusted in [false, true] {
        let (server, fake) = federated(|config| config.trust_email = Some(trusted)).await;
        let mut squatter = server.browser();
        let register = squatter.visit("/register").await.form("#register-submit");
        squatter.press(&register.with("name", "Not Ann").with("email", ANN).with("password", PASSWORD)).await;
        let account = squatter.visit("/account").await;
        let leaving = squatter.submit(&account.form("#link-fake")).await;
        let callback = answer_of(&fake, &leaving.onward().unwrap().parse().unwrap()).await;
        assert!(squatter.visit(&callback).await.has("#unlink-fake"));
        let user = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user;
        assert_eq!((user.email_verified, user.may_be_displaced()), (trusted, !trusted));
        // Nor does each further sign-in by it.
        let mut again = server.browser();
        let login = again.visit("/login").await;
        assert!(through(&mut again, &fake, &login).await.has("#sign-out"));
        let user = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user;
        assert_eq!(user.may_be_displaced(), !trusted);
    }
}

/// The honest maker signs in through the authority once: from then on the address is proved, whoever comes.
#[tokio::test]
async fn an_address_that_an_authority_has_verified_since_stays_with_its_account() {
    let (server, fake) = federated(|_| {}).await;
    let mut browser = newcomer(&server, &fake).await;
    let user = async || server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user;
    assert!(user().await.may_be_displaced());
    let trusting = server.another_node_with(|config| {
        fake.add_to(config, "fake", ProviderKind::Oidc, |provider| provider.trust_email = Some(true));
    });
    let trusting = trusting.await;
    trusting.app.providers.discover().await;
    browser = browser.at(&trusting);
    let login = browser.visit("/login?as=another").await;
    assert!(through(&mut browser, &fake, &login).await.has("#sign-out"));
    assert!(!user().await.may_be_displaced());
    // Nor does the word of the first weaken it.
    let mut again = server.browser();
    let login = again.visit("/login").await;
    assert!(through(&mut again, &fake, &login).await.has("#sign-out"));
    assert!(!user().await.may_be_displaced());
}

/// An operator who gives an account its address stands for it, proved or not.
#[tokio::test]
async fn an_address_that_an_operator_gave_is_nobody_elses() {
    let (server, fake) = federated(|config| config.trust_email = Some(true)).await;
    let mut owner = server.browser();
    let register = owner.visit("/register").await.form("#register-submit");
    owner.press(&register.with("name", "Ann").with("email", "old@example.org").with("password", PASSWORD)).await;
    let change = doorward::registry::UserChange { email: Some(ANN.to_owned()), ..Default::default() };
    let act = doorward::protocol::audit::Act::of_operator(server.clock.now());
    server.registry().change_user("old@example.org", change, &act).await.unwrap();
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let exists = through(&mut browser, &fake, &login).await;
    assert!(exists.has("#account-exists") && !exists.has("#take-address"), "{}", exists.text());
    let forced = form_of(&exists, &login).with("name", "Eve").with("displace", "yes");
    browser.submit(&forced).await.refused(403, Rejection::NotYours);
}

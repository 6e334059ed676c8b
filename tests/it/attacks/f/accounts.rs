//! Whose account it becomes.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::{Apple, Github, Google, Microsoft, Oidc};
use serde_json::{Value, json};

use super::*;
use crate::federation::form_of;
use crate::support::Form;

/// The victim's address that is not verified, or whose being so is written in any other way than true: no sign-in to the account, no link, and no word that
/// there is one. The address does not become the new account's.
#[tokio::test]
async fn f1_an_address_that_is_not_verified_opens_nothing() {
    let (server, fake) = federated(|settings| settings.trust_email = Some(true)).await;
    let ann = server.db_user(ANN).await;
    for (at, verified) in [
        Some(json!(false)),
        Some(json!("false")),
        Some(json!("true")),
        Some(json!("True")),
        Some(json!(1)),
        Some(json!([true])),
        Some(json!({ "true": true })),
        Some(Value::Null),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        let mut person = json!({ "sub": format!("eve-{at}"), "name": "Eve", "email": ANN });
        if let Some(verified) = &verified {
            person["email_verified"] = verified.clone();
        }
        fake.person(person);
        let (mut browser, page) = come(&server, &fake).await;
        assert!(!page.has("#account-exists"), "{verified:?}: {}", page.text());
        let account = browser.press(&page.form("#create-account")).await;
        assert!(account.has("#sign-out"), "{verified:?}: {}", account.text());
        let whose = format!("SELECT COUNT(*) FROM sign_ins WHERE user_id = '{ann}'");
        assert_eq!(server.database.db_number(&whose).await, 0, "{verified:?}");
    }
    assert_eq!(counted(&server).await, (10, 9));
    let addresses = "SELECT COUNT(*) FROM users WHERE email IS NOT NULL";
    assert_eq!(server.database.db_number(addresses).await, 1);
    // Nor does one that is verified in a tenant of Microsoft's, where an administrator writes what they like.
    let tenant = "11111111-2222-3333-4444-555555555555";
    let (server, fake) = federated_microsoft(tenant).await;
    server.db_user(ANN).await;
    fake.claims(json!({
        "iss": format!("{}/{tenant}/v2.0", fake.issuer()), "tid": tenant, "email_verified": true, "xms_edov": true,
    }));
    let (_, page) = come(&server, &fake).await;
    assert!(page.has("#create-account") && !page.has("#account-exists"), "{}", page.text());
}

/// A server with a Microsoft of this tenant.
async fn federated_microsoft(tenant: &str) -> (Server, Provider) {
    let fake = Provider::start().await;
    let (of, tenants) = (fake.clone(), vec![tenant.to_owned()]);
    let issuer = format!("{}/{tenant}/v2.0", fake.issuer());
    fake.discovery(json!({ "issuer": issuer, "authorization_response_iss_parameter_supported": null }));
    fake.callback(json!({ "iss": null }));
    let server =
        Server::with(move |config| of.add_to(config, "fake", Microsoft, |settings| settings.tenants = tenants));
    let server = server.await;
    fake.follow(&server.clock);
    server.app.providers.discover().await;
    (server, fake)
}

/// The address of the profile, one that is not primary, one that is not verified, and none: GitHub gives the account no address.
#[tokio::test]
async fn f2_github_gives_an_address_that_is_primary_and_verified_or_none() {
    let (server, fake) = federated_with(Github, |_| {}, |_| {}).await;
    server.db_user(ANN).await;
    let entry = |primary: Value, verified: Value| json!({ "email": ANN, "primary": primary, "verified": verified });
    for (at, emails) in [
        json!([]),
        json!([entry(json!(true), json!(false))]),
        json!([entry(json!(false), json!(true))]),
        json!([entry(json!(true), json!("true"))]),
        json!([entry(json!("true"), json!(true))]),
        json!([entry(json!(true), json!(null))]),
        json!({ "message": "Not Found" }),
    ]
    .into_iter()
    .enumerate()
    {
        fake.person(json!({ "id": 100 + at, "login": "eve", "name": "Eve", "email": ANN }));
        fake.emails(emails.clone());
        let (mut browser, page) = come(&server, &fake).await;
        assert!(!page.has("#account-exists"), "{emails}");
        assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"), "{emails}");
    }
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await, 1);
    fake.person(json!({ "id": 99, "login": "ann", "name": "Ann", "email": null }));
    fake.emails(json!([entry(json!(true), json!(true))]));
    assert!(come(&server, &fake).await.1.has("#account-exists"), "the right one is told of the account, and no more");
}

/// The provider gives a verified address to somebody else, who comes with it: they do not get the account of its former holder, who still does.
#[tokio::test]
async fn f3_an_address_that_changes_hands_takes_no_account_along() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let before = identity(&server, &fake).await.unwrap();
    fake.person(json!({ "sub": "the-new-ann", "name": "Ann", "email": ANN, "email_verified": true }));
    let (_, page) = come(&server, &fake).await;
    assert!(page.has("#account-exists") && !page.has("#sign-out"), "{}", page.text());
    assert_eq!(signed_in(&server).await, 1);
    // The former holder comes with another address, and is who they were.
    fake.person(json!({ "sub": "ann-at-the-provider", "name": "Ann", "email": BOB, "email_verified": true }));
    let (_, account) = come(&server, &fake).await;
    assert!(account.has("#sign-out"), "{}", account.text());
    assert_eq!(identity(&server, &fake).await.unwrap().user_id, before.user_id);
    assert_eq!(counted(&server).await, (1, 1));
}

/// An account that somebody made with the victim's address, with a password, a session, an application that was let in, and a provider's account of their own: none of it
/// is the victim's, who gets a new account, and none of it holds any more.
#[tokio::test]
async fn f4_an_account_made_beforehand_is_not_the_victims() {
    let second = Provider::start().await;
    let of = second.clone();
    let settings = move |config: &mut doorward::config::Config| of.add_to(config, "other", Oidc, |_| {});
    // As Google is with its own mailboxes, which nobody else is by itself.
    let (server, fake) = federated_with(Google, |of| of.trust_email = Some(true), settings).await;
    second.follow(&server.clock);
    let gmail = "ann.of.the.hills@gmail.com";
    let mut squatter = server.browser();
    let register = squatter.visit("/register").await.form("#register-submit");
    let filled = register.with("name", "Ann").with("email", gmail).with("password", PASSWORD);
    assert!(squatter.press(&filled).await.has("#sign-out"));
    let former = server.database.db_rows::<(String,)>("SELECT id FROM users").await[0].0.clone();
    second.person(json!({ "sub": "squatter", "name": "Squatter" }));
    let linking = squatter.press(&squatter.clone().visit("/account").await.form("#link-other")).await;
    let linked = link_through(&mut squatter, &second, linking).await;
    assert!(linked.has("#unlink-other"), "{}", linked.text());
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = squatter.code(&client, gmail, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let unused = squatter.code(&client, gmail, "scope=openid+offline_access").await;

    fake.person(json!({ "sub": "the-victim", "name": "Ann", "email": gmail, "email_verified": true }));
    let (mut victim, exists) = come(&server, &fake).await;
    assert!(exists.has("#account-exists"), "{}", exists.text());
    let account = victim.press(&exists.form("#take-address")).await;
    assert!(account.has("#sign-out") && account.text().contains(gmail), "{}", account.text());
    let mut reader = server.app.storage.read().await.unwrap();
    let mine = reader.identity(&fake.issuer(), "the-victim").await.unwrap().unwrap().user_id;
    assert_ne!(mine, former);
    drop(reader);

    assert!(!squatter.visit("/account").await.has("#sign-out"), "the session holds");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let refreshed = client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    refreshed.refused_in(400, &[Rejection::EndedGrant, Rejection::UnknownRefreshToken]);
    let access = client.userinfo(tokens["access_token"].as_str().unwrap()).await;
    access.refused(401, Rejection::TokenOfEndedGrant);
    client.redeem(&unused).await.refused_in(400, &[Rejection::EndedGrant, Rejection::UnknownCode]);
    let login = squatter.visit("/login").await;
    squatter.sign_in_on(&login, gmail, PASSWORD).await.refused_page(400, Rejection::WrongCredentials);
    let (_, through_theirs) = come_by(&server, &second, "other").await;
    assert!(through_theirs.has("#create-account"), "the squatter's own provider opens it: {}", through_theirs.text());
}

/// Row F4 by another door: the account was made through a provider that believes whatever address it is told.
#[tokio::test]
async fn f4_an_account_made_through_a_provider_that_is_no_authority_keeps_no_owner_out() {
    for has_authority in [true, false] {
        let second = Provider::start().await;
        let of = second.clone();
        let settings = move |config: &mut doorward::config::Config| {
            of.add_to(config, "other", Oidc, |of| of.trust_email = Some(has_authority));
        };
        let (server, fake) = federated_with(Oidc, |_| {}, settings).await;
        second.follow(&server.clock);
        let mut squatter = newcomer(&server, &fake).await;
        let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
        let code = squatter.get(&client.authorization_url("scope=openid+email")).await.location_param("code").unwrap();
        let tokens = client.redeem(&code).await.ok();
        let claims = crate::support::unverified_claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["email_verified"], true, "the provider says so");

        second.person(json!({ "sub": "the-owner", "name": "Ann", "email": ANN, "email_verified": true }));
        let (mut owner, exists) = come_by(&server, &second, "other").await;
        assert!(exists.has("#account-exists"), "{}", exists.text());
        assert_eq!(exists.has("#take-address"), has_authority, "{}", exists.text());
        if !has_authority {
            let forced = form_of(&exists, &owner.visit("/login").await).to("/upstream/other/account");
            let forced = forced.with("name", "Eve");
            owner.submit(&forced.with("displace", "yes")).await.refused(403, Rejection::NotYours);
            assert!(squatter.visit("/account").await.has("#sign-out"));
            continue;
        }
        let account = owner.press(&exists.form("#take-address")).await;
        assert!(account.has("#sign-out") && account.text().contains(ANN), "{}", account.text());
        assert!(!squatter.visit("/account").await.has("#sign-out"));
        client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused_json(401, Rejection::TokenOfEndedGrant);
        // Whoever comes by the first provider again finds the owner's account, which is not theirs, and does not get it back.
        let (mut again, exists) = come(&server, &fake).await;
        assert!(exists.has("#account-exists") && !exists.has("#take-address"), "{}", exists.text());
        let forced = form_of(&exists, &again.visit("/login").await).with("name", "Eve");
        again.submit(&forced.with("displace", "yes")).await.refused(403, Rejection::NotYours);
    }
}

/// Goes to the provider that links, from wherever pressing the button has led.
async fn link_through(browser: &mut Browser, provider: &Provider, page: Answer) -> Answer {
    let url = page.field("#forward", "href").or_else(|| page.onward()).unwrap_or_else(|| panic!("{}", page.text()));
    let brought = provider.visit(&url.parse().unwrap()).await;
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&brought).finish();
    browser.visit(&format!("/upstream/other/callback?{query}")).await
}

/// As [`come`], by the button of another provider.
async fn come_by(server: &Server, provider: &Provider, id: &str) -> (Browser, Answer) {
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let sent = browser.submit(&login.form(&format!("#upstream-{id}"))).await;
    let page = link_through(&mut browser, provider, sent).await;
    (browser, page)
}

/// The same `sub` of another issuer, of another section for the same issuer, and in other letters: only issuer and subject together, byte for byte, are an account.
#[tokio::test]
async fn f5_the_same_subject_of_another_issuer_is_somebody_else() {
    let second = Provider::start().await;
    let of = second.clone();
    let settings = move |config: &mut doorward::config::Config| of.add_to(config, "other", Oidc, |_| {});
    let (server, fake) = federated_with(Oidc, |_| {}, settings).await;
    second.follow(&server.clock);
    newcomer(&server, &fake).await;
    second.person(json!({ "sub": "ann-at-the-provider", "name": "Eve" }));
    let (mut browser, page) = come_by(&server, &second, "other").await;
    assert!(browser.press(&page.form("#create-account")).await.has("#sign-out"));
    assert_eq!(counted(&server).await, (2, 2));
    for other in ["Ann-at-the-provider", "ann-at-the-provider ", "ann-at-the-provide"] {
        fake.person(json!({ "sub": other, "name": "Eve" }));
        assert!(come(&server, &fake).await.1.has("#create-account"), "{other:?}");
    }
}

/// The attacker begins to link, or to sign in, and lets the victim's browser come back: nothing is linked to anybody, and nobody is signed in.
#[tokio::test]
async fn f6_a_link_ends_in_the_browser_where_it_began() {
    let (server, fake) = federated(|_| {}).await;
    server.db_user(ANN).await;
    server.db_user(EVE).await;
    let (mut victim, mut attacker) = (server.browser(), server.browser());
    victim.sign_in(ANN).await;
    attacker.sign_in(EVE).await;
    fake.person(json!({ "sub": "eve-there", "name": "Eve" }));
    let button = attacker.visit("/account").await.form("#link-fake");
    let away = attacker.submit(&button).await;
    let callback = answer_of(&fake, &away.onward().unwrap().parse().unwrap()).await;
    victim.get(&callback).await.refused(400, Rejection::UnknownErrand);
    // Nor is it linked to whoever has signed in meanwhile in the browser where it began.
    let login = attacker.visit("/login?as=another").await;
    attacker.sign_in_on(&login, ANN, PASSWORD).await;
    assert_ne!(attacker.get(&callback).await.status, 303);
    assert_eq!(counted(&server).await.1, 0);
    // And a form of the attacker's does not begin it.
    let forged: Form = victim.visit("/account").await.form("#link-fake").with("csrf", &button.field("csrf"));
    victim.submit(&forged).await.refused(403, Rejection::ForgedForm);
}

/// Roles, groups, verified addresses and whatever else a claim says, where the settings map nothing: the token has no role, and a role given here stays.
#[tokio::test]
async fn f12_a_claim_raises_nobody() {
    let mapping = |settings: &mut doorward::config::UpstreamConfig| {
        settings.roles = [("eng".to_owned(), vec!["developer".to_owned()])].into();
    };
    let (server, fake) = federated(mapping).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut expected: Vec<&str> = Vec::new();
    for (groups, role) in [
        (json!(["admin", "ENG", "eng ", "*"]), None),
        (json!({ "eng": true }), None),
        (json!("admin,eng"), None),
        (json!(["eng"]), Some("developer")),
        (json!([]), None),
    ] {
        fake.person(json!({
            "sub": "ann-at-the-provider", "name": "Ann", "groups": groups, "roles": ["admin"], "role": "admin", "is_admin": true,
            "realm_access": { "roles": ["admin"] }, "made_by": "operator", "disabled_at": null, "id": "1",
        }));
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid+roles")).await;
        let page = through(&mut browser, &fake, &login).await;
        let answer = if page.has("#create-account") {
            browser.press(&page.form("#create-account").with("roles", "admin").with("email_verified", "true")).await
        } else {
            page
        };
        let code = answer.location_param("code").unwrap_or_else(|| panic!("{groups}: {}", answer.text()));
        let tokens = client.redeem(&code).await.ok();
        expected.clear();
        expected.extend(role);
        let claims = crate::support::unverified_claims(tokens["access_token"].as_str().unwrap());
        let roles = claims.get("roles").cloned().unwrap_or(json!([]));
        assert_eq!(roles, json!(expected), "{groups}: {claims}");
    }
}

/// That Apple's `user`, which comes through the browser unsigned, gives nobody an address.
#[tokio::test]
async fn f1_what_the_browser_says_of_an_apple_account_is_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let file = folder.path().join("key.p8");
    std::fs::write(&file, key.serialize_pem()).unwrap();
    let settings = |settings: &mut doorward::config::UpstreamConfig| {
        (settings.team_id, settings.key_id) = ("T".to_owned(), "K".to_owned());
        settings.private_key_file = file;
    };
    let (server, fake) = federated_with(Apple, settings, |_| {}).await;
    server.db_user(ANN).await;
    fake.person(json!({ "sub": "eve" }));
    let user = json!({ "name": { "firstName": "Eve" }, "email": ANN, "email_verified": true });
    fake.callback(json!({ "user": user.to_string() }));
    let (_, page) = come(&server, &fake).await;
    assert!(page.has("#create-account") && !page.has("#account-exists"), "{}", page.text());
    assert!(!page.text().contains(ANN), "{}", page.text());
}

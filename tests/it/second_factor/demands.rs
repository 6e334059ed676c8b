//! Who demands how people sign in: a role of theirs, the application, the request. The highest wins, and what is missing alone is asked for.

use doorward::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS};
use doorward::protocol::client::ClientType;
use doorward::protocol::edit::Edit;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::user::EmailAuthority;
use doorward::registry::{ClientChange, Error, Giving, Recipient, RoleChange};
use serde_json::json;

use super::ANN;
use crate::registry::operator;
use crate::support::{Authenticator, PASSWORD, Server, first_step, recovery_codes, unverified_claims};

impl Server {
    /// Whoever has the role must sign in so.
    pub async fn role_demands(&self, role: &str, acr: Option<&str>) {
        let change = RoleChange { acr: acr.map(str::to_owned).into(), ..RoleChange::default() };
        self.registry().change_role(role, change, &operator()).await.unwrap();
        self.poll().await;
    }

    /// Whoever goes there must sign in so.
    pub async fn client_demands(&self, id: &str, acr: Option<&str>) {
        let change = ClientChange { acr: acr.map(str::to_owned).into(), ..ClientChange::default() };
        self.registry().change_client(id, change, &operator()).await.unwrap();
        self.poll().await;
    }
}

#[tokio::test]
async fn a_role_demands_a_second_factor_of_whoever_has_it_and_of_nobody_else() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    server.db_user("bob@example.org").await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let (mut ann, mut bob) = (server.browser(), server.browser());
    ann.sign_in(ANN).await;
    bob.sign_in("bob@example.org").await;
    let operator = operator();
    server.registry().give_role(Recipient::User(ANN), "admin", Giving::Grant, &operator).await.unwrap();
    assert!(ann.visit("/account").await.has("#sign-out"));
    server.role_demands("admin", Some(MFA_CLASS)).await;
    // She is signed in with less: nothing is opened by that, and the password is not asked for again.
    for path in ["/account", "/account/password", "/account/data"] {
        let page = ann.visit(path).await;
        assert!(page.has("#totp-secret") && !page.has("#password"), "{path}: {}", page.text());
        assert!(page.text_of("#why").unwrap().starts_with("Your account needs a second step"), "{path}");
        let passkey = ann.visit(&page.field("#passkey-instead", "href").unwrap()).await;
        assert!(passkey.text_of("#why").unwrap().starts_with("Your account needs more than"), "{path}");
    }
    let silent = ann.visit(&client.authorization_url("scope=openid&prompt=none")).await;
    silent.refused_redirect(Rejection::SignInNeeded);
    assert!(bob.visit("/account").await.has("#sign-out"));
    assert!(bob.visit(&client.authorization_url("scope=openid")).await.location_param("code").is_some());
    // Nor is she signed in anew before she has set one up.
    let mut other = server.browser();
    let page = first_step(&mut other, ANN).await;
    assert!(page.has("#totp-secret") && !other.visit("/account").await.has("#sign-out"));
    let page = ann.visit(&client.authorization_url("scope=openid")).await;
    // The application has asked for nothing, and is not said to have.
    assert!(page.text_of("#why").unwrap().starts_with("Your account needs a second step"), "{}", page.text());
    let passkey = ann.visit(&page.field("#passkey-instead", "href").unwrap()).await;
    assert!(passkey.text_of("#why").unwrap().starts_with("Your account needs more than"), "{}", passkey.text());
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap());
    let shown = ann.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert_eq!(recovery_codes(&shown).len(), 10);
    let answer = ann.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    assert!(ann.visit("/account").await.has("#sign-out"));
    // Where a role demands it, it is not given up.
    let page = ann.visit("/account/authenticator").await;
    assert!(page.has("#begin-authenticator") && !page.has("#remove-authenticator"));
    let remove = page.form("#begin-authenticator").without("request").to("/account/authenticator/remove");
    ann.submit(&remove).await.refused_page(400, Rejection::LastSecondFactor);
    // Without the role, or with a role that demands nothing any more, the rest is as before.
    server.role_demands("admin", None).await;
    assert!(bob.visit("/account").await.has("#sign-out"));
    server.role_demands("user", Some(MFA_CLASS)).await;
    assert!(bob.visit("/account").await.has("#totp-secret"), "everybody has that role");
}

#[tokio::test]
async fn an_application_demands_it_of_whoever_goes_there_and_asks_for_the_code_alone() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let plain = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(MFA_CLASS)).await;
    let mut browser = server.browser();
    let answer = browser.authorize(&plain, ANN, "scope=openid").await;
    assert!(answer.location_param("code").is_some(), "the other one demands nothing");
    assert!(browser.visit("/account").await.has("#sign-out"));
    let silent = browser.visit(&client.authorization_url("scope=openid&prompt=none")).await;
    silent.refused_redirect(Rejection::SignInNeeded);
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    assert!(page.has("#totp-secret") && !page.has("#password"), "{}", page.text());
    assert!(page.text_of("#why").unwrap().contains("asks for an authenticator"));
    let passkey = browser.visit(&page.field("#passkey-instead", "href").unwrap()).await;
    assert!(passkey.text_of("#why").unwrap().contains("asks for more than a password"), "{}", passkey.text());
    // The same for whoever comes with nothing.
    let mut other = server.browser();
    let login = other.visit(&client.authorization_url("scope=openid")).await;
    let page = other.sign_in_on(&login, ANN, PASSWORD).await;
    let authenticator = Authenticator::with(&page.text_of("#totp-secret").unwrap_or_else(|| panic!("{}", page.text())));
    let shown = other.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    let answer = other.visit(&shown.field("#codes-kept", "href").unwrap()).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    for token in ["id_token", "access_token"] {
        assert_eq!(unverified_claims(tokens[token].as_str().unwrap())["acr"], json!(MFA_CLASS));
    }
    server.client_demands(&client.id, None).await;
    let view = server.registry().client(&client.id, server.clock.now()).await.unwrap();
    assert_eq!(view.acr, None);
}

#[tokio::test]
async fn the_highest_demand_wins() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    let insisting = |class: &str| {
        let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{class}"}}}}}}"#);
        format!("scope=openid&claims={}", url::form_urlencoded::byte_serialize(claims.as_bytes()).collect::<String>())
    };
    for (role, application, request, asks) in [
        (None, None, None, false),
        (Some(PASSWORD_CLASS), Some(PASSWORD_CLASS), Some(PASSWORD_CLASS), false),
        (Some(MFA_CLASS), Some(PASSWORD_CLASS), Some(PASSWORD_CLASS), true),
        (Some(PASSWORD_CLASS), Some(MFA_CLASS), None, true),
        (None, None, Some(MFA_CLASS), true),
        (Some(PASSWORD_CLASS), None, Some(MFA_CLASS), true),
    ] {
        server.role_demands("user", role).await;
        server.client_demands(&client.id, application).await;
        let request = request.map_or_else(|| "scope=openid".to_owned(), insisting);
        let page = browser.visit(&client.authorization_url(&request)).await;
        assert_eq!(page.has("#totp-secret"), asks, "{role:?} {application:?} {request}: {}", page.text());
        assert!(asks || page.location_param("code").is_some());
    }
}

/// A mail is no password: whoever has signed in so is asked for that, and told why when they try it again.
#[tokio::test]
async fn who_signs_in_with_less_than_a_role_demands_is_asked_for_more_and_then_told() {
    let server = Server::with_mail(|config| config.sign_in.email = true).await;
    let ann = server.db_user(ANN).await;
    // Whoever reads her mail has shown that before, so it takes no password away.
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.role_demands("user", Some(PASSWORD_CLASS)).await;
    let mut browser = server.browser();
    let by_mail = async |browser: &mut crate::support::Browser, page: crate::support::Answer| {
        let waiting = browser.press(&page.form("#email-sign-in").with("email", ANN)).await;
        let code = server.mailbox().await.latest_to(ANN).code();
        browser.press(&waiting.form("#code-submit").with("code", &code)).await
    };
    let page = browser.visit("/login").await;
    let told = by_mail(&mut browser, page).await;
    told.refused_page(403, Rejection::WeakSignIn);
    assert_eq!(told.field("#again", "href").as_deref(), Some("/login?as=another"));
    let page = browser.visit("/account").await;
    assert!(page.has("#login-submit") && !page.has("#sign-out"), "{}", page.text());
    assert!(page.text_of("#error").unwrap().contains("stronger sign-in"), "{}", page.text());
    let page = browser.visit(&client.authorization_url("scope=openid")).await;
    assert!(page.has("#login-submit"), "{}", page.text());
    let refused = by_mail(&mut browser, page).await;
    refused.refused_redirect(Rejection::ClassNotMet);
    let answer = browser.authorize(&client, ANN, "scope=openid").await;
    assert!(answer.location_param("code").is_some(), "{}", answer.text());
    assert!(browser.visit("/account").await.has("#sign-out"));
}

#[tokio::test]
async fn what_nobody_can_reach_is_refused_at_once() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |client| client.first_party = true).await;
    server.client_demands(&client.id, Some(MFA_CLASS)).await;
    let off = server.without_factors().await;
    let refused = off.browser().visit(&client.authorization_url("scope=openid")).await;
    refused.refused_redirect(Rejection::ClassNotMet);
    server.role_demands("user", Some(MFA_CLASS)).await;
    let off = server.without_factors().await;
    let mut browser = off.browser();
    let page = first_step(&mut browser, ANN).await;
    page.refused_page(403, Rejection::WeakSignIn);
    assert!(page.has("#again") && page.text().contains("ask whoever runs this server"), "{}", page.text());
    assert!(browser.visit("/login?as=another").await.has("#login-submit"), "and can be somebody else");
    server.role_demands("user", None).await;
    // What a newer version has written there is not known here, and so is more than anybody has.
    server.db_change_client(&client.id, |client| client.metadata.acr = Some("retina".into())).await;
    let refused = server.browser().visit(&client.authorization_url("scope=openid")).await;
    refused.refused_redirect(Rejection::ClassNotMet);
}

#[tokio::test]
async fn a_demand_is_one_of_the_classes_that_there_are() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let service = server.db_client(ClientType::Service, |_| {}).await;
    let (registry, operator) = (server.registry(), operator());
    let set = |acr: &str| Edit::Set(acr.to_owned());
    let words = |outcome: Error| outcome.to_string();
    let role = RoleChange { acr: set("gold"), ..RoleChange::default() };
    let refused = words(registry.change_role("admin", role.clone(), &operator).await.unwrap_err());
    assert!(refused.contains("'gold'") && refused.contains(MFA_CLASS) && refused.contains(PASSWORD_CLASS), "{refused}");
    assert!(words(registry.create_role("clerk", role, &operator).await.unwrap_err()).contains("'gold'"));
    let made = RoleChange { acr: set(MFA_CLASS), ..RoleChange::default() };
    assert_eq!(registry.create_role("clerk", made, &operator).await.unwrap().view.acr.as_deref(), Some(MFA_CLASS));
    assert_eq!(registry.role("clerk").await.unwrap().acr.as_deref(), Some(MFA_CLASS));
    let change = |acr: &str| ClientChange { acr: set(acr), ..ClientChange::default() };
    assert!(words(registry.change_client(&client.id, change("gold"), &operator).await.unwrap_err()).contains("'gold'"));
    let refused = words(registry.change_client(&service.id, change(MFA_CLASS), &operator).await.unwrap_err());
    assert!(refused.contains("nobody signs in to it"), "{refused}");
    let changed = registry.change_client(&client.id, change(MFA_CLASS), &operator).await.unwrap();
    assert_eq!(changed.view.client.acr.as_deref(), Some(MFA_CLASS));
}

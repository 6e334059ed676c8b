//! An account without an address: what pages, tokens and commands say of its person.

use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::page::Page;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Error, UserChange, Which};
use doorward::secret::Secret;
use doorward::storage::UserFilter;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Server};

const ANN: &str = "ann@example.org";

/// As somebody who came through a provider that gave no address.
#[tokio::test]
async fn whoever_has_no_address_is_called_by_name_and_no_application_is_told_one() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.database.db_execute(&format!("UPDATE users SET email = NULL WHERE id = '{ann}'")).await;

    let consent = browser.visit(&client.authorization_url("scope=openid+profile+email")).await;
    assert!(consent.text().contains("You are signed in as <strong>Ann Lee</strong>"), "{}", consent.text());
    let answer = browser.press(&consent.form("#allow")).await;
    let tokens = client.redeem(&answer.location_param("code").unwrap()).await.ok();
    let userinfo = client.userinfo(tokens["access_token"].as_str().unwrap()).await.ok();
    let names: Vec<&str> = userinfo.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["name", "sub", "updated_at"]);
    assert!(browser.visit("/logout").await.text().contains("You are signed in as <strong>Ann Lee</strong>"));
    let account = browser.visit("/account").await;
    assert!(account.has("#sign-out") && !account.text().contains(ANN) && !account.text().contains("None"));
    let login = browser.visit(&client.authorization_url("prompt=login")).await;
    assert_eq!(login.field("#email", "value").unwrap_or_default(), "");

    let (registry, page) = (server.registry(), || Page { after: None, limit: 9 });
    let act = Act::of_operator(server.clock.now());
    let which = Which { user_id: None, all: true };
    let listed = registry.sign_ins(&which, page(), server.clock.now()).await.unwrap();
    assert_eq!(serde_json::to_value(&listed.items[0]).unwrap()["email"], Value::Null);
    let listed = registry.users(&UserFilter { search: Some("lee"), ..UserFilter::default() }, page()).await.unwrap();
    let shown = serde_json::to_value(&listed.items[0]).unwrap();
    assert_eq!((&shown["email"], &shown["signs_in_by"]), (&Value::Null, &json!([])), "there is no name to type");
    browser = server.browser();
    // Nobody's password is a name, however it is typed.
    for typed in ["Ann Lee", "null", &ann] {
        let page = browser.visit("/login").await;
        let form = page.form("#login-submit").with("email", typed).with("password", PASSWORD);
        browser.submit(&form).await.refused(400, Rejection::WrongCredentials);
    }
    let password = UserChange { password: Some(Secret::presented("a quiet river at dusk")), ..UserChange::default() };
    let refused = registry.change_user(&ann, password.clone(), &act).await;
    assert!(matches!(refused, Err(Error::Invalid(problems)) if problems.has("password")));
    let both = UserChange { email: Some("lee@example.org".to_owned()), ..password };
    let changed = registry.change_user(&ann, both, &act).await.unwrap().view;
    assert_eq!((changed.email.as_deref(), changed.email_verified), (Some("lee@example.org"), false));
}

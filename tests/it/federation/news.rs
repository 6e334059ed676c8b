//! What a sign-in through a provider tells its owner: that a device was used which the account does not know.

use doorward::protocol::upstream::ProviderKind;

use super::{ANN, federated_with, newcomer, through};
use crate::support::{Browser, PASSWORD, Provider, Server};

/// A server that sends mail, and a provider.
async fn mailing(folder: &tempfile::TempDir) -> (Server, Provider) {
    let there = folder.path().to_owned();
    federated_with(ProviderKind::Oidc, |_| {}, |config| config.mail.folder = there).await
}

async fn sign_in(browser: &mut Browser, fake: &Provider) {
    let login = browser.visit("/login?as=another").await;
    let account = through(browser, fake, &login).await;
    assert!(account.has("#sign-out"), "{}", account.text());
}

#[tokio::test]
async fn a_sign_in_through_a_provider_with_an_unknown_device_is_told_and_one_with_a_known_device_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (server, fake) = mailing(&folder).await;
    let mut first = newcomer(&server, &fake).await;
    let alerts = async || server.mailbox().await.alerts_to(ANN);
    assert_eq!(alerts().await, Vec::<String>::new(), "the first sign-in is no news");
    server.turn(86_400);
    sign_in(&mut first, &fake).await;
    assert_eq!(alerts().await, Vec::<String>::new(), "the device is known");
    let mut other = server.browser();
    sign_in(&mut other, &fake).await;
    assert_eq!(alerts().await, ["new_device"]);
    // From now on that one is known as well, until a cookie is as old as cookies get.
    server.turn(86_400);
    sign_in(&mut other, &fake).await;
    sign_in(&mut first, &fake).await;
    assert_eq!(alerts().await.len(), 1);
    server.turn(doorward::signin::KNOWN_FOR);
    sign_in(&mut first, &fake).await;
    assert_eq!(alerts().await.len(), 2);
}

#[tokio::test]
async fn a_device_is_known_by_whichever_way_it_was_signed_in_with() {
    let folder = tempfile::tempdir().unwrap();
    let (server, fake) = mailing(&folder).await;
    let mut browser = newcomer(&server, &fake).await;
    let ann = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
    let hash = server.app.hasher.hash(PASSWORD, doorward::password::Waiter::operator()).await.unwrap();
    server.db_change_user(&ann, |account| account.password_hash = Some(hash)).await;
    server.turn(86_400);
    // A new password makes devices unknown; the first sign-in by it makes this one known, for the provider as well.
    let login = browser.visit("/login?as=another").await;
    assert!(browser.sign_in_on(&login, ANN, PASSWORD).await.has("#sign-out"));
    let alerts = async || server.mailbox().await.alerts_to(ANN).len();
    assert_eq!(alerts().await, 1);
    server.turn(86_400);
    sign_in(&mut browser, &fake).await;
    assert_eq!(alerts().await, 1);
    // What one account knows, another does not.
    let cookie =
        |browser: &Browser| browser.cookies.iter().find(|(name, _)| name.contains("device")).unwrap().1.clone();
    assert_ne!(cookie(&browser), cookie(&newcomer_of_another(&server, &fake).await));
}

/// Somebody else, who makes an account in a new browser.
async fn newcomer_of_another(server: &Server, fake: &Provider) -> Browser {
    let person = serde_json::json!({ "sub": "bob", "name": "Bob", "email": "bob@example.org", "email_verified": true });
    fake.person(person);
    newcomer(server, fake).await
}

//! Ways in that are taken away, and consent that a provider cannot give.

use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::Oidc;
use serde_json::json;

use super::*;

/// The last way in stays, whoever asks and however often; one that is unlinked signs nobody in any more, and what it had signed in ends.
#[tokio::test]
async fn f10_the_last_way_in_stays_and_unlinking_ends_what_came_by_it() {
    let (server, fake) = federated(|_| {}).await;
    let mut only = newcomer(&server, &fake).await;
    let button = only.visit("/account").await;
    if button.has("#unlink-fake") {
        only.press(&button.form("#unlink-fake")).await.refused(400, Rejection::LastWayIn);
    }
    assert_eq!(counted(&server).await, (1, 1));
    // With a password beside it, it can go.
    let user = identity(&server, &fake).await.unwrap().user_id;
    let hash = server.app.hasher.hash(PASSWORD, doorward::password::Waiter::operator()).await.unwrap();
    server.db_change_user(&user, |account| account.password_hash = Some(hash)).await;
    let mut by_password = server.browser();
    by_password.sign_in(ANN).await;
    let account = by_password.visit("/account").await;
    let after = by_password.press(&account.form("#unlink-fake")).await;
    assert!(after.has("#sign-out") && !after.has("#unlink-fake"), "{}", after.text());
    assert!(!only.visit("/account").await.has("#sign-out"), "what came by it holds");
    assert_eq!(counted(&server).await, (1, 0));
    let (_, page) = come(&server, &fake).await;
    assert!(page.has("#account-exists"), "{}", page.text());
}

/// A provider that is switched off: its button is gone, its callbacks are refused at once, those that are under way too, and it is not asked.
#[tokio::test]
async fn f11_a_provider_that_is_switched_off_is_out_at_once() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    let callback = answer_of(&fake, &leave(&mut browser, &login).await).await;
    let off =
        server.another_node_with(|config| fake.add_to(config, "fake", Oidc, |settings| settings.enabled = false)).await;
    off.app.providers.discover().await;
    let asked = fake.asked("/token");
    let mut there = browser.at(&off);
    there.get(&callback).await.refused(404, Rejection::NoSuchPage);
    there.submit(&login.form("#upstream-fake")).await.refused(404, Rejection::NoSuchPage);
    assert!(!there.visit("/login").await.has("#upstream-fake"));
    let token = fake.logout_token(json!({ "sub": "ann-at-the-provider" }));
    let told = off.post("/upstream/fake/backchannel-logout", &format!("logout_token={token}")).await;
    told.refused(404, Rejection::NoSuchPage);
    assert_eq!((fake.asked("/token"), fake.asked("/authorize")), (asked, 2));
}

/// A provider agrees for itself alone: each application that is new to the person is asked for here, however silently the provider lets them through.
#[tokio::test]
async fn f17_each_new_application_is_asked_for_here() {
    let (server, fake) = federated(|_| {}).await;
    newcomer(&server, &fake).await;
    for _ in 0..2 {
        let client = server.db_client(ClientType::Web, |_| {}).await;
        let mut browser = server.browser();
        let login = browser.visit(&client.authorization_url("scope=openid+profile")).await;
        let page = through(&mut browser, &fake, &login).await;
        assert!(page.has("#allow"), "{}", page.text());
        // Nor is the question passed over by coming back once more.
        let login = browser.visit(&client.authorization_url("scope=openid+profile&prompt=login")).await;
        let page = through(&mut browser, &fake, &login).await;
        assert!(page.has("#allow"), "{}", page.text());
        let silent = browser.get(&client.authorization_url("scope=openid+profile&prompt=none")).await;
        silent.refused_redirect(Rejection::ConsentNeeded);
    }
}

//! A provider that tells of an ended session ends what came of it here, and nothing else (OpenID Connect Back-Channel Logout).

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::upstream::ProviderKind::Oidc;
use doorward::protocol::upstream::Vouched;
use doorward::random;
use doorward::registry::Act;
use serde_json::json;

use super::{ID, server};
use crate::support::{Answer, Browser, Provider, Server, Signing};

const ANN: &str = "ann@example.org";

fn path() -> String {
    format!("/upstream/{ID}/backchannel-logout")
}

async fn tell(server: &Server, token: &str) -> Answer {
    server.post(&path(), &format!("logout_token={token}")).await
}

/// Links what the provider calls `subject` to the person.
async fn link(server: &Server, fake: &Provider, user: &str, subject: &str) -> String {
    let now = server.clock.now();
    let identity = Vouched::of(ID, &fake.issuer(), subject).identity(random::row_id(now), user, now);
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.hold_user(user).await.unwrap();
    assert!(transaction.insert_identity(&identity, &Act::of_operator(now)).await.unwrap());
    transaction.commit().await.unwrap();
    identity.id
}

/// A browser in which the person is signed in, by this identity and session at the provider.
async fn signed_in(server: &Server, email: &str, identity: &str, sid: &str) -> Browser {
    let mut browser = server.browser();
    browser.sign_in(email).await;
    let newest = "(SELECT id FROM sign_ins WHERE identity_id IS NULL ORDER BY id DESC LIMIT 1)";
    let update = format!("UPDATE sign_ins SET identity_id = '{identity}', upstream_sid = '{sid}' WHERE id = {newest}");
    server.database.db_execute(&update).await;
    browser
}

async fn holds(browser: &mut Browser) -> bool {
    browser.visit("/account").await.has("#sign-out")
}

#[tokio::test]
async fn a_session_that_ended_at_the_provider_ends_what_came_of_it() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let ann = server.db_user(ANN).await;
    let identity = link(&server, &fake, &ann, "ann-there").await;
    let client = server.db_client(ClientType::Spa, |_| {}).await;
    let mut one = signed_in(&server, ANN, &identity, "s1").await;
    let mut other = signed_in(&server, ANN, &identity, "s2").await;
    let mut third = signed_in(&server, ANN, &identity, "s3").await;
    let mut by_password = server.browser();
    by_password.sign_in(ANN).await;
    let code = one.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();

    // Of somebody whom nobody here is, and of a session that nobody came by: no error, and no end.
    for nobody in [json!({ "sub": "eve-there" }), json!({ "sub": "eve-there", "sid": "s1" }), json!({ "sid": "s9" })] {
        assert_eq!(tell(&server, &fake.logout_token(nobody)).await.status, 200);
    }
    assert!(holds(&mut one).await && holds(&mut other).await);

    assert_eq!(tell(&server, &fake.logout_token(json!({ "sub": "ann-there", "sid": "s1" }))).await.status, 200);
    assert!(!holds(&mut one).await && holds(&mut other).await && holds(&mut by_password).await);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let refreshed = client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    refreshed.refused_json(400, Rejection::EndedGrant);

    assert_eq!(tell(&server, &fake.logout_token(json!({ "sid": "s2" }))).await.status, 200);
    assert!(!holds(&mut other).await && holds(&mut third).await);
    assert_eq!(tell(&server, &fake.logout_token(json!({ "sub": "ann-there" }))).await.status, 200);
    assert!(!holds(&mut third).await && holds(&mut by_password).await);
}

#[tokio::test]
async fn a_logout_token_counts_once_on_all_nodes() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let ann = server.db_user(ANN).await;
    let identity = link(&server, &fake, &ann, "ann-there").await;
    let of = fake.clone();
    let node = server.another_node_with(move |config| of.add_to(config, ID, Oidc, |_| {})).await;
    node.app.providers.discover().await;
    let token = fake.logout_token(json!({ "sub": "ann-there" }));
    let told = crate::support::parallel(8, |at| {
        let (node, token) = (if at % 2 == 0 { server.clone() } else { node.clone() }, token.clone());
        async move { tell(&node, &token).await }
    })
    .await;
    assert_eq!(told.iter().filter(|answer| answer.status == 200).count(), 1);
    let mut again = signed_in(&server, ANN, &identity, "s1").await;
    tell(&server, &token).await.refused_json(400, Rejection::ReplayedLogoutToken);
    tell(&node, &token).await.refused_json(400, Rejection::ReplayedLogoutToken);
    assert!(holds(&mut again).await);
}

#[tokio::test]
async fn what_is_no_logout_token_of_the_provider_ends_nothing() {
    let (server, fake) = server(Oidc, |_| {}).await;
    let ann = server.db_user(ANN).await;
    let identity = link(&server, &fake, &ann, "ann-there").await;
    let mut browser = signed_in(&server, ANN, &identity, "s1").await;
    let whole = json!({ "sub": "ann-there" });
    server.post(&path(), "").await.refused_json(400, Rejection::MissingLogoutToken);
    server.post(&path(), "logout_token=a&logout_token=b").await.refused_json(400, Rejection::RepeatedParameter);
    let token = fake.logout_token(whole.clone());
    server
        .post_as(&path(), "application/json", token.clone().into_bytes())
        .await
        .refused_json(415, Rejection::WrongContentType);
    let elsewhere = server.post("/upstream/nobody/backchannel-logout", &format!("logout_token={token}")).await;
    elsewhere.refused_json(404, Rejection::NoSuchPage);
    for wrong in ["x".to_owned(), fake.logout_token(json!({ "sub": "ann-there", "nonce": "n" }))] {
        tell(&server, &wrong).await.refused_json(400, Rejection::WrongLogoutToken);
    }
    for signing in [Signing::Unsigned, Signing::HmacWithPublicKey, Signing::ForgedKey, Signing::UnpublishedKey] {
        fake.sign(signing);
        tell(&server, &fake.logout_token(whole.clone())).await.refused_json(400, Rejection::WrongLogoutToken);
    }
    assert!(holds(&mut browser).await);
}

//! An account that was left: closed at once, told to applications, and gone when its time is over.

use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Delivery, Error, State};

use super::{ANN, DAY, EVE, events, is_open, leave, operator, sign_in, start, users};
use crate::support::{PASSWORD, Receiver, Server};

#[tokio::test]
async fn an_account_that_is_left_is_closed_at_once_and_applications_are_told() {
    let receiver = Receiver::start().await;
    let allowed = receiver.address.to_string();
    let server = Server::with(|config| config.outgoing.allow = vec![allowed]).await;
    let other = server.another_node().await;
    let client = server.db_client(ClientType::Web, |client| client.backchannel_logout_uri = Some(receiver.uri())).await;
    let ann = server.db_user(ANN).await;
    server.poll().await;
    let mut browser = server.browser();
    let code = browser.code(&client, ANN, "scope=openid+offline_access").await;
    let tokens = client.redeem(&code).await.ok();
    let unused = browser.code(&client, ANN, "scope=openid").await;
    leave(&server).await;
    for node in [&server, &other] {
        let client = client.on(node);
        client.userinfo(tokens["access_token"].as_str().unwrap()).await.refused(401, Rejection::TokenOfEndedGrant);
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let asked = client.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
        asked.refused(400, Rejection::EndedGrant);
        assert!(browser.at(node).visit("/account").await.has("#login-submit"), "the browser is signed out");
    }
    client.on(&other).redeem(&unused).await.refused(400, Rejection::EndedGrant);
    while server.app.deliver_logouts().await.unwrap() > 0 {}
    assert_eq!(receiver.tokens().await.len(), 1);
    assert_eq!(events(&server, &ann).await, ["user.deletion_requested"]);
    // What was allowed is remembered for whoever comes back.
    assert_eq!(server.database.db_counts(&["users", "consents"]).await, [1, 1]);
    let view = server.registry().user(ANN).await.unwrap();
    assert_eq!((view.state, view.delete_after.as_deref()), (State::Off, Some("2027-01-22T08:00:00Z")));
}

#[tokio::test]
async fn only_whoever_knows_the_password_is_told_that_the_account_is_leaving() {
    let server = start().await;
    server.db_user(ANN).await;
    leave(&server).await;
    let (wrong, nobody) = (sign_in(&server, "not the password at all").await, {
        let mut browser = server.browser();
        let form = browser.visit("/login").await.form("#login-submit");
        browser.submit(&form.with("email", EVE).with("password", PASSWORD)).await
    });
    wrong.refused_page(400, Rejection::WrongCredentials);
    nobody.refused_page(400, Rejection::WrongCredentials);
    for _ in 0..30 {
        sign_in(&server, PASSWORD).await.refused_page(403, Rejection::AccountLeaving);
    }
    let failed = "SELECT CAST(COALESCE(SUM(times), 0) AS BIGINT) FROM audit WHERE event = 'sign_in.failed'";
    assert_eq!(server.database.db_number(failed).await, 2, "the right password guesses nothing");
    // Nor does a mail with a new password bring it back.
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    assert!(browser.press(&page.form("#recover-submit").with("email", ANN)).await.has("#code-submit"));
    assert_eq!(server.mailbox().await.latest_to(ANN).about(), "deletion");
    server.registry().return_user(ANN, &operator(&server)).await.unwrap();
    assert!(is_open(&server).await);
}

#[tokio::test]
async fn what_is_over_goes_for_good_on_whichever_node_and_nothing_goes_before() {
    let server = start().await;
    let other = server.another_node().await;
    let ann = server.db_user(ANN).await;
    server.db_user(EVE).await;
    leave(&server).await;
    // Somebody asks in vain for the address meanwhile.
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    server.turn(7 * DAY - 1);
    assert_eq!(server.app.storage.delete_left(100, server.clock.now()).await.unwrap(), 0);
    assert_eq!(users(&server).await, 2);
    server.turn(1);
    let act = operator(&server);
    let registry = server.registry();
    assert!(registry.return_user(ANN, &act).await.is_err(), "its time is over");
    let now = server.clock.now();
    let (one, two) = tokio::join!(server.app.storage.delete_left(100, now), other.app.storage.delete_left(100, now));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(users(&server).await, 1);
    assert_eq!(events(&server, &ann).await, ["user.deletion_requested", "user.deleted"]);
    let left = server.database.db_counts(&["tickets", "mail_outbox", "identities", "consents", "sign_ins"]).await;
    assert_eq!(left, [0; 5], "nothing names the person");
    assert!(server.registry().user(EVE).await.is_ok());
    assert_eq!(server.app.storage.delete_left(100, now).await.unwrap(), 0);
}

#[tokio::test]
async fn what_an_operator_does_to_a_closed_account_keeps_what_both_want() {
    let server = start().await;
    server.db_user(ANN).await;
    let registry = server.registry();
    let act = || operator(&server);
    assert!(matches!(registry.return_user(ANN, &act()).await, Err(Error::Invalid(_))), "it is not leaving");
    leave(&server).await;
    let again = registry.leave_user(ANN, 60, &act()).await;
    assert!(matches!(&again, Err(Error::Invalid(why)) if why.to_string().contains("undelete")), "{again:?}");
    let enabled = registry.switch_user(ANN, State::On, &act()).await;
    assert!(matches!(&enabled, Err(Error::Invalid(why)) if why.to_string().contains("undelete")), "{enabled:?}");
    let reset = registry.reset_password(ANN, Delivery::Told, &act()).await;
    assert!(matches!(&reset, Err(Error::Invalid(why)) if why.to_string().contains("undelete")), "{reset:?}");
    // Whom an operator switches off meanwhile does not come back so.
    registry.switch_user(ANN, State::Off, &act()).await.unwrap();
    assert_eq!(registry.return_user(ANN, &act()).await.unwrap().view.state, State::Off);
    assert!(!is_open(&server).await);
    for (grace, fits) in [(0, false), (-1, false), (367 * DAY, false), (366 * DAY, true)] {
        assert_eq!(registry.leave_user(ANN, grace, &act()).await.is_ok(), fits, "{grace}");
    }
}

#[tokio::test]
async fn whoever_took_an_account_and_gave_it_up_does_not_keep_it_from_its_owner() {
    let server = start().await;
    let ann = server.db_user(ANN).await;
    let mut thief = server.browser();
    thief.sign_in(ANN).await;
    let page = thief.visit("/account/emails").await;
    let page = thief.press(&page.form("#change-email").with("email", EVE)).await;
    let code = server.mailbox().await.latest_to(EVE).code();
    thief.press(&page.form("#code-submit").with("code", &code)).await;
    let undo = server.mailbox().await.latest_to(ANN).link();
    server.turn(DAY);
    server.registry().leave_user(EVE, 7 * DAY, &operator(&server)).await.unwrap();
    let back = server.mailbox().await.latest_to(EVE).link();
    let mut owner = server.browser();
    assert!(super::open(&mut owner, &undo).await.has("#reset-submit"));
    let view = server.registry().user(&ann).await.unwrap();
    assert_eq!((view.email.as_deref(), view.delete_after), (Some(ANN), None));
    thief.visit(&back).await.refused_page(400, Rejection::UnknownTicket);
    let recorded = events(&server, &ann).await;
    assert!(recorded.contains(&"user.deletion_withdrawn".to_owned()), "{recorded:?}");
}

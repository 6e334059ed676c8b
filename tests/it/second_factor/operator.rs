//! Second factors as operators see them, and a master key that changes.

use doorward::jobs::signing_keys::SigningKeys;
use doorward::protocol::audit::Act;
use doorward::protocol::page::Page;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::second_factor::FactorKind;
use doorward::protocol::user::EmailAuthority;
use doorward::registry::Registry;
use doorward::sealing::MasterKey;
use doorward::storage::{FactorSeal, NewFactor, UserFilter};

use super::ANN;
use crate::registry::operator;
use crate::support::{Device, MASTER_KEY, Server, first_step};

#[tokio::test]
async fn an_operator_sees_them_and_takes_them_from_whoever_has_lost_them() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    let bob = server.db_user("bob@example.org").await;
    server.turn(61);
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    let registry = server.registry();
    let seen = registry.user(ANN).await.unwrap().second_factors.unwrap();
    let seen: Vec<_> = seen.iter().map(|factor| (factor.kind, factor.left)).collect();
    assert_eq!(seen, [("authenticator", None), ("recovery_codes", Some(10))]);
    let without = UserFilter { without_second_factor: true, search: None };
    let page = || Page { after: None, limit: 10 };
    let listed = registry.users(&without, page()).await.unwrap().items;
    assert_eq!(listed.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), [bob.as_str()]);
    let searched = UserFilter { search: Some("ann@"), ..without };
    assert!(registry.users(&searched, page()).await.unwrap().items.is_empty());
    let counted =
        async |passkeys| server.app.storage.read().await.unwrap().second_factor_accounts(passkeys).await.unwrap();
    assert_eq!(counted(true).await, 1);
    // A passkey is one too, where they are on.
    let mut bobs = server.browser();
    bobs.sign_in("bob@example.org").await;
    server.add_passkey(&mut bobs, &mut Device::new(), "").await;
    assert_eq!((counted(true).await, counted(false).await), (2, 1));
    assert!(registry.users(&without, page()).await.unwrap().items.is_empty());
    // Not so where nobody has them: here since browsers know none under an address.
    let mut config = server.app.config.clone();
    config.server.issuer = "http://127.0.0.1:8000".to_owned();
    let off = Registry::new(server.app.storage.clone(), &config).unwrap();
    let listed = off.users(&without, page()).await.unwrap().items;
    assert_eq!(listed.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), [bob.as_str()]);
    assert_eq!(listed[0].signs_in_by, ["password", "passkey"]);
    assert_eq!(registry.user(&bob).await.unwrap().signs_in_by, ["password", "passkey"]);
    // A security key is one as well, and no way to sign in.
    let cy = server.db_user("cy@example.org").await;
    let mut cys = server.browser();
    cys.sign_in("cy@example.org").await;
    server.add_security_key(&mut cys, &mut Device::touch_key(), "Ring").await;
    assert_eq!((counted(true).await, counted(false).await), (3, 1));
    assert!(registry.users(&without, page()).await.unwrap().items.is_empty());
    let listed = off.users(&without, page()).await.unwrap().items;
    assert_eq!(listed.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), [bob.as_str(), cy.as_str()]);
    assert_eq!(listed[1].signs_in_by, ["password"]);
    let seen = registry.user(&cy).await.unwrap();
    let factors: Vec<_> = seen.second_factors.iter().flatten().map(|factor| factor.kind).collect();
    assert_eq!((seen.signs_in_by, factors), (vec!["password"], vec!["recovery_codes", "security_key"]));
    let export = server.app.storage.export(&cy, "https://as.test", server.clock.now()).await.unwrap().unwrap();
    assert!(export.passkeys[0].is_security_key && export.passkeys[0].name == "Ring");
    let taken = registry.reset_factors(&cy, &Act::of_operator(server.clock.now())).await.unwrap();
    assert_eq!(taken.event.details["taken"], serde_json::json!(["recovery_codes", "security_keys"]));
    assert!(first_step(&mut server.browser(), "cy@example.org").await.has("#sign-out"));
    let export = server.app.storage.export(&ann, "https://as.test", server.clock.now()).await.unwrap().unwrap();
    assert_eq!(export.second_factors.len(), 2);

    let act = Act::of_operator(server.clock.now());
    let reset = registry.reset_factors(ANN, &act).await.unwrap();
    assert_eq!(reset.view.second_factors.unwrap().len(), 0);
    assert!(browser.visit("/account").await.has("#login-submit"), "everything is signed out");
    assert!(first_step(&mut server.browser(), ANN).await.has("#sign-out"), "and the password does");
    assert!(server.mailbox().await.alerts_to(ANN).contains(&"factors_reset".to_owned()));
    let recorded = "SELECT count(*) FROM audit WHERE event = 'user.factors_reset' AND actor = 'operator'";
    assert_eq!(server.database.db_number(recorded).await, 2, "of Ann and of Cy");
    // Nothing is left to be taken, and it is said all the same.
    registry.reset_factors(&bob, &operator()).await.unwrap();
}

#[tokio::test]
async fn an_account_that_goes_takes_its_second_factors_along() {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    assert_eq!(server.database.db_counts(&["factors", "recovery_codes"]).await, [2, 10]);
    server.registry().delete_user(ANN, &operator()).await.unwrap();
    assert_eq!(server.database.db_counts(&["factors", "recovery_codes"]).await, [0, 0]);
}

#[tokio::test]
async fn who_takes_an_account_back_by_its_address_is_not_shut_out_by_whoever_had_it() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    // Made by somebody who has never shown that the address is theirs.
    server
        .db_change_user(&ann, |account| {
            account.user.email_verified = false;
            account.user.email_authority = EmailAuthority::Nobody;
        })
        .await;
    let mut mallory = server.browser();
    mallory.sign_in(ANN).await;
    server.enrol(&mut mallory).await;
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    let waiting = browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    let code = server.mailbox().await.latest_to(ANN).code();
    let page = browser.press(&waiting.form("#code-submit").with("code", &code)).await;
    let form = page.form("#reset-submit").with("password", "another quiet river at noon");
    let page = browser.press(&form).await;
    assert!(page.has("#sign-out"), "{}", page.text());
    assert_eq!(server.database.db_number("SELECT count(*) FROM factors").await, 0);
}

/// A mailbox is no second factor: whoever reads it chooses a password, and is asked for the code all the same.
#[tokio::test]
async fn a_new_password_by_mail_takes_no_second_factor_away() {
    let server = Server::with_mail(|_| {}).await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.email_authority = EmailAuthority::Mail).await;
    let mut here = server.browser();
    here.sign_in(ANN).await;
    let (authenticator, _) = server.enrol(&mut here).await;
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    let waiting = browser.press(&page.form("#recover-submit").with("email", ANN)).await;
    let code = server.mailbox().await.latest_to(ANN).code();
    let page = browser.press(&waiting.form("#code-submit").with("code", &code)).await;
    let form = page.form("#reset-submit").with("password", "another quiet river at noon");
    let page = browser.press(&form).await;
    assert!(page.has("#totp-submit") && !page.has("#sign-out"), "{}", page.text());
    let answer = browser.submit(&page.form("#totp-submit").with("code", &authenticator.wrong(&server))).await;
    answer.refused_page(400, Rejection::WrongSecondFactor);
    let page = browser.press(&page.form("#totp-submit").with("code", &authenticator.code(&server))).await;
    assert!(page.has("#sign-out"), "{}", page.text());
}

#[tokio::test]
async fn another_master_key_opens_them_and_the_former_one_does_so_no_more() {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    let mut browser = server.browser();
    browser.sign_in(ANN).await;
    server.enrol(&mut browser).await;
    let (own, new) = (MasterKey::parse(MASTER_KEY).unwrap(), MasterKey::generate());
    let storage = server.app.storage.clone();
    let opens = async |master: &MasterKey| {
        let factors = storage.read().await.unwrap().factors(&ann).await.unwrap();
        assert_eq!(factors.len(), 2);
        factors.iter().map(|factor| FactorSeal::new(master).open(factor).is_some()).collect::<Vec<_>>()
    };
    assert_eq!((opens(&own).await, opens(&new).await), (vec![true, true], vec![false, false]));
    let both = new.clone().accepting(&own);
    let keys = SigningKeys::open(storage.clone(), &both, &server.app.config).await.unwrap();
    keys.rewrap(server.clock.now()).await.unwrap();
    assert_eq!((opens(&own).await, opens(&new).await), (vec![false, false], vec![true, true]));
    // Whoever knows the former one alone keeps nothing that the new one could not open.
    let mut transaction = storage.begin().await.unwrap();
    let factor = NewFactor {
        id: "f",
        user_id: &ann,
        kind: FactorKind::RecoveryCodes,
        secret: &[7; 32],
        last_step: 0,
        at: server.clock.now(),
    };
    assert!(transaction.keep_factor(&FactorSeal::new(&own), &factor).await.is_err());
    assert!(transaction.keep_factor(&FactorSeal::new(&both), &factor).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(opens(&new).await, [true, true]);
}

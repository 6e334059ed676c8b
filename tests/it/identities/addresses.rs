//! An address that its owner takes over, at its rows: which accounts lose it, and what holds of them then.

use doorward::protocol::audit::Name;
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::protocol::user::{EmailAuthority, MadeBy, User};
use doorward::random;
use doorward::storage::Account;

use super::{ANN, GOOGLE, account, act, events, find, held, link, text, tokens, vouched};
use crate::support::Server;

/// Makes an account as somebody does for themselves, with an address that is not proved.
async fn typed(server: &Server, email: &str, change: impl FnOnce(&mut Account)) -> String {
    let user = User {
        email: Some(email.to_owned()),
        name: "Mallory".to_owned(),
        ..User::new(random::row_id(server.clock.now()), MadeBy::Person, server.clock.now())
    };
    let mut account = Account::new(user, Some("hash".to_owned()));
    change(&mut account);
    let mut transaction = server.app.storage.begin().await.unwrap();
    assert!(transaction.insert_user(&account).await.unwrap());
    transaction.commit().await.unwrap();
    account.user.id
}

async fn release(server: &Server, user: &str, address: &str) -> bool {
    let mut transaction = server.app.storage.begin().await.unwrap();
    let is_released = transaction.release_address(user, address, &act(server)).await.unwrap();
    transaction.commit().await.unwrap();
    is_released
}

/// Row F4, at its rows: an account that somebody made with an address that was not theirs.
#[tokio::test]
async fn an_address_goes_to_its_owner_and_nothing_of_the_account_that_was_made_with_it_holds() {
    let server = Server::start().await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    // Through the form, as whoever comes first does it.
    let mut browser = server.browser();
    let page = browser.visit("/register").await;
    let form = page
        .form("#register-submit")
        .with("name", "Mallory")
        .with("email", ANN)
        .with("password", crate::support::PASSWORD);
    assert!(browser.submit(&form).await.status.is_redirection());
    let mallory = server.app.storage.read().await.unwrap().user_by_email(ANN).await.unwrap().unwrap().user.id;
    let own = link(&server, &mallory, &vouched(GOOGLE, "666", &[])).await.unwrap();
    let given = tokens(&server, &client).await;
    assert!(release(&server, &mallory, ANN).await);

    let left = account(&server, &mallory).await;
    assert_eq!((left.user.email, left.password_hash, left.user.disabled_at), (None, None, Some(server.clock.now())));
    client.userinfo(text(&given, "access_token")).await.refused(401, Rejection::TokenOfEndedGrant);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&given, "refresh_token"))];
    client.token(&fields).await.refused_json(400, Rejection::EndedGrant);
    assert!(browser.visit("/account").await.has("#login-submit"), "the browser is signed out");
    assert_eq!(find(&server, GOOGLE, &own.subject).await, None, "nor can the maker come back by a way of their own");
    for table in ["consents", "identities", "attempt_counters"] {
        let column = if table == "attempt_counters" { "account" } else { "user_id" };
        let rows = format!("SELECT COUNT(*) FROM {table} WHERE {column} = '{mallory}'");
        assert_eq!(server.database.db_number(&rows).await, 0, "{table}");
    }
    assert_eq!(events(&server, Name::UserDisplaced).await, 1);
    // The owner is somebody else, and the former password is nobody's.
    let owner = typed(&server, ANN, |account| account.password_hash = None).await;
    assert_ne!(owner, mallory);
    let page = browser.visit("/login").await;
    let form = page.form("#login-submit").with("email", ANN).with("password", crate::support::PASSWORD);
    browser.submit(&form).await.refused(400, Rejection::WrongCredentials);
    assert!(!release(&server, &mallory, ANN).await, "the address is not its any more");
}

#[tokio::test]
async fn an_account_that_was_given_anything_or_has_proved_its_address_keeps_it() {
    let server = Server::start().await;
    type Case = (&'static str, fn(&mut Account));
    let cases: [Case; 11] = [
        ("proved", |account| account.user.email_verified = true),
        ("authority", |account| account.user.email_authority = EmailAuthority::Authority),
        ("mail", |account| account.user.email_authority = EmailAuthority::Mail),
        ("given", |account| account.user.email_authority = EmailAuthority::Operator),
        ("before", |account| account.user.email_authority = EmailAuthority::Unknown),
        ("operator", |account| account.user.made_by = MadeBy::Operator),
        ("unknown", |account| account.user.made_by = MadeBy::Unknown),
        ("believed-by-operator", |account| {
            (account.user.made_by, account.user.email_authority) = (MadeBy::Operator, EmailAuthority::Provider);
        }),
        ("role", |account| account.user.roles = vec!["editor".to_owned()]),
        ("upstream-role", |account| account.user.upstream_roles = vec!["developer".to_owned()]),
        ("another", |_| {}),
    ];
    for (name, change) in cases {
        let email = format!("{name}@example.org");
        let id = typed(&server, &email, change).await;
        let before = account(&server, &id).await;
        let address = if name == "another" { ANN } else { email.as_str() };
        assert!(!release(&server, &id, address).await, "{name}");
        let after = account(&server, &id).await;
        assert_eq!(format!("{:?}", after.user), format!("{:?}", before.user), "{name}");
        assert_eq!(after.password_hash, before.password_hash, "{name}");
        // A page says the same before anything is tried.
        assert!(name == "another" || !before.user.may_be_displaced(), "{name}");
    }
    // Whom another provider believed, and who typed it: neither is anybody's word who has a say over the address.
    for (number, made_by) in [MadeBy::Person, MadeBy::Upstream].into_iter().enumerate() {
        for (by, verified) in [(EmailAuthority::Nobody, false), (EmailAuthority::Provider, true)] {
            let change = |account: &mut Account| {
                (account.user.made_by, account.user.email_authority) = (made_by, by);
                account.user.email_verified = verified;
            };
            let plain = typed(&server, ANN, change).await;
            assert!(account(&server, &plain).await.user.may_be_displaced(), "{made_by} {by}");
            assert!(release(&server, &plain, ANN).await, "{made_by} {by}");
        }
        assert_eq!(events(&server, Name::UserDisplaced).await, 2 * (number as i64 + 1));
    }
}

#[tokio::test]
async fn who_proves_an_address_to_an_authority_keeps_it_from_then_on() {
    let server = Server::start().await;
    for (number, by) in [EmailAuthority::Authority, EmailAuthority::Mail].into_iter().enumerate() {
        for former in [EmailAuthority::Nobody, EmailAuthority::Provider] {
            let email = format!("{former}{number}@example.org");
            let change = |account: &mut Account| {
                (account.user.email_authority, account.user.email_verified) =
                    (former, former == EmailAuthority::Provider);
            };
            let id = typed(&server, &email, change).await;
            let before = account(&server, &id).await.user.updated_at;
            server.turn(60);
            let now = server.clock.now();
            assert!(held(&server, &id, async |t| t.verify_address(&id, &email, by, now).await.unwrap()).await);
            let user = account(&server, &id).await.user;
            assert_eq!((user.email_verified, user.email_authority), (true, by), "{former}");
            // Clients can learn that it is verified, and not by whom.
            assert_eq!(user.updated_at, if former == EmailAuthority::Nobody { now } else { before }, "{former}");
            assert!(!release(&server, &id, &email).await, "{former}");
            assert!(!held(&server, &id, async |t| t.verify_address(&id, &email, by, now).await.unwrap()).await);
        }
    }
}

#[tokio::test]
async fn whoever_proves_the_address_first_keeps_it_whatever_else_happens_at_once() {
    let server = Server::start().await;
    let other = server.another_node().await;
    for round in 0..10 {
        let email = format!("ann{round}@example.org");
        let id = typed(&server, &email, |_| {}).await;
        let now = server.clock.now();
        let proves =
            held(&other, &id, async |t| t.verify_address(&id, &email, EmailAuthority::Authority, now).await.unwrap());
        let (is_released, is_proved) = tokio::join!(release(&server, &id, &email), proves);
        assert!(is_released != is_proved, "round {round}: {is_released} {is_proved}");
        let user = account(&server, &id).await.user;
        assert_eq!(
            (user.email.is_none(), user.disabled_at.is_some(), user.email_verified),
            (is_released, is_released, is_proved)
        );
    }
    let (now, by) = (server.clock.now(), EmailAuthority::Authority);
    assert!(!held(&server, "nobody", async |t| t.verify_address("nobody", ANN, by, now).await.unwrap()).await);
}

//! What several change at once: nobody takes back what another has changed.

use doorward::protocol::edit::Edit;
use doorward::registry::{ClientChange, NewResource, Renewal, ResourceChange, State, UserChange};
use doorward::secret::Secret;

use super::{NOW, operator, person, web, wrong_fields};
use crate::support::Server;

/// How often each meeting is tried: which of the two comes first is left to chance.
const ROUNDS: usize = 10;

fn name(name: &str) -> UserChange {
    UserChange { name: Some(name.to_owned()), ..UserChange::default() }
}

async fn password_hash(server: &Server, id: &str) -> Option<String> {
    server.app.storage.read().await.unwrap().user(id).await.unwrap().unwrap().password_hash
}

#[tokio::test]
async fn a_new_name_beside_a_new_password_leaves_both() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let id = server.db_user("ann@example.org").await;
    for round in 0..ROUNDS {
        let before = password_hash(&server, &id).await;
        let (here, there, act) = (server.registry(), other.registry(), operator());
        let new = Secret::presented(format!("a quiet river at dusk {round}"));
        let password = UserChange { password: Some(new), ..UserChange::default() };
        let wanted = format!("Ann {round}");
        let (renamed, secured) =
            tokio::join!(here.change_user(&id, name(&wanted), &act), there.change_user(&id, password, &act));
        assert!(renamed.is_ok() && secured.is_ok(), "{renamed:?} {secured:?}");
        assert_eq!(here.user(&id).await.unwrap().name, wanted);
        assert_ne!(password_hash(&server, &id).await, before, "the old password is back");
    }
}

#[tokio::test]
async fn a_change_that_waits_for_the_end_of_an_account_leaves_it_ended() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let id = server.db_user("ann@example.org").await;
    let mut transaction = server.app.storage.begin().await.unwrap();
    transaction.switch_user_off(&id, server.clock.now()).await.unwrap().unwrap();
    let change = {
        let (there, id) = (other.registry(), id.clone());
        tokio::spawn(async move { there.change_user(&id, name("Ann Smith"), &operator()).await.unwrap().view })
    };
    // The change has read the account as it was, or will see it as it is: either way it must not bring it back.
    tokio::task::yield_now().await;
    transaction.commit().await.unwrap();
    assert_eq!(change.await.unwrap().state, State::Off);
    let user = server.registry().user(&id).await.unwrap();
    assert_eq!((user.state, user.name.as_str()), (State::Off, "Ann Smith"));
}

#[tokio::test]
async fn one_address_goes_to_one_of_two_who_want_it_and_the_other_is_told_which_field() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let (here, there, act) = (server.registry(), other.registry(), operator());
    for round in 0..ROUNDS {
        let first = here.create_user(person(&format!("a{round}@example.org")), &act).await.unwrap().view.id;
        let second = here.create_user(person(&format!("b{round}@example.org")), &act).await.unwrap().view.id;
        let wanted = format!("wanted{round}@example.org");
        let change = || UserChange { email: Some(wanted.clone()), ..UserChange::default() };
        let (one, two) =
            tokio::join!(here.change_user(&first, change(), &act), there.change_user(&second, change(), &act));
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(won.unwrap().view.email, Some(wanted));
        assert_eq!(wrong_fields(lost), ["email"]);
    }
}

#[tokio::test]
async fn changes_of_a_client_at_once_leave_every_one_of_them() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let (here, there, act) = (server.registry(), other.registry(), operator());
    let id = here.create_client(web("Notebook"), &act).await.unwrap().view.client.client_id;
    for round in 0..ROUNDS {
        let uri = format!("https://rp.test/{round}");
        let renamed = ClientChange { name: Some(uri.clone()), ..ClientChange::default() };
        let linked = ClientChange { policy_uri: Edit::Set(uri.clone()), ..ClientChange::default() };
        let moved = ClientChange {
            redirect_uris: Some(vec![uri.clone()]),
            tos_uri: Edit::Set(uri.clone()),
            ..ClientChange::default()
        };
        let (one, two, three, off, secret) = tokio::join!(
            here.change_client(&id, renamed, &act),
            there.change_client(&id, moved, &act),
            here.change_client(&id, linked, &act),
            there.switch_client(&id, State::Off, &act),
            here.renew_client_secret(&id, Renewal::default(), &act),
        );
        assert!(one.is_ok() && two.is_ok() && three.is_ok() && off.is_ok(), "{one:?} {two:?} {three:?} {off:?}");
        let client = here.client(&id, NOW).await.unwrap();
        assert_eq!((&client.name, &client.redirect_uris), (&uri, &vec![uri.clone()]));
        assert_eq!((client.policy_uri, client.tos_uri), (Some(uri.clone()), Some(uri)));
        assert_eq!(client.state, State::Off);
        let stored = server.app.storage.read().await.unwrap().client(&id).await.unwrap().unwrap().secrets;
        assert!(stored.live(NOW) == 1 && stored.matching(&secret.unwrap().view.secret.hash()).is_some());
        here.switch_client(&id, State::On, &act).await.unwrap();
    }
}

#[tokio::test]
async fn changes_of_a_resource_at_once_leave_every_one_of_them() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let (here, there, act) = (server.registry(), other.registry(), operator());
    let identifier = "https://api.test";
    let details = ResourceChange { name: Some("Notes".to_owned()), ..ResourceChange::default() };
    here.create_resource(NewResource { identifier: identifier.to_owned(), details }, &act).await.unwrap();
    for round in 0..ROUNDS {
        let renamed = ResourceChange { name: Some(format!("N {round}")), ..ResourceChange::default() };
        let scopes = [(format!("notes:{round}"), String::new())].into();
        let scoped = ResourceChange { scopes: Some(scopes), ..ResourceChange::default() };
        let (one, two) = tokio::join!(
            here.change_resource(identifier, renamed, &act),
            there.change_resource(identifier, scoped, &act)
        );
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        let resource = here.resource(identifier).await.unwrap();
        assert_eq!((resource.name, resource.scopes), (format!("N {round}"), vec![format!("notes:{round}")]));
    }
}

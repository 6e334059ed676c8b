//! Who may make, change, give and take roles, and what cannot be.

use doorward::protocol::audit::Actor;
use doorward::protocol::client::ClientType;
use doorward::protocol::user::MadeBy;
use doorward::registry::{
    Act, Delivery, Error, Giving, Invitation, NewUser, Recipient, ResourceChange, RoleChange, State, UserChange,
};

use super::{ANN, ORDERS, place};

fn sentence<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_string()
}

fn bundling(scope: &str) -> RoleChange {
    RoleChange { scopes: Some([scope.to_owned()].into()), ..RoleChange::default() }
}

#[tokio::test]
async fn what_cannot_be_a_role_is_told() {
    let place = place().await;
    let (registry, act) = (place.server.registry(), place.act());
    for (name, details, words) in [
        ("admin ", RoleChange::default(), "cannot be a role"),
        ("\u{430}dmin", RoleChange::default(), "cannot be a role"),
        ("Admin", RoleChange::default(), "looks like 'admin'"),
        ("admin", RoleChange::default(), "there is a role 'admin' already"),
        ("clerk", RoleChange::default(), "there is a role 'clerk' already"),
        ("typist", bundling("orders:raed"), "no API has the scope 'orders:raed'"),
        ("typist", bundling("openid"), "no API has the scope 'openid'"),
        ("typist", RoleChange { description: Some("\u{202e}x".into()), ..RoleChange::default() }, "description"),
    ] {
        let refused = sentence(registry.create_role(name, details, &act).await);
        assert!(refused.contains(words), "{name}: {refused}");
    }
    assert!(sentence(registry.change_role("user", bundling("orders:read"), &act).await).contains("everybody"));
    assert!(matches!(registry.change_role("typist", bundling("orders:read"), &act).await, Err(Error::Missing(..))));
    let needs = |scope: &str, role: &str| ResourceChange {
        scope_needs: [(scope.to_owned(), [role.to_owned()].into())].into(),
        ..ResourceChange::default()
    };
    let refused = sentence(registry.change_resource(ORDERS, needs("orders:read", "typist"), &act).await);
    assert!(refused.contains("there is no role 'typist'"), "{refused}");
    let refused = sentence(registry.change_resource(ORDERS, needs("orders:raed", "clerk"), &act).await);
    assert!(refused.contains("scope_needs.orders:raed"), "{refused}");
    // A guarded scope does not go and come back without its guard.
    let scopes = Some([("orders:read".to_owned(), String::new())].into());
    let refused =
        sentence(registry.change_resource(ORDERS, ResourceChange { scopes, ..ResourceChange::default() }, &act).await);
    assert!(refused.contains("orders:close") && refused.contains("--scope-needs"), "{refused}");
}

#[tokio::test]
async fn a_role_that_is_used_says_by_whom_before_it_goes() {
    let place = place().await;
    let (registry, act) = (place.server.registry(), place.act());
    let job = place.server.db_client(ClientType::Service, |_| {}).await;
    let other =
        place.server.db_client(ClientType::Service, |client| client.metadata.tos_uri = Some("clerk".into())).await;
    place.give("clerk").await;
    place.put(Recipient::Client(&job.id), "clerk", Giving::Grant).await;
    let by = registry.role_use("clerk").await.unwrap();
    assert_eq!((by.users, by.clients, by.resources), (vec![ANN.to_owned()], vec![job.id.clone()], vec![]));
    let refused = sentence(registry.delete_role("clerk", &act).await);
    assert!(refused.contains(ANN) && refused.contains(&job.id) && !refused.contains(&other.id), "{refused}");
    assert!(sentence(registry.delete_role("chief", &act).await).contains(ORDERS));
    for name in ["admin", "user"] {
        assert!(sentence(registry.delete_role(name, &act).await).contains("always there"));
    }
    place.take("clerk").await;
    place.put(Recipient::Client(&job.id), "clerk", Giving::Revoke).await;
    registry.delete_role("clerk", &act).await.unwrap();
    place.hear().await;
    assert_eq!(place.granted("orders:write").await["scope"], "orders:write", "guarded by nothing any more");
    assert!(
        sentence(registry.give_role(Recipient::User(ANN), "clerk", Giving::Grant, &act).await)
            .contains("no role 'clerk'")
    );
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let place = place().await;
    let registry = place.server.registry();
    let bob = place.server.db_user("bob@example.org").await;
    place.server.db_change_user(&bob, |account| account.user.roles.clear()).await;
    let anns = Act { by: Actor::User(place.ann.clone()), ..place.act() };
    let to_bob = Recipient::User(&bob);
    let boss = place.server.db_user("boss@example.org").await;
    place.server.db_change_user(&boss, |account| account.user.roles = vec!["admin".into()]).await;
    let bosses = Act { by: Actor::User(boss), ..place.act() };
    // Who runs the server makes accounts, and gives those no role either that they do not have.
    for (act, role, words) in [
        (&anns, "clerk", "only who runs this server"),
        (&anns, "admin", "only who runs this server"),
        (&bosses, "clerk", "whoever does not have it"),
    ] {
        let given = sentence(registry.give_role(to_bob, role, Giving::Grant, act).await);
        assert!(given.contains("whoever does not have it"), "{given}");
        let roles = Some(vec![role.to_owned()]);
        let change = UserChange { roles: roles.clone(), ..UserChange::default() };
        assert!(sentence(registry.change_user(&bob, change.clone(), act).await).contains(words));
        let new =
            NewUser { email: "new@example.org".into(), details: UserChange { name: Some("New".into()), ..change } };
        assert!(sentence(registry.create_user(new, act).await).contains(words));
        let invited = Invitation { email: "new@example.org".into(), name: String::new(), roles: vec![role.to_owned()] };
        assert!(sentence(registry.invite(invited, Delivery::Told, act).await).contains(words));
    }
    place.give("clerk").await;
    registry.give_role(to_bob, "clerk", Giving::Grant, &anns).await.unwrap();
    // What roles permit is another matter.
    for refused in [
        sentence(registry.change_role("clerk", bundling("orders:close"), &anns).await),
        sentence(registry.create_role("mine", bundling("orders:close"), &anns).await),
        sentence(registry.delete_role("chief", &anns).await),
        sentence(
            registry
                .change_resource(
                    ORDERS,
                    ResourceChange {
                        scope_needs: [("orders:close".to_owned(), ["clerk".to_owned()].into())].into(),
                        ..ResourceChange::default()
                    },
                    &anns,
                )
                .await,
        ),
    ] {
        assert!(refused.contains("'admin'"), "{refused}");
    }
    // Nor does who was switched off give anything, and a client gives what it has.
    place.server.db_change_user(&place.ann, |account| account.user.disabled_at = Some(place.server.clock.now())).await;
    assert!(registry.give_role(to_bob, "clerk", Giving::Grant, &anns).await.is_err());
    let job = place.server.db_client(ClientType::Service, |client| client.metadata.roles = vec!["chief".into()]).await;
    let jobs = Act { by: Actor::Client(job.id.clone()), ..place.act() };
    registry.give_role(to_bob, "chief", Giving::Grant, &jobs).await.unwrap();
    assert!(registry.give_role(to_bob, "clerk", Giving::Grant, &jobs).await.is_err());
    let nobodys = Act { by: Actor::Nobody, ..place.act() };
    assert!(registry.give_role(to_bob, "chief", Giving::Grant, &nobodys).await.is_err());
}

#[tokio::test]
async fn somebody_keeps_the_role_admin() {
    let place = place().await;
    let (registry, act) = (place.server.registry(), place.act());
    place.give("admin").await;
    let none = UserChange { roles: Some(Vec::new()), ..UserChange::default() };
    let refuses = async || {
        for refused in [
            sentence(registry.give_role(Recipient::User(ANN), "admin", Giving::Revoke, &act).await),
            sentence(registry.change_user(ANN, none.clone(), &act).await),
            sentence(registry.switch_user(ANN, State::Off, &act).await),
            sentence(registry.delete_user(ANN, &act).await),
            sentence(registry.leave_user(ANN, 86_400, &act).await),
        ] {
            assert!(refused.contains("the last one with the role 'admin'"), "{refused}");
        }
    };
    refuses().await;
    // One who is switched off is no other.
    let bob = place.server.db_user("bob@example.org").await;
    registry.switch_user(&bob, State::Off, &act).await.unwrap();
    registry.give_role(Recipient::User(&bob), "admin", Giving::Grant, &act).await.unwrap();
    refuses().await;
    registry.switch_user(&bob, State::On, &act).await.unwrap();
    // Of two who are taken it at once, one keeps it.
    let (one, other) = tokio::join!(
        registry.give_role(Recipient::User(ANN), "admin", Giving::Revoke, &act),
        registry.give_role(Recipient::User(&bob), "admin", Giving::Revoke, &act),
    );
    assert!(one.is_ok() != other.is_ok());
    let left = registry.role_use("admin").await.unwrap().users;
    assert_eq!(left.len(), 1);
    // And of two who are deleted at once, one stays.
    for whom in [ANN, &bob] {
        registry.give_role(Recipient::User(whom), "admin", Giving::Grant, &act).await.unwrap();
    }
    let (one, other) = tokio::join!(registry.delete_user(ANN, &act), registry.delete_user(&bob, &act));
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(registry.role_use("admin").await.unwrap().users.len(), 1);
}

#[tokio::test]
async fn a_role_is_given_to_whom_it_can_be() {
    let place = place().await;
    let (registry, act) = (place.server.registry(), place.act());
    let give = async |whom: Recipient<'_>, role: &str| registry.give_role(whom, role, Giving::Grant, &act).await;
    assert!(sentence(give(Recipient::User(ANN), "user").await).contains("everybody"));
    assert!(sentence(give(Recipient::User(ANN), "typist").await).contains("no role 'typist'"));
    assert!(sentence(give(Recipient::User("x@example.org"), "clerk").await).contains("no account"));
    assert!(sentence(give(Recipient::Client("x"), "clerk").await).contains("no client"));
    assert!(sentence(give(Recipient::Client(&place.app.id), "clerk").await).contains("acts for people alone"));
    for _ in 0..2 {
        assert_eq!(give(Recipient::User(ANN), "clerk").await.unwrap().view, ["clerk"]);
    }
    let sql = "SELECT actor, subject, details FROM audit WHERE event = 'role.granted'";
    let told: Vec<(String, String, String)> = place.server.database.db_rows(sql).await;
    assert!(
        told.len() == 2
            && told.iter().all(|(by, whom, what)| {
                by == "operator" && whom.ends_with(&place.ann) && what.contains("\"role\":\"clerk\"")
            }),
        "{told:?}"
    );
    // To name a role of an account used to be enough: then it is made, and that is said.
    let roles = Some(vec!["typist".to_owned(), "clerk".to_owned()]);
    let changed = registry.change_user(ANN, UserChange { roles, ..UserChange::default() }, &act).await.unwrap();
    assert!(changed.warnings.len() == 1 && changed.warnings[0].contains("'typist'"), "{:?}", changed.warnings);
    assert_eq!(changed.view.made_by, MadeBy::Operator);
    assert_eq!(registry.role("typist").await.unwrap().scopes.len(), 0);
    let roles = Some(vec!["Admin".to_owned()]);
    assert!(
        sentence(registry.change_user(ANN, UserChange { roles, ..UserChange::default() }, &act).await)
            .contains("looks like")
    );
}

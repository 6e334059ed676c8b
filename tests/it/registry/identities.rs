//! What operators do about identities: link, unlink, list; and what an account shows of them.

use doorward::protocol::audit::Name;
use doorward::protocol::page::Page;
use doorward::registry::{Error, NewIdentity, NewUser, Registry, UserChange, WhichIdentity};
use doorward::secret::Secret;
use doorward::storage::UserFilter;
use serde_json::{Value, json};

use super::{operator, person, wrong_fields};
use crate::support::{Database, Live, Server};

const ISSUER: &str = "https://id.example.com";

fn identity(subject: &str) -> NewIdentity {
    NewIdentity { provider: "work".to_owned(), issuer: ISSUER.to_owned(), subject: subject.to_owned() }
}

fn by_subject(subject: &str) -> WhichIdentity {
    WhichIdentity { subject: Some(subject.to_owned()), ..WhichIdentity::default() }
}

async fn with_password(registry: &Registry, email: &str) -> String {
    let password = Some(Secret::presented("a quiet river at dawn"));
    let details = UserChange { password, ..person(email).details };
    registry.create_user(NewUser { email: email.to_owned(), details }, &operator()).await.unwrap().view.id
}

#[tokio::test]
async fn an_operator_links_an_identity_once_and_sees_whose_it_is() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let ann = registry.create_user(person("ann@example.org"), &act).await.unwrap().view;
    assert_eq!((ann.signs_in_by.len(), ann.identities.as_deref()), (0, Some(&[][..])));
    let bob = registry.create_user(person("bob@example.org"), &act).await.unwrap().view.id;
    let linked = registry.link_identity("ann@example.org", &identity("7"), &act).await.unwrap();
    assert_eq!(linked.signs_in_by, ["upstream"]);
    assert_eq!(
        serde_json::to_value(&linked).unwrap()["identities"],
        json!([{ "provider": "work", "issuer": ISSUER, "subject": "7", "email": null,
            "created_at": "2027-01-15T08:00:00Z", "last_used_at": "2027-01-15T08:00:00Z" }])
    );
    for (user, whose) in [(&bob, format!("the account {}", ann.id)), (&ann.id, "this account already".to_owned())] {
        match registry.link_identity(user, &identity("7"), &act).await {
            Err(Error::Invalid(problems)) => assert_eq!(problems.to_string(), format!("subject: is linked to {whose}")),
            other => panic!("{other:?}"),
        }
    }
    // One subject at another issuer is another identity.
    let elsewhere = NewIdentity { issuer: "https://other.example.com".to_owned(), ..identity("7") };
    registry.link_identity(&bob, &elsewhere, &act).await.unwrap();
    let listed = registry.users(&UserFilter::default(), Page { after: None, limit: 10 }).await.unwrap().items;
    assert!(listed.iter().all(|user| user.signs_in_by == ["upstream"] && user.identities.is_none()), "{listed:?}");
    let all = registry.identities(Page { after: None, limit: 1 }).await.unwrap();
    let rest = registry.identities(Page::after(all.next.clone())).await.unwrap();
    let owners = [&all.items[0], &rest.items[0]].map(|entry| entry.user_id.clone());
    assert!(rest.next.is_none() && owners.contains(&ann.id) && owners.contains(&bob), "{owners:?}");
    let rows = format!("SELECT COUNT(*) FROM audit WHERE event = '{}' AND actor = 'operator'", Name::IdentityLinked);
    assert_eq!(server.database.db_number(&rows).await, 2);
}

#[tokio::test]
async fn what_cannot_be_an_identity_is_refused_field_by_field() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let ann = registry.create_user(person("ann@example.org"), &act).await.unwrap().view.id;
    let long = "7".repeat(256);
    for (issuer, subject, fields) in [
        ("", "", &["issuer", "subject"][..]),
        ("id.example.com", "7", &["issuer"]),
        ("javascript:alert(1)", "7", &["issuer"]),
        (ISSUER, &long, &["subject"]),
        (ISSUER, "7\u{202e}", &["subject"]),
        (ISSUER, "7\n8", &["subject"]),
    ] {
        let new = NewIdentity { issuer: issuer.to_owned(), ..identity(subject) };
        assert_eq!(wrong_fields(registry.link_identity(&ann, &new, &act).await), fields, "{issuer} {subject}");
    }
    assert!(matches!(registry.link_identity("nobody", &identity("7"), &act).await, Err(Error::Missing(..))));
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM identities").await, 0);
}

#[tokio::test]
async fn a_password_is_no_way_in_where_nobody_signs_in_with_one() {
    let server = Server::with(|config| config.sign_in.password = false).await;
    let (registry, act) = (server.registry(), operator());
    let ann = with_password(&registry, "ann@example.org").await;
    registry.link_identity(&ann, &identity("7"), &act).await.unwrap();
    assert_eq!(wrong_fields(registry.unlink_identity(&ann, &by_subject("7"), false, &act).await), ["identity"]);
}

/// Row F10.
#[tokio::test]
async fn the_last_way_in_is_unlinked_only_by_whoever_insists() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let ann = registry.create_user(person("ann@example.org"), &act).await.unwrap().view.id;
    registry.link_identity(&ann, &identity("7"), &act).await.unwrap();
    assert_eq!(wrong_fields(registry.unlink_identity(&ann, &by_subject("7"), false, &act).await), ["identity"]);
    registry.link_identity(&ann, &identity("8"), &act).await.unwrap();
    let left = registry.unlink_identity(&ann, &by_subject("7"), false, &act).await.unwrap();
    assert_eq!(left.identities.unwrap()[0].subject, "8");
    assert_eq!(wrong_fields(registry.unlink_identity(&ann, &by_subject("8"), false, &act).await), ["identity"]);
    let left = registry.unlink_identity(&ann, &by_subject("8"), true, &act).await.unwrap();
    assert_eq!((left.signs_in_by.len(), left.identities.unwrap().len()), (0, 0));
    // A password is a way in, too.
    let bob = with_password(&registry, "bob@example.org").await;
    registry.link_identity(&bob, &identity("7"), &act).await.unwrap();
    let left = registry.unlink_identity(&bob, &by_subject("7"), false, &act).await.unwrap();
    assert_eq!(left.signs_in_by, ["password"]);
}

#[tokio::test]
async fn of_the_last_two_ways_one_stays_though_both_are_unlinked_at_once() {
    let server = Server::start().await;
    let other = server.another_node().await;
    let (here, there, act) = (server.registry(), other.registry(), operator());
    for round in 0..5 {
        let ann = here.create_user(person(&format!("ann{round}@example.org")), &act).await.unwrap().view.id;
        let (one, two) = (format!("{round}a"), format!("{round}b"));
        for subject in [&one, &two] {
            here.link_identity(&ann, &identity(subject), &act).await.unwrap();
        }
        let (one, two) = (by_subject(&one), by_subject(&two));
        let (first, second) =
            tokio::join!(here.unlink_identity(&ann, &one, false, &act), there.unlink_identity(&ann, &two, false, &act));
        assert!(first.is_ok() != second.is_ok(), "round {round}: {first:?} {second:?}");
        assert_eq!(here.user(&ann).await.unwrap().identities.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_identity_is_unlinked_only_when_it_is_clear_which() {
    let server = Server::start().await;
    let (registry, act) = (server.registry(), operator());
    let ann = with_password(&registry, "ann@example.org").await;
    for subject in ["7", "8"] {
        registry.link_identity(&ann, &identity(subject), &act).await.unwrap();
    }
    let of_provider = WhichIdentity { provider: Some("work".to_owned()), ..WhichIdentity::default() };
    for unclear in
        [of_provider.clone(), by_subject("9"), WhichIdentity { issuer: Some(String::new()), ..by_subject("7") }]
    {
        assert_eq!(wrong_fields(registry.unlink_identity(&ann, &unclear, true, &act).await), ["identity"]);
    }
    let bob = with_password(&registry, "bob@example.org").await;
    assert_eq!(wrong_fields(registry.unlink_identity(&bob, &by_subject("7"), true, &act).await), ["identity"]);
    let clear = WhichIdentity { subject: Some("7".to_owned()), ..of_provider.clone() };
    registry.unlink_identity(&ann, &clear, false, &act).await.unwrap();
    registry.unlink_identity(&ann, &of_provider, false, &act).await.unwrap();
    assert_eq!(server.database.db_number("SELECT COUNT(*) FROM identities").await, 0);
}

#[tokio::test]
async fn the_commands_link_show_list_and_unlink_identities() {
    let database = Database::copy().await;
    let server = Live::serve_with(
        &database,
        &[
            ("DOORWARD__UPSTREAM__WORK__KIND", "oidc"),
            ("DOORWARD__UPSTREAM__WORK__ISSUER", ISSUER),
            ("DOORWARD__UPSTREAM__WORK__CLIENT_ID", "doorward"),
            ("DOORWARD__UPSTREAM__MICROSOFT__CLIENT_ID", "doorward"),
            ("DOORWARD__UPSTREAM__MICROSOFT__CLIENT_SECRET", "a secret of the tests"),
            ("DOORWARD__UPSTREAM__MICROSOFT__TENANTS", "organizations"),
        ],
    );
    let ann = server.user("ann@example.org");
    for (wrong, why) in [
        (["--provider", "google"], "no [[upstream]] with the id 'google'"),
        (["--issuer", "https://other.example.com"], "name the --provider as well"),
        (["--provider", "microsoft"], "each tenant"),
    ] {
        let said = server.refused(&[&["user", "link", ann.as_str(), "--subject", "4711"][..], &wrong].concat());
        assert!(said.contains(why), "{wrong:?}: {said}");
    }
    let link = ["user", "link", &ann, "--provider", "work", "--subject", "4711"];
    let linked = server.command(&link);
    assert_eq!(linked["identities"][0]["subject"], "4711");
    assert!(server.refused(&link).contains("this account already"));
    let shown = server.command(&["user", "show", "ann@example.org"]);
    let names: Vec<&String> = shown["identities"][0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["created_at", "email", "issuer", "last_used_at", "provider", "subject"]);
    assert_eq!(shown["signs_in_by"], json!(["password", "upstream"]));
    let said = server.say(&["user", "show", "ann@example.org"], "");
    assert!(said.contains("work 4711"), "{said}");
    let exported = server.command(&["identity", "export"]);
    let subjects: Vec<&Value> = exported.as_array().unwrap().iter().map(|entry| &entry["subject"]).collect();
    assert_eq!((subjects, &exported[0]["user_id"]), (vec![&json!("4711")], &json!(ann)));
    assert!(server.refused(&["user", "unlink", &ann, "--provider", "google"]).contains("none that is so"));
    let left = server.command(&["user", "unlink", &ann, "--issuer", ISSUER, "--subject", "4711"]);
    assert_eq!(left["identities"], json!([]));
    let again = server.command(&["user", "link", &ann, "--issuer", ISSUER, "--subject", "4711"]);
    assert_eq!(
        (&again["identities"][0]["provider"], &again["identities"][0]["issuer"]),
        (&json!("work"), &json!(ISSUER))
    );
}

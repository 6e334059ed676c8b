//! What a sign-in through a provider brings up to date is recorded: which fields, and not what is in them.

use doorward::config::UpstreamConfig;
use doorward::protocol::upstream::Synced;
use serde_json::json;

use super::{Row, take};
use crate::federation::{federated, newcomer, through};
use crate::support::{Provider, Server};

fn synced(config: &mut UpstreamConfig) {
    config.sync = vec![Synced::Name, Synced::Picture];
    config.roles = [("eng".to_owned(), vec!["developer".to_owned()])].into();
}

/// Signs Ann in through the provider, which says this of her: the rows of what was changed by that.
async fn changes(server: &Server, fake: &Provider, said: serde_json::Value) -> Vec<Row> {
    let mut person = json!({ "sub": "ann-at-the-provider", "email": "ann@example.org", "email_verified": true });
    person.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    fake.person(person);
    let mut browser = server.browser();
    let login = browser.visit("/login").await;
    take(server).await;
    assert!(through(&mut browser, fake, &login).await.has("#sign-out"));
    let rows = take(server).await;
    assert_eq!(rows.iter().filter(|row| row.what() == "sign_in.succeeded").count(), 1);
    rows.into_iter().filter(|row| row.what() == "user.changed").collect()
}

#[tokio::test]
async fn what_a_sign_in_brings_up_to_date_is_recorded_by_name_and_once() {
    let (server, fake) = federated(synced).await;
    newcomer(&server, &fake).await;
    let id = server.database.db_rows::<(String,)>("SELECT id FROM users").await[0].0.clone();
    let plain = json!({ "name": "Ann Lee" });
    assert!(changes(&server, &fake, plain.clone()).await.is_empty(), "nothing is new");
    let picture = "https://pictures.test/ann-of-the-hills.png";
    for (said, fields) in [
        (json!({ "name": "Ann of the Hills" }), vec![json!(["name"])]),
        (json!({ "name": "Ann Ray", "picture": picture }), vec![json!(["name", "picture"])]),
        (json!({ "name": "Ann Ray", "picture": picture, "groups": ["eng"] }), vec![json!(["upstream_roles"])]),
        (json!({ "name": "Ann Ray", "picture": picture, "groups": ["eng", "other"] }), vec![]),
        (json!({ "name": "Ann Lee" }), vec![json!(["upstream_roles"]), json!(["name"])]),
        (plain, vec![]),
    ] {
        let rows = changes(&server, &fake, said.clone()).await;
        let found: Vec<_> = rows.iter().map(|row| row.details["fields"].clone()).collect();
        assert_eq!(found, fields, "{said}");
        for row in rows {
            let person = format!("user:{id}");
            assert_eq!((row.actor.as_str(), row.subject.as_deref()), (person.as_str(), Some(person.as_str())));
            assert_eq!((row.user_id.as_deref(), row.network.as_deref()), (Some(id.as_str()), Some("203.0.113.7")));
            let told = format!("{:?}", row.details);
            assert!(!["Ann", "hills", "eng", "developer"].iter().any(|value| told.contains(value)), "{told}");
        }
    }
}

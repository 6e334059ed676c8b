//! A key that somebody has found: whoever reports it is told nothing, and it is worth nothing any more.

use doorward::protocol::rejection::Rejection;
use serde_json::{Value, json};

use super::{ORDERS, over, place, wanted};
use crate::support::{Answer, Server};
use doorward::registry::KeyOwner;

async fn report(server: &Server, body: &Value) -> Answer {
    server.post_as("/api-keys/leaked", "application/json", body.to_string().into_bytes()).await
}

fn finding(token: &str) -> Value {
    json!({ "token": token, "type": "doorward_api_key", "url": "https://example.org/blob/1", "source": "content" })
}

#[tokio::test]
async fn a_reported_key_ends_on_every_node_and_its_owner_is_told() {
    let place = over(Server::with_mail(|_| {}).await).await;
    // What happens within the first minute of an account is part of making it.
    place.server.turn(61);
    place.hear().await;
    let (made, kept) = (place.key().await, place.key().await);
    let token = place.token(made.secret.expose()).await;
    let service = place.make(KeyOwner::Client(&place.service.id), wanted(ORDERS, "orders:read")).await;
    let other = place.server.another_node().await;
    let body = json!([finding("ghp_something"), finding(made.secret.expose()), finding(service.secret.expose())]);
    assert_eq!(report(&other, &body).await.status.as_u16(), 202);
    for gone in [made.secret.expose(), service.secret.expose(), &token] {
        assert!(!place.is_active(gone).await);
    }
    assert!(place.is_active(kept.secret.expose()).await);
    let told: Vec<_> =
        place.server.mailbox().await.to(super::ANN).iter().map(|mail| (mail.about(), mail.text.clone())).collect();
    let leaked =
        told.iter().find(|(about, _)| *about == "key_leaked").unwrap_or_else(|| panic!("the owner is told: {told:?}"));
    assert!(leaked.1.contains(&made.key.id) && !leaked.1.contains(made.secret.expose()), "{}", leaked.1);
    let rows = "SELECT COUNT(*) FROM audit WHERE event = 'api_key.reported' AND actor = 'nobody'";
    assert_eq!(place.server.database.db_number(rows).await, 2);
    let (view, _) = place.server.registry().api_key(&made.key.id, &place.act()).await.unwrap();
    assert_eq!((view.state, view.end_reason.as_deref()), ("ended", Some("leaked")));
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_the_key_is() {
    let place = place().await;
    let made = place.key().await;
    let (_, forged) = doorward::protocol::api_key::assemble(&made.key.id[4..], &doorward::random::secret_digits());
    let answers = [
        report(&place.server, &json!([finding(forged.expose())])).await,
        report(&place.server, &json!([finding(&made.key.id)])).await,
        report(&place.server, &json!([finding(made.secret.expose())])).await,
        report(&place.server, &json!([finding(made.secret.expose())])).await,
        report(&place.server, &json!([finding("")])).await,
    ];
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (202, ""));
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(answer), names(&answers[0]));
    }
    let rows = "SELECT COUNT(*) FROM audit WHERE event = 'api_key.reported'";
    assert_eq!(
        place.server.database.db_number(rows).await,
        1,
        "a secret that is wrong ends nothing, and once is enough"
    );
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_refused_and_too_many_are_slowed_down() {
    let place = over(Server::with(|config| config.limits.leak_reports_per_minute = 12).await).await;
    let many: Vec<Value> = (0..101).map(|_| finding("x")).collect();
    for body in [json!({}), json!([]), json!("x"), json!([{}]), json!([{ "token": 7 }]), json!(["x"]), json!(many)] {
        report(&place.server, &body).await.refused_json(400, Rejection::MalformedLeakReport);
    }
    let text = |body: &'static [u8]| place.server.post_as("/api-keys/leaked", "text/plain", body.to_vec());
    text(b"[{\"token\":\"\xff\"}]").await.refused_json(400, Rejection::MalformedLeakReport);
    text(b"").await.refused_json(400, Rejection::MalformedLeakReport);
    let long = place.server.post_as("/api-keys/leaked", "application/json", vec![b' '; 65_537]).await;
    long.refused_json(413, Rejection::BodyTooLarge);
    for _ in 0..2 {
        assert_eq!(report(&place.server, &json!([finding("x")])).await.status.as_u16(), 202);
    }
    report(&place.server, &json!([finding("x")])).await.refused_json(429, Rejection::TooOften);
}

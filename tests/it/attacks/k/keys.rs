//! Row K5: API keys, as an API asks about them that takes them in a header.

use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use doorward::protocol::client::ClientType;
use doorward::protocol::rejection::Rejection;
use doorward::registry::{Act, KeyOwner, NewKey, State};

use super::super::{ANN, BOB, encoded};
use crate::support::{Client, Server};

const API: &str = "https://api.test";
const OTHER: &str = "https://other.test";

struct Place {
    server: Server,
    api: Client,
}

/// What an API does that takes one key in `X-API-Key` or one token as `Bearer`, and never both.
async fn asks(place: &Place, headers: &HeaderMap, needs: &str) -> u16 {
    let keys: Vec<_> = headers.get_all("x-api-key").iter().collect();
    let bearer = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().trim_start_matches("Bearer "));
    let token = match (keys.as_slice(), bearer) {
        ([key], None) => key.to_str().unwrap(),
        ([], Some(bearer)) => bearer,
        _ => return 401,
    };
    let answer = place.api.post("/introspect", &[("token", token)]).await;
    if answer.status != 200 {
        answer.refused_json(400, Rejection::MissingTokenParameter);
        return 401;
    }
    let told = answer.ok();
    if told["active"] != true || told["aud"] != API {
        assert!(told["active"] == true || told == serde_json::json!({ "active": false }), "{told}");
        return 401;
    }
    if told["scope"].as_str().unwrap().split(' ').any(|scope| scope == needs) { 200 } else { 403 }
}

impl Place {
    async fn new() -> Self {
        let server = Server::start().await;
        for email in [ANN, BOB] {
            server.db_user(email).await;
        }
        let api = server.db_client(ClientType::Service, |_| {}).await;
        for identifier in [API, OTHER] {
            server.db_resource(identifier, &["read", "write"]).await;
        }
        server.db_change_resource(API, |resource| resource.introspectors = vec![api.id.clone()]).await;
        server.poll().await;
        Self { server, api }
    }

    fn act(&self) -> Act {
        Act::of_operator(self.server.clock.now())
    }

    async fn key(&self, email: &str, resource: &str) -> (String, String) {
        let new = NewKey { name: "K".into(), resource: resource.into(), scope: "read".into(), lifetime: Some(60) };
        let made = self.server.registry().create_api_key(KeyOwner::User(email), new, &self.act()).await.unwrap().view;
        (made.key.id, made.secret.expose().to_owned())
    }
}

fn with(keys: &[&str], bearer: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for key in keys {
        headers.append("x-api-key", key.parse().unwrap());
    }
    if let Some(token) = bearer {
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    headers
}

/// Empty, blank, twice, beside a Bearer token, cut, of another API, expired, of somebody who was switched off, ended on another node a moment ago: 401. A scope
/// that it lacks: 403. At our own endpoints it is worth nothing.
#[tokio::test]
async fn k5_an_api_key_opens_what_it_is_for_and_nothing_else() {
    let place = Place::new().await;
    let (id, key) = place.key(ANN, API).await;
    let (_, foreign) = place.key(ANN, OTHER).await;
    let asks = async |keys: &[&str], bearer: Option<&str>, needs: &str| asks(&place, &with(keys, bearer), needs).await;
    assert_eq!(asks(&[&key], None, "read").await, 200);
    assert_eq!(asks(&[&key], None, "write").await, 403, "the right key, and the wrong scope");
    let padded = format!(" {key}");
    for wrong in ["", " ", &padded, &key[..64], &id, &key.to_uppercase(), &foreign, "dwk_"] {
        assert_eq!(asks(&[wrong], None, "read").await, 401, "{wrong}");
    }
    assert_eq!(asks(&[&key, &key], None, "read").await, 401, "two headers");
    assert_eq!(asks(&[&key], Some(&key), "read").await, 401, "beside a Bearer token");
    // At the introspection endpoint itself, given twice.
    let twice = format!("token={}&token={}", encoded(&key), encoded(&key));
    place.server.post("/introspect", &twice).await.refused_json(400, Rejection::RepeatedParameter);

    // Our own endpoints take none.
    let request = |path: &str| Request::get(path).header("x-api-key", &key);
    for request in [request("/userinfo"), request("/userinfo").header(header::AUTHORIZATION, format!("Bearer {key}"))] {
        let answer = place.server.send(request.body(Body::empty()).unwrap()).await;
        answer.refused_in(401, &[Rejection::MissingToken, Rejection::MalformedToken]);
    }
    let account = place.server.send(request("/account").body(Body::empty()).unwrap()).await;
    assert!(account.status.is_redirection() && account.location().contains("/login"));
    place.api.post("/revoke", &[("token", &key)]).await;
    assert_eq!(asks(&[&key], None, "read").await, 200, "only its owner ends it");

    // Ended on another node.
    let other = place.server.another_node().await;
    let there = Place { api: place.api.on(&other), server: other };
    let (ended, of_ended) = place.key(ANN, API).await;
    there.server.registry().revoke_api_key(&ended, &place.act()).await.unwrap();
    assert_eq!(asks(&[&of_ended], None, "read").await, 401);
    // Of somebody who was switched off.
    let (_, bobs) = place.key(BOB, API).await;
    assert_eq!(asks(&[&bobs], None, "read").await, 200);
    place.server.registry().switch_user(BOB, State::Off, &place.act()).await.unwrap();
    assert_eq!(asks(&[&bobs], None, "read").await, 401);
    place.server.turn(60);
    place.server.poll().await;
    assert_eq!(asks(&[&key], None, "read").await, 401, "expired");
}

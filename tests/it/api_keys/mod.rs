//! API keys: what they are worth, to whoever asks and to whoever trades them; how they end; and who may make them.

mod commands;
mod ends;
mod exchange;
mod introspection;
mod leaked;
mod page;
mod registry;

use doorward::protocol::api_key::TOKEN_TYPE;
use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use doorward::protocol::token_exchange::GRANT_TYPE;
use doorward::registry::{Act, Giving, IssuedKey, KeyOwner, NewKey, Recipient, ResourceChange, RoleChange};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::support::{Answer, Client, Server};

const ANN: &str = "ann@example.org";
const ORDERS: &str = "https://orders.test";
const NOTES: &str = "https://notes.test";

/// An API whose scope `orders:write` the role `clerk` bundles, with somebody who may introspect for it; another API with somebody of its own; Ann, who has
/// no role; and a service.
struct Place {
    server: Server,
    ann: String,
    api: Client,
    other_api: Client,
    service: Client,
}

async fn place() -> Place {
    over(Server::start().await).await
}

async fn over(server: Server) -> Place {
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.roles.clear()).await;
    server.db_resource(ORDERS, &["orders:read", "orders:write"]).await;
    server.db_resource(NOTES, &["notes:read"]).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    let other_api = server.db_client(ClientType::Service, |_| {}).await;
    server.db_change_resource(ORDERS, |resource| resource.introspectors = vec![api.id.clone()]).await;
    server.db_change_resource(NOTES, |resource| resource.introspectors = vec![other_api.id.clone()]).await;
    let scopes = ScopeSet::parse("orders:read orders:write").unwrap();
    let service = server.db_client(ClientType::Service, |client| client.scopes = scopes).await;
    let place = Place { server, ann, api, other_api, service };
    let scopes = Some(["orders:write".to_owned()].into());
    let details = RoleChange { scopes, ..RoleChange::default() };
    place.server.registry().create_role("clerk", details, &place.act()).await.unwrap();
    place.hear().await;
    place
}

/// A key for these scopes of an API.
fn wanted(resource: &str, scope: &str) -> NewKey {
    NewKey { name: "Backup".to_owned(), resource: resource.to_owned(), scope: scope.to_owned(), lifetime: None }
}

impl Place {
    fn act(&self) -> Act {
        Act::of_operator(self.server.clock.now())
    }

    /// What every node does twice a second.
    async fn hear(&self) {
        self.server.poll().await;
    }

    async fn put(&self, whom: Recipient<'_>, giving: Giving) {
        self.server.registry().give_role(whom, "clerk", giving, &self.act()).await.unwrap();
        self.hear().await;
    }

    async fn change(&self, change: ResourceChange) {
        self.server.registry().change_resource(ORDERS, change, &self.act()).await.unwrap();
        self.hear().await;
    }

    async fn make(&self, owner: KeyOwner<'_>, new: NewKey) -> IssuedKey {
        self.server.registry().create_api_key(owner, new, &self.act()).await.unwrap().view
    }

    /// A key of Ann's that reads orders.
    async fn key(&self) -> IssuedKey {
        self.make(KeyOwner::User(&self.ann), wanted(ORDERS, "orders:read")).await
    }

    /// What the API is told of a key, or of a token.
    async fn seen(&self, token: &str) -> Value {
        self.api.post("/introspect", &[("token", token)]).await.ok()
    }

    async fn is_active(&self, token: &str) -> bool {
        let seen = self.seen(token).await;
        assert!(seen["active"] == true || seen == serde_json::json!({ "active": false }), "{seen}");
        seen["active"] == true
    }

    async fn trade(&self, key: &str, more: &[(&str, &str)]) -> Answer {
        trade(&self.server, key, more).await
    }

    /// The token that a key is traded for.
    async fn token(&self, key: &str) -> String {
        self.trade(key, &[]).await.ok()["access_token"].as_str().unwrap().to_owned()
    }
}

pub async fn trade(server: &Server, key: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("grant_type", GRANT_TYPE), ("subject_token_type", TOKEN_TYPE), ("subject_token", key)];
    let mut body = Serializer::new(String::new());
    for (name, value) in fields.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).chain(more) {
        body.append_pair(name, value);
    }
    server.post("/token", &body.finish()).await
}

//! Roles: which scopes a token carries, what is told of roles, and who may give them.

mod commands;
mod registry;
mod tokens;

use doorward::protocol::client::ClientType;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{Act, Giving, Recipient, ResourceChange, RoleChange};
use serde_json::Value;

use crate::support::{Client, Server};

pub const ANN: &str = "ann@example.org";
const ORDERS: &str = "https://orders.test";

/// An API whose scope `orders:write` the role `clerk` bundles and whose `orders:close` needs `chief`; somebody who may introspect for it; Ann, who
/// has no role; and an application of hers.
struct Place {
    server: Server,
    ann: String,
    api: Client,
    app: Client,
}

async fn place() -> Place {
    let server = Server::start().await;
    let ann = server.db_user(ANN).await;
    server.db_change_user(&ann, |account| account.user.roles.clear()).await;
    server.db_resource(ORDERS, &["orders:read", "orders:write", "orders:close"]).await;
    let api = server.db_client(ClientType::Service, |_| {}).await;
    server.db_change_resource(ORDERS, |resource| resource.introspectors = vec![api.id.clone()]).await;
    let scopes = ScopeSet::parse("openid offline_access orders:read orders:write orders:close").unwrap();
    let app = server.db_client(ClientType::Web, |client| client.scopes = scopes).await;
    let place = Place { server, ann, api, app };
    place.make("clerk", &["orders:write"]).await;
    place.make("chief", &[]).await;
    place.demand("orders:close", &["chief"]).await;
    place
}

impl Place {
    fn act(&self) -> Act {
        Act::of_operator(self.server.clock.now())
    }

    async fn make(&self, role: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let details = RoleChange { scopes: Some(scopes), ..RoleChange::default() };
        self.server.registry().create_role(role, details, &self.act()).await.unwrap();
        self.hear().await;
    }

    async fn change(&self, change: ResourceChange) {
        self.server.registry().change_resource(ORDERS, change, &self.act()).await.unwrap();
        self.hear().await;
    }

    async fn demand(&self, scope: &str, roles: &[&str]) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.change(ResourceChange { scope_needs: [(scope.to_owned(), roles)].into(), ..ResourceChange::default() })
            .await;
    }

    async fn give(&self, role: &str) {
        self.put(Recipient::User(&self.ann), role, Giving::Grant).await;
    }

    async fn take(&self, role: &str) {
        self.put(Recipient::User(&self.ann), role, Giving::Revoke).await;
    }

    async fn put(&self, whom: Recipient<'_>, role: &str, giving: Giving) {
        self.server.registry().give_role(whom, role, giving, &self.act()).await.unwrap();
        self.hear().await;
    }

    /// What every node does twice a second.
    async fn hear(&self) {
        self.server.app.directory.poll().await.unwrap();
    }

    async fn granted(&self, scope: &str) -> Value {
        let code = self.server.browser().code(&self.app, ANN, &format!("scope={scope}")).await;
        self.app.redeem(&code).await.ok()
    }

    async fn refresh(&self, tokens: &Value) -> Value {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.app.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await.ok()
    }

    async fn seen(&self, tokens: &Value) -> Value {
        self.api.post("/introspect", &[("token", tokens["access_token"].as_str().unwrap())]).await.ok()
    }
}

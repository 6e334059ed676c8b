//! APIs whose access tokens are signed with a secret that they share with us.

mod commands;
mod life;
mod tokens;

use doorward::protocol::audit::Act;
use doorward::protocol::client::ClientType;
use doorward::protocol::edit::Edit;
use doorward::protocol::resource_signing::ResourceAlgorithm;
use doorward::protocol::scope::ScopeSet;
use doorward::registry::{IssuedSecret, NewResource, ResourceChange};
use doorward::secret::from_base64url;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::support::{Answer, Client, Server, canaries};

const ANN: &str = "ann@example.org";
const ISSUER: &str = "http://localhost:8000";
const API: &str = "https://legacy.test";

/// A secret as its operator has it.
struct Shared {
    kid: String,
    bytes: Vec<u8>,
}

impl Shared {
    fn of(issued: &IssuedSecret) -> Self {
        canaries::secret(issued.secret.expose());
        assert_eq!(issued.secret.expose().len(), 43);
        Self { kid: issued.kid.clone(), bytes: from_base64url(issued.secret.expose()).unwrap() }
    }

    /// What jsonwebtoken says of a token for the API, with this secret and nothing else.
    fn verifies(&self, token: &str) -> bool {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_audience(&[API]);
        jsonwebtoken::decode::<Value>(token, &DecodingKey::from_secret(&self.bytes), &validation).is_ok()
    }
}

/// A server with such an API, an app and a service that may ask for its scope, and a client that introspects for it.
struct Legacy {
    server: Server,
    app: Client,
    service: Client,
    introspector: Client,
    secret: Shared,
}

async fn legacy() -> Legacy {
    let server = Server::start().await;
    server.db_user(ANN).await;
    let introspector = server.db_client(ClientType::Service, |_| {}).await;
    let details = ResourceChange {
        name: Some("Legacy".to_owned()),
        scopes: Some([("notes:read".to_owned(), String::new())].into()),
        introspectors: Some(vec![introspector.id.clone()]),
        signing_algorithm: Edit::Set(ResourceAlgorithm::Hs256),
        ..ResourceChange::default()
    };
    let new = NewResource { identifier: API.to_owned(), details };
    let made = server.registry().create_resource(new, &act(&server)).await.unwrap();
    let secret = Shared::of(&made.view.secret.unwrap());
    server.poll().await;
    let scopes = |own: &str| ScopeSet::parse(&format!("{own} notes:read")).unwrap();
    let app = server.db_client(ClientType::Web, |c| c.scopes = scopes("openid email offline_access")).await;
    let service = server.db_client(ClientType::Service, |c| c.scopes = scopes("")).await;
    Legacy { server, app, service, introspector, secret }
}

fn act(server: &Server) -> Act {
    Act::of_operator(server.clock.now())
}

/// Lets the API's tokens be signed so from now on.
async fn sign_with(server: &Server, algorithm: Option<ResourceAlgorithm>) -> Option<Shared> {
    let change = ResourceChange { signing_algorithm: algorithm.into(), ..ResourceChange::default() };
    let changed = server.registry().change_resource(API, change, &act(server)).await.unwrap();
    server.poll().await;
    changed.view.secret.as_ref().map(Shared::of)
}

impl Legacy {
    /// A token of the service.
    async fn token(&self) -> String {
        self.token_at(&self.server).await
    }

    async fn token_at(&self, node: &Server) -> String {
        access_token(&self.service.on(node).credentials(&[]).await.ok())
    }

    /// What the API's introspector is told at this node.
    async fn introspect_at(&self, node: &Server, token: &str) -> Value {
        self.introspector.on(node).post("/introspect", &[("token", token)]).await.ok()
    }

    async fn is_active(&self, token: &str) -> bool {
        self.introspect_at(&self.server, token).await["active"] == true
    }

    /// Gives the API another secret.
    async fn renew(&self, overlap: i64) -> Shared {
        let renewed = self.server.registry().renew_resource_secret(API, None, overlap, &act(&self.server)).await;
        self.server.poll().await;
        Shared::of(&renewed.unwrap().view)
    }
}

fn access_token(tokens: &Value) -> String {
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn refreshed(client: &Client, tokens: &Value, extra: &[(&str, &str)]) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    client.token(&[&[("grant_type", "refresh_token"), ("refresh_token", token)], extra].concat()).await
}

/// The header of a JWT.
fn header(token: &str) -> Value {
    serde_json::from_slice(&from_base64url(token.split('.').next().unwrap()).unwrap()).unwrap()
}

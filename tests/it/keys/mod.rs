//! Signing keys: their life, what verifies under them, and what happens to them when things go wrong.

mod algorithms;
mod commands;
mod damage;
mod hints;
mod judges;
mod kill;
mod owner;
mod revocation;
mod rotation;
mod secrecy;
mod signed_answers;
mod soak;

use doorward::protocol::algorithm::{Algorithm, AlgorithmChoice};
use doorward::protocol::client::ClientType;
use doorward::protocol::resource_signing::ResourceSigning;
use doorward::protocol::scope::ScopeSet;
use serde_json::Value;

use crate::support::{Client, Server};

/// How long a new key waits with the default settings until verifiers know it.
const WARM_UP: i64 = 420;
const DAY: i64 = 86_400;

/// An API of its own for each algorithm.
fn api(algorithm: Algorithm) -> String {
    format!("https://{}.api.test", algorithm.as_str().to_lowercase())
}

fn choice(algorithm: Algorithm) -> AlgorithmChoice {
    AlgorithmChoice { wanted: Some(algorithm), former: None }
}

impl Server {
    /// A server whose one key began to sign just now.
    async fn with_young_key() -> Self {
        Self::start().await.with_key_from(0).await
    }

    /// The same with a key that began to sign so many seconds ago.
    async fn with_key_from(self, ago: i64) -> Self {
        let at = self.clock.now().minus(ago).seconds();
        let sql = format!("UPDATE signing_keys SET created_at = {at}, signs_from = {at}, activated_at = {at}");
        assert_eq!(self.database.db_execute(&sql).await, 1);
        self.poll().await;
        self
    }

    /// Lets the node look after its keys and learn of it.
    async fn attend(&self) {
        self.app.signing_keys.rotate(self.clock.now()).await.unwrap();
        self.poll().await;
    }

    /// An API whose access tokens are signed so.
    async fn db_api(&self, algorithm: Algorithm, introspectors: &[&str]) {
        self.db_resource(&api(algorithm), &["notes:read"]).await;
        self.db_change_resource(&api(algorithm), |resource| {
            resource.signing = ResourceSigning::Public(choice(algorithm));
            resource.introspectors = introspectors.iter().map(|id| (*id).to_owned()).collect();
        })
        .await;
    }

    /// An app whose ID tokens are signed so.
    async fn db_app(&self, algorithm: Algorithm) -> Client {
        self.db_client(ClientType::Spa, |client| {
            client.id_token_algorithm = choice(algorithm);
            client.scopes = ScopeSet::parse("openid profile email notes:read").unwrap();
        })
        .await
    }

    /// The published keys.
    async fn jwks(&self) -> Vec<Value> {
        self.get("/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().clone()
    }
}

/// A part of a JWT, read.
fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&doorward::secret::from_base64url(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

/// The key in the header.
fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// The algorithm in the header.
fn algorithm(token: &str) -> String {
    part(token, 0)["alg"].as_str().unwrap().to_owned()
}

//! Group C: tokens, JWTs and keys (RFC 7515, RFC 7519, RFC 8725, RFC 9068, RFC 7662).

mod ended;
mod forged;
mod keys;
mod meant;
mod shared;

use doorward::protocol::client::ClientType;
use serde_json::Value;

use super::{ANN, OFFLINE, is_active, text};
use crate::support::{Client, Server, unverified_claims};

/// What a client was given, and what of it the attacker makes.
struct Given {
    server: Server,
    client: Client,
    access: String,
    refresh: String,
    id_token: String,
    /// The claims of the access token.
    claims: Value,
}

async fn given() -> Given {
    given_on(Server::start().await).await
}

async fn given_on(server: Server) -> Given {
    server.db_user(ANN).await;
    let client = server.db_client(ClientType::Web, |_| {}).await;
    let code = server.browser().code(&client, ANN, OFFLINE).await;
    let tokens = client.redeem(&code).await.ok();
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let (id_token, claims) = (text(&tokens, "id_token"), unverified_claims(&access));
    Given { server, client, access, refresh, id_token, claims }
}

impl Given {
    /// Asserts that no door takes it: userinfo says 401 with a challenge, introspection that it holds not, revocation that all is well, and
    /// as a hint of who is there it is foreign. The right token holds as before.
    async fn refuses(&self, token: &str) {
        let said: String = token.chars().take(80).collect();
        let answer = self.client.userinfo(token).await;
        assert_eq!(answer.status, 401, "{said}: {}", answer.text());
        assert_eq!(answer.json()["error"], "invalid_token", "{said}");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{said}");
        let asked = self.client.post("/introspect", &[("token", token)]).await;
        if asked.status != 400 {
            assert_eq!(asked.ok(), serde_json::json!({ "active": false }), "{said}");
            assert_eq!(self.client.post("/revoke", &[("token", token)]).await.status, 200, "{said}");
        }
        let hint = format!("prompt=none&id_token_hint={}", super::encoded(token));
        let answer = self.server.get(&self.client.authorization_url(&hint)).await;
        assert!(answer.status.is_redirection() || answer.status == 400, "{said}: {}", answer.status);
        assert!(answer.onward().is_none() || answer.location_param("code").is_none(), "{said}");
    }

    /// Asserts that the right token holds.
    async fn still_holds(&self) {
        self.client.userinfo(&self.access).await.ok();
        assert!(is_active(&self.client, &self.access).await);
    }

    /// The claims with one of them changed, as JSON text; `null` takes it away.
    fn changed(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims.to_string()
    }
}

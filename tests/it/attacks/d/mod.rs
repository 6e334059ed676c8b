//! Group D: refresh tokens, revocation, and what lives long (RFC 6749 §6, RFC 7009, RFC 9700 §4.14).

mod bounds;
mod ends;
mod rotation;

use doorward::protocol::rejection::Rejection;
use serde_json::Value;

use super::{is_active, refresh, text};
use crate::support::Client;

/// Asserts that nothing of these answers is worth anything to the client any more.
async fn all_dead(client: &Client, answers: &[&Value]) {
    for tokens in answers {
        let (access, refresh_token) = (text(tokens, "access_token"), text(tokens, "refresh_token"));
        if client.secret.is_some() {
            assert!(!is_active(client, &access).await && !is_active(client, &refresh_token).await);
        }
        client.userinfo(&access).await.refused_in(401, &[Rejection::TokenOfEndedGrant, Rejection::RevokedToken]);
        let answer = refresh(client, &refresh_token).await;
        answer.refused_in(400, &[Rejection::EndedGrant, Rejection::UnknownRefreshToken]);
    }
}

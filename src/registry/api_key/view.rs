//! API keys as every face shows them.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::protocol::api_key::{ApiKey, Owner};
use crate::protocol::scope::ScopeSet;
use crate::secret::Secret;
use crate::storage::KeyUse;

/// A key as every face shows it. Times are RFC 3339.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKeyView {
    /// Its id: how it begins.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The person whose it is, by id.
    pub user_id: Option<String>,
    /// The client whose it is.
    pub client_id: Option<String>,
    /// The API that it is for.
    pub resource: String,
    /// What it may do at most.
    pub scope: ScopeSet,
    /// `live`, `replaced` (and still good), `expired` or `ended`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: String,
    /// When it ends, or ended, by itself.
    pub expires_at: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
    /// From which network it was shown to us then.
    pub last_used_network: Option<String>,
    /// When it was ended.
    pub ended_at: Option<String>,
    /// Why.
    pub end_reason: Option<String>,
    /// The key that it was replaced by.
    pub successor: Option<String>,
}

/// That a key was used.
#[derive(Clone, Debug, Serialize)]
pub struct KeyUseView {
    /// When (RFC 3339): the first time that day, or from that network.
    pub at: String,
    /// From which network: its holder's, or that of the API that asked about it.
    pub network: Option<String>,
    /// Who showed it to us: `client:ID` of the API that asked, or the key itself.
    pub by: String,
    /// `introspected` or `traded`.
    pub how: Option<String>,
}

/// A key that was just made.
#[derive(Clone, Debug)]
pub struct IssuedKey {
    /// What is known of it.
    pub key: ApiKeyView,
    /// The key itself: this once.
    pub secret: Secret,
}

impl ApiKeyView {
    pub(in crate::registry) fn of(key: ApiKey, now: Timestamp) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let (user_id, client_id) = match &key.owner {
            Owner::User(id) => (Some(id.clone()), None),
            Owner::Client(id) => (None, Some(id.clone())),
        };
        Self {
            state: key.state(now).as_str(),
            user_id,
            client_id,
            id: key.id,
            name: key.name,
            resource: key.resource,
            scope: key.scopes,
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.to_string(),
            last_used_at: time(key.last_used_at),
            last_used_network: key.last_used_network,
            ended_at: time(key.ended_at),
            end_reason: key.end_reason,
            successor: key.successor,
        }
    }
}

impl From<KeyUse> for KeyUseView {
    fn from(used: KeyUse) -> Self {
        Self { at: used.at.to_string(), network: used.network, by: used.actor, how: used.how }
    }
}

//! What a person sees of their own account: the applications with access. Taking that back stands in `endings.rs`.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::rows::scopes;
use super::{Reader, on, statements};
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::protocol::scope::ScopeSet;

statements! {
    CONSENTED = "SELECT k.client_id, c.name, k.scopes, k.given_at AS used_at, \
        COALESCE(k.first_given_at, k.given_at) AS since FROM consents k JOIN clients c ON c.client_id = k.client_id \
        WHERE k.user_id = $1";
    GRANTED = "SELECT g.client_id, c.name, g.scopes, MAX(COALESCE(g.last_used_at, g.created_at)) AS used_at, MIN(g.created_at) AS since FROM grants g \
        JOIN clients c ON c.client_id = g.client_id WHERE g.user_id = $1 AND g.ended_at IS NULL GROUP BY g.client_id, c.name, g.scopes";
    LAST_ENDED_FOR = "SELECT MAX(ended_at) FROM grants WHERE user_id = $1 AND end_reason = $2";
}

/// An application with access to a person's account.
#[derive(Clone, Debug)]
pub struct AppWithAccess {
    /// The client.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may do: what was allowed, and what it was granted.
    pub scopes: ScopeSet,
    /// Since when it has access: when it was first allowed or granted anything of what it still has.
    pub since: Timestamp,
    /// When it last used its access, or when that was given.
    pub used_at: Timestamp,
}

#[derive(FromRow)]
struct AccessRow {
    client_id: String,
    name: String,
    scopes: String,
    used_at: i64,
    since: i64,
}

impl Reader {
    /// The applications with access to a person's account, by name: those that the person has allowed something, and those with a
    /// grant that has not ended.
    pub async fn apps_of_user(&mut self, user_id: &str) -> Result<Vec<AppWithAccess>, Failure> {
        let mut apps: BTreeMap<(String, String), AppWithAccess> = BTreeMap::new();
        for statement in [CONSENTED, GRANTED] {
            let rows = on!(self, |c| sqlx::query_as::<_, AccessRow>(statement).bind(user_id).fetch_all(c).await)?;
            for row in rows {
                let (allowed, used_at) = (scopes(&row.scopes)?, Timestamp::from_seconds(row.used_at));
                let since = Timestamp::from_seconds(row.since);
                let app = apps.entry((row.name.clone(), row.client_id.clone())).or_insert(AppWithAccess {
                    client_id: row.client_id,
                    name: row.name,
                    scopes: ScopeSet::default(),
                    since,
                    used_at,
                });
                app.scopes = app.scopes.union(&allowed);
                app.since = app.since.min(since);
                app.used_at = app.used_at.max(used_at);
            }
        }
        Ok(apps.into_values().collect())
    }

    /// When a grant of the person last ended for this reason.
    pub async fn last_ended_for(&mut self, user_id: &str, reason: &str) -> Result<Option<Timestamp>, Failure> {
        let (at,) = on!(self, |c| sqlx::query_as::<_, (Option<i64>,)>(LAST_ENDED_FOR)
            .bind(user_id)
            .bind(reason)
            .fetch_one(c)
            .await)?;
        Ok(at.map(Timestamp::from_seconds))
    }
}

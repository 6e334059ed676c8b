//! Whether tokens hold, at userinfo and at introspection, as the model says.

use doorward::protocol::rejection::Rejection;

use super::{Compared, History, outcome};
use crate::model::operation::{SPA, WEB};
use crate::model::reference::{Introspector, Told};
use crate::support::Client;

impl History<'_> {
    /// Looks at the newest tokens of the newest grants, and at all others each in its turn.
    pub(super) async fn look(&self) -> Compared {
        let grants = self.model.grants.len();
        for grant in grants.saturating_sub(2)..grants {
            if let Some((refresh, access)) = self.model.newest(grant) {
                self.look_at_refresh_token(refresh).await?;
                self.look_at_access_token(access).await?;
            }
        }
        if !self.refresh_tokens.is_empty() {
            let turn = self.steps % self.refresh_tokens.len();
            self.look_at_refresh_token(turn).await?;
            self.look_at_access_token(turn).await?;
        }
        if let Some(newest) = self.service_tokens.len().checked_sub(1) {
            self.look_at_service_token(newest).await?;
        }
        self.look_at_keys().await
    }

    /// At the end everything is looked at, and no grant has two leaves.
    pub(in crate::model) async fn end(&self) -> Compared {
        for token in 0..self.refresh_tokens.len() {
            self.look_at_refresh_token(token).await?;
            self.look_at_access_token(token).await?;
        }
        for token in 0..self.service_tokens.len() {
            self.look_at_service_token(token).await?;
        }
        self.look_at_all_keys().await?;
        let [one, two, three] = &self.apps;
        let apps = format!("client_id IN ('{}', '{}', '{}')", one.id, two.id, three.id);
        let doubled = format!(
            "SELECT COUNT(*) FROM (SELECT grant_id FROM refresh_tokens WHERE {apps} AND consumed_at IS NULL GROUP BY grant_id \
             HAVING COUNT(*) > 1) AS doubled"
        );
        self.same("grants with two leaves", self.place.server.database.db_number(&doubled).await, 0)?;
        // What began and what ended is recorded, each once.
        let recorded = |event: &str| {
            format!(
                "(SELECT COUNT(*) FROM audit a WHERE a.user_id = g.user_id AND a.subject = 'grant:' || g.id AND a.event = '{event}')"
            )
        };
        let unrecorded = format!(
            "SELECT COUNT(*) FROM grants g WHERE {apps} AND EXISTS (SELECT 1 FROM codes k WHERE k.grant_id = g.id AND k.redeemed_at IS NOT NULL) \
             AND ({} <> 1 OR {} <> CASE WHEN g.ended_at IS NULL THEN 0 ELSE 1 END)",
            recorded("grant.began"),
            recorded("grant.ended")
        );
        self.same("grants that the record has not once", self.place.server.database.db_number(&unrecorded).await, 0)
    }

    async fn look_at_access_token(&self, token: usize) -> Compared {
        let text = &self.access_tokens[token];
        let answer = self.apps[SPA].userinfo(text).await;
        let said = outcome(&answer).map(|()| self.roles_of(&answer));
        self.same(&format!("access token {token} at userinfo"), said, self.model.userinfo(token))?;
        match self.model.access_token_is_active(token) {
            Some((Introspector::Api, active)) => self.same(
                &format!("access token {token} asked by its API"),
                self.introspect(&self.place.api, text).await,
                active,
            ),
            Some((Introspector::Owner, active)) => self.same(
                &format!("access token {token} asked by its owner"),
                self.introspect(&self.apps[self.app_of(self.model.grant_of_access(token))], text).await,
                active,
            ),
            None => Ok(()),
        }
    }

    async fn look_at_refresh_token(&self, token: usize) -> Compared {
        // The single-page app cannot ask: another does, which is told nothing.
        let by = self.app_of(self.model.grant_of(token)).max(WEB);
        let said = self.introspect(&self.apps[by], &self.refresh_tokens[token]).await;
        self.same(&format!("refresh token {token}"), said, self.model.refresh_token_is_active(token, by))
    }

    pub(super) async fn introspect(&self, client: &Client, token: &str) -> Result<Option<Told>, Rejection> {
        let answer = client.post("/introspect", &[("token", token)]).await;
        outcome(&answer).map(|()| answer.json()).map(|told| (told["active"] == true).then(|| self.read(&told)))
    }
}

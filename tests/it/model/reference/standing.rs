//! What the model says of tokens as they stand.

use doorward::protocol::rejection::Rejection;

use super::roles::Told;
use super::{AccessToken, Ask, Audience, Model, RefreshToken};
use crate::model::operation::{App, Role, SPA};

/// Who asks whether an access token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Introspector {
    /// The API that it is for.
    Api,
    /// The application that it was given to.
    Owner,
}

impl Model {
    /// What userinfo says to an access token: of roles, when the token has the scope for that.
    pub(in crate::model) fn userinfo(&self, token: usize) -> Result<Option<Vec<Role>>, Rejection> {
        let known = &self.access_tokens[token];
        let AccessToken { expires, said, revoked, grant, .. } = *known;
        // Nobody of ours reads what a secret has signed.
        if known.secret.is_some() {
            return Err(Rejection::MalformedToken);
        }
        if self.now >= expires {
            return Err(Rejection::ExpiredToken);
        }
        if said.audience == Audience::Api {
            return Err(Rejection::WrongAudience);
        }
        if !said.has("openid") {
            return Err(Rejection::TokenWithoutOpenid);
        }
        match (revoked, self.access_holds(known)) {
            (true, _) => Err(Rejection::RevokedToken),
            (false, false) => Err(Rejection::TokenOfEndedGrant),
            (false, true) => Ok(said.has("roles").then(|| self.roles_of(self.grants[grant].person))),
        }
    }

    /// What introspection tells of an access token, if it calls it active; nothing when nobody may ask.
    pub(in crate::model) fn access_token_is_active(
        &self,
        token: usize,
    ) -> Option<(Introspector, Result<Option<Told>, Rejection>)> {
        let known = &self.access_tokens[token];
        let AccessToken { grant, expires, said, revoked, .. } = *known;
        let active = self.now < expires && !revoked && self.access_holds(known);
        let told = active.then(|| self.told(known));
        match (said.audience, self.grants[grant].app) {
            (Audience::Api, _) => Some((Introspector::Api, Ok(told))),
            (Audience::Issuer | Audience::Both, SPA) => None,
            (Audience::Issuer | Audience::Both, app) => Some((Introspector::Owner, self.is_on(app).map(|()| told))),
        }
    }

    /// What introspection tells of a refresh token, if it calls it active, when this application asks.
    pub(in crate::model) fn refresh_token_is_active(&self, token: usize, by: App) -> Result<Option<Told>, Rejection> {
        let RefreshToken { grant, expires, replaced, superseded } = self.refresh_tokens[token];
        let own = self.grants[grant].app == by;
        let is_active = own && replaced.is_none() && !superseded && self.now < expires && self.holds(grant);
        let told = || Told { scope: self.said(grant, Ask::Whole).unwrap().scope(), roles: Vec::new() };
        self.is_on(by).map(|()| is_active.then(told))
    }

    /// The secret that signed an access token, if one did.
    pub(in crate::model) fn secret_of(&self, access_token: usize) -> Option<usize> {
        self.access_tokens[access_token].secret
    }

    /// The grant of a refresh token.
    pub(in crate::model) fn grant_of(&self, refresh_token: usize) -> usize {
        self.refresh_tokens[refresh_token].grant
    }

    /// The grant of an access token.
    pub(in crate::model) fn grant_of_access(&self, access_token: usize) -> usize {
        self.access_tokens[access_token].grant
    }

    /// The application of a code.
    pub(in crate::model) fn app_of_code(&self, code: usize) -> App {
        self.grants[self.codes[code].grant].app
    }

    /// The newest refresh and access token of a grant.
    pub(in crate::model) fn newest(&self, grant: usize) -> Option<(usize, usize)> {
        let refresh = self.refresh_tokens.iter().rposition(|token| token.grant == grant)?;
        Some((refresh, self.access_tokens.iter().rposition(|token| token.grant == grant)?))
    }
}

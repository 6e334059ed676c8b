//! A visit to a page: the pending request that it serves, and what every form and answer of that page carries.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::{Asker, FormParts, html, leads_to};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::cookies::SetCookie;
use crate::http::extract::Sender;
use crate::protocol::authorization_request::PendingRequest;
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;

/// A visit to a page that serves a pending request, or none.
pub(super) struct Visit {
    /// The sealed request, as the browser brought it.
    pub sealed: Option<String>,
    /// The request.
    pub pending: Option<PendingRequest>,
    browser: Secret,
    cookie: Option<SetCookie>,
}

impl Visit {
    /// Opens the sealed request that the visit brings.
    pub fn open(app: &App, sender: &Sender, sealed: Option<String>, now: Timestamp) -> Result<Self, Rejection> {
        let pending = match &sealed {
            Some(text) => Some(app.sign_ins.pending.open(text, sender.cookies.browser.as_ref(), now)?),
            None => None,
        };
        let (browser, cookie) = sender.cookies.browser_or_new();
        Ok(Self { sealed, pending, browser, cookie })
    }

    /// What the page's form carries.
    pub fn form(&self, app: &App) -> FormParts {
        FormParts { csrf: app.sign_ins.forms.token(&self.browser), request: self.sealed.clone().unwrap_or_default() }
    }

    /// The application that asks.
    pub async fn asker(&self, app: &App) -> Result<Option<Asker>, Error> {
        let Some(pending) = &self.pending else { return Ok(None) };
        let client = app.directory.client(&pending.request.client_id).await?.ok_or(Rejection::DisabledClient)?;
        Ok(Some(client.as_ref().into()))
    }

    /// The page with the browser's cookie and what its form may lead to.
    pub fn answer(&self, template: &impl Template) -> Result<Response, Failure> {
        Ok((leads_to(self.pending.as_ref()), self.cookie.clone(), html(template)?).into_response())
    }
}

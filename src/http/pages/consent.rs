//! The consent page: who asks, what for, and where the browser will go; and what the person decides.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{Asker, FormParts, Page, form_post};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::endpoints::authorize::{resume_at, see_other};
use crate::http::error::{PageError, explained};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::authorization_request::PendingRequest;
use crate::protocol::client::ClientType;
use crate::protocol::consent::Consent;
use crate::protocol::redirect_uri;
use crate::protocol::rejection::Rejection;
use crate::protocol::scope::{self, ISSUER_SCOPES};
use crate::protocol::sign_in::SignIn;
use crate::signin::Proceed;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    page: Page,
    form: FormParts,
    ticket: String,
    client: Option<Asker>,
    native: bool,
    email: String,
    asks: Vec<Ask>,
    apis: Vec<String>,
    destination: String,
}

/// One thing that is asked for.
struct Ask {
    scope: String,
    words: String,
    allowed_before: bool,
}

/// The question.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = query(raw.as_deref())?.single("request")?.map(str::to_owned);
    let (visit, pending) = visit(&app, &sender, sealed, now)?;
    let Some(sign_in) = sender.sign_in(&app, now).await? else {
        return Ok(see_other(&resume_at(visit.sealed.as_deref()))?);
    };
    let client = app.directory.client(&pending.request.client_id).await?.ok_or(Rejection::DisabledClient)?;
    let former = app.sign_ins.former_consent(&client, &sign_in).await?;
    let resources = app.directory.resources().await?;
    let account = app.storage.read().await?.user(&sign_in.user_id).await?.ok_or(Rejection::ConsentOfAnother)?;
    let named = |identifier: &String| {
        resources.iter().find(|resource| resource.identifier == *identifier).map(|resource| resource.name.clone())
    };
    let template = ConsentPage {
        page: sender.page.clone(),
        form: visit.form(&app),
        ticket: app.sign_ins.forms.consent_ticket(&pending, &sign_in.id),
        client: Some(client.as_ref().into()),
        native: client.client_type == ClientType::Native,
        email: account.user.email,
        asks: asks(&pending, former.as_ref(), |token| scope::words(token, &resources)),
        apis: pending.request.resources.iter().filter_map(named).collect(),
        destination: redirect_uri::destination(pending.request.target.redirect_uri()),
    };
    Ok(visit.answer(&template)?)
}

/// The decision.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = form.params.single("request")?.map(str::to_owned);
    let (visit, pending) = visit(&app, &form.sender, sealed, now)?;
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&resume_at(visit.sealed.as_deref()))?);
    };
    app.sign_ins.forms.check_consent(&pending, &sign_in.id, form.params.single("ticket")?)?;
    match form.params.single("decision")? {
        Some("allow") => allow(&app, &visit, &pending, &sign_in, now).await,
        Some("deny") => match app.sign_ins.deny(&pending) {
            Proceed::Refused(rejection, answer) => {
                Ok(explained(form_post::carry(&form.sender.page, answer)?, rejection.into()))
            }
            _ => Err(Rejection::MissingDecision.into()),
        },
        _ => Err(Rejection::MissingDecision.into()),
    }
}

async fn allow(
    app: &App,
    visit: &Visit,
    pending: &PendingRequest,
    sign_in: &SignIn,
    now: Timestamp,
) -> Result<Response, PageError> {
    app.sign_ins.allow(pending, sign_in, now).await?;
    Ok(see_other(&resume_at(visit.sealed.as_deref()))?.into_response())
}

fn visit(app: &App, sender: &Sender, sealed: Option<String>, now: Timestamp) -> Result<(Visit, PendingRequest), Error> {
    let visit = Visit::open(app, sender, sealed, now)?;
    let pending = visit.pending.clone().ok_or(Rejection::MissingPendingRequest)?;
    Ok((visit, pending))
}

fn asks(pending: &PendingRequest, former: Option<&Consent>, words: impl Fn(&str) -> String) -> Vec<Ask> {
    let ask = |token: &str| Ask {
        scope: token.to_owned(),
        words: words(token),
        allowed_before: former.is_some_and(|former| former.scopes.contains(token)),
    };
    let mut asks: Vec<Ask> = pending.request.scopes_to_allow().iter().map(ask).collect();
    // Ours first, in the order that a person understands them in; then those of the APIs.
    let place = |ask: &Ask| ISSUER_SCOPES.iter().position(|(own, _)| *own == ask.scope).unwrap_or(ISSUER_SCOPES.len());
    asks.sort_by_key(place);
    asks
}

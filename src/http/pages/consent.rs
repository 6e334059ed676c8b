//! The consent page: who asks, what for, and where the browser will go; and what the person decides.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::visit::Visit;
use super::{Asker, FormParts, Page};
use crate::app::App;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::client::ClientType;
use crate::protocol::consent::Consent;
use crate::protocol::redirect_uri;
use crate::protocol::rejection::Rejection;
use crate::protocol::scope::{self, ISSUER_SCOPES};

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
    let visit = Visit::open(&app, &sender, sealed, now)?;
    let request = visit.journey.request().ok_or(Rejection::MissingPendingRequest)?;
    let standing = app.sign_ins.standing(&visit.journey, sender.cookies.sign_in.as_ref(), now).await?;
    let (Some(sign_in), Some(client)) = (standing.sign_in, standing.client) else { return Ok(visit.resume()?) };
    let resources = app.directory.resources().await?;
    let named = |identifier: &String| {
        resources.iter().find(|resource| resource.identifier == *identifier).map(|resource| resource.name.clone())
    };
    let template = ConsentPage {
        page: sender.page.clone(),
        form: visit.form(&app),
        ticket: app.sign_ins.forms.consent_ticket(&visit.journey, &sign_in.id),
        client: Some(client.as_ref().into()),
        native: client.client_type == ClientType::Native,
        email: sign_in.email,
        asks: asks(request, standing.consent.as_ref(), |token| scope::words(token, &resources)),
        apis: request.resources.iter().filter_map(named).collect(),
        destination: redirect_uri::destination(request.target.redirect_uri()),
    };
    Ok(visit.answer(&template)?)
}

/// The decision.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = form.params.single("request")?.map(str::to_owned);
    let visit = Visit::open(&app, &form.sender, sealed, now)?;
    let request = visit.journey.request().ok_or(Rejection::MissingPendingRequest)?;
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else { return Ok(visit.resume()?) };
    app.sign_ins.forms.check_consent(&visit.journey, &sign_in.id, form.params.single("ticket")?)?;
    match form.params.single("decision")? {
        Some("allow") => {
            app.sign_ins.allow(&visit.journey, &sign_in, now).await?;
            Ok(visit.resume()?)
        }
        Some("deny") => {
            let denied = app.sign_ins.deny(request).await?;
            Ok(visit.lead(&form.sender, denied)?)
        }
        _ => Err(Rejection::MissingDecision.into()),
    }
}

fn asks(request: &AuthorizationRequest, former: Option<&Consent>, words: impl Fn(&str) -> String) -> Vec<Ask> {
    let ask = |token: &str| Ask {
        scope: token.to_owned(),
        words: words(token),
        allowed_before: former.is_some_and(|former| former.scopes.contains(token)),
    };
    let mut asks: Vec<Ask> = request.scopes_to_allow().iter().map(ask).collect();
    // Ours first, in the order that a person understands them in; then those of the APIs.
    let place = |ask: &Ask| ISSUER_SCOPES.iter().position(|(own, _)| *own == ask.scope).unwrap_or(ISSUER_SCOPES.len());
    asks.sort_by_key(place);
    asks
}

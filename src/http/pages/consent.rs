//! The consent page: who asks, what for, and where the browser will go; and what the person decides.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::language::{Language, Markup};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::consent::{Allowance, Consent};
use crate::protocol::next_step::NextStep;
use crate::protocol::redirect_uri;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::resource::Resource;
use crate::protocol::role::Holder;
use crate::protocol::scope;
use crate::protocol::sign_in::SignIn;
use crate::signin::Standing;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    page: Page,
    form: FormParts,
    ticket: String,
    client: Option<Asker>,
    native: bool,
    person: String,
    asks: Vec<Ask>,
    apis: Vec<String>,
    scopes: Markup,
    destination: String,
    error: Option<Notice>,
}

/// One thing that is asked for.
struct Ask {
    scope: String,
    words: String,
    allowed_before: bool,
}

/// The question, as long as it is open: whoever comes back to it later is led on.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    question(&app, &sender, visit, None, now).await
}

/// The decision.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else { return Ok(visit.resume(&app)?) };
    let ticket = form.params.single("ticket")?;
    if let Err(rejection) = app.sign_ins.forms.check_consent(&visit.journey, &sign_in.id, ticket) {
        return question(&app, &form.sender, visit, Some(rejection), now).await;
    }
    match form.params.single("decision")? {
        Some("allow") => {
            let allowed = app.sign_ins.allow(&visit.journey, &sign_in, &form.sender.browser, now).await;
            visit.told(&app, allowed).await?;
            Ok(visit.resume(&app)?)
        }
        Some("deny") => {
            let denied = app.sign_ins.deny(&visit.journey, &sign_in, &form.sender.browser, now).await;
            let denied = visit.told(&app, denied).await?;
            Ok(visit.lead(&form.sender, denied)?)
        }
        _ => question(&app, &form.sender, visit, Some(Rejection::MissingDecision), now).await,
    }
}

/// Asks whoever is signed in now, when there is something to ask; says what was wrong with the last answer.
async fn question(
    app: &App,
    sender: &Sender,
    visit: Visit,
    error: Option<Rejection>,
    now: Timestamp,
) -> Result<Response, PageError> {
    let request = visit.journey.request().ok_or(Rejection::MissingPendingRequest)?;
    let Standing { sign_in, client, consent, step } = visit.standing(app, sender, now).await?;
    // Whose answer did not count is shown who is signed in now, before anything goes on for that person.
    let is_open = step == NextStep::Consent || error.is_some() && step == NextStep::Finish;
    let (Some(sign_in), Some(client), true) = (sign_in, client, is_open) else { return Ok(visit.resume(app)?) };
    let resources = app.directory.resources().await?;
    let named = |identifier: &String| {
        resources.iter().find(|resource| resource.identifier == *identifier).map(|resource| resource.name.clone())
    };
    let error = error.map(Refusal::from);
    let asks = asks((request, &sign_in), consent.as_ref(), (&resources, sender.page.language()));
    let template = ConsentPage {
        page: sender.page.clone(),
        form: visit.form(app),
        ticket: app.sign_ins.forms.consent_ticket(&visit.journey, &sign_in.id),
        client: Some(Asker::of(&client, Some(request.target.redirect_uri()))),
        native: redirect_uri::is_on_device(&client, request.target.redirect_uri()),
        person: sign_in.called().to_owned(),
        scopes: codes(asks.iter().map(|ask| ask.scope.as_str())),
        asks,
        apis: request.resources.iter().filter_map(named).collect(),
        destination: redirect_uri::destination(request.target.redirect_uri()),
        error: error.as_ref().map(Notice::from),
    };
    let page = visit.answer(&template)?;
    Ok(page_of(page, error))
}

/// Scope tokens, which hold nothing that HTML would mistake (RFC 6749 §3.3) but `&`, `<`, `>` and `'`.
fn codes<'a>(tokens: impl Iterator<Item = &'a str>) -> Markup {
    let escaped = |token: &str| token.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
    let codes: Vec<String> = tokens.map(|token| format!("<code>{}</code>", escaped(token))).collect();
    Markup(codes.join(", "))
}

/// What is asked for, each in the words of the API that it is asked of.
fn asks(
    (request, sign_in): (&AuthorizationRequest, &SignIn),
    former: Option<&Consent>,
    (resources, language): (&[Resource], Language),
) -> Vec<Ask> {
    let asked = Allowance::asked(request, resources, Holder::Person(&sign_in.roles));
    let mut asks = Vec::new();
    for token in scope::in_order(asked.scopes().iter()) {
        for (owner, _) in asked.iter().filter(|(_, scopes)| scopes.contains(token)) {
            let api = resources.iter().find(|resource| resource.identifier == owner);
            asks.push(Ask {
                scope: token.to_owned(),
                words: language.scope(token, api.map_or(&[], std::slice::from_ref)),
                allowed_before: former.is_some_and(|former| former.allowed.contains(owner, token)),
            });
        }
    }
    asks
}

//! The account page: where the person is signed in, which applications have access, and ending either.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::grants::REUSED;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, explained, status};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::device;
use crate::protocol::journey::{Action, Goal};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::scope;
use crate::secret::Secret;
use crate::signin::Attempt;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    page: Page,
    form: FormParts,
    name: String,
    email: String,
    reused_at: Option<String>,
    sign_ins: Vec<SignInLine>,
    apps: Vec<AppLine>,
}

struct SignInLine {
    id: String,
    device: String,
    address: String,
    used_at: String,
    is_this: bool,
}

struct AppLine {
    client_id: String,
    name: String,
    words: Vec<String>,
    used_at: String,
}

#[derive(Template)]
#[template(path = "account_confirm.html")]
struct Confirm {
    page: Page,
    form: FormParts,
    email: String,
    action: &'static str,
    field: &'static str,
    value: String,
    error: Option<Notice>,
}

/// The page; whoever is not signed in is asked to.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other("/login")?) };
    let view = app.sign_ins.account(&sign_in, REUSED, now).await?;
    let resources = app.directory.resources().await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let template = Account {
        page: sender.page.clone(),
        form: visit.form(&app),
        name: view.user.name,
        email: view.user.email,
        reused_at: view.reused_at.map(minute),
        sign_ins: view
            .sign_ins
            .into_iter()
            .map(|entry| SignInLine {
                is_this: entry.id == sign_in.id,
                device: device::name(&entry.user_agent),
                address: entry.address,
                used_at: minute(Timestamp::from_seconds(entry.last_used_at)),
                id: entry.id,
            })
            .collect(),
        apps: view
            .apps
            .into_iter()
            .map(|entry| AppLine {
                words: entry.scopes.iter().map(|token| scope::words(token, &resources)).collect(),
                client_id: entry.client_id,
                name: entry.name,
                used_at: minute(entry.used_at),
            })
            .collect(),
    };
    Ok(visit.answer(&template)?.into_response())
}

/// The front door leads to the account.
pub(in crate::http) async fn root() -> Result<Response, PageError> {
    Ok(see_other("/account")?)
}

/// Ends a sign-in.
pub(in crate::http) async fn end_sign_in(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    end(&app, &form, Action::EndSignIn(id)).await
}

/// Ends an application's access.
pub(in crate::http) async fn end_app(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let client_id = form.params.single("client_id")?.ok_or(Rejection::MissingChoice.of("client_id"))?.to_owned();
    end(&app, &form, Action::EndApp(client_id)).await
}

/// Does it when the person has proved lately that it is them, and asks otherwise. The question brings its journey; a button of the list
/// begins one.
async fn end(app: &App, form: &CsrfForm, action: Action) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = form.params.single("request")?.map(str::to_owned);
    let mut visit = Visit::open(app, &form.sender, sealed, now).await?;
    let Some(sign_in) = form.sender.sign_in(app, now).await? else { return Ok(see_other("/login")?) };
    let (user_id, email) = (sign_in.user_id.clone(), sign_in.email.clone());
    if !matches!(visit.journey.goal, Goal::Confirm { .. }) {
        let journey = app.sign_ins.journeys.begin(Goal::Confirm { user_id, action }, now);
        visit = visit.on(app, journey);
    }
    let standing = app.sign_ins.standing_of(&visit.journey, Some(sign_in), now);
    if !standing.step.asks_for_proof() {
        let next = app.sign_ins.go_on(&visit.journey, standing, now).await?;
        return Ok(visit.lead(&form.sender, next)?);
    }
    // The question itself brings the field; the list's own button does not.
    if form.params.iter().all(|(name, _)| name != "password") {
        return Ok(question(app, &form.sender, &visit, (email, None))?);
    }
    let password = form.params.single("password")?.map(Secret::presented);
    let attempt = Attempt { email: Some(&email), password };
    match app.sign_ins.with_password(visit.journey.clone(), attempt, &form.sender.browser, now).await {
        Ok(progress) => Ok(visit.after(app, &form.sender, progress)?),
        Err(Error::Rejected(refusal)) => Ok(question(app, &form.sender, &visit, (email, Some(refusal)))?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

fn question(
    app: &App,
    sender: &Sender,
    visit: &Visit,
    (email, error): (String, Option<Refusal>),
) -> Result<Response, Failure> {
    let Goal::Confirm { action, .. } = &visit.journey.goal else { return see_other("/account") };
    let (action, field, value) = match action {
        Action::EndSignIn(id) => ("/account/sign-ins/end", "id", id),
        Action::EndApp(client_id) => ("/account/apps/end", "client_id", client_id),
    };
    let template = Confirm {
        page: sender.page.clone(),
        form: visit.form(app),
        email,
        action,
        field,
        value: value.clone(),
        error: error.as_ref().map(Notice::from),
    };
    let page = visit.answer(&template)?;
    Ok(match error {
        None => (StatusCode::OK, page).into_response(),
        Some(refusal) => explained((status(refusal.rejection), page).into_response(), refusal.into()),
    })
}

/// A moment to the minute, as a person reads it: `2026-11-24 12:00 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

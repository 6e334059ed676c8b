//! The sign-in page. It never decides what comes next: it goes back to the pending request (`/authorize/continue`) or to the account.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::endpoints::authorize::{resume_at, see_other};
use crate::http::error::{PageError, explained, status};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::authorization_request::PendingRequest;
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;
use crate::signin::Attempt;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    again: bool,
    registration: bool,
    email: String,
    error: Option<Notice>,
    email_error: Option<&'static str>,
    password_error: Option<&'static str>,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = query(raw.as_deref())?.single("request")?.map(str::to_owned);
    let visit = Visit::open(&app, &sender, sealed, now)?;
    let (email, again) = visit.expected_person(&app, &sender, now).await?;
    let login = visit.page(&app, &sender, email, again).await?;
    Ok(visit.answer(&login)?)
}

/// The filled-in form.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = form.params.single("request")?.map(str::to_owned);
    let visit = Visit::open(&app, &form.sender, sealed, now)?;
    let attempt = Attempt {
        email: form.params.single("email")?,
        password: form.params.single("password")?.map(Secret::presented),
        request_id: visit.pending.as_ref().map(|pending| pending.id.as_str()),
    };
    let typed = attempt.email.unwrap_or_default().to_owned();
    match app.sign_ins.with_password(attempt, &form.sender.browser, now).await {
        Ok(cookie) => {
            let set = form.sender.cookies.signed_in(&cookie);
            Ok((set, see_other(&resume_at(visit.sealed.as_deref()))?).into_response())
        }
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => {
            let mut login = visit.page(&app, &form.sender, typed, false).await?;
            let words = Some(refusal.rejection.description());
            match refusal.rejection {
                Rejection::MissingEmail => login.email_error = words,
                Rejection::MissingPassword | Rejection::PasswordTooLong => login.password_error = words,
                _ => {}
            }
            login.error = Some((&refusal).into());
            let response = (status(refusal.rejection), visit.answer(&login)?).into_response();
            Ok(explained(response, refusal.into()))
        }
    }
}

impl Visit {
    /// Whom to fill in: whoever must prove it anew, or whom the client expects.
    async fn expected_person(&self, app: &App, sender: &Sender, now: Timestamp) -> Result<(String, bool), Error> {
        let hint = self.pending.as_ref().and_then(|pending| pending.request.login_hint.clone()).unwrap_or_default();
        let Some(sign_in) = sender.sign_in(app, now).await? else { return Ok((hint, false)) };
        let another = |pending: &PendingRequest| {
            pending.request.prompt.select_account || !pending.request.takes_subject(&sign_in.user_id)
        };
        let chooses = self.pending.as_ref().is_some_and(another);
        let account = app.storage.read().await?.user(&sign_in.user_id).await?;
        Ok(match account {
            Some(account) if !chooses && hint.is_empty() => (account.user.email, true),
            _ => (hint, false),
        })
    }

    async fn page(&self, app: &App, sender: &Sender, email: String, again: bool) -> Result<Login, Error> {
        Ok(Login {
            page: sender.page.clone(),
            form: self.form(app),
            client: self.asker(app).await?,
            again,
            registration: app.config.registration.enabled,
            email,
            error: None,
            email_error: None,
            password_error: None,
        })
    }
}

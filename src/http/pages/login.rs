//! The sign-in page. It never decides what comes next: whoever has nothing to prove on it, or has proved it, goes back to the journey
//! (`/authorize/continue`) or to the account. Only `as=another` shows it to whoever is signed in and wants to be somebody else.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::providers::{self, ProviderButton};
use super::visit::{Arrival, Visit};
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, explained, status};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::Attempt;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    again: bool,
    as_another: bool,
    registration: bool,
    email: String,
    error: Option<Notice>,
    email_error: Option<&'static str>,
    password_error: Option<&'static str>,
    providers: Vec<ProviderButton>,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let Arrival { visit, sign_in, as_another, has_gone_on } = Visit::arrive(&app, &sender, raw.as_deref()).await?;
    if has_gone_on {
        return Ok(visit.resume(&app)?);
    }
    let (email, again) = visit.expected_person(sign_in.as_ref().filter(|_| !as_another));
    let login = Login { as_another, ..visit.page(&app, &sender, email, again).await? };
    Ok(visit.answer(&login)?)
}

/// The filled-in form.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sealed = form.params.single("request")?.map(str::to_owned);
    let visit = Visit::open(&app, &form.sender, sealed, now).await?;
    let attempt = Attempt {
        email: form.params.single("email")?,
        password: form.params.single("password")?.map(Secret::presented),
    };
    let typed = attempt.email.unwrap_or_default().to_owned();
    let missing = [
        attempt.email.is_none().then_some(Rejection::MissingEmail),
        attempt.password.is_none().then_some(Rejection::MissingPassword),
    ];
    match app.sign_ins.with_password(visit.journey.clone(), attempt, &form.sender.browser, now).await {
        Ok(progress) => Ok(visit.after(&app, &form.sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => {
            let mut login = visit.page(&app, &form.sender, typed, false).await?;
            let too_long = Some(refusal.rejection).filter(|rejection| *rejection == Rejection::PasswordTooLong);
            login.email_error = missing[0].map(Rejection::description);
            login.password_error = missing[1].or(too_long).map(Rejection::description);
            login.error = Some((&refusal).into());
            let response = (status(refusal.rejection), visit.answer(&login)?).into_response();
            Ok(explained(response, refusal.into()))
        }
    }
}

impl Visit {
    /// Whom to fill in: whoever must prove it anew, or whom the client expects.
    fn expected_person(&self, sign_in: Option<&SignIn>) -> (String, bool) {
        let request = self.journey.request();
        let hint = request.and_then(|request| request.login_hint.clone()).unwrap_or_default();
        let another = |request: &AuthorizationRequest, sign_in: &SignIn| {
            request.prompt.select_account || !request.takes_subject(&sign_in.user_id)
        };
        match sign_in {
            Some(sign_in) if hint.is_empty() && !request.is_some_and(|request| another(request, sign_in)) => {
                (sign_in.email.clone().unwrap_or_default(), sign_in.email.is_some())
            }
            _ => (hint, false),
        }
    }

    async fn page(&self, app: &App, sender: &Sender, email: String, again: bool) -> Result<Login, Error> {
        Ok(Login {
            page: sender.page.clone(),
            form: self.form(app),
            client: self.asker(app).await?,
            again,
            as_another: false,
            registration: app.config.registration.enabled,
            email,
            error: None,
            email_error: None,
            password_error: None,
            providers: providers::buttons(app, sender),
        })
    }
}

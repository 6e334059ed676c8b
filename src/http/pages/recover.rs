//! The page that asks where to send a link and a code, for whoever has forgotten the password. It says the same of every address.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page, mail, of_address};
use crate::app::App;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::signin::Wanted;

#[derive(Template)]
#[template(path = "recover.html")]
struct Recover {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    email: String,
    email_error: Option<Rejection>,
    error: Option<Notice>,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), app.now()).await?;
    let typed = visit.address_in_mind();
    Ok(page(&app, &sender, &visit, typed, None).await?)
}

/// The address.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let visit = Visit::of_form(&app, &form, app.now()).await?;
    let typed = form.params.single("email")?.unwrap_or_default().to_owned();
    let wanted =
        Wanted { purpose: Purpose::Reset, address: &typed, user_id: None, language: form.sender.page.language().tag() };
    match visit.ask_by_mail(&app, &form.sender, wanted).await {
        Ok(response) => Ok(response),
        Err(Error::Rejected(refusal)) => Ok(page(&app, &form.sender, &visit, typed, Some(refusal)).await?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn page(
    app: &App,
    sender: &Sender,
    visit: &Visit,
    email: String,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let answer = visit.answer(&Recover {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        email,
        email_error: refusal.as_ref().and_then(of_address),
        error: refusal.as_ref().map(Notice::from),
    })?;
    Ok(page_of(answer, refusal))
}

/// Where nothing can be sent, or nobody has a password, there is nothing to recover.
fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    mail::refuse_if_off(app)?;
    if app.config.sign_in.password { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

impl Visit {
    /// The address that the browser has in mind: the one that was typed on its way, or that the application expects.
    pub(super) fn address_in_mind(&self) -> String {
        let typed = self.journey.mailed.as_ref().map(|mailed| mailed.address.clone());
        let expected = || self.journey.request().and_then(|request| request.login_hint.clone());
        typed.or_else(expected).unwrap_or_default()
    }

    /// Sends a link and a code, and leads to the page that asks for the code.
    pub(super) async fn ask_by_mail(&self, app: &App, sender: &Sender, wanted: Wanted<'_>) -> Result<Response, Error> {
        let asker = (&sender.browser, self.browser());
        let journey = app.sign_ins.ask_by_mail(self.journey.clone(), wanted, asker, app.now()).await?;
        let sealed = app.sign_ins.journeys.seal(&journey, self.browser());
        let response = see_other(&app.issuer.place(&format!("/mail/code?request={sealed}")))?;
        Ok((self.cookie.clone(), response).into_response())
    }
}

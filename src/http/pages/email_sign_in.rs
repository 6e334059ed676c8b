//! Asking for a mail by which one signs in (`[sign_in] email`). The sign-in page does it with one button; this page takes what was wrong with the
//! address, and another one. It says the same of every address.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::visit::{Arrival, Visit};
use super::{Asker, FormParts, Notice, Page, of_address};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::signin::Wanted;

#[derive(Template)]
#[template(path = "email_sign_in.html")]
struct EmailSignIn {
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
    let Arrival { visit, has_gone_on, .. } = Visit::arrive(&app, &sender, raw.as_deref()).await?;
    if has_gone_on && visit.sealed.is_some() {
        return Ok(visit.resume(&app)?);
    }
    let typed = visit.address_in_mind();
    Ok(page(&app, &sender, &visit, typed, None).await?)
}

/// The address; what else the form of the sign-in page brings, a password that was typed, is not looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let visit = Visit::of_form(&app, &form, app.now()).await?;
    let typed = form.params.single("email")?.unwrap_or_default().to_owned();
    let language = form.sender.page.language().tag();
    let wanted = Wanted { purpose: Purpose::SignIn, address: &typed, user_id: None, language };
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
    let answer = visit.answer(&EmailSignIn {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        email,
        email_error: refusal.as_ref().and_then(of_address),
        error: refusal.as_ref().map(Notice::from),
    })?;
    Ok(page_of(answer, refusal))
}

fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    if app.signs_in_by_mail() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

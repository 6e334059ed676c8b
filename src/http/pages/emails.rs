//! The address of an account: whether it is proved, and another in its place, by a mail to it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::mail::refuse_if_off;
use super::visit::Visit;
use super::{FormParts, Notice, Page, of_address};
use crate::app::App;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;
use crate::protocol::ticket::Purpose;
use crate::signin::Wanted;

#[derive(Template)]
#[template(path = "account/emails.html")]
struct Emails {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// The address, if there is one.
    address: Option<String>,
    is_proved: bool,
    /// What was typed as another.
    typed: String,
    typed_error: Option<Rejection>,
    error: Option<Notice>,
}

/// The page.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::open(&app, &sender, None, now).await?;
    Ok(page(&app, &sender, (&visit, &sign_in), String::new(), None).await?)
}

/// Another address.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let typed = form.params.single("email")?.unwrap_or_default().to_owned();
    ask(&app, &form, Purpose::Change, typed).await
}

/// A proof of the address that there is.
pub(in crate::http) async fn verify(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    ask(&app, &form, Purpose::Verify, String::new()).await
}

async fn ask(app: &App, form: &CsrfForm, purpose: Purpose, typed: String) -> Result<Response, PageError> {
    refuse_if_off(app)?;
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = sender.sign_in(app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::open(app, sender, None, now).await?;
    let address = if purpose == Purpose::Verify { sign_in.email.clone().unwrap_or_default() } else { typed.clone() };
    sender.page.speak_to(Some(&sign_in));
    let language = sender.page.language().tag();
    let wanted = Wanted { purpose, address: &address, user_id: Some(&sign_in.user_id), language };
    match visit.ask_by_mail(app, sender, wanted).await {
        Ok(response) => Ok(response),
        Err(Error::Rejected(refusal)) => Ok(page(app, sender, (&visit, &sign_in), typed, Some(refusal)).await?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn page(
    app: &App,
    sender: &Sender,
    (visit, sign_in): (&Visit, &SignIn),
    typed: String,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let user = app.sign_ins.user_of(sign_in).await?;
    sender.page.speak_to(Some(sign_in));
    let answer = visit.answer(&Emails {
        page: sender.page.clone(),
        section: "emails",
        form: visit.form(app),
        address: user.email,
        is_proved: user.email_verified,
        typed,
        typed_error: refusal.as_ref().and_then(of_address),
        error: refusal.as_ref().map(Notice::from),
    })?;
    Ok(page_of(answer, refusal))
}

//! The page on which an account is made with a passkey: the form before it has said whose it will be, and this asks the device.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::passkey_form::PasskeyForm;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page, enrolled, new_password, register};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::journey::Mailed;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::signin::{Declined, FirstPasskey, Problems, Registration};

#[derive(Template)]
#[template(path = "passkey_account.html")]
struct PasskeyAccount {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// The address that the account will have.
    address: String,
    new: PasskeyForm,
    error: Option<Notice>,
}

/// The form of an account without a password: on to the device, or back with what is wrong.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let (now, sender) = (app.now(), &form.sender);
    let visit = Visit::of_form(&app, &form, now).await?;
    refuse_if_closed(&app, &visit)?;
    let (name, email) = (form.params.single("name")?, form.params.single("email")?);
    let registration = Registration { email, name, password: None };
    let browser = (&sender.browser, visit.browser());
    match app.sign_ins.begin_account(&visit.journey, registration, browser, now).await {
        Ok(asked) => Ok(page(&app, (sender, &visit), asked, None).await?),
        Err(Declined { error: Error::Failed(failure), .. }) => Err(failure.into()),
        Err(Declined { error: Error::Rejected(refusal), .. }) if refusal.rejection == Rejection::NoSuchPage => {
            Err(refusal.into())
        }
        Err(Declined { error: Error::Rejected(refusal), problems }) => {
            let typed = (name.unwrap_or_default().to_owned(), email.unwrap_or_default().to_owned());
            Ok(refused(&app, (sender, &visit), typed, (refusal, problems)).await?)
        }
    }
}

/// What the browser says of the passkey: with that the account is made.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let (now, sender) = (app.now(), &form.sender);
    let visit = Visit::of_form(&app, &form, now).await?;
    refuse_if_closed(&app, &visit)?;
    let new = PasskeyForm::read(&form)?;
    let making = (visit.journey.clone(), visit.browser());
    let refusal = match app.sign_ins.finish_account(making, &new, &sender.browser, now).await {
        Ok(enrolled) => {
            let journey = visit.journey.clone().without_mail();
            return Ok(enrolled::on_the_way(&app, (sender, visit.on(&app, journey)), enrolled)?);
        }
        Err(Error::Failed(failure)) => return Err(failure.into()),
        Err(Error::Rejected(refusal)) => refusal,
    };
    if matches!(refusal.rejection, Rejection::NoSuchPage | Rejection::UnknownTicket) {
        return Err(refusal.into());
    }
    // An answer counts once, and one that was none is asked for once more; but for an address that somebody else has taken meanwhile.
    let is_taken = refusal.rejection == Rejection::EmailTaken;
    match app.sign_ins.begin_account_again(&new.challenge, visit.browser(), now)?.filter(|_| !is_taken) {
        Some(asked) => Ok(page(&app, (sender, &visit), asked, Some(refusal)).await?),
        None => {
            let typed = (String::new(), String::new());
            Ok(refused(&app, (sender, &visit), typed, (refusal, Problems::default())).await?)
        }
    }
}

/// What has proved the address of an account that is to be made: an invitation, or the mail that comes first.
fn newcomer(visit: &Visit) -> Option<Mailed> {
    new_password::proved(visit).filter(|mailed| mailed.purpose != Purpose::Reset)
}

/// Whoever was invited, or has proved the address, makes an account also where others cannot.
fn refuse_if_closed(app: &App, visit: &Visit) -> Result<(), Rejection> {
    if newcomer(visit).is_some() { Ok(()) } else { register::refuse_if_closed(app) }
}

/// Back to the form that it came from.
async fn refused(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    typed: (String, String),
    (refusal, problems): (Refusal, Problems),
) -> Result<Response, Error> {
    match newcomer(visit) {
        Some(mailed) => new_password::page(app, sender, visit, (mailed, typed.0), Some((refusal, problems))).await,
        None => register::refused(app, visit, sender, (typed, refusal, problems)).await,
    }
}

async fn page(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    asked: FirstPasskey,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let template = PasskeyAccount {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        address: asked.address,
        new: PasskeyForm::new(asked.request, sender),
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

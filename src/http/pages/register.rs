//! The registration page: a person makes an account. Switched off by `[registration]`.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::providers::Offer;
use super::visit::{Arrival, Visit};
use super::{Asker, FormParts, Notice, Page, of_address};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::new_password::{self, Strength};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::secret::Secret;
use crate::signin::{Declined, Problems, Registration, Wanted};

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    name: String,
    email: String,
    error: Option<Notice>,
    name_error: Option<Rejection>,
    email_error: Option<Rejection>,
    password_error: Option<Rejection>,
    strength: Option<Strength>,
    is_taken: bool,
    /// Whether the address is proved first, and the rest asked for after it.
    proves: bool,
    min_length: usize,
    /// Whether the account can be made with a passkey in the place of a password.
    passkeys: bool,
    offer: Offer,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    refuse_if_closed(&app)?;
    let Arrival { visit, has_gone_on, .. } = Visit::arrive(&app, &sender, raw.as_deref()).await?;
    if has_gone_on && visit.sealed.is_some() {
        return Ok(visit.resume(&app)?);
    }
    let register = page(&app, &visit, &sender, (String::new(), visit.address_in_mind())).await?;
    Ok(visit.answer(&register)?)
}

/// The filled-in form. Only its own fields are looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    refuse_if_closed(&app)?;
    let visit = Visit::of_form(&app, &form, now).await?;
    let registration = Registration {
        email: form.params.single("email")?,
        name: form.params.single("name")?,
        password: form.params.single("password")?.map(Secret::presented),
    };
    let typed = (registration.name.unwrap_or_default().to_owned(), registration.email.unwrap_or_default().to_owned());
    if app.proves_addresses() {
        let wanted = Wanted {
            purpose: Purpose::Register,
            address: &typed.1,
            user_id: None,
            language: form.sender.page.language().tag(),
        };
        return match visit.ask_by_mail(&app, &form.sender, wanted).await {
            Ok(response) => Ok(response),
            Err(Error::Failed(failure)) => Err(failure.into()),
            Err(Error::Rejected(refusal)) => {
                let problems = Problems { email: of_address(&refusal), ..Problems::default() };
                Ok(refused(&app, &visit, &form.sender, (typed, refusal, problems)).await?)
            }
        };
    }
    match app.sign_ins.register(visit.journey.clone(), registration, &form.sender.browser, now).await {
        Ok(progress) => Ok(visit.after(&app, &form.sender, progress)?),
        Err(Declined { error: Error::Failed(failure), .. }) => Err(failure.into()),
        Err(Declined { error: Error::Rejected(refusal), problems }) => {
            Ok(refused(&app, &visit, &form.sender, (typed, refusal, problems)).await?)
        }
    }
}

pub(super) async fn refused(
    app: &App,
    visit: &Visit,
    sender: &Sender,
    (typed, refusal, problems): ((String, String), Refusal, Problems),
) -> Result<Response, Error> {
    let mut register = page(app, visit, sender, typed).await?;
    register.point_out(&refusal, problems);
    Ok(page_of(visit.answer(&register)?, Some(refusal)))
}

impl Register {
    fn point_out(&mut self, refusal: &Refusal, problems: Problems) {
        let taken = Some(refusal.rejection).filter(|rejection| *rejection == Rejection::EmailTaken);
        self.error = Some(refusal.into());
        self.name_error = problems.name;
        self.email_error = problems.email.or(taken);
        self.is_taken = taken.is_some();
        self.password_error = problems.password;
        self.strength = problems.strength;
    }
}

async fn page(app: &App, visit: &Visit, sender: &Sender, typed: (String, String)) -> Result<Register, Error> {
    Ok(Register {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        name: typed.0,
        email: typed.1,
        error: None,
        name_error: None,
        email_error: None,
        password_error: None,
        strength: None,
        is_taken: false,
        proves: app.proves_addresses(),
        min_length: new_password::MIN_LENGTH,
        passkeys: app.sign_ins.has_passkeys(),
        offer: Offer::everything(app, sender),
    })
}

/// Whether people make accounts here. Where passwords are switched off they come by a provider or an invitation, though they may have passkeys then: what
/// was open to nobody else is not opened by those.
pub(super) fn is_open(app: &App) -> bool {
    app.config.registration.enabled && app.config.sign_in.password
}

pub(super) fn refuse_if_closed(app: &App) -> Result<(), Rejection> {
    if is_open(app) { Ok(()) } else { Err(Rejection::RegistrationClosed) }
}

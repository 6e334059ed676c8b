//! The page on which a password is chosen, when the address was proved by mail: for an account that there is, or with a name for a new one. Whoever was invited
//! may come through a provider instead.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::providers::Offer;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::journey::Mailed;
use crate::protocol::new_password::{self, Strength};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::secret::Secret;
use crate::signin::{Declined, Problems, Registration};

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPassword {
    page: Page,
    /// The key of what the page is called.
    title: &'static str,
    form: FormParts,
    client: Option<Asker>,
    /// Whether an account is made; otherwise it is there.
    makes_account: bool,
    address: String,
    name: String,
    name_error: Option<Rejection>,
    password_error: Option<Rejection>,
    strength: Option<Strength>,
    min_length: usize,
    error: Option<Notice>,
    /// How the account can be made.
    offer: Offer,
    /// Whether it can be made with a passkey in the place of the password.
    passkeys: bool,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), app.now()).await?;
    let Some(mailed) = proved(&visit) else { return Ok(visit.resume(&app)?) };
    let name = mailed.name.clone();
    Ok(page(&app, &sender, &visit, (mailed, name), None).await?)
}

/// The password.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(mailed) = proved(&visit) else { return Ok(visit.resume(&app)?) };
    let password = form.params.single("password")?.map(Secret::presented);
    let name = form.params.single("name")?.unwrap_or_default();
    let browser = &form.sender.browser;
    let outcome = if mailed.purpose == Purpose::Reset {
        app.sign_ins.reset_password(visit.journey.clone(), password, browser, now).await
    } else {
        let registration = Registration { email: None, name: Some(name), password };
        app.sign_ins.register(visit.journey.clone(), registration, browser, now).await
    };
    match outcome {
        Ok(progress) => {
            let journey = visit.journey.clone().without_mail();
            Ok(visit.on(&app, journey).after(&app, &form.sender, progress)?)
        }
        Err(Declined { error: Error::Failed(failure), .. }) => Err(failure.into()),
        // What was shown does not hold any more: there is nothing to choose here.
        Err(Declined { error: Error::Rejected(refusal), .. }) if refusal.rejection == Rejection::UnknownTicket => {
            Err(refusal.into())
        }
        Err(Declined { error: Error::Rejected(refusal), problems }) => {
            Ok(page(&app, &form.sender, &visit, (mailed, name.to_owned()), Some((refusal, problems))).await?)
        }
    }
}

pub(super) fn proved(visit: &Visit) -> Option<Mailed> {
    visit.journey.mailed.clone().filter(|mailed| mailed.is_proved && mailed.purpose.ends_in_password())
}

pub(super) async fn page(
    app: &App,
    sender: &Sender,
    visit: &Visit,
    (mailed, name): (Mailed, String),
    wrong: Option<(Refusal, Problems)>,
) -> Result<Response, Error> {
    let problems = wrong.as_ref().map(|(_, problems)| *problems).unwrap_or_default();
    let makes_account = mailed.purpose != Purpose::Reset;
    let is_invited = mailed.purpose == Purpose::Invite;
    let answer = visit.answer(&NewPassword {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        title: if makes_account { "create-an-account" } else { "choose-a-new-password" },
        makes_account,
        address: mailed.address,
        name,
        name_error: problems.name,
        password_error: problems.password,
        strength: problems.strength,
        min_length: new_password::MIN_LENGTH,
        error: wrong.as_ref().map(|(refusal, _)| Notice::from(refusal)),
        offer: if is_invited { Offer::to_invited(app, sender) } else { Offer::password_of(app) },
        passkeys: makes_account && app.sign_ins.has_passkeys(),
    })?;
    Ok(page_of(answer, wrong.map(|(refusal, _)| refusal)))
}

//! The page on which an account that has no password gets one: as soon as the person has proved that it is them, which they are asked for first.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page, account};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::journey::Action;
use crate::protocol::new_password::{self, Strength};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::{Declined, Problems};

#[derive(Template)]
#[template(path = "account/first_password.html")]
struct FirstPassword {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// The address that the password will belong to.
    email: String,
    /// Whether the person has just proved that it is them.
    is_proved: bool,
    error: Option<Notice>,
    password_error: Option<Rejection>,
    strength: Option<Strength>,
    min_length: usize,
}

/// The form, or the way to the proof that comes first.
pub(super) async fn page(
    app: &App,
    (visit, sender): (Visit, &Sender),
    (email, sign_in): (&str, SignIn),
    wrong: Option<(Refusal, Problems)>,
    now: Timestamp,
) -> Result<Response, Failure> {
    let visit = visit.towards(app, &sign_in, Action::SetPassword, now);
    let standing = app.sign_ins.standing_of(&visit.journey, Some(sign_in), now).await?;
    let problems = wrong.as_ref().map(|(_, problems)| *problems).unwrap_or_default();
    let template = FirstPassword {
        page: sender.page.clone(),
        section: "password",
        form: visit.form(app),
        email: email.to_owned(),
        is_proved: !standing.step.asks_for_proof(),
        error: wrong.as_ref().map(|(refusal, _)| Notice::from(refusal)),
        password_error: problems.password,
        strength: problems.strength,
        min_length: new_password::MIN_LENGTH,
    };
    Ok(page_of(visit.answer(&template)?, wrong.map(|(refusal, _)| refusal)))
}

/// The filled-in form.
pub(super) async fn post(app: &App, form: &CsrfForm, email: &str, sign_in: SignIn) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(app, form, now).await?.towards(app, &sign_in, Action::SetPassword, now);
    let password = form.params.single("password")?.map(Secret::presented);
    let who = (&visit.journey, sign_in.clone());
    match app.sign_ins.set_password(who, password, &sender.browser, now).await {
        Ok(()) => {
            let done = sender.cookies.done(&Action::SetPassword);
            Ok((done, see_other(&app.issuer.place("/account"))?).into_response())
        }
        Err(Declined { error: Error::Failed(failure), .. }) => Err(failure.into()),
        // The proof has become too old: the page says so before anything is typed again.
        Err(Declined { error: Error::Rejected(refusal), .. }) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(see_other(&app.issuer.place("/account/password"))?)
        }
        Err(Declined { error: Error::Rejected(refusal), problems }) => {
            Ok(page(app, (visit, sender), (email, sign_in), Some((refusal, problems)), now).await?)
        }
    }
}

/// To the proof, and from there to the form.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    account::end(&app, &form, Action::SetPassword).await
}

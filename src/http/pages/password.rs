//! The page on which a person chooses another password.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page};
use crate::app::App;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::new_password::{self, Strength};
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::{Declined, PasswordChange, Problems};

#[derive(Template)]
#[template(path = "account/password.html")]
struct Password {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// The address that the password belongs to; `None` when there is no password to change.
    email: Option<String>,
    error: Option<Notice>,
    current_error: Option<Rejection>,
    password_error: Option<Rejection>,
    strength: Option<Strength>,
    ends_all: bool,
    min_length: usize,
}

/// The form.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::open(&app, &sender, None, now).await?;
    let page = page(&app, (&visit, &sender), &sign_in).await?;
    Ok(visit.answer(&page)?)
}

/// The filled-in form. Only its own fields are looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let change = PasswordChange {
        current: form.params.single("current_password")?.map(Secret::presented),
        new: form.params.single("password")?.map(Secret::presented),
        ends_all: form.params.single("end_all")?.is_some(),
    };
    let ends_all = change.ends_all;
    let visit = Visit::open(&app, &form.sender, None, now).await?;
    match app.sign_ins.change_password(&sign_in, change, &form.sender.browser, now).await {
        Ok(progress) => {
            let done = form.sender.cookies.password_changed();
            Ok((done, visit.after(&app, &form.sender, progress)?).into_response())
        }
        Err(Declined { error: Error::Failed(failure), .. }) => Err(failure.into()),
        Err(Declined { error: Error::Rejected(refusal), problems }) => {
            let mut page = page(&app, (&visit, &form.sender), &sign_in).await?;
            page.point_out(Notice::from(&refusal), problems);
            page.ends_all = ends_all;
            Ok(page_of(visit.answer(&page)?, Some(refusal)))
        }
    }
}

impl Password {
    fn point_out(&mut self, notice: Notice, problems: Problems) {
        self.error = Some(notice);
        self.current_error = problems.current;
        self.password_error = problems.password;
        self.strength = problems.strength;
    }
}

async fn page(app: &App, (visit, sender): (&Visit, &Sender), sign_in: &SignIn) -> Result<Password, Failure> {
    let (has_password, _) = app.sign_ins.ways_in(&sign_in.user_id).await?;
    let has_password = has_password && app.config.sign_in.password;
    Ok(Password {
        page: sender.page.clone(),
        section: "password",
        form: visit.form(app),
        email: has_password.then(|| sign_in.called().to_owned()),
        error: None,
        current_error: None,
        password_error: None,
        strength: None,
        ends_all: true,
        min_length: new_password::MIN_LENGTH,
    })
}

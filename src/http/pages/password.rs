//! The page on which a person chooses another password.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page, first_password};
use crate::app::App;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::new_password::{self, Strength};
use crate::protocol::rejection::Rejection;
use crate::secret::Secret;
use crate::signin::{Declined, Owned, PasswordChange, Problems};

#[derive(Template)]
#[template(path = "account/password.html")]
struct Password {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// The address that the password belongs to; `None` when there is no password to change.
    email: Option<String>,
    /// Whether it is an address that is missing for one.
    lacks_address: bool,
    /// Whether the account can do without it.
    may_go: bool,
    error: Option<Notice>,
    current_error: Option<Rejection>,
    password_error: Option<Rejection>,
    strength: Option<Strength>,
    ends_all: bool,
    min_length: usize,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    match app.sign_ins.own_password(&sign_in.user_id, now).await? {
        Owned::Lacks { email } => Ok(first_password::page(&app, (visit, &sender), (&email, sign_in), None, now).await?),
        owned => Ok(visit.answer(&page(&app, (&visit, &sender), owned))?),
    }
}

/// The filled-in form. Only its own fields are looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let owned = app.sign_ins.own_password(&sign_in.user_id, now).await?;
    let current = form.params.single("current_password")?.map(Secret::presented);
    if let (Owned::Lacks { email }, None) = (&owned, &current) {
        return first_password::post(&app, &form, email, sign_in).await;
    }
    let change = PasswordChange {
        current,
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
            // The password went while the form was open.
            if let Owned::Lacks { email } = &owned {
                let wrong = Some((refusal, Problems::default()));
                return Ok(first_password::page(&app, (visit, &form.sender), (email, sign_in), wrong, now).await?);
            }
            let mut page = page(&app, (&visit, &form.sender), owned);
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

fn page(app: &App, (visit, sender): (&Visit, &Sender), owned: Owned) -> Password {
    let (lacks_address, may_go) = (matches!(owned, Owned::NoAddress), matches!(owned, Owned::Has { may_go: true, .. }));
    Password {
        page: sender.page.clone(),
        section: "password",
        form: visit.form(app),
        email: if let Owned::Has { email, .. } = owned { Some(email) } else { None },
        lacks_address,
        may_go,
        error: None,
        current_error: None,
        password_error: None,
        strength: None,
        ends_all: true,
        min_length: new_password::MIN_LENGTH,
    }
}

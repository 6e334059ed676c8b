//! The page of a person's data: all that is known of them, as a file, and the end of the account.
//!
//! The file is the answer to a form of ours and not to a link: nobody else's page makes a browser fetch it, and no address of it is kept in
//! a history. Whoever leaves types what the account is called; that and a fresh proof are asked for before anything is done.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{FormParts, Notice, Page, account};
use crate::app::App;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::journey::{Action, Goal};
use crate::protocol::leaving;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::user::User;

#[derive(Template)]
#[template(path = "account/data.html")]
struct Data {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// What is to be typed.
    word: String,
    /// Where the way back is sent; `None` when there is none.
    back: Option<String>,
    days: i64,
    error: Option<Notice>,
    word_error: Option<Rejection>,
}

/// The page.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let user = app.sign_ins.user_of(&sign_in).await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    Ok(page(&app, (&sender, &visit), user, None)?)
}

/// All that is known of the person, as a file.
pub(in crate::http) async fn export(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let document = app.sign_ins.export(&sign_in, now).await?;
    let text = serde_json::to_string_pretty(&document).map_err(Failure::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"doorward-account.json\"")),
    ];
    Ok((headers, text).into_response())
}

/// The end of the account. What was typed stands on the journey of the question that may follow.
pub(in crate::http) async fn delete(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    if let Goal::Confirm { action: action @ Action::Leave { .. }, .. } = &visit.journey.goal {
        return account::end(&app, &form, action.clone()).await;
    }
    let Some(sign_in) = form.sender.sign_in(&app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let user = app.sign_ins.user_of(&sign_in).await?;
    let for_good = form.params.single("for_good")?.is_some();
    if !leaving::is_meant(&user, form.params.single("word")?.unwrap_or_default()) {
        let refusal = Refusal::from(Rejection::WrongConfirmation);
        return Ok(page(&app, (&form.sender, &visit), user, Some(refusal))?);
    }
    if !for_good && !leaving::has_way_back(&user, app.config.mail.is_on()) {
        // It was said that there is one, and there is none any more.
        return Ok(page(&app, (&form.sender, &visit), user, None)?);
    }
    account::end(&app, &form, Action::Leave { for_good }).await
}

fn page(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    user: User,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let answer = visit.answer(&Data {
        page: sender.page.clone(),
        section: "data",
        form: visit.form(app),
        word: leaving::word(&user).to_owned(),
        back: user.email.filter(|_| app.config.mail.is_on()),
        days: leaving::days(leaving::GRACE),
        error: refusal.as_ref().map(Notice::from),
        word_error: refusal.as_ref().map(|refusal| refusal.rejection),
    })?;
    Ok(page_of(answer, refusal))
}

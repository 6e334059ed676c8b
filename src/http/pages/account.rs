//! The account page: who is signed in, and the way out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::login::Visit;
use super::{FormParts, Page};
use crate::app::App;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::Sender;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    page: Page,
    form: FormParts,
    name: String,
    email: String,
    since: String,
}

/// The page; whoever is not signed in is asked to.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other("/login")?) };
    let Some(account) = app.storage.read().await?.user(&sign_in.user_id).await? else {
        return Ok(see_other("/login")?);
    };
    let visit = Visit::open(&app, &sender, None, now)?;
    let template = Account {
        page: sender.page.clone(),
        form: visit.form(&app),
        name: account.user.name,
        email: account.user.email,
        since: sign_in.auth_time.to_string(),
    };
    Ok(visit.answer(&sender, &template)?.into_response())
}

/// The front door leads to the account.
pub(in crate::http) async fn root() -> Result<Response, PageError> {
    Ok(see_other("/account")?)
}

//! The page for whoever has forgotten the password.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::ask_for_mail::Asks;
use super::mail;
use super::visit::Visit;
use crate::app::App;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;

const ASKS: Asks = Asks {
    purpose: Purpose::Reset,
    title: "forgotten-password",
    lead: "tell-us-your-address",
    path: "/recover",
    button: "recover-submit",
};

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), app.now()).await?;
    Ok(ASKS.page(&app, &sender, &visit).await?)
}

/// The address.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    ASKS.take(&app, &form).await
}

/// Where nothing can be sent, or nobody has a password, there is nothing to recover.
fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    mail::refuse_if_off(app)?;
    if app.config.sign_in.password { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

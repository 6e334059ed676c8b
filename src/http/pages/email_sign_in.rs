//! Asking for a mail by which one signs in (`[sign_in] email`). The sign-in page does it with one button; this page takes what was wrong with the
//! address, and another one.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::ask_for_mail::Asks;
use super::visit::{Arrival, Visit};
use crate::app::App;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;

const ASKS: Asks = Asks {
    purpose: Purpose::SignIn,
    title: "sign-in-by-mail",
    lead: "we-send-a-link-and-a-code",
    path: "/login/email",
    button: "email-sign-in",
};

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let Arrival { visit, has_gone_on, .. } = Visit::arrive(&app, &sender, raw.as_deref()).await?;
    if has_gone_on && visit.sealed.is_some() {
        return Ok(visit.resume(&app)?);
    }
    Ok(ASKS.page(&app, &sender, &visit).await?)
}

/// The address; the form of the sign-in page brings it as well, and a password that was typed there is not looked at.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    ASKS.take(&app, &form).await
}

fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    if app.signs_in_by_mail() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

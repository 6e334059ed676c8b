//! Signing out by the form at the foot of the account page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::CsrfForm;

/// Ends the sign-in of this browser.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    if let Some(sign_in) = form.sender.sign_in(&app, now).await? {
        app.sign_ins.sign_out(&sign_in, now).await?;
    }
    Ok((form.sender.cookies.signed_out(), see_other("/login")?).into_response())
}

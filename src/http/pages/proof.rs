//! A mail that proves anew who is at a browser, for what is sensitive: asked for on the page that asks for a proof.

use axum::extract::State;
use axum::response::Response;

use super::account::question;
use super::visit::Visit;
use crate::app::App;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::CsrfForm;
use crate::protocol::journey::Goal;
use crate::protocol::rejection::Rejection;
use crate::protocol::ticket::Purpose;
use crate::signin::Wanted;

/// Sends it, to the address of the account alone.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    super::mail::refuse_if_off(&app)?;
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let Goal::Confirm { user_id, .. } = &visit.journey.goal else {
        return Ok(see_other(&app.issuer.place("/account"))?);
    };
    if *user_id != sign_in.user_id {
        return Err(Rejection::AnotherPersonExpected.into());
    }
    let address = app.sign_ins.mailbox_of(user_id).await?.ok_or(Rejection::NoSuchPage)?;
    sender.page.speak_to(Some(&sign_in));
    let language = sender.page.language().tag();
    let wanted = Wanted { purpose: Purpose::Confirm, address: &address, user_id: Some(user_id), language };
    match visit.ask_by_mail(&app, sender, wanted).await {
        Ok(response) => Ok(response),
        Err(Error::Rejected(refusal)) => {
            Ok(question(&app, sender, &visit, (sign_in.called().to_owned(), Some(refusal))).await?)
        }
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

impl Visit {
    /// The address to which a code can be sent that confirms what this journey is for.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn mailbox(&self, app: &App) -> Result<Option<String>, Failure> {
        match &self.journey.goal {
            Goal::Confirm { user_id, .. } => app.sign_ins.mailbox_of(user_id).await,
            Goal::Account | Goal::Authorize(_) => Ok(None),
        }
    }
}

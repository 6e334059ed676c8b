//! The page that asks where to send a link and a code, and sending them. It says the same of every address.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page, of_address};
use crate::app::App;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::Purpose;
use crate::signin::Wanted;

/// What the address is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asks {
    /// What the mail is for.
    pub purpose: Purpose,
    /// The keys of what the page is called, and of what it says.
    pub title: &'static str,
    pub lead: &'static str,
    /// Where the form goes, and the id of its button.
    pub path: &'static str,
    pub button: &'static str,
}

#[derive(Template)]
#[template(path = "ask_for_mail.html")]
struct AskForMail {
    page: Page,
    form: FormParts,
    asks: Asks,
    client: Option<Asker>,
    email: String,
    email_error: Option<Rejection>,
    error: Option<Notice>,
}

impl Asks {
    /// The form, with the address that the browser has in mind.
    pub async fn page(self, app: &App, sender: &Sender, visit: &Visit) -> Result<Response, Error> {
        self.answer(app, (sender, visit), visit.address_in_mind(), None).await
    }

    /// Sends the mail to the address of a form, or says what is wrong with that; what else the form brings is not looked at.
    pub async fn take(self, app: &App, form: &CsrfForm) -> Result<Response, PageError> {
        let visit = Visit::of_form(app, form, app.now()).await?;
        let typed = form.params.single("email")?.unwrap_or_default().to_owned();
        let language = form.sender.page.language().tag();
        let wanted = Wanted { purpose: self.purpose, address: &typed, user_id: None, language };
        match visit.ask_by_mail(app, &form.sender, wanted).await {
            Ok(response) => Ok(response),
            Err(Error::Rejected(refusal)) => Ok(self.answer(app, (&form.sender, &visit), typed, Some(refusal)).await?),
            Err(Error::Failed(failure)) => Err(failure.into()),
        }
    }

    async fn answer(
        self,
        app: &App,
        (sender, visit): (&Sender, &Visit),
        email: String,
        refusal: Option<Refusal>,
    ) -> Result<Response, Error> {
        let answer = visit.answer(&AskForMail {
            page: sender.page.clone(),
            form: visit.form(app),
            asks: self,
            client: visit.asker(app).await?,
            email,
            email_error: refusal.as_ref().and_then(of_address),
            error: refusal.as_ref().map(Notice::from),
        })?;
        Ok(page_of(answer, refusal))
    }
}

impl Visit {
    /// The address that the browser has in mind: the one that was typed on its way, or that the application expects.
    pub(super) fn address_in_mind(&self) -> String {
        let typed = self.journey.mailed.as_ref().map(|mailed| mailed.address.clone());
        let expected = || self.journey.request().and_then(|request| request.login_hint.clone());
        typed.or_else(expected).unwrap_or_default()
    }

    /// Sends a link and a code, and leads to the page that asks for the code.
    pub(super) async fn ask_by_mail(&self, app: &App, sender: &Sender, wanted: Wanted<'_>) -> Result<Response, Error> {
        let asker = (&sender.browser, self.browser());
        let journey = app.sign_ins.ask_by_mail(self.journey.clone(), wanted, asker, app.now()).await?;
        let sealed = app.sign_ins.journeys.seal(&journey, self.browser());
        let response = see_other(&app.issuer.place(&format!("/mail/code?request={sealed}")))?;
        Ok((self.cookie.clone(), response).into_response())
    }
}

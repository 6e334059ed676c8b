//! The page between the first proof and the sign-in: a code of the authenticator, or a recovery code for whoever has lost it. What was proved
//! comes with the form, sealed; where that counts no more, the way begins anew.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::Refusal;
use crate::protocol::second_factor::Lack;
use crate::secret::Secret;
use crate::signin::{Pending, Proceed, Shown};

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStep {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// What the person is called.
    whose: String,
    /// Whether there is a recovery code to be used.
    has_recovery_codes: bool,
    /// Whether it was a recovery code that was wrong.
    recovers: bool,
    error: Option<Notice>,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    match visit.pending(&app, &sender, now).await? {
        Some(pending) if pending.lack == Lack::Code => Ok(page(&app, (&sender, &visit), pending, None, false).await?),
        Some(pending) => Ok(visit.lead(&sender, Proceed::SecondFactor(pending.lack))?),
        None => Ok(visit.resume(&app)?),
    }
}

/// A code of the authenticator.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let typed = Secret::presented(form.params.single("code")?.unwrap_or_default());
    show(&app, &form, Shown::Code(typed)).await
}

/// A recovery code.
pub(in crate::http) async fn recover(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let typed = Secret::presented(form.params.single("code")?.unwrap_or_default());
    show(&app, &form, Shown::RecoveryCode(typed)).await
}

async fn show(app: &App, form: &CsrfForm, shown: Shown) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(app, form, now).await?;
    let Some(pending) = visit.pending(app, sender, now).await? else { return Ok(visit.resume(app)?) };
    let recovers = matches!(shown, Shown::RecoveryCode(_));
    match app.sign_ins.with_second_factor(visit.journey.clone(), shown, &sender.browser, now).await {
        Ok(progress) => Ok(visit.after(app, sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => Ok(page(app, (sender, &visit), pending, Some(refusal), recovers).await?),
    }
}

async fn page(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    pending: Pending,
    refusal: Option<Refusal>,
    recovers: bool,
) -> Result<Response, Error> {
    let template = SecondStep {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        whose: pending.called,
        has_recovery_codes: pending.has_recovery_codes,
        recovers,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

impl Visit {
    /// Who is at the second step of this journey.
    ///
    /// # Errors
    /// As [`crate::signin::SignIns::pending`].
    pub(super) async fn pending(
        &self,
        app: &App,
        sender: &Sender,
        now: Timestamp,
    ) -> Result<Option<Pending>, PageError> {
        let pending = app.sign_ins.pending(&self.journey, &sender.browser, now).await;
        self.told(app, pending).await
    }

    /// Where it goes on from a page on which something is to be read first: below our own base, without it.
    pub(super) fn onward(&self) -> String {
        self.sealed
            .as_ref()
            .map_or_else(|| "/account".to_owned(), |sealed| format!("/authorize/continue?request={sealed}"))
    }
}

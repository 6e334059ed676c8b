//! The page between the first proof and the sign-in: a code of the authenticator, a passkey, a security key, or a recovery code for whoever has lost those. What was proved
//! comes with the form, sealed; where that counts no more, the way begins anew.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::providers::Offer;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::passkey::Kept;
use crate::protocol::rejection::Refusal;
use crate::protocol::second_factor::Lack;
use crate::secret::Secret;
use crate::signin::{LostFactors, PasskeyRequest, Pending, Proceed, Shown};

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStep {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// What the person is called.
    whose: String,
    /// Whether only a passkey will do that stays in its device.
    is_kept_in_hardware: bool,
    /// Whether there is an authenticator whose code can be typed.
    has_authenticator: bool,
    /// A passkey, if there is one.
    offer: Offer,
    /// A security key, if there is one that will do.
    security_key: Option<PasskeyRequest>,
    /// Whether there is a recovery code to be used.
    has_recovery_codes: bool,
    /// The key of what leads to whoever has lost all, where that is offered.
    lost: Option<&'static str>,
    /// For how many days the device may be kept, if it may.
    keep_days: Option<i64>,
    /// Whether the person has chosen that.
    keeps: bool,
    wrong: Option<(Shows, Notice)>,
}

/// What a person shows on this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// A code of the authenticator.
    Code,
    /// A recovery code.
    RecoveryCode,
    /// A passkey.
    Passkey,
    /// A security key.
    SecurityKey,
}

impl SecondStep {
    /// What was wrong with what was shown, if it was that.
    fn error_of(&self, shows: Shows) -> Option<&Notice> {
        self.wrong.as_ref().filter(|(what, _)| *what == shows).map(|(_, notice)| notice)
    }

    /// What was wrong with the passkey or the security key.
    fn error_of_key(&self) -> Option<&Notice> {
        self.error_of(Shows::Passkey).or_else(|| self.error_of(Shows::SecurityKey))
    }

    fn recovers(&self) -> bool {
        self.error_of(Shows::RecoveryCode).is_some()
    }
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
        Some(pending) if pending.lack.is_there() => Ok(page(&app, (&sender, &visit), pending, (None, false)).await?),
        Some(pending) => Ok(visit.lead(&sender, Proceed::SecondFactor(pending.lack))?),
        None => Ok(visit.resume_anew(&app, &sender, now).await?),
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
    let Some(pending) = visit.pending(app, sender, now).await? else {
        return Ok(visit.resume_anew(app, sender, now).await?);
    };
    let shows = if matches!(shown, Shown::RecoveryCode(_)) { Shows::RecoveryCode } else { Shows::Code };
    let keeps = form.params.single("keep_device")?.is_some();
    match app.sign_ins.with_second_factor(visit.journey.clone(), (shown, keeps), &sender.browser, now).await {
        Ok(progress) => Ok(visit.after(app, sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => {
            Ok(page(app, (sender, &visit), pending, (Some((shows, refusal)), keeps)).await?)
        }
    }
}

/// The page, with what was wrong and whether the device is to be kept.
pub(super) async fn page(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    pending: Pending,
    (wrong, keeps): (Option<(Shows, Refusal)>, bool),
) -> Result<Response, Error> {
    let kept = match pending.lack {
        Lack::Passkey(kept) => kept,
        _ => Kept::Anywhere,
    };
    let asked = app.sign_ins.ask_for_passkey(Some((&pending.user_id, kept)), visit.browser(), app.now()).await?;
    let security_key = if pending.lack == Lack::Code && pending.guards.security_key {
        app.sign_ins.ask_for_security_key(&pending.user_id, visit.browser(), app.now()).await?
    } else {
        None
    };
    let template = SecondStep {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        has_authenticator: pending.guards.authenticator && pending.lack == Lack::Code,
        is_kept_in_hardware: kept == Kept::InHardware,
        offer: Offer::passkey(asked),
        security_key,
        whose: pending.called,
        has_recovery_codes: pending.has_recovery_codes,
        lost: match pending.lost {
            LostFactors::Nothing => None,
            LostFactors::MayRemove(_) => Some("remove-what-you-have-lost"),
            LostFactors::AskOperator | LostFactors::MayAsk | LostFactors::Waits(_) => Some("have-you-lost-both"),
        },
        // Where nothing but a passkey will do, no device stands in for it.
        keep_days: app.sign_ins.keeps_devices().filter(|_| pending.lack == Lack::Code),
        keeps,
        wrong: wrong.as_ref().map(|(shows, refusal)| (*shows, Notice::from(refusal))),
    };
    Ok(page_of(visit.answer(&template)?, wrong.map(|(_, refusal)| refusal)))
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

    /// The name of the application that asks for what somebody lacks, whoever else does; `None` where it does not.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn asks_for(&self, app: &App, pending: &Pending, now: Timestamp) -> Result<Option<String>, Error> {
        if !app.sign_ins.is_asked_for(&self.journey, pending, now).await? {
            return Ok(None);
        }
        Ok(self.asker(app).await?.map(|client| client.name))
    }

    /// Where it goes on from a page on which something is to be read first: below our own base, without it.
    pub(super) fn onward(&self) -> String {
        self.sealed
            .as_ref()
            .map_or_else(|| "/account".to_owned(), |sealed| format!("/authorize/continue?request={sealed}"))
    }
}

//! The page for whoever is at the second step and has lost all that they could show there: it asks for a mail, says how long a request waits, and
//! takes the factors away when the wait is over. And the button by which whoever is signed in stops a request.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::moment::Moment;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::signin::{LostFactors, Pending, Proceed};

#[derive(Template)]
#[template(path = "lost_factors.html")]
struct Lost {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// What the person is called.
    whose: String,
    can: Can,
    /// How long a request waits, in hours.
    hours: i64,
    error: Option<Notice>,
}

/// What the page offers.
enum Can {
    AskOperator,
    Ask,
    /// The mail was just asked for.
    ReadMail,
    WaitUntil(Moment),
    RemoveUntil(Moment),
}

impl Can {
    /// `None` where this page is none.
    fn of(lost: LostFactors, now: Timestamp) -> Option<Self> {
        Some(match lost {
            LostFactors::Nothing => return None,
            LostFactors::AskOperator => Self::AskOperator,
            LostFactors::MayAsk => Self::Ask,
            LostFactors::Waits(until) => Self::WaitUntil(Moment::new(until, now)),
            LostFactors::MayRemove(until) => Self::RemoveUntil(Moment::new(until, now)),
        })
    }
}

/// What can be done, for whoever has given the first proof on the way here.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    let Some(pending) = visit.pending(&app, &sender, now).await? else {
        return Ok(visit.resume_anew(&app, &sender, now).await?);
    };
    match Can::of(pending.lost, now).filter(|_| pending.lack.is_there()) {
        Some(can) => Ok(page(&app, (&sender, &visit), (pending, can), None).await?),
        None => Ok(visit.lead(&sender, Proceed::SecondFactor(pending.lack))?),
    }
}

/// Asks for the mail.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(pending) = visit.pending(&app, sender, now).await? else {
        return Ok(visit.resume_anew(&app, sender, now).await?);
    };
    let tag = sender.page.language().tag();
    let asked = app.sign_ins.ask_to_reset_factors(&visit.journey, (&sender.browser, tag), now).await;
    let (can, refusal) = match asked {
        Ok(true) => (Some(Can::ReadMail), None),
        Ok(false) => (Can::of(pending.lost, now), None),
        Err(Error::Rejected(refusal)) => (Can::of(pending.lost, now), Some(refusal)),
        Err(Error::Failed(failure)) => return Err(failure.into()),
    };
    match can.filter(|_| pending.lack.is_there()) {
        Some(can) => Ok(page(&app, (sender, &visit), (pending, can), refusal).await?),
        None => Ok(visit.lead(sender, Proceed::SecondFactor(pending.lack))?),
    }
}

/// Takes them away, and goes on.
pub(in crate::http) async fn remove(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(pending) = visit.pending(&app, sender, now).await? else {
        return Ok(visit.resume_anew(&app, sender, now).await?);
    };
    match app.sign_ins.remove_lost_factors(visit.journey.clone(), &sender.browser, now).await {
        Ok(progress) => Ok(visit.after(&app, sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => {
            let can = Can::of(pending.lost, now).ok_or(Rejection::NoSuchPage)?;
            Ok(page(&app, (sender, &visit), (pending, can), Some(refusal)).await?)
        }
    }
}

/// Stops a request, by whoever is signed in: that needs no proof, for it only leaves everything as it is.
pub(in crate::http) async fn stop(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    app.sign_ins.stop_factor_reset(&sign_in, &sender.browser, now).await?;
    let told = sender.cookies.of_account(&Done::KeptFactors);
    Ok((told, see_other(&app.issuer.place("/account"))?).into_response())
}

async fn page(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    (pending, can): (Pending, Can),
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    let template = Lost {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        whose: pending.called,
        can,
        hours: (app.config.recovery.wait + 3599) / 3600,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

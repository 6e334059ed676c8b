//! What a mail leads to, or an operator who brings the link instead: the page of the link, on which a button acts and never the visit alone
//! (programs look at links before people do), and the page that asks for its code, in the browser that asked for the mail.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::issuer::Place;
use crate::protocol::journey::Journey;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::ticket::{Purpose, Ticket};
use crate::secret::Secret;

#[derive(Template)]
#[template(path = "mail_link.html")]
struct Link {
    page: Page,
    form: FormParts,
    /// The secret of the link.
    ticket: String,
    /// The keys of what the page is called, what the button does and what stands on it.
    title: &'static str,
    effect: &'static str,
    button: &'static str,
    /// Where it was sent.
    address: String,
}

#[derive(Template)]
#[template(path = "mail_code.html")]
struct Code {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    purpose: Purpose,
    address: String,
    error: Option<Notice>,
}

/// The page of a link.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let params = query(raw.as_deref())?;
    let secret = params.single("ticket")?.ok_or(Rejection::UnknownTicket)?.to_owned();
    let link = Secret::presented(secret.as_str());
    let Ticket { purpose, address, .. } = app.sign_ins.ticket_of(&link, &sender.cookies.browser, now).await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let (title, effect, button) = words_of(purpose);
    let (page, form) = (sender.page.clone(), visit.form(&app));
    let link = Link { page, form, ticket: secret, title, effect, button, address };
    let mut response = visit.answer(&link)?;
    // The secret stands in the address of this page: nobody who is visited from here learns it, we ourselves included.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    Ok(response)
}

/// The button of a link.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::open(&app, &form.sender, None, now).await?;
    let link = Secret::presented(form.params.single("ticket")?.ok_or(Rejection::UnknownTicket)?);
    let here = std::slice::from_ref(visit.browser());
    let ticket = app.sign_ins.ticket_of(&link, here, now).await?;
    let by = (&form.sender.browser, visit.browser());
    let done = match ticket.purpose {
        Purpose::Return => {
            app.sign_ins.keep_account(&link, by, now).await?;
            Done::Back
        }
        Purpose::ResetFactors => Done::ResetWaits(app.sign_ins.begin_factor_reset(&link, by, now).await?),
        Purpose::KeepFactors => {
            app.sign_ins.keep_factors(&link, by, now).await?;
            Done::KeptFactors
        }
        Purpose::Undo => {
            let journey = app.sign_ins.restore_address(&link, by, now).await?;
            return Ok(visit.after_mail(&app, &form.sender, journey).await?);
        }
        _ => {
            let journey = app.sign_ins.with_link(&link, visit.browser(), now).await?;
            return Ok(visit.after_mail(&app, &form.sender, journey).await?);
        }
    };
    let told = form.sender.cookies.of_account(&done);
    Ok((visit.cookie, told, see_other(&app.issuer.place("/signed-out"))?).into_response())
}

/// The page that asks for a code.
pub(in crate::http) async fn get_code(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    if visit.has_gone_on(&app, &sender, now).await? {
        return Ok(visit.resume(&app)?);
    }
    Ok(code_page(&app, &sender, &visit, None).await?)
}

/// The code.
pub(in crate::http) async fn post_code(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let typed = form.params.single("code")?.unwrap_or_default();
    if visit.has_gone_on(&app, &form.sender, now).await? {
        return Ok(visit.resume(&app)?);
    }
    let by = (&form.sender.browser, visit.browser());
    match app.sign_ins.with_code(visit.journey.clone(), typed, by, now).await {
        Ok(journey) => Ok(visit.after_mail(&app, &form.sender, journey).await?),
        Err(Error::Rejected(refusal)) => Ok(code_page(&app, &form.sender, &visit, Some(refusal)).await?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn code_page(app: &App, sender: &Sender, visit: &Visit, refusal: Option<Refusal>) -> Result<Response, Error> {
    let Some(mailed) = visit.journey.mailed.clone().filter(|mailed| !mailed.is_proved) else {
        // Shown already, by the link or in another tab.
        return Ok(see_other(&visit.place_after_mail(app, &visit.journey))?);
    };
    let answer = visit.answer(&Code {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        purpose: mailed.purpose,
        address: mailed.address,
        error: refusal.as_ref().map(Notice::from),
    })?;
    Ok(page_of(answer, refusal))
}

/// Where no mail can be sent, what needs one is no page.
pub(super) fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    if app.config.mail.is_on() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

/// The keys of the words for a link.
const fn words_of(purpose: Purpose) -> (&'static str, &'static str, &'static str) {
    match purpose {
        Purpose::Register => ("create-an-account", "link-register", "go-on"),
        Purpose::Invite => ("you-are-invited", "link-invite", "go-on"),
        Purpose::Reset => ("choose-a-new-password", "link-reset", "go-on"),
        Purpose::Verify => ("confirm-your-address", "link-verify", "confirm"),
        Purpose::Change => ("confirm-your-new-address", "link-change", "confirm"),
        Purpose::Undo => ("take-your-account-back", "link-undo", "take-it-back"),
        Purpose::Return => ("keep-your-account", "link-return", "keep-it"),
        Purpose::SignIn => ("sign-in", "link-sign-in", "sign-in"),
        Purpose::ResetFactors => ("lost-factors", "link-reset-factors", "begin-the-wait"),
        Purpose::KeepFactors => ("keep-your-factors", "link-keep-factors", "stop-it"),
        Purpose::Confirm => ("confirm-that-it-is-you", "link-confirm", "go-on"),
    }
}

impl Code {
    /// Where the address is typed again.
    fn again(&self) -> &'static str {
        match self.purpose {
            Purpose::Reset => "/recover",
            Purpose::Register | Purpose::Invite => "/register",
            Purpose::Verify | Purpose::Change | Purpose::Undo | Purpose::Return => "/account/emails",
            Purpose::SignIn => "/login/email",
            Purpose::Confirm | Purpose::ResetFactors | Purpose::KeepFactors => "/authorize/continue",
        }
    }
}

impl Visit {
    /// On after a proof by mail: signed in by it, to choose a password, or to what it was asked for.
    async fn after_mail(self, app: &App, sender: &Sender, journey: Journey) -> Result<Response, Error> {
        if !journey.mailed.as_ref().is_some_and(|mailed| mailed.is_proved && mailed.purpose.identifies()) {
            let response = see_other(&self.place_after_mail(app, &journey))?;
            return Ok((self.cookie, response).into_response());
        }
        let progress = app.sign_ins.with_mailbox(journey.clone(), &sender.browser, app.now()).await?;
        let cookie = self.cookie.clone();
        let response = self.on(app, journey.without_mail()).after(app, sender, progress)?;
        Ok((cookie, response).into_response())
    }

    /// Where a proof by mail leads that signs nobody in.
    fn place_after_mail(&self, app: &App, journey: &Journey) -> Place {
        let chooses =
            journey.mailed.as_ref().is_some_and(|mailed| mailed.is_proved && mailed.purpose.ends_in_password());
        let sealed = app.sign_ins.journeys.seal(journey, self.browser());
        let path = if chooses { "/mail/password" } else { "/authorize/continue" };
        app.issuer.place(&format!("{path}?request={sealed}"))
    }

    /// Whether a mail that says who is here has done so on this journey already: in another tab, or by the form that the back button left.
    async fn has_gone_on(&self, app: &App, sender: &Sender, now: Timestamp) -> Result<bool, PageError> {
        if !self.journey.mailed.as_ref().is_some_and(|mailed| mailed.purpose.identifies()) {
            return Ok(false);
        }
        let sign_in = sender.sign_in(app, now).await?;
        Ok(sign_in.is_some_and(|sign_in| sign_in.journey_id.as_deref() == Some(self.journey.id.as_str())))
    }
}

//! The page on which somebody who signs in gets a passkey on the way: because nothing else will do, in the place of an authenticator that everybody
//! must have, or because it is offered to whoever has just typed a password. The offer comes in browsers that say they can have one, until the person
//! says "not now", and never again.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::passkey_form::PasskeyForm;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page, enrolled};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::passkeys::Owner;
use crate::protocol::passkey::Kept;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::second_factor::Lack;
use crate::protocol::sign_in::SignIn;
use crate::signin::{NewCookie, Pending, Proceed, Progress};

/// The field in which a browser says that its own device can have a passkey.
pub(super) const CAN_PASSKEY: &str = "can_passkey";

#[derive(Template)]
#[template(path = "new_passkey.html")]
struct OnTheWay {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// What the person is called.
    whose: String,
    why: Why,
    /// Whether everybody must have a second factor.
    everybody: bool,
    /// The application that asks for what the person lacks.
    asks: Option<String>,
    new: PasskeyForm,
    error: Option<Notice>,
}

/// Why the page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It was offered.
    Offered,
    /// The person must have a second factor, which an authenticator would be too.
    SecondFactor,
    /// Nothing else will do: for the application that asks, or wherever the person goes.
    OnlyThis,
    /// The same, and it must stay in its device.
    InItsDevice,
}

impl OnTheWay {
    /// The key of what the page is called.
    fn title(&self) -> &'static str {
        if self.why == Why::Offered { "sign-in-with-a-touch" } else { "set-up-a-passkey" }
    }
}

/// Who gets it.
struct Whose {
    user_id: String,
    called: String,
    name: String,
}

impl From<Pending> for Whose {
    fn from(pending: Pending) -> Self {
        Self { user_id: pending.user_id, called: pending.called, name: pending.name }
    }
}

impl From<SignIn> for Whose {
    fn from(sign_in: SignIn) -> Self {
        Self { called: sign_in.called().to_owned(), user_id: sign_in.user_id, name: sign_in.name }
    }
}

/// The page.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    if !app.sign_ins.has_passkeys() {
        return Err(Rejection::NoSuchPage.into());
    }
    answer(&app, (&sender, visit), None, now).await
}

/// What the browser says of the new passkey.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let new = PasskeyForm::read(&form)?;
    match app.sign_ins.add_passkey((visit.journey.clone(), visit.browser()), &new, &sender.browser, now).await {
        Ok(enrolled) => Ok(enrolled::on_the_way(&app, (sender, visit), enrolled)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        // What was proved counts no more: on to what asks for it.
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(visit.resume_anew(&app, sender, now).await?)
        }
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::NoSuchPage => Err(refusal.into()),
        Err(Error::Rejected(refusal)) => answer(&app, (sender, visit), Some(refusal), now).await,
    }
}

/// Not now, and not again.
pub(in crate::http) async fn later(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    if !app.sign_ins.has_passkeys() {
        return Err(Rejection::NoSuchPage.into());
    }
    if let Some(sign_in) = form.sender.sign_in(&app, now).await? {
        app.sign_ins.decline_passkeys(&sign_in.user_id, now).await?;
    }
    Ok(visit.resume(&app)?)
}

/// Leads whoever has just signed in by a password to the offer, or on.
pub(super) async fn offer(app: &App, (sender, visit): (&Sender, Visit), cookie: NewCookie) -> Result<Response, Error> {
    if !app.sign_ins.offers_passkey(&cookie.value, app.now()).await? {
        return Ok(visit.after(app, sender, Progress::SignedIn(cookie))?);
    }
    let visit = visit.signed_in(app);
    let request = visit.sealed.as_ref().map(|sealed| format!("?request={sealed}")).unwrap_or_default();
    let cookies = (sender.cookies.signed_in(&cookie), sender.cookies.known(&cookie));
    let page = see_other(&app.issuer.place(&format!("/login/new-passkey{request}")))?;
    Ok((cookies.0, cookies.1, page).into_response())
}

/// The page for whoever comes, or where else they belong.
async fn answer(
    app: &App,
    (sender, visit): (&Sender, Visit),
    refusal: Option<Refusal>,
    now: Timestamp,
) -> Result<Response, PageError> {
    let pending = visit.pending(app, sender, now).await?;
    let asks = match &pending {
        Some(pending) => visit.asks_for(app, pending, now).await?,
        None => None,
    };
    let (whose, why): (Whose, Why) = match pending {
        Some(pending) if pending.lack == Lack::Enrolment => (pending.into(), Why::SecondFactor),
        Some(pending) if pending.lack == Lack::FirstPasskey(Kept::Anywhere) => (pending.into(), Why::OnlyThis),
        Some(pending) if pending.lack == Lack::FirstPasskey(Kept::InHardware) => (pending.into(), Why::InItsDevice),
        Some(pending) => return Ok(visit.lead(sender, Proceed::SecondFactor(pending.lack))?),
        None => match (sender.sign_in(app, now).await?, &sender.cookies.sign_in) {
            // It would be added to another account than whoever stands here means.
            (Some(sign_in), _) if visit.is_of_another_than(&sign_in) => {
                return Ok(visit.resume_anew(app, sender, now).await?);
            }
            // Whoever has tried is told what was wrong, though they have said "not now" in another tab.
            (Some(sign_in), Some(cookie)) if refusal.is_some() || app.sign_ins.offers_passkey(cookie, now).await? => {
                (sign_in.into(), Why::Offered)
            }
            _ => return Ok(visit.resume_anew(app, sender, now).await?),
        },
    };
    let owner = Owner { user_id: &whose.user_id, called: &whose.called, name: &whose.name };
    let kept = if why == Why::InItsDevice { Kept::InHardware } else { Kept::Anywhere };
    let request = app.sign_ins.ask_for_new_passkey((owner, kept), visit.browser(), now).await?;
    let template = OnTheWay {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        new: PasskeyForm::new(request, sender),
        whose: whose.called,
        why,
        everybody: app.sign_ins.requires_second_factor(),
        asks,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

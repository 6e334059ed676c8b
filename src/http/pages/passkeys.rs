//! The page of a person's passkeys: what each is called, when it was added and last used, and whether it is copied to their other devices; adding
//! one, once the person has proved that it is them; calling one by another name, and taking one away.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::moment::Moment;
use super::visit::Visit;
use super::{FormParts, Notice, Page, account, new_passkey, recovery_codes};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::passkeys::Owner;
use crate::protocol::device;
use crate::protocol::journey::Action;
use crate::protocol::next_step::NextStep;
use crate::protocol::passkey::{MAX_NAME, MOST, Passkey};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;
use crate::signin::{Enrolled, PasskeyRequest, Progress};

#[derive(Template)]
#[template(path = "account/passkeys.html")]
struct Passkeys {
    page: Page,
    section: &'static str,
    form: FormParts,
    own: Vec<Line>,
    /// What the browser is asked, once the person has proved that it is them.
    asked: Option<PasskeyRequest>,
    /// Whether the account can have no more.
    is_full: bool,
    /// What a new one is called when nobody says otherwise.
    suggested: String,
    longest_name: usize,
    error: Option<Notice>,
}

/// A passkey in the list.
struct Line {
    id: String,
    name: String,
    added: Moment,
    used: Option<Moment>,
    /// The key of what is said of where it is.
    place: &'static str,
}

impl Line {
    fn of(passkey: Passkey, now: Timestamp) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            added: Moment::new(passkey.created_at, now),
            used: passkey.last_used_at.map(|at| Moment::new(at, now)),
            place: match (passkey.key.may_be_copied, passkey.key.is_copied) {
                (false, _) => "passkey-on-one-device",
                (true, false) => "passkey-may-be-copied",
                (true, true) => "passkey-is-copied",
            },
        }
    }
}

/// The page.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    Ok(page(&app, (visit, &sender), sign_in, None, now).await?)
}

/// To the proof, and from there back to the page.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    act(&app, &form, Action::AddPasskey).await
}

/// Takes one away.
pub(in crate::http) async fn remove(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    act(&app, &form, Action::RemovePasskey(id)).await
}

async fn act(app: &App, form: &CsrfForm, action: Action) -> Result<Response, PageError> {
    if owner(app, &form.sender, app.now()).await?.is_none() {
        return Ok(see_other(&app.issuer.place("/login"))?);
    }
    account::end(app, form, action).await
}

/// Calls one by another name: that opens nothing, so it takes no fresh proof.
pub(in crate::http) async fn rename(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let Some(sign_in) = owner(&app, &form.sender, app.now()).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?;
    let name = form.params.single("name")?.unwrap_or_default();
    app.sign_ins.rename_passkey(&sign_in, (id, name)).await?;
    Ok(see_other(&app.issuer.place("/account/passkeys"))?)
}

/// What the browser says of a new one.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = owner(&app, sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_form(&app, &form, now).await?.towards(&app, &sign_in, Action::AddPasskey, now);
    let new = new_passkey::new_passkey(&form)?;
    match app.sign_ins.add_passkey((visit.journey.clone(), visit.browser()), &new, &sender.browser, now).await {
        Ok(Enrolled { progress: Progress::SignedIn(cookie), codes }) => {
            let cookies = (sender.cookies.signed_in(&cookie), sender.cookies.known(&cookie));
            let answer = match codes {
                Some(codes) => recovery_codes::shown(&app, (&visit, sender), &codes, "/account")?,
                None => {
                    let done = sender.cookies.done(&Action::AddPasskey);
                    (done, see_other(&app.issuer.place("/account"))?).into_response()
                }
            };
            Ok((cookies.0, cookies.1, answer).into_response())
        }
        Ok(Enrolled { progress, .. }) => Ok(visit.after(&app, sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        // The proof has become too old: the page says so before a device is asked again.
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(see_other(&app.issuer.place("/account/passkeys"))?)
        }
        Err(Error::Rejected(refusal)) => Ok(page(&app, (visit, sender), sign_in, Some(refusal), now).await?),
    }
}

/// Who is signed in, where people have passkeys.
async fn owner(app: &App, sender: &Sender, now: Timestamp) -> Result<Option<SignIn>, PageError> {
    if !app.sign_ins.has_passkeys() {
        return Err(Rejection::NoSuchPage.into());
    }
    Ok(sender.sign_in(app, now).await?)
}

async fn page(
    app: &App,
    (visit, sender): (Visit, &Sender),
    sign_in: SignIn,
    refusal: Option<Refusal>,
    now: Timestamp,
) -> Result<Response, Error> {
    let own = app.sign_ins.own_passkeys(&sign_in.user_id).await?;
    let visit = visit.towards(app, &sign_in, Action::AddPasskey, now);
    let is_full = own.len() >= MOST;
    let standing = app.sign_ins.standing_of(&visit.journey, Some(sign_in.clone()), now).await?;
    let is_proved = standing.step == NextStep::Finish;
    let asked = if is_proved && !is_full {
        let owner = Owner { user_id: &sign_in.user_id, called: sign_in.called(), name: &sign_in.name };
        Some(app.sign_ins.ask_for_new_passkey(owner, visit.browser(), now).await?)
    } else {
        None
    };
    let template = Passkeys {
        page: sender.page.clone(),
        section: "passkeys",
        form: visit.form(app),
        own: own.into_iter().map(|passkey| Line::of(passkey, now)).collect(),
        asked,
        is_full,
        suggested: sender.page.device(&device::name(&sender.browser.user_agent)),
        longest_name: MAX_NAME,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

//! The page of a person's passkeys: what each is called, when it was added and last used, and whether it is copied to their other devices; adding
//! one, once the person has proved that it is them; calling one by another name, and taking one away. Below them the security keys, whose forms are in
//! `security_keys.rs`.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::moment::Moment;
use super::passkey_form::PasskeyForm;
use super::visit::Visit;
use super::{FormParts, Notice, Page, account, enrolled};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::passkeys::Owner;
use crate::protocol::journey::Action;
use crate::protocol::next_step::NextStep;
use crate::protocol::passkey::{Kept, MAX_NAME, MOST, Passkey, Use};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;

#[derive(Template)]
#[template(path = "account/passkeys.html")]
struct Passkeys {
    page: Page,
    section: &'static str,
    form: FormParts,
    own: Vec<Line>,
    /// What the browser is asked, once the person has proved that it is them.
    new: Option<PasskeyForm>,
    security_keys: Vec<Line>,
    /// Whether security keys can be added.
    adds_security_keys: bool,
    /// The same for a security key.
    new_security_key: Option<PasskeyForm>,
    /// Whether the account can have no more.
    is_full: bool,
    longest_name: usize,
    error: Option<Notice>,
}

/// A passkey or a security key in its list.
struct Line {
    id: String,
    /// What the ids and places of its forms have in them.
    noun: &'static str,
    /// Its place in the list.
    number: usize,
    name: String,
    added: Moment,
    used: Option<Moment>,
    /// The key of what is said of where it is.
    place: &'static str,
    /// Whether its maker has attested what the device is.
    is_attested: bool,
}

impl Line {
    /// The key of what its button to remove it says.
    fn removes(&self) -> &'static str {
        if self.noun == "passkey" { "remove-the-passkey" } else { "remove-the-security-key" }
    }

    /// Those that are so, in their order.
    fn all(own: &[Passkey], used_as: Use, now: Timestamp) -> Vec<Self> {
        let meant = own.iter().filter(|passkey| passkey.used_as == used_as).cloned();
        meant.enumerate().map(|(at, passkey)| Self::of((passkey, at + 1), now)).collect()
    }

    fn of((passkey, number): (Passkey, usize), now: Timestamp) -> Self {
        Self {
            noun: if passkey.is_security_key() { "security-key" } else { "passkey" },
            number,
            id: passkey.id,
            name: passkey.name,
            added: Moment::new(passkey.created_at, now),
            used: passkey.last_used_at.map(|at| Moment::new(at, now)),
            place: match (passkey.key.may_be_copied, passkey.key.is_copied) {
                (false, _) => "passkey-on-one-device",
                (true, false) => "passkey-may-be-copied",
                (true, true) => "passkey-is-copied",
            },
            is_attested: passkey.key.is_attested,
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
    refuse_if_off(&app)?;
    account::end(&app, &form, Action::AddPasskey).await
}

/// Takes one away.
pub(in crate::http) async fn remove(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    account::end(&app, &form, Action::RemovePasskey(id)).await
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
    let new = PasskeyForm::read(&form)?;
    match app.sign_ins.add_passkey((visit.journey.clone(), visit.browser()), &new, &sender.browser, now).await {
        Ok(enrolled) => Ok(enrolled::on_the_account(&app, (sender, visit), enrolled, &Action::AddPasskey)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        // The proof has become too old: the page says so before a device is asked again.
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(see_other(&app.issuer.place("/account/passkeys"))?)
        }
        Err(Error::Rejected(refusal)) => Ok(page(&app, (visit, sender), sign_in, Some(refusal), now).await?),
    }
}

/// Who is signed in, where people have passkeys.
pub(super) async fn owner(app: &App, sender: &Sender, now: Timestamp) -> Result<Option<SignIn>, PageError> {
    refuse_if_off(app)?;
    Ok(sender.sign_in(app, now).await?)
}

pub(super) fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    if app.sign_ins.has_passkeys() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

pub(super) async fn page(
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
    let adds_security_keys = app.sign_ins.has_second_factors();
    let (mut new, mut new_security_key) = (None, None);
    if is_proved && !is_full {
        let owner = Owner { user_id: &sign_in.user_id, called: sign_in.called(), name: &sign_in.name };
        let asked = app.sign_ins.ask_for_new_passkey((owner, Kept::Anywhere), visit.browser(), now).await?;
        new = Some(PasskeyForm::new(asked, sender));
        if adds_security_keys {
            let asked = app.sign_ins.ask_for_new_security_key(owner, visit.browser(), now).await?;
            new_security_key = Some(PasskeyForm::new(asked, sender));
        }
    }
    let template = Passkeys {
        page: sender.page.clone(),
        section: "passkeys",
        form: visit.form(app),
        own: Line::all(&own, Use::Passkey, now),
        new,
        security_keys: Line::all(&own, Use::SecurityKey, now),
        adds_security_keys,
        new_security_key,
        is_full,
        longest_name: MAX_NAME,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

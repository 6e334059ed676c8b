//! The page on which a person sets up an authenticator, sets up another in its place, or does without; and the same for whoever must have one
//! before they are signed in. The key is shown until a right code says that the app has it.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::moment::Moment;
use super::qr::picture;
use super::visit::Visit;
use super::{Asker, FormParts, Notice, Page, account, enrolled, kept_devices};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::language::Markup;
use crate::protocol::authenticator::Seed;
use crate::protocol::journey::{Action, Goal};
use crate::protocol::next_step::NextStep;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::second_factor::Lack;
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::{Enrolment, Pending, Proceed};

#[derive(Template)]
#[template(path = "account/authenticator.html")]
struct Authenticator {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// Since when there is one, and when it was last used.
    own: Option<(Moment, Option<Moment>)>,
    /// Whether the account can do without.
    may_go: bool,
    /// What is to be set up, once the person has proved that it is them.
    setup: Option<Setup>,
    /// The devices on which they are not asked for a code.
    kept: Vec<kept_devices::Line>,
    error: Option<Notice>,
}

#[derive(Template)]
#[template(path = "first_authenticator.html")]
struct First {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// Whether everybody must have a second factor.
    everybody: bool,
    /// The application that asks for one.
    asks: Option<String>,
    whose: String,
    setup: Setup,
    /// Whether a passkey will do too.
    passkeys: bool,
    error: Option<Notice>,
}

/// What an app is set up with.
struct Setup {
    picture: Markup,
    /// The key as a person types it.
    secret: String,
    link: String,
    /// As the form brings it back.
    offer: String,
}

impl Setup {
    /// A new key, or that of an offer that may still be taken.
    fn new(
        app: &App,
        visit: &Visit,
        (user_id, called): (&str, &str),
        former: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let kept = former.and_then(|offer| {
            let seed = app.sign_ins.offered(offer, user_id, visit.browser(), now)?;
            Some((seed, offer.to_owned()))
        });
        let (seed, offer): (Seed, String) = kept.unwrap_or_else(|| {
            let offer = app.sign_ins.offer_authenticator(user_id, visit.browser(), now);
            (offer.seed, offer.sealed)
        });
        let link = seed.uri(&app.config.brand.name, called).to_string();
        let secret = seed.base32().to_string();
        Ok(Self { picture: picture(&link)?, secret, link, offer })
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
    Ok(page(&app, (visit, &sender), sign_in, (None, None), now).await?)
}

/// To the proof, and from there to the key.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    account::end(&app, &form, Action::SetAuthenticator).await
}

/// Does without.
pub(in crate::http) async fn remove(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    account::end(&app, &form, Action::RemoveAuthenticator).await
}

/// The first code of a new key.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = owner(&app, sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_form(&app, &form, now).await?.towards(&app, &sign_in, Action::SetAuthenticator, now);
    let enrolment = enrolment(&form)?;
    let set = (visit.journey.clone(), visit.browser());
    match app.sign_ins.set_authenticator(set, &enrolment, &sender.browser, now).await {
        Ok(enrolled) => Ok(enrolled::on_the_account(&app, (sender, visit), enrolled, &Action::SetAuthenticator)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        // The proof has become too old: the page says so before anything is typed again.
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(see_other(&app.issuer.place("/account/authenticator"))?)
        }
        Err(Error::Rejected(refusal)) => {
            let wrong = (Some(refusal), Some(enrolment.offer.as_str()));
            Ok(page(&app, (visit, sender), sign_in, wrong, now).await?)
        }
    }
}

/// The key for whoever must have one before they are signed in.
pub(in crate::http) async fn get_first(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    match visit.pending(&app, &sender, now).await? {
        Some(pending) if pending.lack == Lack::Enrolment => {
            Ok(first(&app, (&sender, &visit), pending, (None, None), now).await?)
        }
        Some(pending) => Ok(visit.lead(&sender, Proceed::SecondFactor(pending.lack))?),
        None => Ok(visit.resume_anew(&app, &sender, now).await?),
    }
}

/// Its first code: with that they are signed in.
pub(in crate::http) async fn post_first(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let pending = match visit.pending(&app, sender, now).await? {
        Some(pending) if pending.lack == Lack::Enrolment => pending,
        Some(pending) => return Ok(visit.lead(sender, Proceed::SecondFactor(pending.lack))?),
        None => return Ok(visit.resume_anew(&app, sender, now).await?),
    };
    let enrolment = enrolment(&form)?;
    let set = (visit.journey.clone(), visit.browser());
    match app.sign_ins.set_authenticator(set, &enrolment, &sender.browser, now).await {
        Ok(enrolled) => Ok(enrolled::on_the_way(&app, (sender, visit), enrolled)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(visit.resume_anew(&app, sender, now).await?)
        }
        Err(Error::Rejected(refusal)) => {
            let wrong = (Some(refusal), Some(enrolment.offer.as_str()));
            Ok(first(&app, (sender, &visit), pending, wrong, now).await?)
        }
    }
}

/// Who is signed in, where people have second factors.
pub(super) async fn owner(app: &App, sender: &Sender, now: Timestamp) -> Result<Option<SignIn>, PageError> {
    refuse_if_off(app)?;
    Ok(sender.sign_in(app, now).await?)
}

fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    if app.sign_ins.has_second_factors() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}

fn enrolment(form: &CsrfForm) -> Result<Enrolment, PageError> {
    let offer = form.params.single("offer")?.unwrap_or_default().to_owned();
    Ok(Enrolment { offer, code: Secret::presented(form.params.single("code")?.unwrap_or_default()) })
}

async fn page(
    app: &App,
    (visit, sender): (Visit, &Sender),
    sign_in: SignIn,
    (refusal, offer): (Option<Refusal>, Option<&str>),
    now: Timestamp,
) -> Result<Response, Error> {
    let own = app.sign_ins.own_factors(&sign_in.user_id, now).await?;
    let is_asked_for = matches!(visit.journey.goal, Goal::Confirm { action: Action::SetAuthenticator, .. });
    let visit = visit.towards(app, &sign_in, Action::SetAuthenticator, now);
    let standing = app.sign_ins.standing_of(&visit.journey, Some(sign_in.clone()), now).await?;
    let is_proved = standing.step == NextStep::Finish;
    // Whoever has one is shown the key of another on demand alone.
    let setup = if is_proved && (own.authenticator.is_none() || is_asked_for) {
        Some(Setup::new(app, &visit, (&sign_in.user_id, sign_in.called()), offer, now)?)
    } else {
        None
    };
    let since = own
        .authenticator
        .map(|factor| (Moment::new(factor.created_at, now), factor.last_used_at.map(|at| Moment::new(at, now))));
    let template = Authenticator {
        page: sender.page.clone(),
        section: "authenticator",
        form: visit.form(app),
        own: since,
        may_go: own.may_go,
        setup,
        kept: kept_devices::Line::all(app, (&sign_in, sender), now).await?,
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

async fn first(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    pending: Pending,
    (refusal, offer): (Option<Refusal>, Option<&str>),
    now: Timestamp,
) -> Result<Response, Error> {
    let template = First {
        page: sender.page.clone(),
        form: visit.form(app),
        client: visit.asker(app).await?,
        everybody: app.sign_ins.requires_second_factor(),
        asks: visit.asks_for(app, &pending, now).await?,
        setup: Setup::new(app, visit, (&pending.user_id, &pending.called), offer, now)?,
        whose: pending.called,
        passkeys: app.sign_ins.has_passkeys(),
        error: refusal.as_ref().map(Notice::from),
    };
    Ok(page_of(visit.answer(&template)?, refusal))
}

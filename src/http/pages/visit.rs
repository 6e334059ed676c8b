//! A visit to a page: the journey that it is on, and what every form and answer of that page carries.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::{Asker, FormParts, Says, html, leads_to};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::cookies::SetCookie;
use crate::http::endpoints::authorize::{lead, resume_at, see_other};
use crate::http::error::{Onward, PageError};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::language::Language;
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::{Lost, Proceed, Progress, Standing};

/// A visit to a page on a journey.
pub(in crate::http) struct Visit {
    /// The journey: the one that the browser brought sealed, or a new one to the account page.
    pub journey: Journey,
    /// The journey as its forms bring it back; `None` where there is nothing to bring.
    pub sealed: Option<String>,
    browser: Secret,
    /// What sets the browser's cookie, when it had none.
    pub cookie: Option<SetCookie>,
}

/// A visit that has just come to a page where a person proves something, and where its browser stands.
pub(in crate::http) struct Arrival {
    /// The visit.
    pub visit: Visit,
    /// The sign-in that the browser has.
    pub sign_in: Option<SignIn>,
    /// Whether the person wants to be somebody else than who is signed in (`as=another`).
    pub as_another: bool,
    /// Whether the person wants to choose how to sign in (`choose`), whatever the application expects.
    pub chooses: bool,
    /// Whether nothing is to be proved here any more: signed in meanwhile, in another tab or by the form that the back button left.
    pub has_gone_on: bool,
}

impl Visit {
    /// Comes to a page for proofs, with what the address of the page carries.
    pub async fn arrive(app: &App, sender: &Sender, raw: Option<&str>) -> Result<Arrival, PageError> {
        let now = app.now();
        let params = query(raw)?;
        let sealed = params.single("request")?.map(str::to_owned);
        let as_another = params.single("as")? == Some("another");
        let chooses = params.single("choose")?.is_some();
        let visit = Self::open(app, sender, sealed, now).await?;
        let standing = visit.standing(app, sender, now).await?;
        if let NextStep::Refuse(rejection @ Rejection::WeakSignIn) = standing.step
            && !as_another
        {
            // Nothing that they could prove here would do.
            return visit.told(app, Err(rejection.into())).await;
        }
        // Who is signed in and lacks a second factor is led to it from wherever they came, so the way must be told.
        let visit = match standing.step {
            NextStep::SecondFactor(_) if visit.sealed.is_none() => {
                let journey = visit.journey.clone();
                visit.on(app, journey)
            }
            _ => visit,
        };
        let has_gone_on = standing.sign_in.is_some() && !standing.step.asks_for_proof() && !as_another;
        Ok(Arrival { visit, sign_in: standing.sign_in, as_another, chooses, has_gone_on })
    }

    /// Opens the journey that a form brings.
    pub async fn of_form(app: &App, form: &CsrfForm, now: Timestamp) -> Result<Self, PageError> {
        let sealed = form.params.single("request")?.map(str::to_owned);
        Self::open(app, &form.sender, sealed, now).await
    }

    /// Opens the journey that the address of a page carries.
    pub async fn of_page(app: &App, sender: &Sender, raw: Option<&str>, now: Timestamp) -> Result<Self, PageError> {
        let sealed = query(raw)?.single("request")?.map(str::to_owned);
        Self::open(app, sender, sealed, now).await
    }

    /// Opens the journey that the visit brings. One that has become too old begins anew, and goes on.
    pub async fn open(app: &App, sender: &Sender, sealed: Option<String>, now: Timestamp) -> Result<Self, PageError> {
        let (browser, cookie) = sender.cookies.browser_or_new();
        let Some(text) = sealed else {
            let journey = app.sign_ins.journeys.begin(Goal::Account, now);
            return Ok(Self { journey, sealed: None, browser, cookie });
        };
        match app.sign_ins.journeys.open(&text, &sender.cookies.browser, now) {
            Ok(opened) => {
                speak_as_asked(sender, &opened.journey);
                let anew = opened.is_anew.then(|| app.sign_ins.journeys.seal(&opened.journey, &browser));
                Ok(Self { journey: opened.journey, sealed: anew.or(Some(text)), browser, cookie })
            }
            Err(Lost { rejection, journey }) => {
                if let Some(journey) = &journey {
                    speak_as_asked(sender, journey);
                }
                let application = match journey {
                    Some(journey) => application_of(app, &journey).await,
                    None => None,
                };
                Err(PageError::from(rejection).sent_by(application))
            }
        }
    }

    /// A browser on a journey that it did not bring itself.
    pub fn of(app: &App, sender: &Sender, journey: Journey) -> Self {
        speak_as_asked(sender, &journey);
        let (browser, cookie) = sender.cookies.browser_or_new();
        let sealed = Some(app.sign_ins.journeys.seal(&journey, &browser));
        Self { journey, sealed, browser, cookie }
    }

    /// The browser's own cookie.
    pub fn browser(&self) -> &Secret {
        &self.browser
    }

    /// What came of something on the way: a refusal says for which application it was, and where a better sign-in is made.
    pub async fn told<T>(&self, app: &App, outcome: Result<T, Error>) -> Result<T, PageError> {
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => {
                let is_weak = matches!(&error, Error::Rejected(refusal) if refusal.rejection == Rejection::WeakSignIn);
                let again = is_weak.then(|| app.issuer.place("/login?as=another"));
                let application = application_of(app, &self.journey).await;
                Err(PageError::from(error).with(Onward { application, again }))
            }
        }
    }

    /// The visit on another journey.
    pub fn on(self, app: &App, journey: Journey) -> Self {
        let sealed = Some(app.sign_ins.journeys.seal(&journey, &self.browser));
        Self { journey, sealed, ..self }
    }

    /// The visit on the journey to an action on one's own account: the one that it is on, or a new one.
    pub fn towards(self, app: &App, sign_in: &SignIn, action: Action, now: Timestamp) -> Self {
        if matches!(&self.journey.goal, Goal::Confirm { action: own, .. } if *own == action) {
            return self;
        }
        let goal = Goal::Confirm { user_id: sign_in.user_id.clone(), action };
        let journey = app.sign_ins.journeys.begin(goal, now);
        self.on(app, journey)
    }

    /// The visit of whoever was signed in by what they have proved on it: from then on the sign-in says that, and the journey no more.
    pub fn signed_in(self, app: &App) -> Self {
        if self.sealed.is_none() || self.journey.proven.is_none() {
            return self;
        }
        let journey = Journey { proven: None, ..self.journey.clone() };
        self.on(app, journey)
    }

    /// Where the browser stands on its journey; the page speaks to whoever is signed in.
    pub async fn standing(&self, app: &App, sender: &Sender, now: Timestamp) -> Result<Standing, PageError> {
        let standing = app.sign_ins.standing(&self.journey, sender.cookies.sign_in.as_ref(), now).await;
        let standing = self.told(app, standing).await?;
        sender.page.speak_to(standing.sign_in.as_ref());
        Ok(standing)
    }

    /// What the page's form carries.
    pub fn form(&self, app: &App) -> FormParts {
        FormParts { csrf: app.sign_ins.forms.token(&self.browser), request: self.sealed.clone().unwrap_or_default() }
    }

    /// The application that asks.
    pub async fn asker(&self, app: &App) -> Result<Option<Asker>, Error> {
        let Some(request) = self.journey.request() else { return Ok(None) };
        let client = app.directory.client(&request.client_id).await?.ok_or(Rejection::DisabledClient)?;
        Ok(Some(Asker::of(&client, Some(request.target.redirect_uri()))))
    }

    /// The page with the browser's cookie and what its form may lead to.
    pub fn answer(&self, template: &impl Template) -> Result<Response, Failure> {
        Ok((leads_to(self.journey.request()), self.cookie.clone(), html(template)?).into_response())
    }

    /// On to what comes next.
    pub fn resume(&self, app: &App) -> Result<Response, Failure> {
        see_other(&resume_at(app.issuer.base(), self.sealed.as_deref()))
    }

    /// The same where what was proved on the journey counts no more, or leads nowhere. Where somebody is signed in it would lead back here, so it goes on
    /// without; where nobody is, they prove it anew, and that something was proved has a provider ask them afresh. So do they where somebody else is, in whose
    /// name nothing goes on.
    pub async fn resume_anew(self, app: &App, sender: &Sender, now: Timestamp) -> Result<Response, Failure> {
        let Some(sign_in) = sender.sign_in(app, now).await? else { return self.resume(app) };
        match &self.sealed {
            Some(sealed) if self.is_of_another_than(&sign_in) => as_another(app, sealed),
            _ => self.signed_in(app).resume(app),
        }
    }

    /// Whether somebody else than who is signed in has proved who they are on the journey.
    pub fn is_of_another_than(&self, sign_in: &SignIn) -> bool {
        self.journey.proven.as_ref().is_some_and(|proven| proven.user_id != sign_in.user_id)
    }

    /// On to what is next, or away at the end of the journey.
    pub fn lead(self, sender: &Sender, next: Proceed) -> Result<Response, Failure> {
        lead(sender, next, || self.sealed.unwrap_or_default())
    }

    /// On after a proof: signed in, or to the page that asks for what is missing.
    pub fn after(self, app: &App, sender: &Sender, progress: Progress) -> Result<Response, Failure> {
        match progress {
            Progress::SignedIn(cookie) => {
                let cookies = (sender.cookies.signed_in(&cookie), sender.cookies.known(&cookie));
                Ok((cookies.0, cookies.1, self.signed_in(app).resume(app)?).into_response())
            }
            // What they had proved counts no more: whoever is signed in here is perhaps somebody else.
            Progress::Underway(journey, None)
                if journey.proven.is_none() && self.journey.proven.is_some() && sender.cookies.sign_in.is_some() =>
            {
                as_another(app, &app.sign_ins.journeys.seal(&journey, &self.browser))
            }
            Progress::Underway(journey, lack) => {
                let next = lack.map_or(Proceed::Prove, Proceed::SecondFactor);
                lead(sender, next, || app.sign_ins.journeys.seal(&journey, &self.browser))
            }
        }
    }
}

/// To the page where whoever goes this way proves who they are, whoever is signed in here.
fn as_another(app: &App, sealed: &str) -> Result<Response, Failure> {
    see_other(&app.issuer.base().place(&format!("/login?as=another&request={sealed}")))
}

/// Has the page speak the language that the request of the journey asks for.
fn speak_as_asked(sender: &Sender, journey: &Journey) {
    let language = journey.request().and_then(|request| request.language.as_deref());
    sender.page.speak(Says::Request, language.and_then(Language::tagged));
}

/// The application that a journey is to answer, as far as it is still known.
pub(in crate::http) async fn application_of(app: &App, journey: &Journey) -> Option<Asker> {
    let request = journey.request()?;
    let client = app.directory.client(&request.client_id).await.ok()??;
    Some(Asker::of(&client, Some(request.target.redirect_uri())))
}

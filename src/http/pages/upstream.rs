//! To a provider and back: `POST /upstream/{id}` sends a browser there, `/upstream/{id}/callback` takes it back. The callback is the one page
//! that waits for a provider.
//!
//! What the browser brings is looked at only when it is the one that was sent, to this very provider, and once. Then nothing is lost
//! on the way: whatever comes of it, the page leads back to the journey.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::forward;
use super::visit::{Visit, application_of};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::{leave_for, see_other};
use crate::http::error::{Onward, PageError};
use crate::http::extract::{Authorizations, CsrfForm, Sender, Within, form, query};
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::params::Params;
use crate::protocol::rejection::Rejection;
use crate::protocol::upstream::{Callback, Vouched};
use crate::secret::Secret;
use crate::signin::{Met, Proceed, Purpose, Returned, Stray};
use crate::upstream::{Ask, Provider};

/// The longest answer of a provider that is taken by POST, in bytes of its query.
const MAX_ANSWER: usize = 8192;

/// Sends the browser to the provider.
pub(in crate::http) async fn post(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Within<Authorizations>,
    form: CsrfForm,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    visit.depart(&app, &form.sender, (&id, Purpose::SignIn), now).await
}

/// The answer of a provider that sends it by POST (OAuth 2.0 Form Post Response Mode). It comes from another site and so without our cookies: it
/// goes on as a GET.
pub(in crate::http) async fn callback_by_post(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Within<Authorizations>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    provider(&app, &id)?;
    let query = form(&headers, body).await?.to_query();
    if query.len() > MAX_ANSWER {
        return Err(Rejection::RequestTooLong.into());
    }
    Ok(see_other(&app.issuer.place(&format!("/upstream/{id}/callback?{query}")))?)
}

/// The browser is back.
pub(in crate::http) async fn callback(
    State(app): State<App>,
    Path(id): Path<String>,
    _: Within<Authorizations>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let provider = provider(&app, &id)?;
    let params = query(raw.as_deref())?;
    let state = params.single("state")?.ok_or(Rejection::UnknownErrand)?;
    let state = Secret::presented(state);
    let returned = app.sign_ins.come_back((&id, &state), &sender.cookies.browser, now).await;
    let Returned { errand, purpose, journey } = match returned {
        Ok(returned) => returned,
        Err(Stray { error, journey: Some(journey) }) => return Err(astray(&app, &sender, error, &journey).await),
        Err(Stray { error, journey: None }) => return Err(error.into()),
    };
    let vouched = match brought(&params) {
        Ok(callback) => provider.finish(&errand, &callback, now).await,
        Err(error) => Err(error),
    };
    let outcome = match vouched {
        Ok(vouched) => go_on(&app, &sender, (journey.clone(), purpose), vouched, now).await,
        Err(error) => Err(error),
    };
    match outcome {
        // The form on the provider's last page may lead to us alone, as its policy says, and where we lead on to is an application.
        Ok(response) => Ok(forward::by_page(response, &sender.page)),
        Err(error) => Err(astray(&app, &sender, error, &journey).await),
    }
}

/// Goes on with what the provider has vouched for.
async fn go_on(
    app: &App,
    sender: &Sender,
    (journey, purpose): (Journey, Purpose),
    vouched: Vouched,
    now: Timestamp,
) -> Result<Response, Error> {
    let visit = Visit::of(app, sender, journey);
    match purpose {
        Purpose::SignIn => {
            let came_by = sender.cookies.came_by(&vouched.provider);
            match app.sign_ins.with_identity(visit.journey.clone(), vouched, &sender.browser, now).await? {
                Met::Known(progress) => Ok((came_by, visit.after(app, sender, progress)?).into_response()),
                Met::Newcomer(journey) => Ok(visit.on(app, *journey).resume(app)?),
            }
        }
        Purpose::Link { user_id, at } => {
            let sign_in = sender.sign_in(app, now).await?.filter(|sign_in| sign_in.user_id == user_id);
            let sign_in = sign_in.ok_or(Rejection::AnotherPersonExpected)?;
            let set_out = (&visit.journey, at);
            app.sign_ins.link_as_set_out(&sign_in, set_out, &vouched, (&sender.browser, now)).await?;
            let done = sender.cookies.done(&Action::Link(vouched.provider));
            Ok((done, see_other(&app.issuer.place("/account"))?).into_response())
        }
    }
}

/// What the browser brings beside the state.
fn brought(params: &Params) -> Result<Callback<'_>, Error> {
    Ok(Callback {
        code: params.single("code")?,
        iss: params.single("iss")?,
        error: params.single("error")?,
        user: params.single("user")?,
    })
}

fn provider<'a>(app: &'a App, id: &str) -> Result<&'a Provider, Rejection> {
    app.providers.get(id).ok_or(Rejection::NoSuchPage)
}

/// Whether people of this domain come through the provider, or it is its name.
fn is_of(provider: &Provider, domain: &str) -> bool {
    let config = provider.config();
    let mut domains = config.allowed_domains.iter().chain(&config.hosted_domains);
    provider.id() == domain || domains.any(|own| own.eq_ignore_ascii_case(domain))
}

async fn astray(app: &App, sender: &Sender, error: Error, journey: &Journey) -> PageError {
    PageError::from(error).with(onward(app, sender, journey).await)
}

/// How to go on from a journey on which a provider was no help: where it leads now.
async fn onward(app: &App, sender: &Sender, journey: &Journey) -> Onward {
    let again = match (&journey.goal, sender.cookies.browser.first()) {
        (Goal::Authorize(_) | Goal::Account, Some(browser)) => {
            // Where they choose, also where the application or the settings had chosen for them.
            let sealed = app.sign_ins.journeys.seal(journey, browser);
            app.issuer.place(&format!("/login?choose=yes&request={sealed}"))
        }
        _ => app.issuer.place("/account"),
    };
    Onward { application: application_of(app, journey).await, again: Some(again) }
}

impl Visit {
    /// On to what is next, or away: at the end of the journey, or to a provider to link an account there.
    pub async fn go(self, app: &App, sender: &Sender, next: Proceed, now: Timestamp) -> Result<Response, PageError> {
        match (next, &self.journey.goal) {
            (Proceed::Depart(id), Goal::Confirm { user_id, .. }) => {
                let purpose = Purpose::Link { user_id: user_id.clone(), at: now };
                self.depart(app, sender, (&id, purpose), now).await
            }
            (next, _) => Ok(self.lead(sender, next)?),
        }
    }

    /// Away to the provider with this id.
    pub async fn depart(
        self,
        app: &App,
        sender: &Sender,
        (id, purpose): (&str, Purpose),
        now: Timestamp,
    ) -> Result<Response, PageError> {
        match self.send_to(app, sender, (id, purpose), now).await {
            Ok(response) => Ok(response),
            Err(error) => Err(PageError::from(error).with(onward(app, sender, &self.journey).await)),
        }
    }

    /// The provider that whoever is to sign in here is sent to at once: the one that the application expects them to come through, or the only
    /// way in there is: also where people could have passkeys, as long as nobody has one. Never where something is to be confirmed, and never who has
    /// just come from one.
    ///
    /// # Errors
    /// When the database must be asked and fails.
    pub async fn expected_provider<'a>(&self, app: &'a App) -> Result<Option<&'a Provider>, Failure> {
        if self.journey.newcomer.is_some() || matches!(self.journey.goal, Goal::Confirm { .. }) {
            return Ok(None);
        }
        let providers = app.providers.all();
        let domain = self.journey.request().and_then(|request| request.expected_domain());
        let mut expected =
            providers.iter().filter(|provider| domain.as_ref().is_some_and(|domain| is_of(provider, domain)));
        Ok(match (expected.next(), expected.next(), providers) {
            (Some(one), None, _) => Some(one),
            (None, _, [only]) if !app.config.sign_in.password && !app.signs_in_by_mail() => {
                let others = app.sign_ins.anybody_has_a_passkey().await?;
                Some(only).filter(|_| !others)
            }
            _ => None,
        })
    }

    /// The way to the provider with this id.
    ///
    /// # Errors
    /// [`Rejection::NoSuchPage`], [`Rejection::UpstreamUnavailable`], [`Rejection::TooManyErrands`]; a failure when the database fails.
    pub async fn send_to(
        &self,
        app: &App,
        sender: &Sender,
        (id, purpose): (&str, Purpose),
        now: Timestamp,
    ) -> Result<Response, Error> {
        let provider = provider(app, id)?;
        let state = app.sign_ins.new_state();
        let standing = app.sign_ins.standing(&self.journey, sender.cookies.sign_in.as_ref(), now).await?;
        let ask = self.ask(&purpose, standing.step == NextStep::Reauthenticate);
        let (address, errand) = provider.begin(&ask, state.expose(), now)?;
        let what = Returned { errand, purpose, journey: self.journey.clone() };
        app.sign_ins.leave((&state, self.browser()), &what, &sender.browser, now).await?;
        let gone = (self.cookie.clone(), leave_for(address.as_str())?).into_response();
        Ok(forward::by_page(gone, &sender.page))
    }

    /// How a provider is to be asked. Where something sensitive is to be confirmed, where the application wants it, and where what was proved before does
    /// not do, the person is to authenticate there anew; which account is to be linked is for the person to choose.
    fn ask(&self, purpose: &Purpose, anew: bool) -> Ask<'_> {
        let request = self.journey.request();
        let is_linking = *purpose != Purpose::SignIn;
        // Whoever comes by a second provider on the same way is about to link the first.
        let is_confirming = matches!(self.journey.goal, Goal::Confirm { .. }) && !is_linking;
        let is_sensitive = is_confirming || self.journey.newcomer.is_some();
        Ask {
            login_hint: request.and_then(|request| request.login_hint.as_deref()),
            fresh: is_sensitive
                || anew
                || self.journey.proven.is_some()
                || request.is_some_and(|request| request.prompt.login),
            max_age: request.and_then(|request| request.max_age),
            select_account: is_linking || request.is_some_and(|request| request.prompt.select_account),
        }
    }
}

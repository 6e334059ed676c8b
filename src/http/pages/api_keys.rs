//! The page of a person's API keys: what each may do, until when, where it was last used, and ending it. Another is made in `new_api_key.rs`.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::moment::Moment;
use super::visit::Visit;
use super::{FormParts, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::language::Language;
use crate::protocol::api_key::{ApiKey, State as KeyState};
use crate::protocol::journey::{Action, Goal};
use crate::protocol::next_step::NextStep;
use crate::protocol::rejection::Rejection;
use crate::protocol::resource::Resource;
use crate::protocol::role::Holder;
use crate::protocol::scope;
use crate::protocol::sign_in::SignIn;
use crate::registry::{Error, SignedIn};
use crate::storage::LEAKED;

#[derive(Template)]
#[template(path = "account/api_keys.html")]
struct ApiKeys {
    page: Page,
    section: &'static str,
    form: FormParts,
    has_ended: bool,
    live: Vec<Line>,
    over: Vec<Line>,
    has_more: bool,
}

/// A key in the list.
struct Line {
    id: String,
    name: String,
    /// What the API is called.
    api: String,
    words: Vec<Words>,
    /// Whether it was not replaced yet.
    can_be_replaced: bool,
    /// The key of what is said of its state, and the moment in it.
    state: (&'static str, Moment),
    used: Option<(Moment, String)>,
}

/// What a scope means, and whether its owner may have it now.
pub(super) struct Words {
    pub text: String,
    pub is_held: bool,
}

/// The page.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let own = app.registry.own_api_keys(&signed_in(&sender, &sign_in, now)).await?;
    let resources = app.directory.resources().await?;
    let (live, over): (Vec<ApiKey>, Vec<ApiKey>) = own.keys.into_iter().partition(|key| key.is_live(now));
    let line = |key: ApiKey| Line::of(key, (&resources, &sign_in), sender.page.language(), now);
    let visit = Visit::open(&app, &sender, None, now).await?;
    let template = ApiKeys {
        page: sender.page.clone(),
        section: "api-keys",
        form: visit.form(&app),
        has_ended: matches!(sender.cookies.done, Some(Done::KeyEnded)),
        live: live.into_iter().map(line).collect(),
        over: over.into_iter().map(line).collect(),
        has_more: own.has_more,
    };
    Ok((sender.cookies.told(), visit.answer(&template)?).into_response())
}

/// Ends a key. What is not the person's own, or has ended already, is left alone.
pub(in crate::http) async fn end(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &form.sender, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?;
    let has_ended = match app.registry.revoke_own_api_key(&signed_in(&form.sender, &sign_in, now), id).await {
        Ok(has_ended) => has_ended,
        Err(Error::Invalid(_) | Error::Missing(..)) => false,
        Err(Error::Failed(failure)) => return Err(failure.into()),
    };
    let done = has_ended.then(|| form.sender.cookies.key_ended());
    Ok((done, to_list(&app)?).into_response())
}

impl Line {
    fn of(key: ApiKey, (resources, sign_in): (&[Resource], &SignIn), language: Language, now: Timestamp) -> Self {
        let used = key.last_used_at.zip(key.last_used_network.clone());
        Self {
            api: api_name(&key.resource, resources),
            words: words(&key, (resources, sign_in), language),
            can_be_replaced: key.state(now) == KeyState::Live,
            state: state(&key, now),
            used: used.map(|(at, network)| (Moment::new(at, now), network)),
            id: key.id,
            name: key.name,
        }
    }
}

/// The key of what is said of an API key's state, and the moment in it.
fn state(key: &ApiKey, now: Timestamp) -> (&'static str, Moment) {
    let (words, at) = match (key.state(now), key.ended_at) {
        (KeyState::Live, _) => ("key-good-until", key.expires_at),
        (KeyState::Replaced, _) => ("key-replaced-good-until", key.expires_at),
        (_, None) if key.successor.is_some() => ("key-replaced", key.expires_at),
        (_, None) => ("key-expired", key.expires_at),
        (_, Some(at)) if key.end_reason.as_deref() == Some(LEAKED) => ("key-leaked", at),
        (_, Some(at)) => ("key-ended", at),
    };
    (words, Moment::new(at, now))
}

/// What an API is called; one that is there no more, by its identifier.
pub(super) fn api_name(identifier: &str, resources: &[Resource]) -> String {
    let api = resources.iter().find(|api| api.identifier == identifier);
    api.map_or(identifier, |api| api.name.as_str()).to_owned()
}

/// A line for each thing that a key may do at most.
pub(super) fn words(key: &ApiKey, (resources, sign_in): (&[Resource], &SignIn), language: Language) -> Vec<Words> {
    let api = resources.iter().find(|api| api.identifier == key.resource);
    let holder = Holder::Person(&sign_in.roles);
    let line = |token: &str| Words {
        text: language.scope(token, resources),
        is_held: api.is_some_and(|api| api.owns(token) && api.permits(token, holder)),
    };
    scope::in_order(key.scopes.iter()).into_iter().map(line).collect()
}

/// Who is signed in and may look at keys; `None` for whoever is to sign in first.
///
/// # Errors
/// [`Rejection::NoSuchPage`] where people make no keys.
pub(super) async fn owner(app: &App, sender: &Sender, now: Timestamp) -> Result<Option<SignIn>, PageError> {
    let sign_in = sender.sign_in(app, now).await?;
    if sign_in.is_some() && !sender.page.has_keys() {
        return Err(Rejection::NoSuchPage.into());
    }
    Ok(sign_in)
}

/// As the registry knows whoever is signed in.
pub(super) fn signed_in<'a>(sender: &Sender, sign_in: &'a SignIn, now: Timestamp) -> SignedIn<'a> {
    SignedIn { sign_in, origin: sender.browser.origin, at: now }
}

/// Whether the person has proved lately that it is them: whoever finds a browser open takes no key along.
pub(super) async fn is_proved(app: &App, sign_in: &SignIn, now: Timestamp) -> Result<bool, Failure> {
    let goal = Goal::Confirm { user_id: sign_in.user_id.clone(), action: Action::MakeKey(None) };
    let journey = app.sign_ins.journeys.begin(goal, now);
    Ok(app.sign_ins.standing_of(&journey, Some(sign_in.clone()), now).await?.step == NextStep::Finish)
}

/// To the list.
pub(super) fn to_list(app: &App) -> Result<Response, Failure> {
    see_other(&app.issuer.place("/account/api-keys"))
}

//! The page on which a person replaces a key by another, which does the same: once they have proved that it is them.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::api_keys::{Words, api_name, is_proved, owner, signed_in, to_list, words};
use super::visit::Visit;
use super::{FormParts, Notice, Page, shown_api_key};
use crate::app::App;
use crate::clock::Timestamp;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender, query};
use crate::protocol::api_key::{ApiKey, OVERLAP, State as KeyState};
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;
use crate::registry::Error;

#[derive(Template)]
#[template(path = "account/replaced_api_key.html")]
struct Replaced {
    page: Page,
    section: &'static str,
    form: FormParts,
    is_proved: bool,
    error: Option<Notice>,
    id: String,
    name: String,
    api: String,
    words: Vec<Words>,
    /// Whether it was replaced before, or has ended.
    is_over: bool,
}

/// The question, or the way to the proof that comes first.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let params = query(raw.as_deref())?;
    let id = params.single("id")?.unwrap_or_default();
    match app.registry.own_api_key(&signed_in(&sender, &sign_in, now), id).await {
        Ok(key) => page(&app, (&sender, &sign_in), key, None, now).await,
        Err(Error::Invalid(_) | Error::Missing(..)) => Ok(to_list(&app)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

/// The other key, in the place of this one.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = owner(&app, sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?;
    let who = signed_in(sender, &sign_in, now);
    let key = match app.registry.own_api_key(&who, id).await {
        Ok(key) => key,
        Err(Error::Invalid(_) | Error::Missing(..)) => return Ok(to_list(&app)?),
        Err(Error::Failed(failure)) => return Err(failure.into()),
    };
    if !is_proved(&app, &sign_in, now).await? {
        return page(&app, (sender, &sign_in), key, None, now).await;
    }
    match app.registry.rotate_own_api_key(&who, id, OVERLAP).await {
        Ok(issued) => {
            let former = app.registry.own_api_key(&who, id).await.ok();
            let visit = Visit::open(&app, sender, None, now).await?;
            Ok(shown_api_key::page(&app, (&visit, sender, &sign_in), issued, former, now).await?)
        }
        Err(Error::Invalid(_)) => page(&app, (sender, &sign_in), key, Some(Rejection::KeyNotMade.into()), now).await,
        Err(Error::Missing(..)) => Ok(to_list(&app)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn page(
    app: &App,
    (sender, sign_in): (&Sender, &SignIn),
    key: ApiKey,
    refusal: Option<Refusal>,
    now: Timestamp,
) -> Result<Response, PageError> {
    let resources = app.directory.resources().await?;
    let visit = Visit::open(app, sender, None, now).await?;
    let answer = visit.answer(&Replaced {
        page: sender.page.clone(),
        section: "api-keys",
        form: visit.form(app),
        is_proved: is_proved(app, sign_in, now).await?,
        error: refusal.as_ref().map(Notice::from),
        api: api_name(&key.resource, &resources),
        words: words(&key, (&resources, sign_in), sender.page.language()),
        is_over: key.state(now) != KeyState::Live || refusal.is_some(),
        id: key.id,
        name: key.name,
    })?;
    Ok(page_of(answer, refusal))
}

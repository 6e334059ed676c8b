//! Signing out: at the request of an application (RP-Initiated Logout §2) or of the person. Only what an application proves to be about this
//! very sign-in goes without a question.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::moment::Moment;
use super::visit::Visit;
use super::{Asker, FormParts, Page, html};
use crate::app::App;
use crate::clock::Timestamp;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::{leave_for, see_other};
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender, form, query};
use crate::http::middleware::headers::FormAction;
use crate::protocol::end_session::{self, EndSession, LogoutHint, LogoutStep, MAX_LENGTH};
use crate::protocol::params::Params;
use crate::protocol::proof::Kind;
use crate::protocol::redirect_uri;
use crate::protocol::rejection::Rejection;
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::tokens::VerifiedIdToken;
use crate::upstream::Provider;

/// What of a request goes through the question unchanged, and is checked again after it.
const CARRIED: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

#[derive(Template)]
#[template(path = "logout.html")]
struct Logout {
    page: Page,
    form: FormParts,
    client: Option<String>,
    person: String,
    carried: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    page: Page,
    there: Option<There>,
}

#[derive(Template)]
#[template(path = "left.html")]
struct Left {
    page: Page,
    /// The keys of the words.
    title: &'static str,
    effect: &'static str,
    until: Option<Moment>,
    /// Whether there is an account to sign in to.
    leads_in: bool,
}

impl Left {
    /// What has become of the account, if that was done just now.
    fn of(done: Option<&Done>, page: &Page, now: Timestamp) -> Option<Self> {
        let (title, effect, until) = match done? {
            Done::Left(Some(at)) => {
                ("your-account-is-closed", "it-goes-unless-you-come-back", Some(Moment::new(*at, now)))
            }
            Done::Left(None) => ("your-account-is-deleted", "nothing-is-left-here", None),
            Done::Back => ("your-account-is-back", "everything-is-as-it-was", None),
            Done::ResetWaits(at) => ("your-request-waits", "everybody-is-told-until", Some(Moment::new(*at, now))),
            Done::KeptFactors => ("your-factors-stay", "request-is-stopped", None),
            _ => return None,
        };
        Some(Self { page: page.clone(), title, effect, leads_in: !matches!(done, Some(Done::Left(_))), until })
    }
}

/// The provider at which the person may still be signed in.
struct There {
    name: String,
    /// Where they sign out there (RP-Initiated Logout §2), when it has that.
    address: Option<String>,
}

/// A request to sign out.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    if raw.as_ref().is_some_and(|raw| raw.len() > MAX_LENGTH) {
        return Err(Rejection::LogoutTooLong.into());
    }
    let params = query(raw.as_deref())?;
    let (request, client) = check(&app, &params).await?;
    let sign_in = sender.any_sign_in(&app, now).await?;
    match (request.step(sign_in.as_ref().map(|s| s.id.as_str())), sign_in) {
        (LogoutStep::Ask, Some(sign_in)) => ask(&app, &sender, (&params, &request, client), &sign_in, now).await,
        (LogoutStep::End, Some(sign_in)) => {
            app.sign_ins.sign_out(&sign_in, &sender.browser, now).await?;
            leave(&sender, &request, Some(&sign_in))
        }
        _ => leave(&sender, &request, None),
    }
}

/// The same by POST, from another site and so without cookies: goes on as a GET.
pub(in crate::http) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let query = form(&headers, body).await?.to_query();
    if query.len() > MAX_LENGTH {
        return Err(Rejection::LogoutTooLong.into());
    }
    Ok(see_other(&app.issuer.place(&format!("/logout?{query}")))?)
}

/// The person says yes, here or on the account page.
pub(in crate::http) async fn confirm(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let (request, _) = check(&app, &form.params).await?;
    let sign_in = form.sender.any_sign_in(&app, now).await?;
    if let Some(sign_in) = &sign_in {
        app.sign_ins.sign_out(sign_in, &form.sender.browser, now).await?;
    }
    leave(&form.sender, &request, sign_in.as_ref())
}

/// The page where a browser ends that goes nowhere else. Whoever came through a provider may still be signed in there.
pub(in crate::http) async fn signed_out(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    if let Some(left) = Left::of(sender.cookies.done.as_ref(), &sender.page, app.now()) {
        return Ok((sender.cookies.told(), html(&left)?).into_response());
    }
    let from = query(raw.as_deref())?.single("from")?.and_then(|id| app.providers.get(id));
    let there = from.map(|provider| There { name: provider.name().to_owned(), address: way_out(&app, provider) });
    Ok(html(&SignedOut { page: sender.page, there })?)
}

/// Where the person signs out of a provider and comes back from. No ID token of it is kept that could be its hint.
fn way_out(app: &App, provider: &Provider) -> Option<String> {
    let mut address = provider.end_session_endpoint()?;
    let back = app.issuer.address("/signed-out");
    let client_id = provider.config().client_id.as_str();
    address.query_pairs_mut().append_pair("client_id", client_id).append_pair("post_logout_redirect_uri", &back);
    Some(address.into())
}

/// The checked request, with the name of the application that it is from.
async fn check(app: &App, params: &Params) -> Result<(EndSession, Option<String>), PageError> {
    let hint = match params.single("id_token_hint")? {
        Some(text) => {
            let token = VerifiedIdToken::verify(&Secret::presented(text), &app.ring, &app.issuer)?;
            Some(LogoutHint { client_id: token.aud, sid: token.sid })
        }
        None => None,
    };
    let client = match end_session::client_id(params, hint.as_ref())? {
        Some(client_id) => app.directory.client(client_id).await?,
        None => None,
    };
    let request = EndSession::check(params, hint.as_ref(), client.as_deref())
        .map_err(|refusal| PageError::from(refusal).sent_by(client.as_deref().map(|client| Asker::of(client, None))))?;
    Ok((request, client.map(|client| client.name.clone())))
}

async fn ask(
    app: &App,
    sender: &Sender,
    (params, request, client): (&Params, &EndSession, Option<String>),
    sign_in: &SignIn,
    now: Timestamp,
) -> Result<Response, PageError> {
    let visit = Visit::open(app, sender, None, now).await?;
    let mut carried = Vec::new();
    for name in CARRIED {
        carried.extend(params.single(name)?.map(|value| (name, value.to_owned())));
    }
    let template = Logout {
        page: sender.page.clone(),
        form: visit.form(app),
        client,
        person: sign_in.called().to_owned(),
        carried,
    };
    let leads_to =
        request.target.as_ref().map(|target| Extension(FormAction(redirect_uri::form_action_source(target.uri()))));
    Ok((leads_to, visit.answer(&template)?).into_response())
}

fn leave(sender: &Sender, request: &EndSession, ended: Option<&SignIn>) -> Result<Response, PageError> {
    let by_provider = ended.is_some_and(|sign_in| sign_in.proofs.has(Kind::Upstream));
    let away = match (&request.target, sender.cookies.came_by.as_deref().filter(|_| by_provider)) {
        (Some(target), _) => leave_for(&target.address())?,
        (None, None) => see_other(&sender.page.place("/signed-out"))?,
        (None, Some(provider)) => see_other(&sender.page.place(&format!("/signed-out?from={provider}")))?,
    };
    Ok((sender.cookies.signed_out(), away).into_response())
}

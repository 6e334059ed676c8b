//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2). Two steps: what fails before there is a verified target is
//! a page, what fails after it goes to the target.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::http::cookies::Done;
use crate::http::error::{PageError, explained};
use crate::http::extract::{Authorizations, Sender, Within, form, query};
use crate::http::middleware::request_log::LoggedClient;
use crate::http::pages::visit::Visit;
use crate::http::pages::{Asker, form_post};
use crate::protocol::authorization_request::{AuthorizationRequest, MAX_LENGTH, RedirectTarget};
use crate::protocol::authorization_response;
use crate::protocol::issuer::{Base, Place};
use crate::protocol::journey::{Goal, Journey};
use crate::protocol::params::Params;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::second_factor::Lack;
use crate::secret::Secret;
use crate::signin::Proceed;
use crate::tokens::VerifiedIdToken;

/// An authorization request by GET.
pub(in crate::http) async fn get(
    State(app): State<App>,
    _: Within<Authorizations>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    if raw.as_ref().is_some_and(|raw| raw.len() > MAX_LENGTH) {
        return Err(Rejection::RequestTooLong.into());
    }
    let params = query(raw.as_deref())?;
    let client_id = params.single("client_id")?.ok_or(Rejection::MissingClientId)?;
    let client = app.directory.client(client_id).await?;
    let target = RedirectTarget::verify(&params, client.as_deref())
        .map_err(|refusal| PageError::from(refusal).sent_by(client.as_deref().map(|client| Asker::of(client, None))))?;
    let client = client.ok_or(Rejection::UnknownClient)?;
    let resources = app.directory.resources().await?;
    let logged = Extension(LoggedClient(client.client_id.clone()));
    let issuer = app.issuer.as_str();
    let checked = AuthorizationRequest::check(&params, target.clone(), &client, &resources, issuer);
    let answer = match checked.and_then(|request| with_hint(&app, &params, request)) {
        Ok(request) => {
            let journey = app.sign_ins.journeys.begin(Goal::Authorize(Box::new(request)), now);
            proceed(&app, &sender, journey, now).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let response = answer.or_else(|error| {
        let answer = match &error {
            Error::Rejected(refusal) => authorization_response::with_error(&target, issuer, refusal),
            Error::Failed(failure) => authorization_response::with_failure(&target, issuer, failure.passing),
        };
        Ok::<_, PageError>(explained(form_post::carry(&sender.page, answer)?, error))
    })?;
    Ok((logged, response).into_response())
}

/// The request for the one user of its `id_token_hint`: an ID token of ours, given to this very client (OpenID Connect Core §3.1.2.1).
fn with_hint(app: &App, params: &Params, request: AuthorizationRequest) -> Result<AuthorizationRequest, Refusal> {
    let Some(hint) = params.single("id_token_hint")? else { return Ok(request) };
    let hint = VerifiedIdToken::verify(&Secret::presented(hint), &app.ring, &app.issuer)?;
    if hint.aud != request.client_id {
        return Err(Rejection::ForeignHint.into());
    }
    Ok(request.for_subject(hint.sub))
}

/// An authorization request by POST, perhaps from another site and so without cookies: goes on as a GET (OpenID Connect Core §3.1.2.1).
pub(in crate::http) async fn post(
    State(app): State<App>,
    _: Within<Authorizations>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PageError> {
    let params = form(&headers, body).await?;
    let query = params.to_query();
    if query.len() > MAX_LENGTH {
        return Err(Rejection::RequestTooLong.into());
    }
    Ok(see_other(&app.issuer.place(&format!("/authorize?{query}")))?)
}

/// Goes on with a journey after a page.
pub(in crate::http) async fn resume(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let params = query(raw.as_deref())?;
    let sealed = params.single("request")?.ok_or(Rejection::MissingPendingRequest)?;
    let visit = Visit::open(&app, &sender, Some(sealed.to_owned()), now).await?;
    let logged = visit.journey.request().map(|request| Extension(LoggedClient(request.client_id.clone())));
    let next = app.sign_ins.proceed(&visit.journey, &sender.browser, now).await;
    let next = visit.told(&app, next).await?;
    Ok((logged, visit.go(&app, &sender, next, now).await?).into_response())
}

/// Where a browser goes after a form that was on a sealed journey, or on none.
pub(in crate::http) fn resume_at(base: &Base, sealed: Option<&str>) -> Place {
    sealed.map_or_else(|| base.place("/account"), |sealed| base.place(&format!("/authorize/continue?request={sealed}")))
}

async fn proceed(app: &App, sender: &Sender, journey: Journey, now: Timestamp) -> Result<Response, Error> {
    let (browser, cookie) = sender.cookies.browser_or_new();
    let next = app.sign_ins.proceed(&journey, &sender.browser, now).await?;
    let response = lead(sender, next, || app.sign_ins.journeys.seal(&journey, &browser))?;
    Ok((cookie, response).into_response())
}

/// Leads a browser to what is next on its sealed journey, or away at its end.
pub(in crate::http) fn lead(
    sender: &Sender,
    next: Proceed,
    sealed: impl FnOnce() -> String,
) -> Result<Response, Failure> {
    let to = |path: &str| see_other(&sender.page.place(path));
    match next {
        Proceed::Prove => to(&format!("/login?request={}", sealed())),
        Proceed::Introduce(provider) => to(&format!("/upstream/{provider}/account?request={}", sealed())),
        Proceed::Link(provider) => to(&format!("/upstream/{provider}/link?request={}", sealed())),
        Proceed::SecondFactor(lack) => to(&format!("{}?request={}", second_step(lack), sealed())),
        Proceed::SetAuthenticator => to(&format!("/account/authenticator?request={}", sealed())),
        Proceed::AddPasskey => to(&format!("/account/passkeys?request={}", sealed())),
        Proceed::MakeRecoveryCodes => to(&format!("/account/recovery-codes?request={}", sealed())),
        Proceed::ChoosePassword => to(&format!("/account/password?request={}", sealed())),
        Proceed::MakeKey(None) => to("/account/api-keys/new"),
        Proceed::MakeKey(Some(id)) => to(&format!("/account/api-keys/replace?id={id}")),
        Proceed::Consent => to(&format!("/consent?request={}", sealed())),
        Proceed::Issued(answer) => form_post::carry(&sender.page, answer),
        Proceed::Refused(rejection, answer) => Ok(explained(form_post::carry(&sender.page, answer)?, rejection.into())),
        Proceed::Account => to("/account"),
        // Whoever can send a browser away does so before (`Visit::go`).
        Proceed::Depart(_) => to("/account"),
        Proceed::Done(action) => Ok((sender.cookies.done(&action), to("/account")?).into_response()),
        Proceed::Left(until) => {
            let cookies = (sender.cookies.signed_out(), sender.cookies.of_account(&Done::Left(until)));
            Ok((cookies.0, cookies.1, to("/signed-out")?).into_response())
        }
        Proceed::SignedOut => Ok((sender.cookies.signed_out(), to("/signed-out")?).into_response()),
    }
}

/// The page that asks for what is missing of a second factor.
pub(in crate::http) const fn second_step(lack: Lack) -> &'static str {
    match lack {
        Lack::Code | Lack::Passkey(_) => "/login/code",
        Lack::Enrolment => "/login/authenticator",
        Lack::FirstPasskey(_) => "/login/new-passkey",
    }
}

/// A redirect to a place of ours.
pub(in crate::http) fn see_other(place: &Place) -> Result<Response, Failure> {
    leave_for(place.as_str())
}

/// A redirect that always becomes a GET (RFC 9700 §4.12), to an address of an application's.
pub(in crate::http) fn leave_for(address: &str) -> Result<Response, Failure> {
    let location = HeaderValue::from_str(address).map_err(Failure::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

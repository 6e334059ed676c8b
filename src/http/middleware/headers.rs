//! The answers of each group of routes: with the headers of [`header_table`](super::header_table), those that depend on the answer, and in the
//! group's form when there is no answer.
//!
//! Measured in Chromium, so keep: `form-action` must list the place that the redirect after our forms goes to.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::bounded;
use super::header_table::{Group, dress};
use crate::app::App;
use crate::http::error::{JsonError, Onward, PageError, Reason, WithoutPage};
use crate::http::pages::files::Files;
use crate::http::pages::{Says, forward, problem};
use crate::language::Language;
use crate::protocol::trace::TraceId;

/// What else a page's forms may lead to: an origin or a scheme, as CSP writes it. In the extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct FormAction(pub String);

/// A page whose form goes to another site by itself: the nonce of its script, and the only place that its form may go to. In the
/// extensions of its response.
#[derive(Clone, Debug)]
pub(in crate::http) struct SelfSubmitting {
    pub nonce: String,
    pub action: String,
}

/// What the script of a registered app may read of an answer besides its body: what it needs to go on, and to ask about it.
const READABLE: &str = "www-authenticate,retry-after,dpop-nonce,x-trace-id";

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// How long public facts may be kept.
pub(in crate::http) fn caching(seconds: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("public, max-age={seconds}")).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// On public facts: they may be read by any site's script and kept by anybody, as long as the publication of new keys reckons with.
pub(in crate::http) async fn public(State(caching): State<HeaderValue>, request: Request, next: Next) -> Response {
    let mut response = answered(next, request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(caching);
    dress(headers, Group::Facts);
    response
}

/// On answers to machines: never kept (RFC 6749 §5.1).
pub(in crate::http) async fn machine(request: Request, next: Next) -> Response {
    let mut response = answered(next, request).await;
    dress(response.headers_mut(), Group::Machine);
    response
}

/// Whether scripts of this origin may read answers to machines.
pub(in crate::http) fn may_read(app: &App, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| app.directory.is_script_origin(origin))
}

/// On answers to machines that the scripts of registered apps may read, also when there is none in time.
pub(in crate::http) async fn machine_for_apps(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = machine(request, next).await;
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if may_read(&app, &origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
        }
    }
    response
}

/// The answer for a program, also when there is none in time.
async fn answered(next: Next, request: Request) -> Response {
    bounded::run(next, request).await.unwrap_or_else(|failure| JsonError::from(failure).into_response())
}

fn page_policy(response: &Response) -> String {
    let forms = match (response.extensions().get::<SelfSubmitting>(), response.extensions().get::<FormAction>()) {
        (Some(page), _) => format!("script-src 'nonce-{}'; form-action {}", page.nonce, page.action),
        (None, Some(action)) => format!("script-src 'self'; form-action 'self' {}", action.0),
        (None, None) => "script-src 'self'; form-action 'self'".to_owned(),
    };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; {forms}; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The language that the browser likes best.
fn accepted(headers: &HeaderMap) -> Option<Language> {
    headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(Language::of_accept_language)
}

/// The language that the address of the page asks for: an authorization request (OpenID Connect Core §3.1.2.1), a request to sign out
/// (RP-Initiated Logout §2), or a link to any page.
fn asked(query: &str) -> Option<Language> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, list) = pairs.find(|(name, _)| *name == "ui_locales")?;
    Language::of_ui_locales(&list.replace('+', " ").replace("%20", " "))
}

/// On pages. Makes the page of a refusal and that of a long redirect, which know the brand only here.
pub(in crate::http) async fn browser(
    Extension(files): Extension<Arc<Files>>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_account = request.uri().path().starts_with("/account");
    let trace = request.extensions().get::<TraceId>().copied();
    let page = files.page.afresh();
    page.speak(Says::Browser, accepted(request.headers()));
    page.speak(Says::Request, request.uri().query().and_then(asked));
    request.extensions_mut().insert(page.clone());
    let answered = bounded::run(next, request).await;
    let mut response = answered.unwrap_or_else(|failure| PageError::from(failure).into_response());
    if response.extensions().get::<WithoutPage>().is_some()
        && let Some(reason) = response.extensions().get::<Reason>().cloned()
    {
        let onward = response.extensions().get::<Onward>().cloned().unwrap_or_default();
        *response.body_mut() = problem::body(page.clone(), &reason, onward, trace);
        set(response.headers_mut(), header::CONTENT_TYPE, "text/html; charset=utf-8");
    }
    let policy = page_policy(&response);
    let headers = response.headers_mut();
    // A logo has a policy of its own.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    dress(headers, if is_account { Group::Account } else { Group::Page });
    forward::or_page(response, &page)
}

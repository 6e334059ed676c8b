//! The security headers, by group (OWASP ASVS 3.4): public facts, machines, pages.
//!
//! Measured in Chromium, so keep: `form-action` must list the place that the redirect after our forms goes to; `Referrer-Policy` must be
//! `same-origin` on pages, or our own forms send `Origin: null`; COOP stands on the account pages alone, elsewhere it would sever
//! sign-in in a pop-up.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::request_log::TraceId;
use crate::app::App;
use crate::http::error::{Reason, WithoutPage};
use crate::http::pages::files::Files;
use crate::http::pages::problem;

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

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// On every answer.
pub(in crate::http) async fn transport(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_if_absent(headers, header::X_FRAME_OPTIONS, "DENY");
    set_if_absent(headers, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set_if_absent(headers, header::REFERRER_POLICY, "no-referrer");
    set_if_absent(headers, header::CACHE_CONTROL, "no-store");
    if app.issuer.is_secure() {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}

/// On public facts: they may be kept, by anybody.
pub(in crate::http) async fn public(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // As long as the publication of new keys reckons with.
    if let Ok(caching) = HeaderValue::from_str(&format!("public, max-age={}", app.config.keys.jwks_max_age)) {
        headers.entry(header::CACHE_CONTROL).or_insert(caching);
    }
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    response
}

/// On answers to machines: never kept (RFC 6749 §5.1).
pub(in crate::http) async fn machine(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set_if_absent(headers, header::CACHE_CONTROL, "no-store");
    set_if_absent(headers, header::PRAGMA, "no-cache");
    response
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

/// On pages. Makes the page of a refusal, which knows the brand only here.
pub(in crate::http) async fn browser(
    Extension(files): Extension<Arc<Files>>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_account = request.uri().path().starts_with("/account");
    let trace = request.extensions().get::<TraceId>().map(|trace| trace.0.clone()).unwrap_or_default();
    let page = files.page.clone();
    request.extensions_mut().insert(page.clone());
    let mut response = next.run(request).await;
    if response.extensions().get::<WithoutPage>().is_some()
        && let Some(reason) = response.extensions().get::<Reason>().cloned()
    {
        *response.body_mut() = problem::body(page, &reason, trace);
        set(response.headers_mut(), header::CONTENT_TYPE, "text/html; charset=utf-8");
    }
    let policy = page_policy(&response);
    let headers = response.headers_mut();
    // A logo has a policy of its own.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    set_if_absent(headers, header::CACHE_CONTROL, "no-store");
    set_if_absent(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if is_account {
        set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    }
    response
}

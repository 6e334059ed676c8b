//! The authorization response on its way: a redirect, or a page whose form the browser posts to the application (OAuth 2.0 Form Post
//! Response Mode §2). The form sends itself by a script with a nonce, and has a button for browsers without scripts.

use askama::Template;
use axum::Extension;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Page, html};
use crate::failure::Failure;
use crate::http::endpoints::authorize::leave_for;
use crate::http::middleware::headers::SelfSubmitting;
use crate::protocol::authorization_response::AuthorizationResponse;
use crate::protocol::redirect_uri;
use crate::random;

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost {
    page: Page,
    destination: String,
    action: String,
    fields: Vec<(&'static str, String)>,
    nonce: String,
}

/// What brings the response to the application.
pub(in crate::http) fn carry(page: &Page, response: AuthorizationResponse) -> Result<Response, Failure> {
    let (action, fields) = match response {
        AuthorizationResponse::Redirect(address) => return leave_for(&address),
        AuthorizationResponse::FormPost { action, fields } => (action, fields),
    };
    let nonce = random::id();
    let policy = SelfSubmitting { nonce: nonce.clone(), action: redirect_uri::form_action_source(&action) };
    let destination = redirect_uri::destination(&action);
    let body = html(&FormPost { page: page.clone(), destination, action, fields, nonce })?;
    // The application sees whence the form comes, as the `Origin` of its POST.
    Ok((Extension(policy), [(header::REFERRER_POLICY, "origin")], body).into_response())
}

//! The guides of `docs/`, for whoever has seen the sample work and wants the same for their own: as text, which is how they are written.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::http::error::JsonError;
use crate::protocol::rejection::Rejection;

/// A guide: its name in addresses, its title, its text.
struct Guide(&'static str, &'static str, &'static str);

const GUIDES: &[Guide] = &[
    Guide("readme", "Run it, and register your own", include_str!("../../../README.md")),
    Guide("spa", "A single-page app", include_str!("../../../docs/spa.md")),
    Guide("web-app", "A web app", include_str!("../../../docs/web-app.md")),
    Guide("service", "A service", include_str!("../../../docs/service.md")),
    Guide("sign-in-with", "Sign in with Google and others", include_str!("../../../docs/sign-in-with.md")),
    Guide("protect-an-api", "Protect an API", include_str!("../../../docs/protect-an-api.md")),
];

#[derive(Template)]
#[template(path = "demo_guide.html")]
struct Shown {
    title: &'static str,
    text: &'static str,
}

/// The guides' addresses and titles.
pub(super) fn list() -> Vec<Value> {
    GUIDES.iter().map(|Guide(name, title, _)| json!({ "href": format!("/guides/{name}"), "title": title })).collect()
}

pub(super) async fn page(Path(name): Path<String>) -> Result<Response, JsonError> {
    let Guide(_, title, text) = GUIDES.iter().find(|guide| guide.0 == name).ok_or(Rejection::NoSuchPage)?;
    let page = Shown { title, text }.render().map_err(Failure::internal)?;
    Ok(Html(page).into_response())
}

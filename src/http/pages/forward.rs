//! Redirects as pages that lead there: those that are too long for a proxy in front of us, and those to a provider and back from one.
//!
//! nginx takes a response whose head fits into one page of memory (`proxy_buffer_size`, 4 KiB where it is not set) and answers 502 to any other,
//! and the address with the answer to a `state` of 4,000 bytes is that long by itself. The page goes on by itself, without a script, and has a
//! link for browsers that do not. A browser that goes on leaves no step in its history.
//!
//! A page also ends what the `form-action` of the page before forbids: Chromium asks it of every redirect that follows a form. Where a provider
//! sends a browser on to another that it trusts, nobody here can know; and the form on the provider's last page may lead to us alone, while
//! we are to lead on to an application.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::Page;
use crate::protocol::redirect_uri;

/// The longest head of a response, in bytes: one page of memory.
const LONGEST_HEAD: usize = 4096;
/// What of it is not there yet: the status line, the date, and what `http/site.rs` puts on every answer.
const ADDED: usize = 500;

/// What a page is called that only leads on, by the key of the words.
const MOMENT: &str = "one-moment";

#[derive(Template)]
#[template(path = "forward.html")]
struct Forward<'a> {
    page: Page,
    title: &'static str,
    /// The host or the scheme, empty when it is ours.
    destination: String,
    address: &'a str,
}

/// The response as it passes: a redirect that is short enough, and anything else, unchanged.
pub(in crate::http) fn or_page(response: Response, page: &Page) -> Response {
    let Some(address) = response.headers().get(header::LOCATION) else { return response };
    if head(response.headers()) + ADDED <= LONGEST_HEAD {
        return response;
    }
    let is_ours = address.to_str().is_ok_and(|address| redirect_uri::destination(address).is_empty());
    as_page(response, if is_ours { MOMENT } else { "back-to-the-application" }, page)
}

/// A redirect as a page that leads there, whichever page the browser comes from; anything else unchanged.
pub(in crate::http) fn by_page(response: Response, page: &Page) -> Response {
    as_page(response, MOMENT, page)
}

fn as_page(mut response: Response, title: &'static str, page: &Page) -> Response {
    let Some(Ok(address)) = response.headers().get(header::LOCATION).map(HeaderValue::to_str) else { return response };
    let destination = redirect_uri::destination(address);
    let template = Forward { page: page.clone(), title, destination, address };
    let Ok(text) = template.render() else { return response };
    *response.status_mut() = StatusCode::OK;
    *response.body_mut() = Body::from(text);
    let headers = response.headers_mut();
    headers.remove(header::LOCATION);
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// How long the headers are as HTTP/1.1 writes them.
fn head(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

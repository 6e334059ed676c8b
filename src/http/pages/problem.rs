//! The page of a refusal or a failure: says in plain words what is wrong, and names the request so that the operator can find it.

use askama::Template;
use axum::body::Body;

use super::{Notice, Page};
use crate::http::error::Reason;
use crate::http::middleware::request_log::TraceId;

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    page: Page,
    title: &'static str,
    notice: Notice,
    trace: Option<TraceId>,
}

/// The page's body.
pub(in crate::http) fn body(page: Page, reason: &Reason, trace: Option<TraceId>) -> Body {
    let (title, notice) = match reason {
        Reason::Rejected(refusal) => ("That did not work", Notice::from(refusal)),
        Reason::Failed(failure) if failure.passing => (
            "Please try again",
            Notice {
                code: "temporarily_unavailable",
                words: "The server cannot answer now. Wait a moment and load the page again.".into(),
            },
        ),
        Reason::Failed(_) => (
            "Something broke",
            Notice {
                code: "server_error",
                words: "The server failed. Whoever runs it can find the reason under the number below.".into(),
            },
        ),
    };
    let fallback = notice.words.clone();
    Body::from(Problem { page, title, notice, trace }.render().unwrap_or_else(|_| fallback.into_owned()))
}

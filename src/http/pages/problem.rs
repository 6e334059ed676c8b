//! The page of a refusal or a failure: says in plain words what is wrong and how to go on, and names the request so that the operator can
//! find it. What an application has done wrong is no concern of the person whom it sent: they are told so, and the technical words stand
//! folded away for whoever can mend it.

use std::borrow::Cow;

use askama::Template;
use axum::body::Body;

use super::{Asker, Notice, Page};
use crate::http::error::{Onward, Reason};
use crate::protocol::issuer::Place;
use crate::protocol::rejection::{ErrorCode, Rejection};
use crate::protocol::trace::TraceId;

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    page: Page,
    title: Cow<'static, str>,
    notice: Notice,
    by: By,
    client: Option<Asker>,
    again: Option<Place>,
    start_again: bool,
    is_done: bool,
    trace: Option<TraceId>,
}

/// Whose making it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Application,
    Person,
    Server,
}

/// The page's body.
pub(in crate::http) fn body(page: Page, reason: &Reason, onward: Onward, trace: Option<TraceId>) -> Body {
    let Onward { application: client, again } = onward;
    let (title, notice, by) = match reason {
        Reason::Rejected(refusal) => (title(refusal.rejection), Notice::from(refusal), by(refusal.rejection.code())),
        Reason::Failed(failure) if failure.passing => (
            "Please try again",
            Notice {
                code: "temporarily_unavailable",
                words: "The server cannot answer now. Wait a moment and load the page again.".into(),
            },
            By::Server,
        ),
        Reason::Failed(_) => (
            "Something broke",
            Notice {
                code: "server_error",
                words: "The server failed. Whoever runs it can find the reason under the number below.".into(),
            },
            By::Server,
        ),
    };
    let is_done = matches!(reason, Reason::Rejected(refusal) if *refusal == Rejection::ReplayedPendingRequest);
    let start_again = matches!(reason, Reason::Rejected(refusal) if needs_a_start(refusal.rejection));
    let fallback = notice.words.clone();
    let problem = Problem { page, title: title.into(), notice, by, client, again, start_again, is_done, trace };
    Body::from(problem.render().unwrap_or_else(|_| fallback.into_owned()))
}

fn by(code: ErrorCode) -> By {
    match code {
        ErrorCode::InvalidForm
        | ErrorCode::InvalidCredentials
        | ErrorCode::TooManyAttempts
        | ErrorCode::LoginRequired
        | ErrorCode::NotFound
        | ErrorCode::MethodNotAllowed
        | ErrorCode::MisdirectedRequest
        | ErrorCode::TooManyRequests
        | ErrorCode::UpstreamUnavailable
        | ErrorCode::UpstreamDenied
        | ErrorCode::UpstreamRefused
        | ErrorCode::UpstreamAnswer => By::Person,
        _ => By::Application,
    }
}

fn title(rejection: Rejection) -> &'static str {
    let by_code = || match rejection.code() {
        ErrorCode::UpstreamUnavailable => "The provider does not answer",
        ErrorCode::UpstreamDenied | ErrorCode::UpstreamRefused | ErrorCode::UpstreamAnswer => "You are not signed in",
        ErrorCode::TooManyRequests => "Please wait a little",
        _ => "That did not work",
    };
    match rejection {
        Rejection::ReplayedPendingRequest => "You are done here",
        Rejection::ExpiredPendingRequest | Rejection::ExpiredErrand => "That was too long ago",
        Rejection::ForeignPendingRequest | Rejection::UnknownErrand => "This began elsewhere",
        Rejection::UsedErrand => "This was done before",
        Rejection::IdentityOfAnother => "It is linked already",
        Rejection::LastWayIn => "It is your only way in",
        Rejection::CookiesBlocked => "Cookies are needed",
        Rejection::NoSuchPage => "There is nothing here",
        Rejection::RegistrationClosed | Rejection::ProviderRegistrationClosed => "No new accounts",
        Rejection::AccountSwitchedOff => "This account is switched off",
        _ => by_code(),
    }
}

/// Whether only the application can begin anew what cannot go on.
fn needs_a_start(rejection: Rejection) -> bool {
    matches!(
        rejection,
        Rejection::ForgedPendingRequest
            | Rejection::ForeignPendingRequest
            | Rejection::ExpiredPendingRequest
            | Rejection::MissingPendingRequest
            | Rejection::CookiesBlocked
    )
}

//! The page of a refusal or a failure: says in plain words what is wrong and how to go on, and names the request so that the operator can
//! find it. What an application has done wrong is no concern of the person whom it sent: they are told so, and the technical words stand
//! folded away for whoever can mend it.

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
    /// The key of what the page is called.
    title: &'static str,
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
            "please-try-again",
            Notice {
                code: "temporarily_unavailable",
                words: page.t("server-cannot-answer").plain().into(),
                refusal: None,
            },
            By::Server,
        ),
        Reason::Failed(_) => (
            "something-broke",
            Notice { code: "server_error", words: page.t("server-failed").plain().into(), refusal: None },
            By::Server,
        ),
    };
    let is_done = matches!(reason, Reason::Rejected(refusal) if *refusal == Rejection::ReplayedPendingRequest);
    let start_again = matches!(reason, Reason::Rejected(refusal) if needs_a_start(refusal.rejection));
    let fallback = notice.words.clone();
    let problem = Problem { page, title, notice, by, client, again, start_again, is_done, trace };
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

/// The key of what the page is called.
fn title(rejection: Rejection) -> &'static str {
    let by_code = || match rejection.code() {
        ErrorCode::UpstreamUnavailable => "provider-does-not-answer",
        ErrorCode::UpstreamDenied | ErrorCode::UpstreamRefused | ErrorCode::UpstreamAnswer => "you-are-not-signed-in",
        ErrorCode::TooManyRequests => "please-wait",
        _ => "that-did-not-work",
    };
    match rejection {
        Rejection::ReplayedPendingRequest => "you-are-done-here",
        Rejection::ExpiredPendingRequest | Rejection::ExpiredErrand => "that-was-too-long-ago",
        Rejection::ForeignPendingRequest | Rejection::UnknownErrand => "this-began-elsewhere",
        Rejection::UsedErrand => "this-was-done-before",
        Rejection::IdentityOfAnother => "it-is-linked-already",
        Rejection::LastWayIn => "it-is-your-only-way-in",
        Rejection::CookiesBlocked => "cookies-are-needed",
        Rejection::NoSuchPage => "nothing-here",
        Rejection::RegistrationClosed | Rejection::ProviderRegistrationClosed => "no-new-accounts",
        Rejection::AccountLeaving => "account-is-leaving",
        Rejection::AccountSwitchedOff => "account-is-switched-off",
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

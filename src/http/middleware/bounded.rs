//! The bounds of every request: how long it may take, and that a panic ends it and nothing else. What either becomes is a failure like
//! any other, in the form of its audience.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;

use crate::failure::Failure;

/// How long a whole request may take, its body included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Answers the request within the bounds.
///
/// # Errors
/// A passing failure when the time is over; one that is not when the handler panicked: its words are on standard error already.
pub(in crate::http) async fn run(next: Next, request: Request) -> Result<Response, Failure> {
    // What a panicking handler leaves behind is dropped with it; what outlives it holds no lock that a panic could poison.
    match tokio::time::timeout(TIMEOUT, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => Err(Failure::internal("the handler panicked")),
        Err(_) => Err(Failure::unavailable(format!("the request took longer than {} seconds", TIMEOUT.as_secs()))),
    }
}

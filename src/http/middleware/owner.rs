//! A node whose master key the database has left sends nobody on a journey: what it sealed could be forged by whoever has that key.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::error::PageError;

/// Answers only while the database is ours.
pub(in crate::http) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.signing_keys.check_still_ours() {
        Ok(()) => next.run(request).await,
        Err(failure) => PageError::from(failure).into_response(),
    }
}

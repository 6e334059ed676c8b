//! For those who watch over the process: whether it runs, and whether it can serve.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;

use crate::app::App;
use crate::protocol::algorithm::AlgorithmChoice;

/// The process runs.
pub(in crate::http) async fn live() -> &'static str {
    "ok\n"
}

/// It can serve: the database answers and takes writes, there is a signing key, and it is not on its way out. Asked with `?verbose` it names the
/// providers that nobody can sign in through now; why, stands in the log. Those make it no less ready: all else goes on.
pub(in crate::http) async fn ready(State(app): State<App>, RawQuery(query): RawQuery) -> (StatusCode, String) {
    let (status, state) = state(&app).await;
    let is_verbose = query.is_some_and(|query| query == "verbose" || query.starts_with("verbose="));
    let troubled = app.providers.all().iter().filter(|provider| is_verbose && provider.trouble().is_some());
    let lines = troubled.map(|provider| format!("upstream {} cannot be used, or not relied on\n", provider.id()));
    (status, std::iter::once(state.to_owned()).chain(lines).collect())
}

async fn state(app: &App) -> (StatusCode, &'static str) {
    if app.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    let default = AlgorithmChoice::default().preference(app.config.keys.algorithm);
    let now = app.now();
    if app.fresh_keys(now).await.and_then(|ring| ring.signing_key(default, now)).is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "no signing key\n");
    }
    let answer = async { app.storage.read().await?.answers().await };
    if answer.await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
    }
    if app.storage.can_write().await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n");
    }
    (StatusCode::OK, "ready\n")
}

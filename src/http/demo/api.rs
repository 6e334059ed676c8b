//! The sample API: written as any API is, by `doorward-client`. It verifies tokens by the published keys and asks the issuer about each one, as a
//! client that the API names, so an ended grant counts at once.

use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use doorward_client::{Auth, BuildError, Caller, Clock, Introspector, RequireAuth, RequireScope, Verifier};
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::{SCOPE, Samples};
use crate::app::App;

/// The routes of the API.
///
/// # Errors
/// When the issuer's address is neither `https` nor on this machine.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(app: &App, samples: &Samples) -> Result<Router<S>, BuildError> {
    let (name, api, issuer) = (app.issuer.as_str(), samples.resource(), Issuer::of(app));
    let clock = app.clone();
    let clock = Clock::dated_by(move || clock.now().seconds());
    let verifier = Verifier::discover(name)
        .audience(&api)
        .http(issuer.clone())
        .clock(clock.clone())
        // It is the same clock.
        .leeway(Duration::ZERO)
        .build_lazily()?;
    let introspector = Introspector::discover(name)
        .audience(&api)
        .client(&samples.api_client.id, samples.api_client.secret.expose())
        .http(issuer)
        .clock(clock)
        .keep_answers_for(Duration::ZERO)
        .build()?;
    Ok(Router::new()
        .route("/api/notes", get(notes))
        .route_layer(RequireScope::new(SCOPE))
        .route_layer(RequireAuth::new(Auth::from(verifier).and_introspect(introspector))))
}

async fn notes(caller: Caller) -> Json<Value> {
    let claims = caller.claims();
    Json(json!({
        "notes": ["Water the plants", "Answer Ann", "Read RFC 9700 to the end"],
        "caller": { "sub": caller.subject(), "client_id": caller.client(), "scope": claims.scopes.join(" ") },
    }))
}

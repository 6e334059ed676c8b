//! The sample API: written as any API is, by `doorward-client`. It verifies tokens by the published keys and asks the issuer about each one, as a
//! client that the API names, so an ended grant counts at once. Reading needs a scope; deleting also needs the person, lately and with a second factor.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use doorward_client::{
    Allowed, Auth, BuildError, Caller, Clock, Introspector, Need, Needs, RequireAuth, RequireScope, Verifier,
};
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::notebook::Notebook;
use super::{DELETE_SCOPE, SCOPE, Samples};
use crate::app::App;
use crate::protocol::assurance::{HARDWARE_CLASS, MFA_CLASS, PHISHING_RESISTANT_CLASS};

/// How long after a sign-in a note may be deleted.
const FRESH: Duration = Duration::from_secs(300);

/// The classes of two factors: a token says the strongest that is true.
const TWO_FACTORS: [&str; 3] = [MFA_CLASS, PHISHING_RESISTANT_CLASS, HARDWARE_CLASS];

/// What deleting a note needs.
struct DeleteNotes;

impl Needs for DeleteNotes {
    fn need() -> Need {
        Need::all([Need::scope(DELETE_SCOPE), Need::acr(TWO_FACTORS), Need::fresh(FRESH)])
    }
}

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
        .route("/api/notes", get(notes).route_layer(RequireScope::new(SCOPE)))
        .route("/api/notes/{note}", delete(remove))
        .route_layer(RequireAuth::new(Auth::from(verifier).and_introspect(introspector)))
        .with_state(Notebook::default()))
}

async fn notes(State(notebook): State<Notebook>, caller: Caller) -> Json<Value> {
    let claims = caller.claims();
    Json(json!({
        "notes": notebook.of(caller.subject()),
        "caller": { "sub": caller.subject(), "client_id": caller.client(), "scope": claims.scopes.join(" ") },
    }))
}

async fn remove(
    State(notebook): State<Notebook>,
    caller: Allowed<DeleteNotes>,
    Path(note): Path<u32>,
) -> (StatusCode, Json<Value>) {
    match notebook.remove(caller.subject(), note) {
        Some(notes) => (StatusCode::OK, Json(json!({ "deleted": note, "notes": notes }))),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))),
    }
}

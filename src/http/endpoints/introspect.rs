//! The introspection endpoint (RFC 7662 §2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::app::App;
use crate::grants::TokenRequest;
use crate::http::error::JsonError;
use crate::http::extract::{ClientForm, Introspections, Within};
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::introspection::Introspection;

/// An introspection request.
pub(in crate::http) async fn post(State(app): State<App>, _: Within<Introspections>, form: ClientForm) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    (logged, answer(&app, &form).await).into_response()
}

async fn answer(app: &App, form: &ClientForm) -> Result<Json<Introspection>, JsonError> {
    let now = app.now();
    let keys = app.fresh_keys(now).await?;
    let request =
        TokenRequest { client: &form.client, params: &form.params, keys, confirmation: None, origin: form.origin, now };
    Ok(Json(app.grants.introspect(request).await?))
}

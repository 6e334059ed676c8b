//! The introspection endpoint (RFC 7662 §2, RFC 9701).

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::app::App;
use crate::grants::TokenRequest;
use crate::http::error::JsonError;
use crate::http::extract::{ClientForm, Introspections, Within};
use crate::http::middleware::request_log::LoggedClient;
use crate::protocol::accept;
use crate::protocol::signed_introspection::MEDIA_TYPE;

/// An introspection request; `Accept: application/token-introspection+jwt` asks for a signed answer.
pub(in crate::http) async fn post(
    State(app): State<App>,
    _: Within<Introspections>,
    headers: HeaderMap,
    form: ClientForm,
) -> Response {
    let logged = Extension(LoggedClient(form.client.client_id.clone()));
    (logged, answer(&app, &headers, &form).await).into_response()
}

async fn answer(app: &App, headers: &HeaderMap, form: &ClientForm) -> Result<Response, JsonError> {
    let now = form.now;
    let keys = app.fresh_keys(now).await?;
    let request =
        TokenRequest { client: &form.client, params: &form.params, keys, confirmation: None, origin: form.origin, now };
    let told = app.grants.introspect(request).await?;
    let varies = [(header::VARY, "accept")];
    if !wants_signature(headers) {
        return Ok((varies, Json(told)).into_response());
    }
    let algorithms = app.grants.signs_answers(&form.client).await?;
    let signed = app.mint.introspection(&told, &form.client.client_id, algorithms, now)?;
    Ok((varies, [(header::CONTENT_TYPE, MEDIA_TYPE)], signed).into_response())
}

fn wants_signature(headers: &HeaderMap) -> bool {
    let accept: Vec<&[u8]> = headers.get_all(header::ACCEPT).iter().map(|value| value.as_bytes()).collect();
    accept::preferred(&accept, "application/json", &[MEDIA_TYPE]) == MEDIA_TYPE
}

//! The sample app: three files and its settings.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::{DELETE_SCOPE, Demo, SCOPE};

pub(super) async fn page() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("../../../static/demo/index.html"))
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../../static/demo/app.js"))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../../static/demo/style.css"))
}

pub(super) async fn settings(State(demo): State<Demo>) -> Json<Value> {
    let samples = &demo.samples;
    Json(json!({
        "issuer": demo.app.issuer.as_str(),
        "client_id": samples.client_id,
        "redirect_uri": samples.redirect_uri(),
        "post_logout_redirect_uri": samples.post_logout_redirect_uri(),
        "scope": format!("openid profile email offline_access {SCOPE} {DELETE_SCOPE}"),
        "resource": samples.resource(),
        "api": format!("{}/api/notes", samples.origin),
        "guides": super::guides::list(),
        "provider": samples.provider,
        "service": { "token_command": samples.token_command, "api_command": samples.api_command },
    }))
}
